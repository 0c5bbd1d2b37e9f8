//! The paper: what is shown once, on the answer to the act that made it.

use axum::response::{Html, IntoResponse, Response};
use provisioning::cards::Made;
use provisioning::devices::Device;
use provisioning::directory::Directory;
use provisioning::members::Member;
use serde::Serialize;
use store::Id;

use super::model::{Paper, fingerprint};
use crate::kit::app::App;
use crate::kit::code::{enrolment_address, qr_svg};
use crate::kit::failure::Failure;
use crate::kit::japanese;
use crate::kit::page::Page;
use crate::office::rows::{day, facility_href, member_href};

#[derive(Serialize)]
struct SheetPage {
    print: Print,
    cards: Vec<PrintedCard>,
}

impl Page for SheetPage {
    const TEMPLATE: &'static str = "office/cards/print_sheet.html";
}

#[derive(Serialize)]
struct LetterPage {
    print: Print,
    cards: Vec<PrintedCard>,
}

impl Page for LetterPage {
    const TEMPLATE: &'static str = "office/cards/print_letter.html";
}

#[derive(Serialize)]
struct Print {
    network: String,
    date: String,
    office: Sender,
    host: String,
    back: String,
}

#[derive(Serialize)]
struct Sender {
    name: String,
    postal: String,
    address: String,
    phone: String,
    hours: String,
}

#[derive(Serialize)]
struct PrintedCard {
    facility: String,
    postal: String,
    address: String,
    code: String,
    member: String,
    job: &'static str,
    user_id: String,
    /// Empty where the password stays as it is.
    password: Vec<String>,
    number: String,
    secret: String,
    /// `None` where the card is for no device.
    qr: Option<minijinja::Value>,
    expires: String,
    /// The device that it takes the place of.
    device: Option<String>,
    fingerprint: Option<String>,
}

pub fn show_print(
    app: &App,
    host: String,
    paper: Paper,
    printed: &[Made],
) -> Result<Response, Failure> {
    let directory = app.directory()?;
    // Nobody compares a root that no browser needs.
    let fingerprint =
        app.serves_own_certificate().then(|| fingerprint(&app.authority.root_fingerprint()));
    let mut cards = Vec::new();
    for one in printed {
        let card = card(&directory, &host, fingerprint.as_deref(), one).ok_or(Failure::NotFound)?;
        let device = match one.terms.purpose.replaces() {
            Some(old) => app.store.read(|read| read.get::<Device>(&old))?.map(|old| old.name),
            None => None,
        };
        cards.push(PrintedCard { device, ..card });
    }
    let contact = app.network.contact.clone();
    let print = Print {
        network: app.network.name.clone(),
        date: japanese::era_date(app.today()),
        office: Sender {
            name: contact.name,
            postal: String::new(),
            address: contact.address,
            phone: contact.phone,
            hours: contact.hours,
        },
        host,
        back: back(printed),
    };
    let html = match paper {
        Paper::Sheet => app.templates.render(&SheetPage { print, cards })?,
        Paper::Letter => app.templates.render(&LetterPage { print, cards })?,
    };
    Ok(Html(html).into_response())
}

fn card(
    directory: &Directory,
    host: &str,
    fingerprint: Option<&str>,
    printed: &Made,
) -> Option<PrintedCard> {
    let card = &printed.card;
    let entry = directory.member(card.member)?;
    let (member, facility) = (&entry.member, &entry.facility);
    let qr = match printed.terms.purpose.makes_device() {
        true => Some(qr_svg(&enrolment_address(host, printed))?),
        false => None,
    };
    let password = printed.initial_password.as_ref().map(|password| password.grouped());
    let groups = |password: String| password.split('-').map(str::to_owned).collect();
    Some(PrintedCard {
        facility: facility.details.name.clone(),
        postal: facility.details.postal.clone(),
        address: facility.details.address.clone(),
        code: facility.code.as_str().to_owned(),
        member: member.details.name.full(),
        job: japanese::job(member.details.job),
        user_id: member.login.as_str().to_owned(),
        password: password.map(groups).unwrap_or_default(),
        number: card.number.to_string(),
        secret: printed.secret.grouped(),
        qr: qr.map(minijinja::Value::from_safe_string),
        expires: day(card.expires_at),
        device: None,
        fingerprint: fingerprint.map(str::to_owned),
    })
}

/// To the member, the facility, or all cards: whatever the cards have in common.
fn back(printed: &[Made]) -> String {
    let Some(first) = printed.first() else { return "/office/cards".to_owned() };
    let (member, facility): (Id<Member>, _) = (first.card.member, first.card.facility);
    if printed.len() == 1 {
        member_href(member)
    } else if printed.iter().all(|one| one.card.facility == facility) {
        facility_href(facility)
    } else {
        "/office/cards".to_owned()
    }
}
