//! From a file to the register: choose, look at what would come of it, take it in.

use axum::Json;
use axum::extract::multipart::Multipart;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use provisioning::sheets::{self, FILE_BYTES_MAX, Form, Sheet, SheetProblem, WriteProblem};
use serde::{Deserialize, Serialize};
use store::{BlobName, StoreError};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::check::{Asker, Checked, Register, check};
use super::model::{Changed, Kind, Mistake};
use super::progress::{self, Progress, Shown as Underway};
use super::take::{NotTaken, take};
use super::{given, say};
use crate::kit::app::App;
use crate::kit::failure::{Failure, Said};
use crate::kit::files::{self, UploadProblem};
use crate::kit::form::{Fields, FormToken};
use crate::kit::frame::{Frame, Nav, redirect_saying};
use crate::kit::japanese::size;
use crate::kit::member::OfficeMember;
use crate::kit::page::Page;
use crate::office::counts::{Office, office};

const START: &str = "/office/import";

/// A file unpacked takes memory, and two clerks can take turns.
static READERS: Semaphore = Semaphore::const_new(1);

/// What a page shows of each list; the file of mistakes holds all of them.
const SHOWN_MAX: usize = 200;

#[derive(Serialize)]
struct StartPage {
    office: Office,
    size: String,
}

impl Page for StartPage {
    const TEMPLATE: &'static str = "office/import/start.html";
}

pub async fn show_start(
    _: OfficeMember,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let page = StartPage { office: office(&app)?, size: size(FILE_BYTES_MAX) };
    frame.show(Nav::Office, "一覧の取り込みと書き出し", &page)
}

/// Keeps the file for a day, under a name that only this clerk can use.
pub async fn post_file(
    asked: OfficeMember,
    token: FormToken,
    State(app): State<App>,
    mut form: Multipart,
) -> Result<Response, Failure> {
    let mut is_ours = false;
    while let Some(part) = form.next_field().await.map_err(|_| Failure::StaleForm)? {
        match part.name() {
            Some("token") => {
                token.check(&part.text().await.map_err(|_| Failure::StaleForm)?)?;
                is_ours = true;
            }
            Some("file") if is_ours => {
                let received = files::receive(&app, part, FILE_BYTES_MAX).await;
                let (blob, _) = received.map_err(say_upload)?;
                let act = asked.act("import.check");
                app.store.write(act, |_| Ok::<_, StoreError>(())).await?;
                let seal = seal(&app, &asked, &blob);
                let to = format!("{START}/check?file={blob}&seal={seal}");
                return Ok(Redirect::to(&to).into_response());
            }
            Some(_) | None => {}
        }
    }
    if is_ours { Ok(Redirect::to(START).into_response()) } else { Err(Failure::StaleForm) }
}

fn say_upload(problem: UploadProblem) -> Failure {
    match problem {
        UploadProblem::TooLarge(_) => refuse(
            StatusCode::PAYLOAD_TOO_LARGE,
            say::sheet(&SheetProblem::TooLarge),
            "ファイルを分けて、もう一度選んでください。",
        ),
        UploadProblem::Lost => Failure::StaleForm,
        UploadProblem::Store(error) => error.into(),
    }
}

fn refuse(status: StatusCode, why: String, next: &'static str) -> Failure {
    let link = Some((START.to_owned(), "一覧の取り込みへ戻る"));
    Said { status, what: "取り込めませんでした", why, next, link }.into()
}

/// Binds a file to the clerk who brought it.
fn seal(app: &App, asked: &OfficeMember, blob: &BlobName) -> String {
    let word = [b"import\0".as_slice(), &asked.id().bytes(), blob.bytes()].concat();
    data_encoding::HEXLOWER.encode(&app.store.ring().blind(&word))
}

#[derive(Default, Deserialize)]
pub struct Brought {
    #[serde(default)]
    file: String,
    #[serde(default)]
    seal: String,
}

impl Brought {
    fn blob(&self, app: &App, asked: &OfficeMember) -> Option<BlobName> {
        let blob: BlobName = self.file.parse().ok()?;
        (blake3::hash(seal(app, asked, &blob).as_bytes()) == blake3::hash(self.seal.as_bytes()))
            .then_some(blob)
    }
}

fn asker(app: &App, asked: &OfficeMember) -> Asker {
    Asker { clerk: Some(asked.member().clone()), today: app.today() }
}

