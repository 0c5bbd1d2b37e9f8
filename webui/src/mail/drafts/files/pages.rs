//! Uploads, and a look at what was uploaded.

use axum::body::HttpBody as _;
use axum::extract::multipart::{Field, Multipart};
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};
use store::Id;

use super::super::attach::{AttachProblem, attachment};
use super::super::compose::pages::{read_sender, read_text};
use super::super::model::Draft;
use super::super::sending::pages::problem;
use super::super::tables::{self, Edit};
use super::super::uploads::Upload;
use crate::kit::app::App;
use crate::kit::failure::{Failure, Said};
use crate::kit::files::{self, Shown, UploadProblem};
use crate::kit::form::{Fields, FormToken, number};
use crate::kit::frame::Frame;
use crate::kit::member::SignedIn;
use crate::kit::page::Page;
use crate::kit::path::Path;
use crate::mail::model::{FILE_BYTES_MAX, File};
use crate::mail::views::{FileView, file_view};
use crate::pictures::{FilmFault, Kind, PhotoFault, PictureProblem, Refusal};

#[derive(Deserialize)]
pub struct Named {
    name: String,
}

#[derive(Serialize)]
pub struct AttachmentsPage {
    draft: Attached,
}

#[derive(Serialize)]
struct Attached {
    version: u64,
    files: Vec<FileView>,
}

impl Page for AttachmentsPage {
    const TEMPLATE: &'static str = "mail/drafts/attachments.html";
}

/// One file as the whole body, for scripts that show how far it is.
pub async fn put_file(
    Path(id): Path<Id<Draft>>,
    asked: SignedIn,
    token: FormToken,
    frame: Frame,
    Query(named): Query<Named>,
    State(app): State<App>,
    request: Request,
) -> Result<Response, Failure> {
    let sent = request.headers().get("x-form-token").and_then(|token| token.to_str().ok());
    token.check(sent.unwrap_or_default())?;
    check_own(&app, &asked, id)?;
    if request.body().size_hint().lower() > FILE_BYTES_MAX {
        return Err(say_upload(UploadProblem::TooLarge(FILE_BYTES_MAX)));
    }
    let body = request.into_body().into_data_stream();
    let (blob, bytes) = files::receive(&app, body, FILE_BYTES_MAX).await.map_err(say_upload)?;
    let file = attachment(&app, &named.name, blob, bytes).await.map_err(say_attach)?;
    let draft = keep(&app, &asked, id, file, None).await?;
    show_files(frame, id, &draft)
}

/// The draft's files, as the part of its page that shows them.
pub fn show_files(frame: Frame, id: Id<Draft>, draft: &Draft) -> Result<Response, Failure> {
    let base = format!("/mail/drafts/{id}");
    let files = draft.files.iter().map(|file| file_view(file, &base)).collect();
    frame.show_part(&AttachmentsPage { draft: Attached { version: draft.version, files } })
}

/// The whole form with its files, for browsers without scripts: the text is saved first, so that
/// nothing typed is lost if a file is refused.
pub async fn post_files(
    Path(id): Path<Id<Draft>>,
    asked: SignedIn,
    token: FormToken,
    State(app): State<App>,
    mut form: Multipart,
) -> Result<Response, Failure> {
    check_own(&app, &asked, id)?;
    // The token stands before every file, so nothing is received of a form that is not ours.
    let mut fields: Option<Vec<(String, String)>> = Some(Vec::new());
    while let Some(part) = form.next_field().await.map_err(|_| Failure::StaleForm)? {
        let name = part.name().unwrap_or_default().to_owned();
        if name != "file" && name != "camera" {
            let text = read_text_part(part).await?;
            // What comes after the files was not saved with them.
            fields.iter_mut().for_each(|fields| fields.push((name.clone(), text.clone())));
            continue;
        }
        if let Some(typed) = fields.take() {
            save_typed(&app, &asked, &token, id, typed.into_iter().collect()).await?;
        }
        take_part(&app, &asked, id, part).await?;
    }
    Ok(Redirect::to(&format!("/mail/drafts/{id}#files-title")).into_response())
}

/// Text fits into memory, so it is bounded where a file is not.
async fn read_text_part(mut part: Field<'_>) -> Result<String, Failure> {
    const TEXT_BYTES_MAX: usize = 512 * 1024;
    let mut bytes = Vec::new();
    while let Some(chunk) = part.chunk().await.map_err(|_| Failure::StaleForm)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > TEXT_BYTES_MAX {
            return Err(Failure::TooLarge);
        }
    }
    String::from_utf8(bytes).map_err(|_| Failure::StaleForm)
}

async fn save_typed(
    app: &App,
    asked: &SignedIn,
    token: &FormToken,
    id: Id<Draft>,
    fields: Fields,
) -> Result<(), Failure> {
    token.check(fields.text("token"))?;
    let version = number(fields.text("version")).unwrap_or_default();
    let edit =
        Edit { version, text: read_text(&fields), sender: read_sender(&fields), ..Edit::default() };
    let (owner, now) = (asked.id(), asked.now());
    let act = asked.act("draft.save").on("draft", id);
    let saved = app.store.write(act, move |write| tables::save(write, owner, id, edit, now));
    saved.await.map(drop).map_err(problem)
}

async fn take_part(
    app: &App,
    asked: &SignedIn,
    id: Id<Draft>,
    part: Field<'_>,
) -> Result<(), Failure> {
    let Some(name) = part.file_name().filter(|name| !name.is_empty()).map(str::to_owned) else {
        return Ok(());
    };
    let (blob, bytes) = files::receive(app, part, FILE_BYTES_MAX).await.map_err(say_upload)?;
    let file = attachment(app, &name, blob, bytes).await.map_err(say_attach)?;
    keep(app, asked, id, file, None).await.map(drop)
}

