//! The rows of a search: what the index proposes, looked up in the folders of those who ask.

use store::{Id, Newest, StoreError, View};

use super::model::Search;
use crate::index::{Hit, SearchError};
use crate::kit::app::App;
use crate::mail::model::{Entry, Folder, Mail, Owner};

/// As many as two screens hold with their lines.
pub const ROWS_A_PAGE: usize = 20;

/// Hits asked of the index in one go.
const HITS_AT_ONCE: usize = 100;

/// Hits looked up for one page: where filters leave few of many, it is gone on with by hand.
const HITS_MAX: usize = 2_000;

/// One page.
#[derive(Debug, Default)]
pub struct Found {
    pub rows: Vec<(Entry, Mail)>,
    /// Where the next page begins, if there may be more.
    pub next: Option<Hit>,
    /// Older ones were not looked at yet, although the page has room.
    pub broke_off: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum FindProblem {
    #[error(transparent)]
    Index(#[from] SearchError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The newest mails in these owners' folders for which everything asked for is true.
pub fn find(
    app: &App,
    view: &View<'_>,
    owners: &[Id<Owner>],
    search: &Search,
) -> Result<Found, FindProblem> {
    let asked = search.of_owners(owners);
    let mut found = Found::default();
    let mut after = search.after;
    let mut looked_at = 0;
    loop {
        let hits = app.index.search(&asked, after, HITS_AT_ONCE)?;
        for hit in &hits {
            looked_at += 1;
            let Some(entry) = entry_of(view, owners, search, hit)? else {
                after = Some(*hit);
                continue;
            };
            if found.rows.len() == ROWS_A_PAGE {
                found.next = after;
                return Ok(found);
            }
            after = Some(*hit);
            if let Some(mail) = view.reveal::<Mail>(&entry.mail)? {
                found.rows.push((entry, mail));
            }
        }
        if hits.len() < HITS_AT_ONCE {
            return Ok(found);
        }
        if looked_at >= HITS_MAX {
            found.next = after;
            found.broke_off = true;
            return Ok(found);
        }
    }
}

/// The row by which one of these owners has the mail, and by which it was asked for.
fn entry_of(
    view: &View<'_>,
    owners: &[Id<Owner>],
    search: &Search,
    hit: &Hit,
) -> Result<Option<Entry>, StoreError> {
    for owner in owners {
        for folder in Folder::ALL {
            let key = (*owner, folder.number(), Newest(hit.at), Id::<Mail>::from_bytes(hit.id));
            let entry = view.reveal::<Entry>(&key)?;
            if let Some(entry) = entry.filter(|entry| search.takes(entry)) {
                return Ok(Some(entry));
            }
        }
    }
    Ok(None)
}
