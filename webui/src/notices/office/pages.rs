//! The office's page about notices outside.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use provisioning::directory::Directory;
use serde::Serialize;
use store::{Id, StoreError};

use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::form::Fields;
use crate::kit::frame::{Frame, Nav, redirect_saying, redirect_warning};
use crate::kit::japanese;
use crate::kit::member::OfficeMember;
use crate::kit::page::Page;
use crate::notices::outside::{
    Address, Dead, Health, Holder, OutsidePolicy, SmtpTls, WayKind, dead_rows, health, policy,
    queue, say,
};
use crate::notices::settings::{note_refusal, say_address, send_test};
use crate::office::counts::{Office, office};

const HERE: &str = "/office/notices";

/// As many as somebody reads.
const DEAD_SHOWN: usize = 50;

/// Counted no further.
const QUEUE_MAX: usize = 1_000;

#[derive(Serialize)]
struct OutsidePage {
    office: Office,
    /// `None` without a mail server.
    mail: Option<MailView>,
    push: Option<StateView>,
    waiting: usize,
    /// When the next one is looked at.
    next: Option<String>,
    dead: Vec<DeadView>,
}

impl Page for OutsidePage {
    const TEMPLATE: &'static str = "notices/office/office.html";
}

#[derive(Serialize)]
struct MailView {
    state: StateView,
    server: String,
    from: String,
    bundle: i64,
    members: bool,
    facilities: bool,
    address: String,
    error: Option<String>,
}

#[derive(Serialize)]
struct StateView {
    good: Option<String>,
    trouble: Option<TroubleView>,
    /// The newest word was a trouble.
    broken: bool,
}

#[derive(Serialize)]
struct TroubleView {
    when: String,
    why: String,
}

#[derive(Serialize)]
struct DeadView {
    id: Id<Dead>,
    who: String,
    of: String,
    way: &'static str,
    when: String,
    why: String,
    tries: u8,
}

pub async fn show_state(
    asked: OfficeMember,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let page = page(&app, &asked)?;
    frame.show(Nav::Office, "通知の状態", &page)
}

fn page(app: &App, asked: &OfficeMember) -> Result<OutsidePage, Failure> {
    let (directory, now, outside) = (app.directory()?, asked.now(), &app.outside);
    let (policy, mail, push, queue, dead) = app.store.read(|read| {
        Ok::<_, StoreError>((
            policy(read)?,
            health(read, WayKind::Mail)?,
            health(read, WayKind::Push)?,
            queue(read, QUEUE_MAX)?,
            dead_rows(read, DEAD_SHOWN)?,
        ))
    })?;
    let mail = outside.smtp.as_ref().map(|smtp| MailView {
        state: state(mail, now),
        server: server(&smtp.host, smtp.port, smtp.tls),
        from: smtp.from.clone(),
        bundle: smtp.bundle.as_mins(),
        members: policy.members,
        facilities: policy.facilities,
        address: policy.office.map_or_else(String::new, |office| office.text().to_owned()),
        error: None,
    });
    Ok(OutsidePage {
        office: office(app)?,
        mail,
        push: outside.push.as_ref().map(|_| state(push, now)),
        waiting: queue.0,
        next: queue.1.map(|at| japanese::short(at, now)),
        dead: dead.into_iter().map(|one| dead_view(one, &directory, now)).collect(),
    })
}

fn server(host: &str, port: u16, tls: SmtpTls) -> String {
    let how = match tls {
        SmtpTls::StartTls => "STARTTLSで暗号化",
        SmtpTls::Tls => "TLSで暗号化",
        SmtpTls::None => "この機器の中",
    };
    format!("{host}　ポート {port}（{how}）")
}

fn state(health: Option<Health>, now: jiff::Timestamp) -> StateView {
    let health = health.unwrap_or_default();
    let trouble_at = health.trouble.map(|trouble| trouble.at);
    StateView {
        good: health.good_at.map(|at| japanese::short(at, now)),
        broken: trouble_at > health.good_at,
        trouble: health.trouble.map(|trouble| TroubleView {
            when: japanese::short(trouble.at, now),
            why: say::reason(trouble.reason),
        }),
    }
}

fn dead_view(one: Dead, directory: &Directory, now: jiff::Timestamp) -> DeadView {
    let (who, of) = match one.holder {
        Holder::Member(id) => match directory.member(id) {
            Some(entry) => (entry.member.details.name.full(), entry.facility.details.name.clone()),
            None => ("（いない職員）".to_owned(), String::new()),
        },
        Holder::Facility(id) => {
            let facility = directory.facilities().find(|facility| facility.id == id);
            let name = facility.map(|facility| facility.details.name.clone());
            (name.unwrap_or_default(), "施設のアドレス".to_owned())
        }
    };
    DeadView {
        id: one.id,
        who,
        of,
        way: if one.mail { "メール" } else { "端末の通知" },
        when: japanese::short(one.at, now),
        why: say::reason(one.reason),
        tries: one.tries,
    }
}

pub async fn post_policy(
    asked: OfficeMember,
    frame: Frame,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let typed = fields.text("address").to_owned();
    let (members, facilities) = (fields.has("members"), fields.has("facilities"));
    let office = Address::parse(&typed);
    let act = asked.act("notice.policy");
    if office.is_none() && !typed.is_empty() {
        note_refusal(&app, act).await?;
        let mut page = page(&app, &asked)?;
        page.mail = page.mail.map(|mail| MailView {
            members,
            facilities,
            address: typed,
            error: Some(say_address()),
            ..mail
        });
        let page = frame.show(Nav::Office, "通知の状態", &page)?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    let policy = OutsidePolicy { members, facilities, office };
    app.store.write(act, move |write| write.put(&policy)).await?;
    Ok(redirect_saying(HERE, "通知の決まりを保存しました"))
}

pub async fn post_test(
    asked: OfficeMember,
    State(app): State<App>,
    _: Fields,
) -> Result<Response, Failure> {
    note_refusal(&app, asked.act("notice.test")).await?;
    match app.store.read(policy)?.office {
        Some(address) => Ok(send_test(&app, &address, HERE, say::reason).await),
        None => Ok(redirect_warning(HERE, "先に、事務室のアドレスを保存してください")),
    }
}

/// The office has seen to it.
pub async fn post_dead(
    asked: OfficeMember,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let one: Option<Id<Dead>> = fields.id("dead");
    let act = asked.act("notice.seen_to");
    let done = app.store.write(act, move |write| match one {
        Some(id) => write.delete::<Dead>(&id),
        None => Ok(()),
    });
    done.await?;
    Ok(redirect_saying(HERE, "確認済みにしました"))
}
