//! The member's own choices.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use provisioning::devices::Device;
use serde::Serialize;
use store::{Read, StoreError};

use super::address::{self, AddressView, CodeProblem, address_view};
use super::hours::{self, RuleForm, say as say_hours};
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::form::Fields;
use crate::kit::frame::{Frame, Nav, redirect_saying, redirect_warning};
use crate::kit::japanese;
use crate::kit::member::SignedIn;
use crate::kit::page::Page;
use crate::kit::quiet::{FacilityQuiet, NoticeChoices, QuietChoice};
use crate::notices::outside::{
    Address, Holder, Letter, Outcome, Reason, To, policy, say, send, ways_within,
};
use crate::notices::push;

const HERE: &str = "/me/notices";

#[derive(Serialize)]
struct SettingsPage {
    /// "facility", "never" or "own".
    choice: &'static str,
    /// The facility's hours in words; empty where it has none.
    usual: String,
    rules: Vec<RuleForm>,
    error: Option<&'static str>,
    sound: bool,
    /// `None` where the box sends no mail or the office allows none.
    mail: Option<AddressView>,
    typed: String,
    mail_error: Option<String>,
    code_error: Option<&'static str>,
    /// `None` where there is no Web Push.
    push: Option<PushView>,
}

impl Page for SettingsPage {
    const TEMPLATE: &'static str = "notices/settings/settings.html";
}

#[derive(Serialize)]
struct PushView {
    key: String,
    here: bool,
    devices: Vec<PushRow>,
}

#[derive(Serialize)]
struct PushRow {
    name: String,
    since: String,
    here: bool,
}

pub async fn show_own(
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let page = settings(&app, &asked)?;
    frame.show(Nav::Me, "着信通知の設定", &page)
}

fn settings(app: &App, asked: &SignedIn) -> Result<SettingsPage, StoreError> {
    let (key, holder) = (push::public_key(app)?, Holder::Member(asked.id()));
    app.store.read(|read| {
        let choices: Option<NoticeChoices> = read.get(&asked.id())?;
        let usual: Option<FacilityQuiet> = read.get(&asked.facility().id)?;
        let sound = choices.as_ref().is_some_and(|choices| choices.sound);
        let (choice, rules) = match choices.map(|choices| choices.quiet).unwrap_or_default() {
            QuietChoice::Facility => ("facility", Vec::new()),
            QuietChoice::Never => ("never", Vec::new()),
            QuietChoice::Own(rules) => ("own", rules),
        };
        let may_mail = app.outside.smtp.is_some() && policy(read)?.members;
        let mail = may_mail.then(|| address_view(read, holder, asked.now()));
        let push = key.map(|key| push_view(read, asked, key));
        Ok(SettingsPage {
            choice,
            usual: usual.map_or_else(String::new, |usual| say_hours::hours(&usual.rules)),
            rules: hours::forms(&rules),
            error: None,
            sound,
            mail: mail.transpose()?,
            typed: String::new(),
            mail_error: None,
            code_error: None,
            push: push.transpose()?,
        })
    })
}

fn push_view(read: &Read<'_>, asked: &SignedIn, key: String) -> Result<PushView, StoreError> {
    let mut devices = Vec::new();
    for way in ways_within(read, Holder::Member(asked.id()))? {
        let To::Push(subscription) = &way.to else { continue };
        let device: Option<Device> = read.get(&subscription.device)?;
        devices.push(PushRow {
            name: device.map_or_else(|| "（廃止した端末）".to_owned(), |device| device.name),
            since: japanese::short(way.since, asked.now()),
            here: subscription.device == asked.device().id,
        });
    }
    Ok(PushView { key, here: devices.iter().any(|row| row.here), devices })
}

pub async fn post_own(
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let sound = fields.text("sound") == "yes";
    let quiet = match fields.text("quiet") {
        "never" => QuietChoice::Never,
        "own" => match hours::read(&fields) {
            Ok(rules) if !rules.is_empty() => QuietChoice::Own(rules),
            typed => {
                let rules = typed.err().unwrap_or_else(|| hours::forms(&[]));
                let error = Some(say_hours::WRONG);
                let page = settings(&app, &asked)?;
                let page = SettingsPage { choice: "own", rules, error, sound, ..page };
                return again(frame, &page);
            }
        },
        _ => QuietChoice::Facility,
    };
    let choices = NoticeChoices { member: asked.id(), quiet, sound };
    app.store.write(asked.act("notice.choose"), move |write| write.put(&choices)).await?;
    Ok(redirect_saying(HERE, "着信通知の設定を保存しました"))
}

