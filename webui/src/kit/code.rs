//! Codes for a device: the address that a camera reads, its picture, and what a page shows of it.

use axum::http::{HeaderMap, StatusCode, Uri, header};
use jiff::Timestamp;
use provisioning::cards::{self, CardProblem, Made, Purpose, Wanted};
use provisioning::enrolment::ReplaceNews;
use qrcode::{Color, EcLevel, QrCode};
use serde::Serialize;
use store::{Act, StoreError};

use super::app::App;
use super::failure::{Failure, Said};
use super::form::spend;
use super::japanese;

/// What readers need around a code, in modules.
const QUIET_MODULES: usize = 4;

/// What the camera reads. Behind the `#` no server and no log hears of it.
pub fn enrolment_address(host: &str, made: &Made) -> String {
    format!("https://{host}/e#{}.{}", made.card.number.plain(), made.secret.plain())
}

/// One `<svg>` of black runs, a module a unit, with its quiet zone.
pub fn qr_svg(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let side = code.width() + 2 * QUIET_MODULES;
    let mut path = String::new();
    for (y, row) in code.to_colors().chunks(code.width()).enumerate() {
        for (x, length) in dark_runs(row) {
            let (x, y) = (x + QUIET_MODULES, y + QUIET_MODULES);
            path.push_str(&format!("M{x} {y}h{length}v1h-{length}z"));
        }
    }
    Some(format!(
        "<svg viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\" role=\"img\" \
         aria-label=\"QR\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}h-{side}z\"/>\
         <path fill=\"#000\" d=\"{path}\"/></svg>"
    ))
}

fn dark_runs(row: &[Color]) -> Vec<(usize, usize)> {
    let mut at = 0;
    let mut runs = Vec::new();
    for run in row.chunk_by(PartialEq::eq) {
        if run.first() == Some(&Color::Dark) {
            runs.push((at, run.len()));
        }
        at += run.len();
    }
    runs
}

/// The enrolment host, with the port that was used to come here.
pub fn touroku_host(app: &App, uri: &Uri, headers: &HeaderMap) -> String {
    let port = match uri.authority() {
        Some(authority) => authority.port_u16(),
        None => {
            let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
            let authority = host.and_then(|host| host.parse().ok());
            authority.and_then(|host: axum::http::uri::Authority| host.port_u16())
        }
    };
    match port {
        Some(port) => format!("{}:{port}", app.touroku_host()),
        None => app.touroku_host(),
    }
}

/// What a screen shows of a code, once.
#[derive(Serialize)]
pub struct CodeView {
    pub qr: minijinja::Value,
    pub number: String,
    pub secret: String,
    pub host: String,
    pub until: String,
    pub minutes: i64,
    pub replaces: bool,
}

pub fn code_view(host: &str, made: &Made, now: Timestamp) -> Option<CodeView> {
    let qr = qr_svg(&enrolment_address(host, made))?;
    let card = &made.card;
    Some(CodeView {
        qr: minijinja::Value::from_safe_string(qr),
        number: card.number.to_string(),
        secret: made.secret.grouped(),
        host: host.to_owned(),
        until: japanese::clock(&japanese::local(card.expires_at)),
        minutes: card.expires_at.duration_since(now).as_mins(),
        replaces: made.terms.purpose.replaces().is_some(),
    })
}

#[derive(Debug, thiserror::Error)]
enum CodeProblem {
    #[error("the form was sent before")]
    SentBefore,
    #[error(transparent)]
    Card(#[from] CardProblem),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a code once a form: a reload must not show a second one. `news` is told in the same act.
pub async fn make_code(
    app: &App,
    act: Act,
    once: &str,
    wanted: Wanted,
    news: Option<ReplaceNews>,
    back: String,
) -> Result<Made, Failure> {
    let (parts, once, now) = (app.clone(), once.to_owned(), app.now());
    let made = app.store.write(act, move |write| {
        if once.is_empty() || !spend(write, &once, now)? {
            return Err(CodeProblem::SentBefore);
        }
        if let Some(news) = news {
            write.put(&news)?;
        }
        Ok(cards::make(write, parts.store.clock(), &parts.authority, wanted)?)
    });
    made.await.map_err(|problem| match problem {
        CodeProblem::SentBefore => shown_before(back).into(),
        CodeProblem::Card(problem) => card_failure(problem),
        CodeProblem::Store(error) => error.into(),
    })
}

pub fn card_failure(problem: CardProblem) -> Failure {
    match problem {
        CardProblem::NoMember | CardProblem::Unknown | CardProblem::NoDevice => Failure::NotFound,
        CardProblem::Authority(error) => Failure::Internal(Box::new(error)),
        CardProblem::Store(error) => error.into(),
    }
}

fn shown_before(back: String) -> Said {
    Said {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        what: "コードを表示できませんでした",
        why: "登録コードは、一度だけ表示します。".to_owned(),
        next: "前の画面に戻り、もう一度コードを表示してください。前のコードは使えなくなります。",
        link: Some((back, "前の画面へ戻る")),
    }
}

/// What a form may ask a code for: one more device, or one in the place of another.
pub fn purpose_of(key: &str) -> Option<Purpose> {
    match key.split_once(':') {
        None if key == "add" => Some(Purpose::AddDevice),
        Some(("replace", device)) => device.parse().ok().map(Purpose::Replace),
        None | Some(_) => None,
    }
}
