//! The password once more, before something that whoever sits at a forgotten screen must not do.
//!
//! Whoever typed it within five minutes is not asked. Known in memory alone: after a restart
//! everybody is asked again, which is the safe side.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::prove::{Again, prove_again};
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::frame::{Frame, Nav};
use crate::kit::member::SignedIn;
use crate::kit::page::Page;
use crate::kit::session::{Session, SessionState};

/// Long enough to go on to the next form, too short for a cup of tea.
const FRESH_FOR: SignedDuration = SignedDuration::from_mins(5);

/// Sessions whose member typed the password again, and when.
static TYPED: LazyLock<Mutex<HashMap<[u8; 16], Timestamp>>> = LazyLock::new(Mutex::default);

/// What is done when the password fits: the form comes back with it.
pub struct Ask {
    pub nav: Nav,
    pub title: &'static str,
    /// A device that others enrolled, which is to be replaced.
    pub device: Option<String>,
    pub action: String,
    pub fields: Vec<(&'static str, String)>,
    pub back: String,
}

#[derive(Serialize)]
struct AgainPage {
    again: Form,
}

impl Page for AgainPage {
    const TEMPLATE: &'static str = "login/again.html";
}

#[derive(Serialize)]
struct Form {
    device: Option<String>,
    wrong: bool,
    action: String,
    fields: Vec<(&'static str, String)>,
    back: String,
}

/// Gives the frame back where the act may be done, else the answer that asks for the password.
pub async fn fresh_or_ask(
    app: &App,
    asked: &SignedIn,
    frame: Frame,
    typed: &str,
    ask: Ask,
) -> Result<Result<Frame, Response>, Failure> {
    let (wrong, status) = match prove_fresh(app, asked, typed).await? {
        Fresh::Proven => return Ok(Ok(frame)),
        Fresh::Missing => (false, StatusCode::OK),
        Fresh::Wrong => (true, StatusCode::UNPROCESSABLE_ENTITY),
        Fresh::Over => return Ok(Err(Redirect::to("/login").into_response())),
    };
    let Ask { nav, title, device, action, fields, back } = ask;
    let again = Form { device, wrong, action, fields, back };
    let page = frame.show(nav, title, &AgainPage { again })?;
    Ok(Err((status, page).into_response()))
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fresh {
    /// Typed within five minutes, or just now.
    Proven,
    /// To be asked for.
    Missing,
    Wrong,
    /// Wrong once too often: the session has ended.
    Over,
}

/// Whether a form may do its act; `typed` is its password field, empty where it has none.
async fn prove_fresh(app: &App, asked: &SignedIn, typed: &str) -> Result<Fresh, Failure> {
    if typed.is_empty() {
        let is_fresh = is_fresh(asked.session(), asked.now());
        return Ok(if is_fresh { Fresh::Proven } else { Fresh::Missing });
    }
    match prove_again(app, asked.in_session(), typed).await? {
        Again::Right(SessionState::Open) => {
            note(asked.session(), asked.now());
            Ok(Fresh::Proven)
        }
        // The password has to be changed first; the log-in leads there.
        Again::Right(SessionState::Locked | SessionState::PasswordFirst(_)) => {
            Err(Failure::PasswordFirst)
        }
        Again::Wrong | Again::Over => {
            let act = asked.act("password.refused").on("member", asked.id());
            app.store.write(act, |_| Ok::<_, store::StoreError>(())).await?;
            let kept = app.store.read(|read| read.get::<Session>(&asked.session().token))?;
            Ok(if kept.is_some() { Fresh::Wrong } else { Fresh::Over })
        }
    }
}

fn is_fresh(session: &Session, now: Timestamp) -> bool {
    let typed = TYPED.lock().unwrap_or_else(PoisonError::into_inner);
    let last = typed.get(&session.token).copied().unwrap_or(session.since).max(session.since);
    now.duration_since(last) < FRESH_FOR
}

fn note(session: &Session, now: Timestamp) {
    let mut typed = TYPED.lock().unwrap_or_else(PoisonError::into_inner);
    typed.retain(|_, at| now.duration_since(*at) < FRESH_FOR);
    typed.insert(session.token, now);
}
