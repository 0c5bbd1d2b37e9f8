//! One file of a mail on a page of its own.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use serde::Serialize;
use store::Id;

use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::japanese;
use crate::kit::member::SignedIn;
use crate::kit::page::Page;
use crate::kit::path::Path;
use crate::kit::session::IDLE_LOCK;
use crate::mail::letter::{Enclosure, Letter};
use crate::mail::model::Mail;
use crate::pictures::Kind;

/// As everywhere, and for this page the browser's PDF viewer in a frame of our own files.
const WITH_VIEWER: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self'; media-src 'self'; connect-src 'self'; object-src 'self'; frame-src 'self'; \
    form-action 'self'; frame-ancestors 'none'; base-uri 'none'; \
    require-trusted-types-for 'script'";

#[derive(Serialize)]
struct ViewPage {
    network: String,
    idle_seconds: i64,
    view: View,
}

impl Page for ViewPage {
    const TEMPLATE: &'static str = "mail/viewer/view.html";
}

#[derive(Serialize)]
struct View {
    subject: String,
    back: String,
    name: String,
    kind: &'static str,
    size: String,
    href: String,
    #[serde(rename = "type")]
    media_type: String,
    poster: Option<String>,
    /// Counted from one.
    place: usize,
    of: usize,
    before: Option<String>,
    after: Option<String>,
}

pub async fn show_view(
    Path((id, n)): Path<(Id<Mail>, u16)>,
    asked: SignedIn,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let letter = Letter::read(&app, &asked, "mail.view", id).await?;
    let place = letter.files.iter().position(|file| file.n == n).ok_or(Failure::NotFound)?;
    let page = ViewPage {
        network: app.network.name.clone(),
        idle_seconds: IDLE_LOCK.as_secs(),
        view: view(&letter, place).ok_or(Failure::NotFound)?,
    };
    let mut response = Html(app.templates.render(&page)?).into_response();
    let policy = HeaderValue::from_static(WITH_VIEWER);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

fn view(letter: &Letter, place: usize) -> Option<View> {
    let base = format!("/mail/{}", letter.id);
    let address = |file: &Enclosure| format!("{base}/files/{}", file.n);
    let page = |at: usize| Some(format!("{}/view", address(letter.files.get(at)?)));
    let file = letter.files.get(place)?;
    let href = address(file);
    Some(View {
        subject: letter.subject.clone(),
        name: file.name.clone(),
        kind: kind_word(file),
        size: japanese::size(file.bytes),
        media_type: file.media_type.clone(),
        poster: file.thumbnail.map(|_| format!("{href}/thumb")),
        href,
        place: place + 1,
        of: letter.files.len(),
        before: place.checked_sub(1).and_then(page),
        after: page(place + 1),
        back: base,
    })
}

fn kind_word(file: &Enclosure) -> &'static str {
    match Kind::of_media_type(&file.media_type) {
        Some(kind) if kind.is_photo() => "image",
        Some(kind) if kind.is_video() => "video",
        Some(Kind::Pdf) => "pdf",
        Some(_) | None => "other",
    }
}
