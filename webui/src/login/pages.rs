//! The log-in page, the idle lock, and the way out.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use jiff::Timestamp;
use provisioning::credentials::LastLogin;
use provisioning::members::Member;
use provisioning::passkeys::{
    Ceremony, NoticeKind, Owed, Passkey, Proof, RecoveryCode, UseProblem, has_any, note_use, owed,
    spend_code, tell,
};
use serde::{Deserialize, Serialize};
use store::{House, Id, Order, StoreError, Write};

use super::prove::{Again, Proven, Refused, Typed, prove, prove_again};
use super::second::{self, SecondStep};
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::form::{Fields, FormToken};
use crate::kit::frame::size_of;
use crate::kit::gate::Admitted;
use crate::kit::japanese;
use crate::kit::member::InSession;
use crate::kit::page::{Bare, Page, bare};
use crate::kit::party::Party;
use crate::kit::session::{Session, SessionState, Token, cookie};

const FACILITY_COOKIE: &str = "facility";

#[derive(Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
}

impl Next {
    pub fn path(&self) -> &str {
        local_path(&self.next)
    }
}

#[derive(Serialize)]
struct LoginPage {
    bare: Bare,
    login: LoginForm,
}

impl Page for LoginPage {
    const TEMPLATE: &'static str = "login/login.html";
}

#[derive(Default, Serialize)]
struct LoginForm {
    facility_code: String,
    user_id: String,
    remember: bool,
    error: Option<&'static str>,
    notice: Option<&'static str>,
    next: String,
    form_token: String,
}

pub async fn show_login(
    _: Admitted,
    token: FormToken,
    headers: HeaderMap,
    Query(query): Query<Next>,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let facility_code = cookie(&headers, FACILITY_COOKIE).unwrap_or_default();
    let came_from_work = !query.next.is_empty() && query.next != "/";
    let notice = came_from_work
        .then_some("続けるには、ログインしてください。書きかけのメールは下書きに残っています。");
    let login = LoginForm {
        remember: true,
        facility_code,
        notice,
        next: local_path(&query.next).to_owned(),
        form_token: token.text().to_owned(),
        ..LoginForm::default()
    };
    show_form(&app, &headers, login, StatusCode::OK)
}

pub async fn post_login(
    admitted: Admitted,
    token: FormToken,
    party: Party,
    headers: HeaderMap,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let typed = Typed {
        facility_code: fields.text("facility_code").to_owned(),
        user_id: fields.text("user_id").to_owned(),
        password: fields.text("password").to_owned(),
    };
    match prove(&app, &admitted, &typed).await? {
        Ok(proven) => {
            let next = local_path(fields.text("next"));
            let mut response = match app.store.read(|read| has_any(read, proven.member.id))? {
                true => second::begin(&app, &admitted, &party, &proven, next).await?,
                false => log_in(&app, &admitted, &proven, next).await?,
            };
            response.headers_mut().append(header::SET_COOKIE, remember(&fields));
            Ok(response)
        }
        Err(refused) => {
            let act = admitted.act(&app, "login.refused").on("device", admitted.device().id);
            app.store.write(act, |_| Ok::<_, StoreError>(())).await?;
            let login = LoginForm {
                facility_code: typed.facility_code,
                user_id: typed.user_id,
                remember: fields.has("remember"),
                error: Some(say(&refused)),
                notice: None,
                next: local_path(fields.text("next")).to_owned(),
                form_token: token.text().to_owned(),
            };
            show_form(&app, &headers, login, StatusCode::UNPROCESSABLE_ENTITY)
        }
    }
}

fn say(refused: &Refused) -> &'static str {
    match refused {
        Refused::Wrong => {
            "医療機関コード・利用者ID・パスワードのいずれかが違うか、この端末では利用できません。\
             もう一度確かめて入力してください。5回続けてまちがえると、15分間ログインできなくなります。"
        }
        Refused::LockedOut => {
            "まちがいが続いたため、15分間ログインできません。\
             15分たってから、もう一度入力してください。\
             お急ぎのときは事務室へお電話ください。すぐに使えるようにできます。"
        }
    }
}

fn show_form(
    app: &App,
    headers: &HeaderMap,
    login: LoginForm,
    status: StatusCode,
) -> Result<Response, Failure> {
    let bare = Bare { size: size_of(headers), ..bare(app, "ログイン") };
    let html = app.templates.render(&LoginPage { bare, login })?;
    Ok((status, Html(html)).into_response())
}

