//! Own settings, and the change of a password that may have to come first.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use provisioning::credentials::{
    ChangeProblem, Credential, CredentialState, Password, PasswordProblem, change_password,
    used_before,
};
use provisioning::devices::Device;
use provisioning::passkeys::of_member;
use serde::Serialize;
use store::{Id, StoreError};

use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::form::{Fields, FormToken};
use crate::kit::frame::{Frame, Nav, SIZES, redirect_saying, size_cookie, size_of};
use crate::kit::gate::Admitted;
use crate::kit::japanese;
use crate::kit::member::{InSession, SignedIn};
use crate::kit::page::{Bare, Page, bare};
use crate::kit::path::Path;
use crate::kit::session::{self, PasswordFirst, Session, SessionState};
use crate::login::{Again, hash_off_thread, is_login, local_path, prove_again};

#[derive(Serialize)]
struct MePage {
    me: Me,
}

impl Page for MePage {
    const TEMPLATE: &'static str = "me/me.html";
}

#[derive(Serialize)]
struct Me {
    user_id: String,
    logins: Vec<LoginRow>,
    password: PasswordFacts,
    passkeys: usize,
    device: DeviceFacts,
    sessions: Vec<SessionRow>,
}

#[derive(Serialize)]
struct LoginRow {
    when: String,
    device: String,
    ok: bool,
}

#[derive(Serialize)]
struct PasswordFacts {
    changed: String,
    until: Option<String>,
    days: Option<i64>,
}

#[derive(Serialize)]
struct DeviceFacts {
    name: String,
    /// `None` where the key for the tunnel was enough.
    until: Option<String>,
    days: i64,
}

#[derive(Serialize)]
struct SessionRow {
    id: Id<Session>,
    device: String,
    since: String,
    seen: String,
    here: bool,
}

pub async fn show_me(
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let now = asked.now();
    let not_after = asked.admitted().not_after();
    let me = Me {
        user_id: asked.member().login.as_str().to_owned(),
        logins: logins(&app, &asked)?,
        password: password_facts(&app, &asked)?,
        passkeys: app.store.read(|read| of_member(read, asked.id()))?.len(),
        device: DeviceFacts {
            name: asked.device().name.clone(),
            until: not_after.map(|end| japanese::era_date(japanese::local(end).date())),
            days: not_after.map_or(0, |end| end.duration_since(now).as_hours() / 24),
        },
        sessions: sessions(&app, &asked)?,
    };
    frame.show(Nav::Me, "自分の設定", &MePage { me })
}

fn logins(app: &App, asked: &SignedIn) -> Result<Vec<LoginRow>, StoreError> {
    const ROWS_LOOKED_AT: usize = 1_000;
    const ROWS_SHOWN: usize = 10;
    app.store.read(|read| {
        let rows = read.trail_of_member(asked.id().bytes(), ROWS_LOOKED_AT)?;
        let logins =
            rows.into_iter().filter(|row| is_login(&row.action) || row.action == "lock.refused");
        let mut shown = Vec::new();
        for row in logins.take(ROWS_SHOWN) {
            let device = match row.actor {
                store::Actor::Member { device, .. } => Id::from_bytes(device),
                store::Actor::Stranger { .. } | store::Actor::Operator | store::Actor::System => {
                    continue;
                }
            };
            let device: Option<Device> = read.get(&device)?;
            shown.push(LoginRow {
                when: japanese::long(row.at),
                device: device.map_or_else(|| "（廃止した端末）".to_owned(), |one| one.name),
                ok: is_login(&row.action),
            });
        }
        Ok(shown)
    })
}

fn password_facts(app: &App, asked: &SignedIn) -> Result<PasswordFacts, StoreError> {
    let credential = app.store.read(|read| read.get::<Credential>(&asked.id()))?;
    let set_at = match credential.map(|credential| credential.state) {
        Some(CredentialState::Chosen { set_at, .. }) => set_at,
        Some(CredentialState::Initial { .. }) | None => asked.now(),
    };
    let days = app.network.passwords.days_left(set_at, asked.now());
    let until = days.map(|days| {
        let last = jiff::SignedDuration::from_hours(days.saturating_mul(24));
        japanese::era_date(
            japanese::local(asked.now().saturating_add(last).unwrap_or(set_at)).date(),
        )
    });
    let changed = japanese::era_date(japanese::local(set_at).date());
    Ok(PasswordFacts { changed, until, days })
}

