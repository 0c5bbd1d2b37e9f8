//! The page around every page behind a log-in: its data is gathered here, once.

use axum::extract::FromRequestParts;
use axum::http::request::Parts as Head;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use provisioning::credentials::{Credential, CredentialState, PasswordRules};
use provisioning::members::Member;
use serde::Serialize;
use store::{Id, StoreError};

use super::app::App;
use super::banners::{Banner, banners};
use super::bell;
use super::failure::Failure;
use super::form::FormToken;
use super::japanese;
use super::live::BEAT;
use super::member::MayOweKey;
use super::page::Page;
use super::session::{IDLE_LOCK, cookie};
use super::waiting::Badge;

/// The parts of the product that the menu leads to.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Nav {
    Home,
    Mail,
    Notices,
    Directory,
    Facility,
    Office,
    Trail,
    Me,
}

/// What the frame shows of the request; `show` adds title and place.
pub struct Frame {
    app: App,
    data: FrameData,
}

#[derive(Clone, Serialize)]
struct FrameData {
    title: String,
    network: String,
    member: Who,
    unread: i64,
    /// Lines at the bell, up to a hundred.
    bell: usize,
    nav: Nav,
    office: bool,
    manager: bool,
    auditor: bool,
    last_login: Option<String>,
    password_days: Option<i64>,
    banners: Vec<Banner>,
    flash: Option<Flash>,
    form_token: String,
    size: &'static str,
    here: String,
    idle_seconds: i64,
    beat_seconds: u64,
}

/// What the page before has to say, once.
#[derive(Clone, Serialize)]
struct Flash {
    words: String,
    /// Nothing was done, and somebody has to do something.
    warns: bool,
}

#[derive(Clone, Serialize)]
struct Who {
    name: String,
    job: &'static str,
    facility: String,
}

impl Frame {
    pub fn form_token(&self) -> &str {
        &self.data.form_token
    }

    /// Reads the badge anew, where the page itself changed it.
    pub fn unread_changed(mut self, app: &App, member: Id<Member>) -> Result<Self, StoreError> {
        let unread = app.badge(member)?.all();
        self.data.unread = unread;
        self.data.bell = app.store.read(|read| bell::count(read, member))?;
        Ok(self)
    }

    pub fn show<P: Page>(
        self,
        nav: Nav,
        title: impl Into<String>,
        page: &P,
    ) -> Result<Response, Failure> {
        let had_flash = self.data.flash.is_some();
        let framed = Framed { frame: FrameData { nav, title: title.into(), ..self.data }, page };
        let html = self.app.templates.render(&framed)?;
        let mut response = Html(html).into_response();
        if had_flash {
            response.headers_mut().append(header::SET_COOKIE, clear_flash());
        }
        Ok(response)
    }

    /// A part of a page, for scripts: no frame around it.
    pub fn show_part<P: Page>(self, page: &P) -> Result<Response, Failure> {
        Ok(Html(self.app.templates.render(page)?).into_response())
    }
}

#[derive(Serialize)]
struct Framed<'a, P> {
    frame: FrameData,
    #[serde(flatten)]
    page: &'a P,
}

impl<P: Page> Page for Framed<'_, P> {
    const TEMPLATE: &'static str = P::TEMPLATE;
}

impl FromRequestParts<App> for Frame {
    type Rejection = Failure;

    async fn from_request_parts(head: &mut Head, app: &App) -> Result<Self, Failure> {
        let asked = MayOweKey::from_request_parts(head, app).await?;
        let form_token = FormToken::of(app, &head.headers, asked.admitted());
        let boxes = app.directory()?.mailboxes_of(asked.id());
        let (unread, bell, password_days, banners) = app.store.read(|read| {
            let boxes = boxes.iter().map(|entry| entry.mailbox.id);
            let unread = Badge::of(read, asked.id(), boxes)?.all();
            let credential: Option<Credential> = read.get(&asked.id())?;
            let bell = bell::count(read, asked.id())?;
            let days = days_to_tell(app, credential);
            Ok::<_, StoreError>((unread, bell, days, banners(app, read, &asked)?))
        })?;
        let details = &asked.member().details;
        let here = head.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let data = FrameData {
            title: String::new(),
            network: app.network.name.clone(),
            member: Who {
                name: details.name.full(),
                job: japanese::job(details.job),
                facility: asked.facility().details.name.clone(),
            },
            unread,
            bell,
            nav: Nav::Home,
            office: asked.at_the_desk(),
            manager: asked.manages(),
            auditor: asked.audits(),
            last_login: asked.session().previous_login.map(|at| japanese::short(at, asked.now())),
            password_days,
            banners,
            flash: flash_of(&head.headers),
            form_token: form_token.text().to_owned(),
            size: size_of(&head.headers),
            here,
            idle_seconds: IDLE_LOCK.as_secs(),
            beat_seconds: BEAT.as_secs(),
        };
        Ok(Self { app: app.clone(), data })
    }
}

/// Days until the password ends, once it is time to say so.
pub fn days_to_tell(app: &App, credential: Option<Credential>) -> Option<i64> {
    let CredentialState::Chosen { set_at, .. } = credential?.state else { return None };
    let first_warning = PasswordRules::WARNED_DAYS.into_iter().max()?;
    let days = app.network.passwords.days_left(set_at, app.now())?;
    (days <= first_warning).then_some(days.max(0))
}

pub const SIZES: [&str; 3] = ["standard", "large", "larger"];

const SIZE_COOKIE: &str = "size";
const FLASH_COOKIE: &str = "flash";
/// Stands before the words of a warning; base64 has no such sign.
const FLASH_WARNS: &str = ".";

pub fn size_of(headers: &HeaderMap) -> &'static str {
    let chosen = cookie(headers, SIZE_COOKIE);
    SIZES.into_iter().find(|size| chosen.as_deref() == Some(size)).unwrap_or("standard")
}

/// Kept on the device for a year: eyes do not change sooner.
pub fn size_cookie(size: &str) -> HeaderValue {
    let text = format!(
        "{SIZE_COOKIE}={size}; Path=/; Secure; HttpOnly; SameSite=Strict; \
         Max-Age=31536000"
    );
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Leads on and says there what was done. The words are ours, never what somebody typed.
pub fn redirect_saying(to: &str, words: &str) -> Response {
    redirect_with_flash(to, "", words)
}

/// Leads on and says there what could not be done, and what to do. The words are ours.
pub fn redirect_warning(to: &str, words: &str) -> Response {
    redirect_with_flash(to, FLASH_WARNS, words)
}

fn redirect_with_flash(to: &str, mark: &str, words: &str) -> Response {
    let words = data_encoding::BASE64URL_NOPAD.encode(words.as_bytes());
    let cookie = format!(
        "{FLASH_COOKIE}={mark}{words}; Path=/; Secure; HttpOnly; SameSite=Strict; \
         Max-Age=60"
    );
    let mut response = Redirect::to(to).into_response();
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn flash_of(headers: &HeaderMap) -> Option<Flash> {
    let cookie = cookie(headers, FLASH_COOKIE)?;
    let warning = cookie.strip_prefix(FLASH_WARNS);
    let encoded = warning.unwrap_or(&cookie);
    let bytes = data_encoding::BASE64URL_NOPAD.decode(encoded.as_bytes()).ok()?;
    Some(Flash { words: String::from_utf8(bytes).ok()?, warns: warning.is_some() })
}

fn clear_flash() -> HeaderValue {
    HeaderValue::from_static("flash=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0")
}