async fn log_in(
    app: &App,
    admitted: &Admitted,
    proven: &Proven,
    next: &str,
) -> Result<Response, Failure> {
    let (member, state) = (&proven.member, proven.state);
    let opened = open_session(app, admitted, member, state, Opening::Password, None).await?;
    let token = opened.ok_or(Failure::SignIn)?;
    let mut response = enter(app, member, state, next)?;
    response.headers_mut().append(header::SET_COOKIE, token.set_cookie());
    Ok(response)
}

/// Where a fresh session leads to: first to what has to be done first.
pub fn enter(
    app: &App,
    member: &Member,
    state: SessionState,
    next: &str,
) -> Result<Response, StoreError> {
    let owed = app.store.read(|read| owed(read, member, app.now()))?;
    let to = match (state, owed) {
        (SessionState::PasswordFirst(_), _) => "/me/password",
        (SessionState::Open | SessionState::Locked, Owed::Nothing) => next,
        (SessionState::Open | SessionState::Locked, Owed::From(_) | Owed::First) => "/me/passkeys",
    };
    Ok(Redirect::to(to).into_response())
}

/// What a session rests on beside the password.
pub enum Opening {
    Password,
    Passkey(Proof),
    Code(RecoveryCode),
}

#[derive(Debug, thiserror::Error)]
enum NotOpened {
    #[error("the second proof is not worth anything any more")]
    Refused,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The second proof is spent in the act that opens the session; `None` where it was not good.
pub async fn open_session(
    app: &App,
    admitted: &Admitted,
    member: &Member,
    state: SessionState,
    opening: Opening,
    step: Option<[u8; 16]>,
) -> Result<Option<Token>, Failure> {
    let token = Token::random(app);
    let now = app.now();
    let member = member.id;
    let session = Session {
        token: token.blinded(app),
        id: app.store.clock().id(),
        member,
        device: admitted.device().id,
        since: now,
        touched: now,
        state,
        previous_login: previous_login(app, member)?,
    };
    let actor =
        store::Actor::Member { member: member.bytes(), device: admitted.device().id.bytes() };
    let action = match &opening {
        Opening::Password => LOGINS[0],
        Opening::Passkey(_) => LOGINS[1],
        Opening::Code(_) => LOGINS[2],
    };
    let act = store::Act::new(actor, action, now).on("member", member);
    let opened = app.store.write(act, move |write| {
        spend(write, member, &opening, now)?;
        if let Some(step) = step {
            write.delete::<SecondStep>(&step)?;
            write.delete::<Ceremony>(&step)?;
        }
        write.put(&LastLogin { member, at: now })?;
        Ok(write.put(&session)?)
    });
    match opened.await {
        Ok(()) => Ok(Some(token)),
        Err(NotOpened::Refused) => Ok(None),
        Err(NotOpened::Store(error)) => Err(error.into()),
    }
}

fn spend(
    write: &mut Write<'_>,
    member: Id<Member>,
    opening: &Opening,
    now: Timestamp,
) -> Result<(), NotOpened> {
    match opening {
        // A first key may have been added since the password was typed.
        Opening::Password => {
            let keys = write.page::<Passkey>(&member, Order::Ascending, None, 1)?;
            if keys.rows.is_empty() { Ok(()) } else { Err(NotOpened::Refused) }
        }
        Opening::Passkey(proof) => {
            match note_use(write, member, proof.passkey, proof.counter, now) {
                Ok(()) => Ok(()),
                Err(UseProblem::Gone | UseProblem::CounterBack) => Err(NotOpened::Refused),
                Err(UseProblem::Store(error)) => Err(error.into()),
            }
        }
        Opening::Code(code) => {
            if !spend_code(write, member, code)? {
                return Err(NotOpened::Refused);
            }
            Ok(tell(write, member, NoticeKind::CodeUsed, now)?)
        }
    }
}

/// What the trail calls a log-in: by the password alone, with a passkey, with a code from paper.
const LOGINS: [&str; 3] = ["login", "login.passkey", "login.recovery"];

pub fn is_login(action: &str) -> bool {
    LOGINS.contains(&action)
}

/// The trail remembers it anyway.
fn previous_login(app: &App, member: Id<Member>) -> Result<Option<Timestamp>, StoreError> {
    const ROWS_LOOKED_AT: usize = 500;
    let rows = app.store.read(|read| read.trail_of_member(member.bytes(), ROWS_LOOKED_AT))?;
    Ok(rows.into_iter().find(|row| is_login(&row.action)).map(|row| row.at))
}

fn remember(fields: &Fields) -> HeaderValue {
    let code = provisioning::japanese::fold_code(fields.text("facility_code"));
    let plain = code.chars().all(|c| c.is_ascii_alphanumeric());
    let kept = fields.has("remember") && plain;
    let (code, age) = if kept { (code.as_str(), 31_536_000) } else { ("", 0) };
    let text = format!(
        "{FACILITY_COOKIE}={code}; Path=/login; Secure; HttpOnly; SameSite=Strict; Max-Age={age}"
    );
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[derive(Serialize)]
struct LockPage {
    bare: Bare,
    lock: Lock,
}

impl Page for LockPage {
    const TEMPLATE: &'static str = "login/lock.html";
}

#[derive(Serialize)]
struct Lock {
    member: Locked,
    error: Option<&'static str>,
    next: String,
    form_token: String,
}

#[derive(Serialize)]
struct Locked {
    name: String,
    job: &'static str,
    facility: String,
    shared: bool,
}

/// Looking at the lock turns it: the browser comes here by itself after a while.
pub async fn show_lock(
    asked: InSession,
    token: FormToken,
    headers: HeaderMap,
    Query(query): Query<Next>,
    State(app): State<App>,
) -> Result<Response, Failure> {
    if asked.session().state == SessionState::Open {
        let locked = Session { state: SessionState::Locked, ..asked.session().clone() };
        let lock = move |house: &mut House<'_, '_>| match house.get::<Session>(&locked.token)? {
            Some(_) => house.put(&locked),
            None => Ok(()),
        };
        app.store.keep_house(lock).await.map_err(Failure::from)?;
    }
    show_locked(&app, &asked, &token, &headers, &query.next, None)
}

pub async fn post_lock(
    asked: InSession,
    token: FormToken,
    headers: HeaderMap,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let next = fields.text("next").to_owned();
    let proven = prove_again(&app, &asked, fields.text("password")).await?;
    let Again::Right(state) = proven else {
        let act = asked.act("lock.refused").on("member", asked.member().id);
        app.store.write(act, |_| Ok::<_, StoreError>(())).await?;
        if let Again::Over = proven {
            return Ok(Redirect::to("/login").into_response());
        }
        let error = "パスワードが違います。もう一度入力してください。";
        let page = show_locked(&app, &asked, &token, &headers, &next, Some(error))?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    };
    // A password that has to be changed first opens no more here than at the log-in.
    let (token, now) = (asked.session().token, app.now());
    let act = asked.act("lock.open").on("member", asked.member().id);
    // It may have been ended while the password was hashed.
    let opened = app.store.write(act, move |write| {
        let kept: Session = write.get(&token)?.ok_or(Failure::SignIn)?;
        write.put(&Session { state, touched: now, ..kept }).map_err(Failure::from)
    });
    opened.await?;
    Ok(Redirect::to(local_path(&next)).into_response())
}

fn show_locked(
    app: &App,
    asked: &InSession,
    token: &FormToken,
    headers: &HeaderMap,
    next: &str,
    error: Option<&'static str>,
) -> Result<Response, Failure> {
    let details = &asked.member().details;
    let lock = Lock {
        member: Locked {
            name: details.name.full(),
            job: japanese::job(details.job),
            facility: asked.admitted.facility().details.name.clone(),
            shared: false,
        },
        error,
        next: local_path(next).to_owned(),
        form_token: token.text().to_owned(),
    };
    let bare = Bare { size: size_of(headers), ..bare(app, "一時停止中") };
    Ok(Html(app.templates.render(&LockPage { bare, lock })?).into_response())
}

pub async fn post_logout(
    asked: InSession,
    State(app): State<App>,
    _: Fields,
) -> Result<Response, Failure> {
    let token = asked.session().token;
    let act = asked.act("logout").on("member", asked.member().id);
    app.store.write(act, move |write| write.delete::<Session>(&token)).await?;
    let mut response = Redirect::to("/login").into_response();
    response.headers_mut().append(header::SET_COOKIE, Token::clear_cookie());
    Ok(response)
}

/// Only a path of our own: nobody is led elsewhere by a link to our log-in.
pub fn local_path(path: &str) -> &str {
    let ours = path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains('\\')
        && !path.chars().any(char::is_control);
    if ours { path } else { "/" }
}
