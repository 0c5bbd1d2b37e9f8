//! What other features have to tell, gathered for the bell's page.
//!
//! A feature joins with one function in `LISTS`; its rows end where that feature ends them.

use serde::Serialize;
use store::{Read, StoreError};

use super::pages::{device_news, reminders, terms};
use crate::kit::app::App;
use crate::kit::member::SignedIn;

/// One line: what it is, where it leads.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// A name in `icons.svg`.
    pub mark: &'static str,
    pub text: String,
    pub note: String,
    pub href: String,
    pub link: &'static str,
}

/// What one feature has to tell a member at this moment.
pub type List = fn(&App, &Read<'_>, &SignedIn) -> Result<Vec<Line>, StoreError>;

pub const LISTS: &[List] = &[device_news, reminders, terms];

/// All of them, in this order.
pub fn lines(app: &App, read: &Read<'_>, asked: &SignedIn) -> Result<Vec<Line>, StoreError> {
    let mut all = Vec::new();
    for list in LISTS {
        all.extend(list(app, read, asked)?);
    }
    Ok(all)
}