fn again(frame: Frame, page: &SettingsPage) -> Result<Response, Failure> {
    let page = frame.show(Nav::Me, "着信通知の設定", page)?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// Without a server, or where the office allows no addresses, these doors lead nowhere.
fn must_be_allowed(app: &App) -> Result<(), Failure> {
    let allowed = app.outside.smtp.is_some() && app.store.read(policy)?.members;
    if allowed { Ok(()) } else { Err(Failure::NotFound) }
}

pub async fn post_mail(
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let (act, holder) = (asked.act("notice.address"), Holder::Member(asked.id()));
    if must_be_allowed(&app).is_err() {
        return refused(&app, act).await;
    }
    let typed = fields.text("address").to_owned();
    let error = match Address::parse(&typed) {
        None => say_address(),
        Some(address) => match address::send_code(&app, act.clone(), holder, address).await {
            Ok(()) => return Ok(redirect_saying(HERE, "確認コードを送りました")),
            Err(problem) => say_problem(problem)?,
        },
    };
    note_refusal(&app, act).await?;
    let page = settings(&app, &asked)?;
    again(frame, &SettingsPage { typed, mail_error: Some(error), ..page })
}

/// What could not be done stands in the trail as well.
pub async fn note_refusal(app: &App, act: store::Act) -> Result<(), Failure> {
    Ok(app.store.write(act, |_| Ok::<_, StoreError>(())).await?)
}

async fn refused(app: &App, act: store::Act) -> Result<Response, Failure> {
    note_refusal(app, act).await?;
    Ok(redirect_warning(HERE, "メールでの通知は、このネットワークでは使えません"))
}

pub fn say_address() -> String {
    "メールアドレスを確かめて、もう一度入力してください（例 uketsuke@example.jp）".to_owned()
}

pub fn say_problem(problem: CodeProblem) -> Result<String, Failure> {
    Ok(match problem {
        CodeProblem::JustSent => {
            "確認コードは送ったばかりです。1分たってから、もう一度送ってください".to_owned()
        }
        CodeProblem::NotSent(reason) => {
            format!("確認コードを送れませんでした。{}", say::reason_for_members(reason))
        }
        CodeProblem::Wrong => WRONG_CODE.to_owned(),
        CodeProblem::Over => NO_CODE.to_owned(),
        CodeProblem::Store(error) => return Err(error.into()),
    })
}

const WRONG_CODE: &str = "確認コードが違います。届いたメールの6けたの数字を入力してください";
const NO_CODE: &str =
    "この確認コードは使えなくなりました。もう一度、アドレスからやり直してください";

pub async fn post_code(
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let act = asked.act("notice.confirm");
    if must_be_allowed(&app).is_err() {
        return refused(&app, act).await;
    }
    let holder = Holder::Member(asked.id());
    let code_error = match address::confirm(&app, act, holder, fields.text("code")).await {
        Ok(()) => return Ok(redirect_saying(HERE, "このアドレスに通知を送ります")),
        Err(CodeProblem::Wrong) => WRONG_CODE,
        Err(CodeProblem::Store(error)) => return Err(error.into()),
        Err(_) => NO_CODE,
    };
    let page = settings(&app, &asked)?;
    let page = match page.mail.as_ref().and_then(|mail| mail.asked.as_ref()) {
        Some(_) => SettingsPage { code_error: Some(code_error), ..page },
        None => SettingsPage { mail_error: Some(code_error.to_owned()), ..page },
    };
    again(frame, &page)
}

/// To the own confirmed address only.
pub async fn post_test(
    asked: SignedIn,
    State(app): State<App>,
    _: Fields,
) -> Result<Response, Failure> {
    let act = asked.act("notice.test");
    note_refusal(&app, act).await?;
    let ways = app.store.read(|read| ways_within(read, Holder::Member(asked.id())))?;
    let address = ways.into_iter().find_map(|way| match way.to {
        To::Mail(address) => Some(address),
        To::Push(_) => None,
    });
    let Some(address) = address else {
        return Ok(redirect_warning(HERE, "通知先のアドレスがありません"));
    };
    let say = |reason| say::reason_for_members(reason).to_owned();
    Ok(send_test(&app, &address, HERE, say).await)
}

/// Sends a test, and leads on to where it says how it went; `say` has the reader's words.
pub async fn send_test(
    app: &App,
    address: &Address,
    to: &str,
    say: impl Fn(Reason) -> String,
) -> Response {
    let own = "試しのメールを送れませんでした";
    let Some(smtp) = &app.outside.smtp else { return redirect_warning(to, own) };
    let words = Letter::test(&app.network.name, &app.address());
    let number = data_encoding::HEXLOWER.encode(&app.store.clock().random::<16>());
    let name = &app.network.name;
    let letter = Letter::write(smtp, name, address, &words, &number, app.now());
    let Some(letter) = letter else { return redirect_warning(to, own) };
    match send(smtp, &app.app_host(), &letter).await {
        Outcome::Told => {
            redirect_saying(to, "試しのメールを送りました。届くまで数分かかることがあります")
        }
        Outcome::Later(reason) | Outcome::Never(reason) => {
            redirect_warning(to, &format!("{own}。{}", say(reason)))
        }
        Outcome::Gone => redirect_warning(to, own),
    }
}

pub async fn post_end(
    asked: SignedIn,
    State(app): State<App>,
    _: Fields,
) -> Result<Response, Failure> {
    let holder = Holder::Member(asked.id());
    let act = asked.act("notice.address_end");
    app.store.write(act, move |write| address::end(write, holder)).await?;
    Ok(redirect_saying(HERE, "メールでの通知を止めました"))
}
