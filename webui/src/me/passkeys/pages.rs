//! From a name and the password to a key, and to a sheet of codes.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use provisioning::passkeys::{
    self, AddProblem, Ceremony, KeyName, NameProblem, NewKey, Owed, Passkey, Purpose, RecoveryCode,
    codes_left, make_codes, notices_of, of_member, owed, take_ceremony,
};
use serde::Serialize;
use store::{Id, StoreError};

use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::form::{Fields, spend};
use crate::kit::frame::{Frame, Nav, redirect_saying, redirect_warning};
use crate::kit::japanese;
use crate::kit::member::MayOweKey;
use crate::kit::page::Page;
use crate::kit::party::Party;
use crate::kit::path::Path;
use crate::kit::session::SessionState;
use crate::login::{Again, prove_again};

const LIST: &str = "/me/passkeys";

const WRONG_PASSWORD: &str = "パスワードが違います。もう一度入力してください。";

#[derive(Serialize)]
struct ListPage {
    keys: Vec<KeyRow>,
    full: bool,
    codes: Option<usize>,
    notices: bool,
    owed: Option<String>,
    name: String,
    error: Problems,
}

#[derive(Default, Serialize)]
struct Problems {
    name: Option<&'static str>,
    password: Option<&'static str>,
    remove: Option<&'static str>,
    codes: Option<&'static str>,
}

impl Page for ListPage {
    const TEMPLATE: &'static str = "me/passkeys/list.html";
}

#[derive(Serialize)]
struct KeyRow {
    id: Id<Passkey>,
    name: String,
    made: String,
    used: Option<String>,
}

pub async fn show_passkeys(
    asked: MayOweKey,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    show(&app, &asked, frame, String::new(), Problems::default())
}

fn show(
    app: &App,
    asked: &MayOweKey,
    frame: Frame,
    name: String,
    error: Problems,
) -> Result<Response, Failure> {
    let now = asked.now();
    let (keys, codes, notices, owed) = app.store.read(|read| {
        Ok::<_, StoreError>((
            of_member(read, asked.id())?,
            codes_left(read, asked.id())?,
            !notices_of(read, asked.id())?.is_empty(),
            owed(read, asked.member(), now)?,
        ))
    })?;
    let page = ListPage {
        full: keys.len() >= Passkey::OF_MEMBER_MAX,
        keys: keys.into_iter().map(|key| row(key, now)).collect(),
        codes,
        notices,
        owed: match owed {
            Owed::Nothing => None,
            Owed::From(from) => Some(japanese::week_day(japanese::local(from).date())),
            Owed::First => Some(String::new()),
        },
        name,
        error,
    };
    frame.show(Nav::Me, "パスキー", &page)
}

fn row(key: Passkey, now: jiff::Timestamp) -> KeyRow {
    KeyRow {
        id: key.id,
        name: key.name.as_str().to_owned(),
        made: japanese::era_date(japanese::local(key.made_at).date()),
        used: key.used_at.map(|at| japanese::short(at, now)),
    }
}

/// Whether the password was typed right; else what is answered instead.
async fn proven(
    app: &App,
    asked: &MayOweKey,
    fields: &Fields,
) -> Result<Result<(), Option<Response>>, Failure> {
    let again = prove_again(app, asked.in_session(), fields.text("password")).await?;
    match again {
        Again::Right(SessionState::Open) => return Ok(Ok(())),
        // A password that has to be changed first proves nothing here.
        Again::Right(_) => return Err(Failure::PasswordFirst),
        Again::Wrong | Again::Over => {}
    }
    note_refused(app, asked).await?;
    let over = matches!(again, Again::Over);
    Ok(Err(over.then(|| Redirect::to("/login").into_response())))
}

async fn note_refused(app: &App, asked: &MayOweKey) -> Result<(), Failure> {
    let act = asked.act("passkey.refused").on("member", asked.id());
    Ok(app.store.write(act, |_| Ok::<_, StoreError>(())).await?)
}

fn refused(page: Result<Response, Failure>) -> Result<Response, Failure> {
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page?).into_response())
}

