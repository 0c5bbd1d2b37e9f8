//! A mail on A4, alone or with its conversation.

use axum::extract::{Query, State};
use axum::response::{Html, IntoResponse, Response};
use serde::{Deserialize, Serialize};
use store::Id;

use super::pages::receipts;
use super::view::{MailView, Seen};
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::japanese;
use crate::kit::member::SignedIn;
use crate::kit::page::Page;
use crate::kit::path::Path;
use crate::mail::boxes::Boxes;
use crate::mail::model::{EntryState, Mail};
use crate::mail::tables;

#[derive(Serialize)]
struct PrintPage {
    mails: Vec<MailView>,
    /// The page to go back to.
    back: String,
    subject: String,
    /// Mails of the conversation that nobody has opened yet, which paper must not do.
    left_out: usize,
    print: Print,
}

impl Page for PrintPage {
    const TEMPLATE: &'static str = "mail/reading/print.html";
}

#[derive(Serialize)]
struct Print {
    network: String,
    at: String,
    by: String,
    facility: String,
}

#[derive(Default, Deserialize)]
pub struct Wanted {
    /// The whole conversation.
    #[serde(default)]
    all: String,
}

pub async fn show_print(
    Path(id): Path<Id<Mail>>,
    asked: SignedIn,
    State(app): State<App>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Failure> {
    let boxes = Boxes::of(&app, &asked)?;
    let owners = boxes.owners();
    let act = asked.act("mail.print").on("mail", id);
    let all = wanted.all == "yes";
    let found = app.store.view(act, move |view| {
        let Some((mail, entry)) = tables::mail_of(view, &owners, id)? else {
            return Ok::<_, store::StoreError>(None);
        };
        if !all {
            return Ok(Some(vec![(mail, entry)]));
        }
        Ok(Some(tables::conversation(view, &owners, mail.thread)?))
    });
    let found = found.await?.ok_or(Failure::NotFound)?;
    let directory = app.directory()?;
    let seen = Seen { asked: &asked, boxes: &boxes, directory: &directory };
    let count = found.len();
    let mut mails = Vec::new();
    for (mail, entry) in &found {
        if all && matches!(entry.state, EntryState::Unopened | EntryState::Withdrawn) {
            continue;
        }
        mails.push(seen.mail(mail, entry, &receipts(&app, mail, entry)?));
    }
    let page = PrintPage {
        left_out: count - mails.len(),
        subject: mails.first().map_or_else(String::new, |mail| mail.subject.clone()),
        mails,
        back: format!("/mail/{id}"),
        print: Print {
            network: app.network.name.clone(),
            at: japanese::long(asked.now()),
            by: asked.member().details.name.full(),
            facility: asked.facility().details.name.clone(),
        },
    };
    Ok(Html(app.templates.render(&page)?).into_response())
}
