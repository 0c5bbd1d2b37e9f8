//! Beginning, asking how far it came, going on, and giving up: the scripts' way to upload.

use axum::Json;
use axum::body::HttpBody as _;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use store::Id;

use super::super::attach::attachment;
use super::super::files::pages::{
    check_own, keep, say_attach, say_refusal_of, say_upload, show_files, too_many_uploads,
};
use super::super::model::Draft;
use super::super::sending::pages::problem;
use super::model::Upload;
use super::tables::{self, UploadFault};
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::files::{self, UploadProblem};
use crate::kit::form::{Fields, FormToken, number};
use crate::kit::frame::Frame;
use crate::kit::member::SignedIn;
use crate::kit::path::Path;
use crate::mail::model::FILE_BYTES_MAX;
use crate::pictures::{Kind, Refusal};

/// How many bytes lie here: in answers, and in the request that goes on from there.
const OFFSET: HeaderName = HeaderName::from_static("upload-offset");

const LENGTH: HeaderName = HeaderName::from_static("upload-length");

/// Longer than any `name/bytes/changed` that a browser makes; a hash takes its place.
const MARK_BYTES_MAX: usize = 4096;

#[derive(Serialize)]
struct Begun {
    href: String,
    offset: u64,
    bytes: u64,
}

/// Fields: `name`, `bytes`, `mark`. The same file chosen again is gone on with.
pub async fn post_upload(
    Path(draft): Path<Id<Draft>>,
    asked: SignedIn,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let bytes = number::<u64>(fields.text("bytes")).ok_or(Failure::StaleForm)?;
    if bytes > FILE_BYTES_MAX {
        return Err(say_upload(UploadProblem::TooLarge(FILE_BYTES_MAX)));
    }
    if bytes == 0 {
        return Err(say_refusal_of(Refusal::Empty));
    }
    // Before two gigabytes are sent for nothing.
    Kind::of_name(fields.text("name")).map_err(say_refusal_of)?;
    let mark = fields.text("mark");
    if mark.len() > MARK_BYTES_MAX {
        return Err(Failure::TooLarge);
    }
    let like = Upload {
        bytes,
        mark: app.store.ring().blind(mark.as_bytes()),
        ..sketch(&app, &asked, draft, app.store.clock().id())
    };
    let act = asked.act("draft.upload").on("draft", draft);
    let upload = app.store.write(act, move |write| tables::begin(write, like)).await;
    let upload = upload.map_err(say_fault)?;
    let _turn = app.turns.take(upload.id.bytes()).await;
    let offset = app.store.blobs().kept_bytes(&upload.kept)?;
    let href = format!("/mail/drafts/{draft}/uploads/{}", upload.id);
    let begun = Begun { href, offset, bytes: upload.bytes };
    Ok((StatusCode::CREATED, Json(begun)).into_response())
}

/// Who asks, and for what, in the shape of a row.
fn sketch(app: &App, asked: &SignedIn, draft: Id<Draft>, id: Id<Upload>) -> Upload {
    Upload {
        id,
        member: asked.id(),
        device: asked.device().id,
        draft,
        bytes: 0,
        mark: [0; 16],
        kept: store::KeptName::random(),
        at: app.now(),
    }
}

fn own(app: &App, asked: &SignedIn, draft: Id<Draft>, id: Id<Upload>) -> Result<Upload, Failure> {
    let like = sketch(app, asked, draft, id);
    app.store.read(|read| tables::own(read, &like))?.ok_or(Failure::NotFound)
}

/// How far it came. A line that still seems to send is given up by whoever asks.
pub async fn show_upload(
    Path((draft, id)): Path<(Id<Draft>, Id<Upload>)>,
    asked: SignedIn,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let upload = own(&app, &asked, draft, id)?;
    check_own(&app, &asked, draft)?;
    let _turn = app.turns.take(upload.id.bytes()).await;
    let offset = app.store.blobs().kept_bytes(&upload.kept)?;
    Ok((StatusCode::NO_CONTENT, progress(offset, upload.bytes)).into_response())
}

fn progress(offset: u64, bytes: u64) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(OFFSET, HeaderValue::from(offset));
    headers.insert(LENGTH, HeaderValue::from(bytes));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers
}

#[derive(Deserialize)]
pub struct Named {
    name: String,
}

/// The rest of the file, from where the last line broke off. The whole file becomes one of the
/// draft's; a part is kept and answered with how far it came.
pub async fn put_rest(
    Path((draft, id)): Path<(Id<Draft>, Id<Upload>)>,
    asked: SignedIn,
    token: FormToken,
    frame: Frame,
    Query(named): Query<Named>,
    State(app): State<App>,
    request: Request,
) -> Result<Response, Failure> {
    token.check(head_of(&request, "x-form-token").unwrap_or_default())?;
    let from = head_of(&request, OFFSET.as_str()).unwrap_or("0");
    let from: u64 = number(from).ok_or(Failure::StaleForm)?;
    let upload = own(&app, &asked, draft, id)?;
    check_own(&app, &asked, draft)?;
    let turn = app.turns.take(upload.id.bytes()).await;
    let kept = app.store.blobs().kept_bytes(&upload.kept)?;
    if from != kept {
        return Ok((StatusCode::CONFLICT, progress(kept, upload.bytes)).into_response());
    }
    if request.body().size_hint().lower() > upload.bytes - kept {
        return Err(say_upload(UploadProblem::TooLarge(FILE_BYTES_MAX)));
    }
    let body = request.into_body().into_data_stream();
    let received = files::go_on(&app, &upload.kept, turn, body, upload.bytes).await;
    let Some((blob, bytes)) = received.map_err(say_upload)? else {
        let offset = app.store.blobs().kept_bytes(&upload.kept)?;
        return Ok((StatusCode::ACCEPTED, progress(offset, upload.bytes)).into_response());
    };
    let file = match attachment(&app, &named.name, blob, bytes).await {
        Ok(file) => file,
        Err(problem) => {
            forget(&app, &asked, upload, "draft.upload.refuse").await?;
            return Err(say_attach(problem));
        }
    };
    let kept = keep(&app, &asked, draft, file, Some(upload.id)).await?;
    show_files(frame, draft, &kept)
}

fn head_of<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

/// The member does not want to send it any more.
pub async fn post_stop(
    Path((draft, id)): Path<(Id<Draft>, Id<Upload>)>,
    asked: SignedIn,
    State(app): State<App>,
    _: Fields,
) -> Result<Response, Failure> {
    let upload = own(&app, &asked, draft, id)?;
    let _turn = app.turns.take(upload.id.bytes()).await;
    forget(&app, &asked, upload, "draft.upload.stop").await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn forget(
    app: &App,
    asked: &SignedIn,
    upload: Upload,
    action: &'static str,
) -> Result<(), Failure> {
    let act = asked.act(action).on("draft", upload.draft);
    let key = (upload.member, upload.id);
    app.store.write(act, move |write| write.delete::<Upload>(&key)).await?;
    Ok(app.store.blobs().forget(&upload.kept)?)
}

fn say_fault(fault: UploadFault) -> Failure {
    match fault {
        UploadFault::Draft(fault) => problem(fault),
        UploadFault::TooMany => too_many_uploads(),
        UploadFault::Store(error) => error.into(),
    }
}