/// The file joins the draft; the upload that it came by is over in the same act.
pub async fn keep(
    app: &App,
    asked: &SignedIn,
    id: Id<Draft>,
    file: File,
    upload: Option<Id<Upload>>,
) -> Result<Draft, Failure> {
    let owner = asked.id();
    let act = asked.act("draft.attach").on("draft", id);
    let kept = app.store.write(act, move |write| {
        if let Some(upload) = upload {
            write.delete::<Upload>(&(owner, upload))?;
        }
        tables::add_file(write, owner, id, file)
    });
    kept.await.map_err(problem)
}

/// Before a gigabyte is received for nothing.
pub fn check_own(app: &App, asked: &SignedIn, id: Id<Draft>) -> Result<(), Failure> {
    let act = asked.act("draft.read").on("draft", id);
    app.store.glance(act, |view| tables::own(view, asked.id(), id)).map(drop).map_err(problem)
}

pub async fn show_file(
    Path((id, n)): Path<(Id<Draft>, u16)>,
    asked: SignedIn,
    headers: HeaderMap,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let file = own_file(&app, &asked, id, n)?;
    let inline = Kind::of_media_type(&file.media_type).is_some_and(Kind::shown_inline);
    let shown = Shown { media_type: &file.media_type, name: &file.name, inline };
    files::send(&app, &file.blob, &headers, &shown)
}

pub async fn show_thumb(
    Path((id, n)): Path<(Id<Draft>, u16)>,
    asked: SignedIn,
    headers: HeaderMap,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let file = own_file(&app, &asked, id, n)?;
    let thumbnail = file.thumbnail.ok_or(Failure::NotFound)?;
    let shown = Shown { media_type: "image/jpeg", name: &file.name, inline: true };
    files::send(&app, &thumbnail, &headers, &shown)
}

fn own_file(app: &App, asked: &SignedIn, id: Id<Draft>, n: u16) -> Result<File, Failure> {
    let act = asked.act("draft.file").on("draft", id);
    let draft = app.store.glance(act, |view| tables::own(view, asked.id(), id));
    let draft = draft.map_err(problem)?;
    draft.files.into_iter().find(|file| file.n == n).ok_or(Failure::NotFound)
}

fn refused(status: StatusCode, why: &str, next: &'static str) -> Failure {
    Said { status, what: "添付できませんでした", why: why.to_owned(), next, link: None }.into()
}

pub fn say_upload(problem: UploadProblem) -> Failure {
    match problem {
        UploadProblem::TooLarge(_) => refused(
            StatusCode::PAYLOAD_TOO_LARGE,
            "1つのファイルは2GBまでです。",
            "動画を短く分けてから、もう一度添付してください。",
        ),
        UploadProblem::Lost => refused(
            StatusCode::REQUEST_TIMEOUT,
            "通信が途中で切れました。",
            "電波のよい場所で、もう一度添付してください。",
        ),
        UploadProblem::Store(error) => error.into(),
    }
}

pub fn too_many_uploads() -> Failure {
    refused(
        StatusCode::CONFLICT,
        "送っている途中のファイルが多すぎます。",
        "いま送っているファイルが終わるか、「やめる」で取り消してから、もう一度添付してください。",
    )
}

pub fn say_refusal_of(refusal: Refusal) -> Failure {
    refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, say_refusal(refusal), NEXT_KIND)
}

pub fn say_attach(problem: AttachProblem) -> Failure {
    let unfit = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    match problem {
        AttachProblem::Refused(refusal) => say_refusal_of(refusal),
        AttachProblem::Picture(PictureProblem::Photo(fault)) => {
            refused(unfit, say_photo(fault), "撮り直すか、別の写真を添付してください。")
        }
        AttachProblem::Picture(PictureProblem::Busy) => Failure::Busy,
        AttachProblem::Picture(problem) => Failure::Internal(Box::new(problem)),
        AttachProblem::Film(fault) => refused(unfit, say_film(fault), NEXT_FILM),
        AttachProblem::Store(error) => error.into(),
        AttachProblem::Broken(error) => error.into(),
    }
}

const NEXT_KIND: &str = "写真（JPEG・PNG・HEIC）、動画（MP4・MOV）、PDF、Word・Excel・PowerPoint、テキストを添付できます。";

const fn say_refusal(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Empty => "ファイルの中身が空です。",
        Refusal::NotAllowed => "この種類のファイルは添付できません。",
        Refusal::ContentDiffersFromName => "ファイルの中身と名前の種類が合っていません。",
        Refusal::Macros => "マクロを含むファイルは添付できません。",
    }
}

const NEXT_FILM: &str = "撮り直すか、動画を短く書き出してから添付してください。";

const fn say_film(fault: FilmFault) -> &'static str {
    match fault {
        FilmFault::Damaged => "動画が壊れているか、途中で切れているため、読み取れません。",
        FilmFault::Unreadable | FilmFault::TooManyParts => {
            "この形式の動画からは、位置情報を取り除けないため、受け取れません。"
        }
    }
}

const fn say_photo(fault: PhotoFault) -> &'static str {
    match fault {
        PhotoFault::TooLarge => "写真は50MBまでです。",
        PhotoFault::TooManyPixels => "写真の画素数が大きすぎます。",
        PhotoFault::Unreadable => {
            "このHEIC形式の写真は読み取れません。iPadの「設定」→「カメラ」→「フォーマット」で\
             「互換性優先」を選んで撮影してください。"
        }
        PhotoFault::NotAPhoto | PhotoFault::Damaged => "写真が壊れているため、読み取れません。",
    }
}