/// Asks the browser for a key: the question is open for five minutes, in this session alone.
pub async fn post_start(
    asked: MayOweKey,
    frame: Frame,
    party: Party,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let typed = fields.text("name").to_owned();
    let name = match KeyName::parse(&typed) {
        Ok(name) => name,
        Err(problem) => {
            note_refused(&app, &asked).await?;
            let error = Problems { name: Some(say_name(problem)), ..Problems::default() };
            return refused(show(&app, &asked, frame, typed, error));
        }
    };
    if let Err(answer) = proven(&app, &asked, &fields).await? {
        let error = Problems { password: Some(WRONG_PASSWORD), ..Problems::default() };
        return match answer {
            Some(answer) => Ok(answer),
            None => refused(show(&app, &asked, frame, typed, error)),
        };
    }
    let known = app.store.read(|read| of_member(read, asked.id()))?;
    let question = party.0.ask_to_register(asked.member(), &known);
    let question = question.map_err(|problem| Failure::Internal(Box::new(problem)))?;
    let ceremony = Ceremony {
        of: asked.session().token,
        device: asked.device().id,
        purpose: Purpose::Register { name },
        shown: question.shown,
        kept: question.kept,
        at: asked.now(),
    };
    let act = asked.act("passkey.ask").on("member", asked.id());
    app.store.write(act, move |write| write.put(&ceremony)).await.map_err(Failure::from)?;
    Ok(Redirect::to("/me/passkeys/new").into_response())
}

fn say_name(problem: NameProblem) -> &'static str {
    match problem {
        NameProblem::Empty => "名前を入力してください。例：事務室のPC",
        NameProblem::TooLong => "名前は30文字以内で入力してください。",
    }
}

#[derive(Serialize)]
struct NewPage {
    name: String,
    asked: String,
}

impl Page for NewPage {
    const TEMPLATE: &'static str = "me/passkeys/new.html";
}

pub async fn show_new(
    asked: MayOweKey,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let kept = app.store.read(|read| read.get::<Ceremony>(&asked.session().token))?;
    let kept = kept.filter(|kept| kept.is_open(asked.device().id, asked.now()));
    let Some(Ceremony { purpose: Purpose::Register { name }, shown, .. }) = kept else {
        return Ok(Redirect::to(LIST).into_response());
    };
    let page = NewPage { name: name.as_str().to_owned(), asked: shown };
    frame.show(Nav::Me, "パスキーの登録", &page)
}

/// The browser's answer; the first key brings the sheet of codes.
pub async fn post_passkey(
    asked: MayOweKey,
    frame: Frame,
    party: Party,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let (of, device, now) = (asked.session().token, asked.device().id, asked.now());
    let taken = app.store.keep_house(move |house| take_ceremony(house, of, device, now)).await?;
    let Some(Ceremony { purpose: Purpose::Register { name }, kept, .. }) = taken else {
        note_refused(&app, &asked).await?;
        return Ok(redirect_warning(LIST, "時間がたったため、もう一度はじめから登録してください"));
    };
    let made = match party.0.registered(&kept, fields.text("answer")) {
        Ok(made) => made,
        Err(problem) => {
            log::info!(error:% = problem; "a passkey was not registered");
            note_refused(&app, &asked).await?;
            return Ok(redirect_warning(LIST, "登録できませんでした。もう一度お試しください"));
        }
    };
    match keep(&app, &asked, name, made).await {
        Ok(Some(codes)) => show_codes(frame, &codes),
        Ok(None) => Ok(redirect_saying(LIST, "パスキーを登録しました")),
        Err(problem) => {
            let words = match problem {
                AddProblem::TooMany => "パスキーは10個までです。使わないものを削除してください",
                AddProblem::Known => "このパスキーは、もう登録されています",
                AddProblem::Store(error) => return Err(error.into()),
            };
            note_refused(&app, &asked).await?;
            Ok(redirect_warning(LIST, words))
        }
    }
}

