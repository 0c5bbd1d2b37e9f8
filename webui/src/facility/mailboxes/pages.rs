//! Which mailboxes a facility has, who reads them, and who is told when an urgent mail waits.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use provisioning::facilities::Facility;
use provisioning::mailboxes::{self, Mailbox, MailboxProblem};
use provisioning::members::{Member, Standing};
use serde::Serialize;
use store::{Act, Id, StoreError};

use super::form::Typed;
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::form::Fields;
use crate::kit::frame::{Frame, Nav, redirect_saying};
use crate::kit::japanese;
use crate::kit::member::{Manager, OfficeMember};
use crate::kit::page::Page;
use crate::kit::path::Path;

#[derive(Serialize)]
struct MailboxesPage {
    facility: String,
    /// Where its forms go: `…/mailboxes` and `…/second-contact`.
    base: String,
    back: String,
    boxes: Vec<BoxForm>,
    contacts: Vec<Choice>,
    error: Option<&'static str>,
}

impl Page for MailboxesPage {
    const TEMPLATE: &'static str = "facility/mailboxes/mailboxes.html";
}

#[derive(Serialize)]
struct BoxForm {
    id: Option<Id<Mailbox>>,
    name: String,
    kana: String,
    open: bool,
    members: Vec<Choice>,
    readers: usize,
    /// Shown unfolded, because something in it is wrong.
    wrong: bool,
}

#[derive(Clone, Serialize)]
struct Choice {
    id: Id<Member>,
    name: String,
    job: &'static str,
    chosen: bool,
}

/// Whose mailboxes, and where their page lies.
struct Place {
    facility: Id<Facility>,
    base: String,
    back: String,
    nav: Nav,
}

impl Place {
    fn own(asked: &Manager) -> Self {
        Self {
            facility: asked.facility().id,
            base: "/facility".to_owned(),
            back: "/facility".to_owned(),
            nav: Nav::Facility,
        }
    }

    fn any(facility: Id<Facility>) -> Self {
        let base = format!("/office/facilities/{facility}");
        Self { facility, back: base.clone(), base, nav: Nav::Office }
    }
}

pub async fn show_own(
    asked: Manager,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    show(&app, frame, &Place::own(&asked), None)
}

pub async fn post_own(
    asked: Manager,
    frame: Frame,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    save(&app, asked.act("mailbox.save"), frame, &Place::own(&asked), &fields).await
}

pub async fn post_own_contact(
    asked: Manager,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let act = asked.act("mailbox.second_contact");
    save_contact(&app, act, &Place::own(&asked), &fields).await
}

pub async fn show_any(
    Path(facility): Path<Id<Facility>>,
    _: OfficeMember,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    show(&app, frame, &Place::any(facility), None)
}

pub async fn post_any(
    Path(facility): Path<Id<Facility>>,
    asked: OfficeMember,
    frame: Frame,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    save(&app, asked.act("mailbox.save"), frame, &Place::any(facility), &fields).await
}

pub async fn post_any_contact(
    Path(facility): Path<Id<Facility>>,
    asked: OfficeMember,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let act = asked.act("mailbox.second_contact");
    save_contact(&app, act, &Place::any(facility), &fields).await
}

fn show(
    app: &App,
    frame: Frame,
    place: &Place,
    wrong: Option<(Typed, &'static str)>,
) -> Result<Response, Failure> {
    let directory = app.directory()?;
    let facility = directory.facility(place.facility).ok_or(Failure::NotFound)?;
    let (found, contact) = app.store.read(|read| {
        let found = mailboxes::of_facility(read, place.facility)?;
        Ok::<_, StoreError>((found, mailboxes::second_contact(read, place.facility)?))
    })?;
    let here = directory.of_facility(place.facility).into_iter().filter(|entry| {
        matches!(entry.member.standing(app.today()), Standing::Welcome | Standing::Locked)
    });
    let people: Vec<Choice> = here
        .map(|entry| Choice {
            id: entry.member.id,
            name: entry.member.details.name.full(),
            job: japanese::job(entry.member.details.job),
            chosen: contact == Some(entry.member.id),
        })
        .collect();
    let mut forms: Vec<Typed> = found.into_iter().map(Typed::of).collect();
    forms.push(Typed::blank());
    let (wrong, error) = wrong.map_or((None, None), |(typed, why)| (Some(typed), Some(why)));
    let wrong_id = wrong.as_ref().map(|typed| typed.id);
    if let Some(typed) = wrong
        && let Some(form) = forms.iter_mut().find(|form| form.id == typed.id)
    {
        *form = typed;
    }
    let page = MailboxesPage {
        facility: facility.details.name.clone(),
        base: place.base.clone(),
        back: place.back.clone(),
        boxes: forms.into_iter().map(|form| box_form(form, &people, wrong_id)).collect(),
        contacts: people,
        error,
    };
    frame.show(place.nav, "共用のメールボックス", &page)
}

fn box_form(form: Typed, people: &[Choice], wrong: Option<Option<Id<Mailbox>>>) -> BoxForm {
    let members: Vec<_> = people
        .iter()
        .map(|one| Choice { chosen: form.members.contains(&one.id), ..one.clone() })
        .collect();
    BoxForm {
        readers: members.iter().filter(|one| one.chosen).count(),
        members,
        wrong: wrong == Some(form.id),
        id: form.id,
        name: form.name,
        kana: form.kana,
        open: form.open,
    }
}

async fn save(
    app: &App,
    act: Act,
    frame: Frame,
    place: &Place,
    fields: &Fields,
) -> Result<Response, Failure> {
    let typed = Typed::read(fields);
    let (clock, facility) = (app.store.clock().clone(), place.facility);
    let (id, details) = (typed.id, typed.details());
    let saved = app.store.write(act.on("facility", facility), move |write| match id {
        Some(id) => mailboxes::change(write, facility, id, details),
        None => mailboxes::found(write, &clock, facility, details),
    });
    let why = match saved.await {
        Ok(_) => {
            let to = format!("{}/mailboxes", place.base);
            return Ok(redirect_saying(&to, "メールボックスを保存しました"));
        }
        Err(MailboxProblem::Unknown) => return Err(Failure::NotFound),
        Err(MailboxProblem::Store(error)) => return Err(error.into()),
        Err(MailboxProblem::Name) => "名前を40文字以内で入力してください",
        Err(MailboxProblem::NameTaken) => "同じ名前のメールボックスが、この施設にすでにあります",
        Err(MailboxProblem::Members) => "読む人は、この施設の職員から50人まで選んでください",
        Err(MailboxProblem::TooMany) => "1つの施設に作れるメールボックスは50個までです",
    };
    let page = show(app, frame, place, Some((typed, why)))?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

async fn save_contact(
    app: &App,
    act: Act,
    place: &Place,
    fields: &Fields,
) -> Result<Response, Failure> {
    let (facility, member) = (place.facility, fields.id("member"));
    let saved = app.store.write(act.on("facility", facility), move |write| {
        mailboxes::set_second_contact(write, facility, member)
    });
    match saved.await {
        Ok(()) => {
            let to = format!("{}/mailboxes", place.base);
            Ok(redirect_saying(&to, "第二連絡先を保存しました"))
        }
        Err(MailboxProblem::Store(error)) => Err(error.into()),
        Err(_) => Err(Failure::NotFound),
    }
}