fn sessions(app: &App, asked: &SignedIn) -> Result<Vec<SessionRow>, StoreError> {
    let now = asked.now();
    app.store.read(|read| {
        let mut rows = Vec::new();
        for found in session::of_member(read, asked.id())? {
            if now.duration_since(found.since) > session::SESSION_MAX {
                continue;
            }
            let device: Option<Device> = read.get(&found.device)?;
            rows.push(SessionRow {
                id: found.id,
                device: device.map_or_else(|| "（廃止した端末）".to_owned(), |one| one.name),
                since: japanese::short(found.since, now),
                seen: japanese::short(session::last_touch(&found), now),
                here: found.token == asked.session().token,
            });
        }
        Ok(rows)
    })
}

pub async fn post_end_session(
    Path(id): Path<Id<Session>>,
    asked: SignedIn,
    State(app): State<App>,
    _: Fields,
) -> Result<Response, Failure> {
    let own = app.store.read(|read| session::of_member(read, asked.id()))?;
    let ended = own.into_iter().find(|one| one.id == id).ok_or(Failure::NotFound)?;
    let act = asked.act("session.end").on("session", id);
    app.store.write(act, move |write| write.delete::<Session>(&ended.token)).await?;
    Ok(redirect_saying("/me", "ログアウトさせました"))
}

#[derive(Serialize)]
struct PasswordPage {
    bare: Bare,
    password: PasswordForm,
}

impl Page for PasswordPage {
    const TEMPLATE: &'static str = "me/password.html";
}

#[derive(Serialize)]
struct PasswordForm {
    forced: Option<&'static str>,
    errors: PasswordErrors,
    days: Option<u16>,
    form_token: String,
    member: Whose,
}

#[derive(Default, Serialize)]
struct PasswordErrors {
    current: Option<&'static str>,
    new: Option<&'static str>,
    again: Option<&'static str>,
}

#[derive(Serialize)]
struct Whose {
    name: String,
    job: &'static str,
    facility: String,
}

pub async fn show_password(
    asked: InSession,
    token: FormToken,
    headers: HeaderMap,
    State(app): State<App>,
) -> Result<Response, Failure> {
    if asked.session().state == SessionState::Locked {
        return Err(Failure::Locked);
    }
    show_password_form(&app, &asked, &token, &headers, PasswordErrors::default())
}

pub async fn post_password(
    asked: InSession,
    token: FormToken,
    headers: HeaderMap,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    if asked.session().state == SessionState::Locked {
        return Err(Failure::Locked);
    }
    let again = |errors| {
        let page = show_password_form(&app, &asked, &token, &headers, errors)?;
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    };
    let member = asked.member();
    let credential: Credential =
        app.store.read(|read| read.get(&member.id))?.ok_or(Failure::SignIn)?;
    let current = "いまのパスワードが違います。もう一度入力してください。";
    let proven = prove_again(&app, &asked, fields.text("current")).await?;
    if let Again::Wrong | Again::Over = proven {
        let act = asked.act("password.refused").on("member", member.id);
        app.store.write(act, |_| Ok::<_, StoreError>(())).await?;
    }
    match proven {
        Again::Right(_) => {}
        Again::Wrong => {
            return again(PasswordErrors { current: Some(current), ..PasswordErrors::default() });
        }
        Again::Over => return Ok(Redirect::to("/login").into_response()),
    }
    let new = match Password::parse(fields.text("new"), member.login.as_str()) {
        Ok(new) => new,
        Err(problem) => {
            return again(PasswordErrors { new: Some(say(problem)), ..PasswordErrors::default() });
        }
    };
    if fields.text("new") != fields.text("again") {
        let differs = Some("2つの新しいパスワードが違います。同じものを入力してください。");
        return again(PasswordErrors { again: differs, ..PasswordErrors::default() });
    }
    let (typed, known, clock) =
        (fields.text("new").to_owned(), credential.clone(), app.store.clock().clone());
    let hashed =
        hash_off_thread(&app, move || (!used_before(&known, &typed)).then(|| new.hash(&clock)));
    let Some(hash) = hashed.await? else {
        let used = Some("最近の5回と同じパスワードは使えません。別のものを入力してください。");
        return again(PasswordErrors { new: used, ..PasswordErrors::default() });
    };
    keep_password(&app, &asked, credential, hash).await?;
    Ok(redirect_saying("/", "パスワードを変更しました"))
}