/// Key and first codes in one act, so that nobody has a key and no paper.
async fn keep(
    app: &App,
    asked: &MayOweKey,
    name: KeyName,
    made: NewKey,
) -> Result<Option<Vec<RecoveryCode>>, AddProblem> {
    let clock = app.store.clock().clone();
    let word = [b"passkey\0".as_slice(), &made.credential].concat();
    let key = Passkey {
        id: clock.id(),
        member: asked.id(),
        name,
        mark: app.store.ring().blind(&word),
        credential: made.credential,
        public_key: made.public_key,
        algorithm: made.algorithm,
        counter: made.counter,
        transports: made.transports,
        made_at: asked.now(),
        used_at: None,
    };
    let act = asked.act("passkey.add").on("passkey", key.id);
    let added = app.store.write(act, move |write| {
        let is_first = passkeys::add(write, &key)?;
        let codes = is_first.then(|| make_codes(write, &clock, key.member));
        Ok::<_, AddProblem>(codes.transpose()?)
    });
    added.await
}

#[derive(Serialize)]
struct CodesPage {
    codes: Vec<String>,
}

impl Page for CodesPage {
    const TEMPLATE: &'static str = "me/passkeys/codes.html";
}

fn show_codes(frame: Frame, codes: &[RecoveryCode]) -> Result<Response, Failure> {
    let codes = codes.iter().map(RecoveryCode::grouped).collect();
    frame.show(Nav::Me, "回復コード", &CodesPage { codes })
}

/// A fresh sheet; the one before is void. A reload makes none.
pub async fn post_codes(
    asked: MayOweKey,
    frame: Frame,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    if let Err(answer) = proven(&app, &asked, &fields).await? {
        let error = Problems { codes: Some(WRONG_PASSWORD), ..Problems::default() };
        return match answer {
            Some(answer) => Ok(answer),
            None => refused(show(&app, &asked, frame, String::new(), error)),
        };
    }
    let (clock, id, now) = (app.store.clock().clone(), asked.id(), asked.now());
    let once = fields.text("once").to_owned();
    let has_key = app.store.read(|read| passkeys::has_any(read, id))?;
    let act = asked.act("passkey.codes").on("member", id);
    let made = app.store.write(act, move |write| {
        let fresh = spend(write, &once, now)? && has_key;
        fresh.then(|| make_codes(write, &clock, id)).transpose()
    });
    match made.await.map_err(Failure::from)? {
        Some(codes) => show_codes(frame, &codes),
        None => Ok(Redirect::to(LIST).into_response()),
    }
}

pub async fn post_seen(
    asked: MayOweKey,
    State(app): State<App>,
    _: Fields,
) -> Result<Response, Failure> {
    let (act, id) = (asked.act("passkey.seen").on("member", asked.id()), asked.id());
    app.store.write(act, move |write| passkeys::told_member(write, id)).await?;
    Ok(Redirect::to(LIST).into_response())
}

#[derive(Debug, thiserror::Error)]
enum NotRemoved {
    #[error("the member has no such key")]
    Unknown,
    #[error("the office's rule needs one")]
    Needed,
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub async fn post_remove(
    Path(key): Path<Id<Passkey>>,
    asked: MayOweKey,
    frame: Frame,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let again = |error| {
        let error = Problems { remove: Some(error), ..Problems::default() };
        refused(show(&app, &asked, frame, String::new(), error))
    };
    let own = app.store.read(|read| of_member(read, asked.id()))?;
    if !own.iter().any(|one| one.id == key) {
        return Err(Failure::NotFound);
    }
    if let Err(answer) = proven(&app, &asked, &fields).await? {
        return match answer {
            Some(answer) => Ok(answer),
            None => again(WRONG_PASSWORD),
        };
    }
    let (id, member, now) = (asked.id(), asked.member().clone(), asked.now());
    let act = asked.act("passkey.remove").on("passkey", key);
    let removed = app.store.write(act, move |write| {
        if !passkeys::remove(write, id, key)? {
            return Err(NotRemoved::Unknown);
        }
        match passkeys::owed_within(write, &member, now)? {
            Owed::First => Err(NotRemoved::Needed),
            Owed::Nothing | Owed::From(_) => Ok(()),
        }
    });
    match removed.await {
        Ok(()) => Ok(redirect_saying(LIST, "パスキーを削除しました")),
        Err(NotRemoved::Unknown) => Err(Failure::NotFound),
        Err(NotRemoved::Needed) => {
            note_refused(&app, &asked).await?;
            again("事務室の決まりで、1個は必要です。先に新しいパスキーを登録してください。")
        }
        Err(NotRemoved::Store(error)) => Err(error.into()),
    }
}
