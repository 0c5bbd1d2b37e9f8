//! From a received blob to an attachment: what it is, and a photo without its secrets.

use std::io;

use store::{BlobName, BlobReader, BlobWriter, StoreError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
use tokio::task::spawn_blocking;

use crate::kit::app::App;
use crate::mail::model::{FILE_NAME_CHARS_MAX, File};
use crate::pictures::{
    FilmError, FilmFault, HEAD_BYTES, Kind, Patch, PictureProblem, ReadAt, Refusal, apply,
    find_places,
};

/// Between the blob's reader and the picture worker.
const PIPE_BYTES: usize = 256 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum AttachProblem {
    #[error("the file is refused")]
    Refused(Refusal),
    #[error("the picture cannot be cleaned")]
    Picture(#[source] PictureProblem),
    #[error("the film cannot be cleaned")]
    Film(FilmFault),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the picture worker's answer broke off")]
    Broken(#[source] io::Error),
}

/// The blob as it came is kept by nobody when it was a photo or a film with a place in it: what
/// is attached is clean.
pub async fn attachment(
    app: &App,
    name: &str,
    blob: BlobName,
    bytes: u64,
) -> Result<File, AttachProblem> {
    let name = clean_name(name);
    let mut reader = app.store.blobs().reader(&blob)?;
    let (reader, head) = off_thread(move || {
        let head = reader.read_at(0, HEAD_BYTES)?;
        Ok((reader, head))
    })
    .await?;
    let kind = Kind::recognise(&name, &head).map_err(AttachProblem::Refused)?;
    let mut file =
        File { n: 0, name, media_type: kind.media_type().to_owned(), bytes, blob, thumbnail: None };
    if kind.is_photo() {
        clean(app, reader, &mut file).await?;
    } else if kind.is_video() {
        (file.blob, file.bytes) = without_places(app, reader, blob).await?;
    }
    if kind == Kind::Heic {
        file.media_type = Kind::Jpeg.media_type().to_owned();
        file.name = format!("{}.jpg", file.name.rsplit_once('.').map_or("", |(stem, _)| stem));
    }
    Ok(file)
}

struct FilmFile(BlobReader);

impl ReadAt for FilmFile {
    type Error = StoreError;

    fn read_at(&mut self, at: u64, bytes: usize) -> Result<Vec<u8>, StoreError> {
        self.0.read_at(at, bytes)
    }
}

/// The film itself where it names no place, else a copy with zeros over them.
async fn without_places(
    app: &App,
    reader: BlobReader,
    blob: BlobName,
) -> Result<(BlobName, u64), AttachProblem> {
    let blobs = app.store.blobs().clone();
    let work = move || {
        let bytes = reader.bytes();
        let mut film = FilmFile(reader);
        match find_places(&mut film, bytes) {
            Ok(places) if places.is_empty() => Ok((blob, bytes)),
            Ok(places) => Ok(copy(film.0, blobs.begin()?, &places)?),
            Err(FilmError::Film(fault)) => Err(AttachProblem::Film(fault)),
            Err(FilmError::Read(error)) => Err(error.into()),
        }
    };
    spawn_blocking(work).await.map_err(|_| StoreError::Blob("the work on it was stopped"))?
}

fn copy(
    mut from: BlobReader,
    mut to: BlobWriter,
    places: &[Patch],
) -> Result<(BlobName, u64), StoreError> {
    loop {
        let at = to.bytes();
        let mut piece = from.read_at(at, PIPE_BYTES)?;
        if piece.is_empty() {
            return to.finish();
        }
        apply(places, at, &mut piece);
        to.write(&piece)?;
    }
}

async fn clean(app: &App, reader: BlobReader, file: &mut File) -> Result<(), AttachProblem> {
    let (into, from) = duplex(PIPE_BYTES);
    let feeding = tokio::spawn(feed(reader, into));
    let cleaned = app.cleaner.clean(from).await;
    feeding.abort();
    let mut cleaned = cleaned.map_err(AttachProblem::Picture)?;
    let mut writer = app.store.blobs().begin()?;
    let mut piece = vec![0; PIPE_BYTES];
    loop {
        let count = cleaned.photo.read(&mut piece).await.map_err(AttachProblem::Broken)?;
        let Some(read) = piece.get(..count).filter(|read| !read.is_empty()) else { break };
        let read = read.to_vec();
        writer = off_thread(move || {
            writer.write(&read)?;
            Ok(writer)
        })
        .await?;
    }
    (file.blob, file.bytes) = off_thread(move || writer.finish()).await?;
    let mut writer = app.store.blobs().begin()?;
    let thumbnail = cleaned.thumbnail;
    let (thumbnail, _) = off_thread(move || {
        writer.write(&thumbnail)?;
        writer.finish()
    })
    .await?;
    file.thumbnail = Some(thumbnail);
    Ok(())
}

/// A worker that has seen enough stops reading; that is no fault of the blob's.
async fn feed(mut reader: BlobReader, mut into: tokio::io::DuplexStream) -> Result<(), io::Error> {
    let mut at = 0;
    loop {
        let read = off_thread(move || {
            let piece = reader.read_at(at, PIPE_BYTES)?;
            Ok((reader, piece))
        });
        let piece;
        (reader, piece) = read.await.map_err(io::Error::other)?;
        if piece.is_empty() {
            return into.shutdown().await;
        }
        at += u64::try_from(piece.len()).unwrap_or_default();
        into.write_all(&piece).await?;
    }
}

async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    spawn_blocking(work).await.map_err(|_| StoreError::Blob("the work on it was stopped"))?
}

/// The last part of a path, without signs that no file name needs, its ending kept. Signs that
/// turn the direction of writing make `gpj.exe` out of `exe.jpg`; others are not seen at all.
pub fn clean_name(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let unseen = |c: &char| {
        matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}')
            || *c == '\u{FEFF}'
            || c.is_control()
    };
    let name: String = name.chars().filter(|c| !unseen(c)).collect();
    let name = name.trim();
    let length = name.chars().count();
    if length <= FILE_NAME_CHARS_MAX {
        return name.to_owned();
    }
    let ending: Vec<char> = name.chars().skip(length - 10).collect();
    let start: String = name.chars().take(FILE_NAME_CHARS_MAX - ending.len()).collect();
    start + &ending.into_iter().collect::<String>()
}
