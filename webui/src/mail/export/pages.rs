//! Saving one mail, and several at once.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use store::Id;

use super::eml;
use super::zip::{self, Entry};
use crate::kit::app::App;
use crate::kit::failure::{Failure, Said};
use crate::kit::files::save_as;
use crate::kit::form::Fields;
use crate::kit::member::SignedIn;
use crate::kit::path::Path;
use crate::mail::letter::Letter;
use crate::mail::model::Mail;

/// Twice what a page of a folder shows; more is a backup's work.
const MAILS_MAX: usize = 100;

/// Names in a zip stay readable, and below what Windows takes with its folder.
const NAME_CHARS_MAX: usize = 60;

pub async fn show_eml(
    Path(id): Path<Id<Mail>>,
    asked: SignedIn,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let letter = Letter::read(&app, &asked, "mail.export", id).await?;
    let pieces = eml::pieces(&letter, &app.network.domain, app.store.clock())?;
    let body = Body::from_stream(eml::stream(app.store.blobs().clone(), pieces));
    Ok(saved(body, "message/rfc822", &format!("{}.eml", file_name(&letter))))
}

/// Fields: `mail`, repeated. One row of the trail for each of them.
pub async fn post_export(
    asked: SignedIn,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let ids: Vec<Id<Mail>> = fields.all("mail").filter_map(|id| id.parse().ok()).collect();
    if ids.is_empty() || ids.len() > MAILS_MAX {
        return Err(Said {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            what: "保存できませんでした",
            why: format!("一度に保存できるメールは1件から{MAILS_MAX}件までです。"),
            next: "受信箱へ戻り、保存するメールを選び直してください。",
            link: Some(("/mail/inbox".to_owned(), "受信箱へ戻る")),
        }
        .into());
    }
    let mut entries = Vec::new();
    for (n, id) in ids.into_iter().enumerate() {
        let letter = Letter::read(&app, &asked, "mail.export", id).await?;
        let pieces = eml::pieces(&letter, &app.network.domain, app.store.clock())?;
        entries.push(Entry { name: format!("{:03}_{}.eml", n + 1, file_name(&letter)), pieces });
    }
    let body = Body::from_stream(zip::stream(app.store.blobs().clone(), entries));
    Ok(saved(body, "application/zip", "メール.zip"))
}

fn saved(body: Body, media_type: &'static str, name: &str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CONTENT_DISPOSITION, save_as(name)),
    ];
    (headers, body).into_response()
}

/// The subject without what Windows forbids in names.
fn file_name(letter: &Letter) -> String {
    let forbidden = |c: char| c.is_control() || r#"\/:*?"<>|"#.contains(c);
    let name: String = letter.subject.chars().filter(|c| !forbidden(*c)).collect();
    let name: String = name.trim().trim_end_matches('.').chars().take(NAME_CHARS_MAX).collect();
    if name.is_empty() { "メール".to_owned() } else { name }
}
