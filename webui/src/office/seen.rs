//! Two clerks at one form: what it was opened on, in one word, so that the second one is told
//! before anything of the first is written over.

use serde::Serialize;

use crate::kit::form::Fields;

/// Changes as soon as anything of what was shown does.
pub fn seen(shown: &impl Serialize) -> String {
    let bytes = serde_json::to_vec(shown).unwrap_or_default();
    blake3::hash(&bytes).to_hex().chars().take(32).collect()
}

/// Whether a form was opened on something else than what there is.
pub fn is_old(told: &str, is: &impl Serialize) -> bool {
    !told.is_empty() && told != seen(is)
}

/// A form that comes back for another reason stays one that was opened when it was.
pub fn told(fields: &Fields) -> Option<String> {
    Some(fields.text("seen").to_owned()).filter(|told| !told.is_empty())
}

/// A field that stands otherwise in the register than in the form.
#[derive(Serialize)]
pub struct Now {
    pub what: &'static str,
    pub value: String,
}

/// Of fields with what is there and what was typed.
pub fn differing<const N: usize>(fields: [(&'static str, String, String); N]) -> Vec<Now> {
    let differ = fields.into_iter().filter(|(_, is, typed)| is != typed);
    differ.map(|(what, value, _)| Now { what, value }).collect()
}