/// On a thread of its own, one file at a time.
async fn read(app: &App, blob: BlobName) -> Result<Result<Sheet, SheetProblem>, Failure> {
    let turn = READERS.acquire().await.map_err(|_| Failure::Busy)?;
    let app = app.clone();
    let sheet = spawn_blocking(move || {
        let mut reader = app.store.blobs().reader(&blob)?;
        let length = usize::try_from(reader.bytes()).unwrap_or(usize::MAX);
        let mut bytes = Vec::new();
        while bytes.len() < length {
            let at = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            let piece = reader.read_at(at, length - bytes.len())?;
            if piece.is_empty() {
                break;
            }
            bytes.extend_from_slice(&piece);
        }
        Ok::<_, StoreError>(sheets::read(&bytes))
    });
    let sheet = sheet.await??;
    drop(turn);
    Ok(sheet)
}

async fn look(
    app: &App,
    asked: &OfficeMember,
    brought: &Brought,
) -> Result<Option<Checked>, Failure> {
    let Some(blob) = brought.blob(app, asked) else { return Ok(None) };
    let sheet = read(app, blob).await?;
    let (app, asker) = (app.clone(), asker(app, asked));
    let underway = Underway::under(&brought.seal);
    let tell = underway.tell();
    let checked = spawn_blocking(move || {
        let register = app.store.read(Register::read)?;
        Ok::<_, StoreError>(check(&sheet, &register, &asker, &tell))
    });
    Ok(Some(checked.await??))
}

#[derive(Serialize)]
struct CheckPage {
    office: Office,
    list: Shown,
}

impl Page for CheckPage {
    const TEMPLATE: &'static str = "office/import/check.html";
}

#[derive(Serialize)]
struct Shown {
    kind: Kind,
    rows: usize,
    new: usize,
    changed: usize,
    unchanged: usize,
    wrong: usize,
    mistakes: Vec<Mistake>,
    mistakes_total: usize,
    doubts: Vec<Mistake>,
    doubts_total: usize,
    changes: Vec<Changed>,
    newcomers: Vec<(u64, String)>,
    ignored: Vec<String>,
    file: String,
    seal: String,
    state: String,
}

pub async fn show_check(
    asked: OfficeMember,
    frame: Frame,
    State(app): State<App>,
    Query(brought): Query<Brought>,
) -> Result<Response, Failure> {
    let Some(checked) = look(&app, &asked, &brought).await? else {
        return Ok(Redirect::to(START).into_response());
    };
    let first = |rows: &[Mistake]| rows.iter().take(SHOWN_MAX).cloned().collect();
    let list = Shown {
        kind: checked.kind,
        rows: checked.rows,
        new: checked.new.len(),
        changed: checked.changed.len(),
        unchanged: checked.unchanged,
        wrong: checked.wrong_lines(),
        mistakes: first(&checked.mistakes),
        mistakes_total: checked.mistakes.len(),
        doubts: first(&checked.doubts),
        doubts_total: checked.doubts.len(),
        state: checked.state(),
        changes: checked.changed.into_iter().take(SHOWN_MAX).collect(),
        newcomers: checked.new.into_iter().take(SHOWN_MAX).collect(),
        ignored: checked.ignored,
        file: brought.file,
        seal: brought.seal,
    };
    frame.show(Nav::Office, "取り込みの確認", &CheckPage { office: office(&app)?, list })
}

pub async fn show_mistakes(
    asked: OfficeMember,
    State(app): State<App>,
    Query(brought): Query<Brought>,
) -> Result<Response, Failure> {
    let Some(checked) = look(&app, &asked, &brought).await? else {
        return Ok(Redirect::to(START).into_response());
    };
    let mut rows = vec![["行", "列", "書かれている値", "直すこと"].map(str::to_owned).to_vec()];
    rows.extend(checked.mistakes.into_iter().map(|mistake| {
        vec![mistake.line.to_string(), mistake.column.to_owned(), mistake.value, mistake.what]
    }));
    let bytes = sheets::write(&rows, Form::Utf8).map_err(say_write)?;
    download(bytes, Form::Utf8, "取り込みのまちがい")
}

