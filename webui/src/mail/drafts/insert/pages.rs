//! Words for the body: fetched by the module that puts them at the cursor, and appended by the
//! form where there are no scripts.

use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use store::Id;

use super::super::compose::pages::read_own;
use super::super::model::Draft;
use super::super::views::owner_view;
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::japanese;
use crate::kit::member::SignedIn;
use crate::kit::path::Path;
use crate::mail::boxes::Boxes;
use crate::mail::keepers::Onlooker;
use crate::mail::model::{BODY_CHARS_MAX, EntryState, Mail};
use crate::mail::phrases::{self, Filling, fill};
use crate::mail::tables::mail_of;

/// What the button of the answered mail's words is called in a form.
const QUOTE: &str = "quote";

#[derive(Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    insert: String,
}

pub async fn show_words(
    Path(id): Path<Id<Draft>>,
    asked: SignedIn,
    Query(query): Query<Asked>,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let draft = read_own(&app, &asked, id)?;
    let words = match query.insert.as_str() {
        "" => String::new(),
        insert => words(&app, &asked, &draft, insert)?.ok_or(Failure::NotFound)?,
    };
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], words).into_response())
}

/// The words behind a button; `None` where there are none any more.
pub fn words(
    app: &App,
    asked: &SignedIn,
    draft: &Draft,
    insert: &str,
) -> Result<Option<String>, Failure> {
    if insert == QUOTE {
        return quoted(app, asked, draft);
    }
    let Ok(id) = insert.parse() else { return Ok(None) };
    let onlooker = Onlooker::of(asked.member());
    let act = asked.act("phrase.read").on("phrase", id);
    let Some(phrase) = app.store.glance(act, |view| phrases::seen(view, &onlooker, id))? else {
        return Ok(None);
    };
    let directory = app.directory()?;
    let to: Vec<_> =
        draft.recipients.iter().filter_map(|one| owner_view(&directory, *one)).collect();
    let filling = Filling {
        to: &to,
        facility: &asked.facility().details.name,
        own_name: &asked.member().details.name.full(),
        today: app.today(),
    };
    Ok(Some(fill(&phrase.text, &filling)))
}

/// Joined to what was typed: on lines of its own, at the end.
pub fn appended(body: &str, words: &str) -> String {
    let body = body.trim_end();
    if body.is_empty() { words.to_owned() } else { format!("{body}\n\n{words}") }
}

fn quoted(app: &App, asked: &SignedIn, draft: &Draft) -> Result<Option<String>, Failure> {
    let Some(source) = draft.kind.source() else { return Ok(None) };
    let owners = Boxes::of(app, asked)?.owners();
    let act = asked.act("mail.read").on("mail", source);
    let found = app.store.glance(act, |view| mail_of(view, &owners, source))?;
    let Some((mail, entry)) = found else { return Ok(None) };
    Ok((entry.state != EntryState::Withdrawn).then(|| quote_of(&mail)))
}

fn quote_of(mail: &Mail) -> String {
    let (sender, job) = (&mail.sender, mail.sender.job.map_or("", japanese::job));
    let head = format!("――― {}　{} {job} ―――\n", japanese::long(mail.sent_at), sender.name);
    let lines: Vec<_> = mail.body.lines().map(|line| format!("> {line}")).collect();
    // Half of a letter: what is answered must leave room for the answer.
    (head + &lines.join("\n")).chars().take(BODY_CHARS_MAX / 2).collect()
}

/// What its writer says in a letter, without the words of others in it.
pub fn own_words(body: &str) -> String {
    let own = body.lines().take_while(|line| !line.starts_with("―――"));
    own.filter(|line| !line.starts_with('>')).collect::<Vec<_>>().join("\n")
}
