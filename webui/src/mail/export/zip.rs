//! Several messages in one zip, written while it is sent. Nothing is packed: photos and films
//! are packed already, and a reader without the right program still gets at the text.

use std::io;

use async_zip::base::write::ZipFileWriter;
use async_zip::{Compression, ZipEntryBuilder};
use axum::body::Bytes;
use futures_util::io::AsyncWriteExt as _;
use futures_util::stream::{self, Stream};
use futures_util::{StreamExt as _, TryStreamExt as _};
use store::Blobs;
use tokio::io::{DuplexStream, duplex};
use tokio_util::io::ReaderStream;

use super::eml::{self, Piece};

/// Between the writer and the line.
const PIPE_BYTES: usize = 256 * 1024;

pub struct Entry {
    pub name: String,
    pub pieces: std::collections::VecDeque<Piece>,
}

/// Ends with an error if a file could not be read, so that nobody takes a part for the whole.
pub fn stream(
    blobs: Blobs,
    entries: Vec<Entry>,
) -> impl Stream<Item = Result<Bytes, io::Error>> + Send {
    let (into, from) = duplex(PIPE_BYTES);
    let writing = tokio::spawn(write(blobs, entries, into));
    let end = stream::once(async move {
        match writing.await {
            Ok(outcome) => outcome.err(),
            Err(stopped) => Some(io::Error::other(stopped)),
        }
    });
    ReaderStream::new(from).chain(end.filter_map(|fault| async move { fault.map(Err) }))
}

async fn write(blobs: Blobs, entries: Vec<Entry>, into: DuplexStream) -> Result<(), io::Error> {
    let mut zip = ZipFileWriter::with_tokio(into).force_zip64();
    for entry in entries {
        let builder = ZipEntryBuilder::new(entry.name.into(), Compression::Stored);
        let mut writer = zip.write_entry_stream(builder).await.map_err(io::Error::other)?;
        let mut message = std::pin::pin!(eml::stream(blobs.clone(), entry.pieces));
        while let Some(piece) = message.try_next().await.map_err(io::Error::other)? {
            writer.write_all(&piece).await?;
        }
        writer.close().await.map_err(io::Error::other)?;
    }
    zip.close().await.map_err(io::Error::other)?;
    Ok(())
}