/// The new password ends every other session of the member in the same act.
async fn keep_password(
    app: &App,
    asked: &InSession,
    checked: Credential,
    hash: provisioning::credentials::PasswordHash,
) -> Result<(), Failure> {
    let now = app.now();
    let member = asked.member().id;
    let open = Session { state: SessionState::Open, touched: now, ..asked.session().clone() };
    let others = app.store.read(|read| session::of_member(read, member))?;
    let act = asked.act("password.change").on("member", member);
    let outcome = app.store.write(act, move |write| {
        // It may have been ended while the passwords were hashed.
        if write.get::<Session>(&open.token)?.is_none() {
            return Err(ChangeProblem::ChangedMeanwhile);
        }
        change_password(write, &checked, hash, now)?;
        for other in others.iter().filter(|other| other.token != open.token) {
            write.delete::<Session>(&other.token)?;
        }
        write.put(&open)?;
        Ok::<_, ChangeProblem>(())
    });
    outcome.await.map_err(|problem| match problem {
        ChangeProblem::ChangedMeanwhile => Failure::StaleForm,
        ChangeProblem::Store(error) => error.into(),
    })
}

fn say(problem: PasswordProblem) -> &'static str {
    match problem {
        PasswordProblem::TooShort => "パスワードは12文字以上で入力してください。",
        PasswordProblem::TooLong => "パスワードは128文字以内で入力してください。",
        PasswordProblem::Common => {
            "よくあるパスワードに似ています。ほかの言葉を組み合わせてください。"
        }
        PasswordProblem::LikeTheLogin => "利用者IDを含まないパスワードにしてください。",
        PasswordProblem::TooUniform => {
            "同じ文字の繰り返しが多すぎます。ほかの文字も使ってください。"
        }
    }
}

fn show_password_form(
    app: &App,
    asked: &InSession,
    token: &FormToken,
    headers: &HeaderMap,
    errors: PasswordErrors,
) -> Result<Response, Failure> {
    let forced = match asked.session().state {
        SessionState::PasswordFirst(PasswordFirst::FirstLogin) => Some("first"),
        SessionState::PasswordFirst(PasswordFirst::Expired) => Some("expired"),
        SessionState::PasswordFirst(PasswordFirst::Demanded) => Some("demanded"),
        SessionState::Open | SessionState::Locked => None,
    };
    let details = &asked.member().details;
    let password = PasswordForm {
        forced,
        errors,
        days: app.network.passwords.valid_days,
        form_token: token.text().to_owned(),
        member: Whose {
            name: details.name.full(),
            job: japanese::job(details.job),
            facility: asked.admitted.facility().details.name.clone(),
        },
    };
    let bare = Bare { size: size_of(headers), ..bare(app, "パスワードの変更") };
    Ok(Html(app.templates.render(&PasswordPage { bare, password })?).into_response())
}

/// Text size belongs to the device, not to the person.
pub async fn post_size(_: Admitted, fields: Fields) -> Response {
    let size = SIZES.into_iter().find(|size| *size == fields.text("size")).unwrap_or("standard");
    let mut response = Redirect::to(local_path(fields.text("back"))).into_response();
    response.headers_mut().append(header::SET_COOKIE, size_cookie(size));
    response
}
