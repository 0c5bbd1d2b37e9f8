//! A letter as a message (RFC 5322, MIME). The builder writes everything but the files; where
//! one belongs it is given a word drawn at random, and the file's bytes take that word's place.

use std::collections::VecDeque;
use std::io;

use axum::body::Bytes;
use data_encoding::{BASE64, BASE64_MIME};
use futures_util::stream::{self, Stream};
use mail_builder::MessageBuilder;
use store::{BlobName, BlobReader, Blobs, Clock, StoreError};
use tokio::task::spawn_blocking;

use crate::mail::letter::{Letter, Party};

/// What stands where a file belongs; its base64 has no padding and fits into one line.
const WORD_BYTES: usize = 24;

/// Whole lines of base64, and about as much as is read in one go elsewhere.
const PIECE_BYTES: usize = 57 * 4096;

pub enum Piece {
    Words(Bytes),
    File(BlobName),
}

/// The message in order: what was written, and files to be read.
pub fn pieces(letter: &Letter, domain: &str, clock: &Clock) -> io::Result<VecDeque<Piece>> {
    let address = |party: &Party| (party.words.clone(), format!("{}@{domain}", party.mailbox));
    let mut message = MessageBuilder::new()
        .message_id(format!("{}@{domain}", letter.id))
        .date(letter.sent_at.as_second())
        .from(address(&letter.from))
        .to(letter.to.iter().map(address).collect::<Vec<_>>())
        .subject(letter.subject.as_str())
        .text_body(letter.body.as_str());
    if let Some(answered) = letter.answers {
        let answered = format!("{answered}@{domain}");
        message = message.in_reply_to(answered.clone()).references(answered);
    }
    if letter.importance != "normal" {
        let importance = mail_builder::headers::raw::Raw::new("high");
        message = message.header("Importance", importance);
    }
    let words: Vec<[u8; WORD_BYTES]> = letter.files.iter().map(|_| clock.random()).collect();
    for (file, word) in letter.files.iter().zip(&words) {
        let content = word.as_slice();
        message = message.attachment(file.media_type.as_str(), file.name.as_str(), content);
    }
    let written = Bytes::from(message.write_to_vec()?);
    let mut pieces = VecDeque::new();
    let mut rest = written;
    for (file, word) in letter.files.iter().zip(&words) {
        let word = BASE64.encode(word);
        let at = rest.windows(word.len()).position(|window| window == word.as_bytes());
        let at = at.ok_or_else(|| io::Error::other("the message has no place for a file"))?;
        pieces.push_back(Piece::Words(rest.split_to(at)));
        drop(rest.split_to(word.len()));
        pieces.push_back(Piece::File(file.blob));
    }
    pieces.push_back(Piece::Words(rest));
    Ok(pieces)
}

/// The message's bytes, read as fast as somebody takes them.
pub fn stream(
    blobs: Blobs,
    pieces: VecDeque<Piece>,
) -> impl Stream<Item = Result<Bytes, StoreError>> + Send {
    stream::try_unfold((pieces, None), move |(mut pieces, mut open)| {
        let blobs = blobs.clone();
        async move {
            loop {
                if let Some(file) = open.take() {
                    let (lines, left) = next_lines(file).await?;
                    open = left;
                    if !lines.is_empty() {
                        return Ok(Some((lines, (pieces, open))));
                    }
                    continue;
                }
                match pieces.pop_front() {
                    Some(Piece::Words(words)) => return Ok(Some((words, (pieces, open)))),
                    Some(Piece::File(blob)) => open = Some((blobs.reader(&blob)?, 0)),
                    None => return Ok(None),
                }
            }
        }
    })
}

type OpenFile = (BlobReader, u64);

async fn next_lines((mut reader, at): OpenFile) -> Result<(Bytes, Option<OpenFile>), StoreError> {
    let read = spawn_blocking(move || {
        let piece = reader.read_at(at, PIECE_BYTES)?;
        let next = at + u64::try_from(piece.len()).unwrap_or_default();
        let left = (next < reader.bytes()).then_some((reader, next));
        Ok((Bytes::from(BASE64_MIME.encode(&piece)), left))
    });
    read.await.map_err(|_| StoreError::Blob("the work on it was stopped"))?
}
