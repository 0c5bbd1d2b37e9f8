//! What a second contact sees: who has not opened what, and nothing of the mail itself.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use store::Id;

use super::tables::{end, open_of};
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::form::Fields;
use crate::kit::frame::{Frame, Nav, redirect_saying};
use crate::kit::japanese;
use crate::kit::member::SignedIn;
use crate::kit::page::Page;
use crate::kit::path::Path;
use crate::mail::drafts::owner_view;
use crate::mail::model::{Mail, Owner};
use crate::mail::views::PersonView;

#[derive(Serialize)]
struct UrgentPage {
    mail: Id<Mail>,
    from: Option<PersonView>,
    sent: String,
    minutes: i64,
    readers: Vec<PersonView>,
}

impl Page for UrgentPage {
    const TEMPLATE: &'static str = "mail/chase/urgent.html";
}

pub async fn show_urgent(
    Path(id): Path<Id<Mail>>,
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let told = app.store.read(|read| open_of(read, asked.id()))?;
    let told: Vec<_> = told.into_iter().filter(|one| one.mail == id).collect();
    let first = told.first().ok_or(Failure::NotFound)?;
    let directory = app.directory()?;
    let page = UrgentPage {
        mail: id,
        from: owner_view(&directory, Owner::member(first.sender)),
        sent: japanese::short(first.sent_at, asked.now()),
        minutes: asked.now().duration_since(first.sent_at).as_mins(),
        readers: told.iter().filter_map(|one| owner_view(&directory, one.reader)).collect(),
    };
    frame.show(Nav::Mail, "開かれていない緊急のメール", &page)
}

/// The contact has spoken to them.
pub async fn post_seen(
    Path(id): Path<Id<Mail>>,
    asked: SignedIn,
    State(app): State<App>,
    _: Fields,
) -> Result<Response, Failure> {
    let contact = asked.id();
    let told = app.store.read(|read| open_of(read, contact))?;
    let told: Vec<_> = told.into_iter().filter(|one| one.mail == id).collect();
    if told.is_empty() {
        return Err(Failure::NotFound);
    }
    let act = asked.act("mail.urgent_seen").on("mail", id);
    let seen = app.store.write(act, move |write| {
        told.iter().try_for_each(|one| end(write, contact, id, one.reader))
    });
    seen.await.map_err(|error: store::StoreError| Failure::from(error))?;
    Ok(redirect_saying("/", "確認済みにしました"))
}