/// Exactly the file that was shown, with exactly the effect that was shown, or nothing.
pub async fn post_take(
    asked: OfficeMember,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let text = |name| fields.text(name).to_owned();
    let brought = Brought { file: text("file"), seal: text("seal") };
    let Some(blob) = brought.blob(&app, &asked) else {
        note_refused(&app, &asked).await?;
        let why = "このページは古くなっています。".to_owned();
        return Err(refuse(StatusCode::CONFLICT, why, "もう一度ファイルを選んでください。"));
    };
    let sheet = read(&app, blob).await?;
    let (clock, asker, state) = (app.store.clock().clone(), asker(&app, &asked), text("state"));
    let act = asked.act("import.take");
    let underway = Underway::under(&brought.seal);
    let tell = underway.tell();
    let taken =
        app.store.write(act, move |write| take(write, &clock, &sheet, &asker, Some(&state), &tell));
    match taken.await {
        Ok(taken) => {
            let words = say::outcome(true, taken.new, taken.changed, taken.unchanged);
            Ok(redirect_saying(&format!("/office/{}", taken.kind.key()), &words))
        }
        Err(NotTaken::Store(error)) => Err(error.into()),
        Err(_) => {
            note_refused(&app, &asked).await?;
            let to = format!("{START}/check?file={}&seal={}", brought.file, brought.seal);
            let words =
                "登録の内容が変わったため、まだ取り込んでいません。もう一度確かめてください";
            Ok(redirect_saying(&to, words))
        }
    }
}

/// For the page that waits: how far the own list has come; nothing where none is under way.
pub async fn show_progress(
    asked: OfficeMember,
    State(app): State<App>,
    Query(brought): Query<Brought>,
) -> Result<Json<Option<Progress>>, Failure> {
    let known = brought.blob(&app, &asked).is_some();
    Ok(Json(known.then(|| progress::of(&brought.seal)).flatten()))
}

async fn note_refused(app: &App, asked: &OfficeMember) -> Result<(), Failure> {
    let act = asked.act("import.refused");
    Ok(app.store.write(act, |_| Ok::<_, StoreError>(())).await?)
}

#[derive(Deserialize)]
pub struct Wanted {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    form: String,
}

impl Wanted {
    fn kind(&self) -> Kind {
        Kind::of_key(&self.kind).unwrap_or(Kind::Facilities)
    }

    fn form(&self) -> Form {
        match self.form.as_str() {
            "cp932" => Form::Cp932,
            "xlsx" => Form::Xlsx,
            _ => Form::Utf8,
        }
    }
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Facilities => "施設一覧",
        Kind::Members => "職員一覧",
    }
}

pub async fn show_template(
    _: OfficeMember,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Failure> {
    let (kind, form) = (wanted.kind(), wanted.form());
    let bytes = spawn_blocking(move || given::template(kind, form)).await?.map_err(say_write)?;
    download(bytes, form, &format!("{}のひな形", name(kind)))
}

pub async fn show_export(
    asked: OfficeMember,
    State(app): State<App>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Failure> {
    let (kind, form) = (wanted.kind(), wanted.form());
    let act = asked.act(match kind {
        Kind::Facilities => "facility.export",
        Kind::Members => "member.export",
    });
    app.store.write(act, |_| Ok::<_, StoreError>(())).await?;
    let turn = READERS.acquire().await.map_err(|_| Failure::Busy)?;
    let made = spawn_blocking(move || {
        let register = app.store.read(Register::read)?;
        Ok::<_, StoreError>(given::export(kind, &register, form))
    });
    let made = made.await??.map_err(say_write);
    drop(turn);
    download(made?, form, name(kind))
}

fn say_write(problem: WriteProblem) -> Failure {
    match problem {
        WriteProblem::NotInCp932 { row, letter } => refuse(
            StatusCode::UNPROCESSABLE_ENTITY,
            format!("一覧の{}行目の「{letter}」は、シフトJISでは書けません。", row + 1),
            "CSV（UTF-8）かXLSXで書き出してください。",
        ),
        WriteProblem::Failed(why) => Failure::Internal(why.into()),
    }
}

fn download(bytes: Vec<u8>, form: Form, name: &str) -> Result<Response, Failure> {
    let (kind, ending) = match form {
        Form::Utf8 => ("text/csv; charset=utf-8", "csv"),
        Form::Cp932 => ("text/csv; charset=Shift_JIS", "csv"),
        Form::Xlsx => ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    };
    let disposition = files::attachment_header(&format!("{name}.{ending}"));
    let disposition =
        HeaderValue::try_from(disposition).map_err(|error| Failure::Internal(Box::new(error)))?;
    let kind = HeaderValue::from_static(kind);
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, disposition)], bytes)
        .into_response())
}
