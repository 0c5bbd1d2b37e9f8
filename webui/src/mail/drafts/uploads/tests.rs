//! Uploads in parts: what goes on, what begins anew, and whose they are.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode};
use futures_util::stream;
use jiff::SignedDuration;

use super::model::UPLOADS_OF_MEMBER_MAX;
use crate::kit::testing::{Net, Persona, Visitor, read};
use crate::mail::model::FILES_MAX;

const FRAME: usize = 64 * 1024;

fn frames(count: u64) -> u64 {
    count * u64::try_from(FRAME).unwrap()
}

/// A PDF of some frames; every frame is different.
fn pdf(bytes: usize) -> Vec<u8> {
    let line = |n: usize| format!("{n:07}\n").into_bytes();
    let mut whole = b"%PDF-1.7\n".to_vec();
    whole.extend((0..bytes / 8).flat_map(line));
    whole.truncate(bytes);
    whole
}

struct Sender<'a> {
    nurse: Visitor<'a>,
    draft: String,
    token: String,
}

impl<'a> Sender<'a> {
    async fn of(net: &'a Net) -> Self {
        let nurse = net.visitor(Persona::Member);
        let draft = nurse.post("/mail/drafts", &[]).await.location;
        let token = nurse.form_token().await;
        Self { nurse, draft, token }
    }

    /// Answers its address and how far it is.
    async fn begin(&self, name: &str, bytes: usize, mark: &str) -> Result<(String, u64), String> {
        let bytes = bytes.to_string();
        let fields = [("name", name), ("bytes", bytes.as_str()), ("mark", mark)];
        let answer = self.nurse.post(&format!("{}/uploads", self.draft), &fields).await;
        if answer.status != StatusCode::CREATED {
            return Err(answer.body);
        }
        let told: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        Ok((told["href"].as_str().unwrap().to_owned(), told["offset"].as_u64().unwrap()))
    }

    async fn offset(&self, at: &str) -> Option<u64> {
        let request = self.nurse.request("GET", at).body(Body::empty()).unwrap();
        offset_in(self.nurse.send(request).await.headers())
    }

    /// Sends from an offset on; `broken` loses the line after the bytes.
    async fn send(
        &self,
        at: &str,
        offset: u64,
        bytes: &[u8],
        broken: bool,
    ) -> (StatusCode, String) {
        let mut pieces: Vec<Result<Bytes, std::io::Error>> =
            bytes.chunks(10_000).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        if broken {
            pieces.push(Err(std::io::ErrorKind::ConnectionReset.into()));
        }
        let request = self
            .nurse
            .request("PUT", &format!("{at}?name=film.pdf"))
            .header("x-form-token", &self.token)
            .header("upload-offset", offset)
            .body(Body::from_stream(stream::iter(pieces)))
            .unwrap();
        let answer = read(self.nurse.send(request).await).await;
        (answer.status, answer.body)
    }
}

fn offset_in(headers: &HeaderMap) -> Option<u64> {
    headers.get("upload-offset")?.to_str().ok()?.parse().ok()
}

#[tokio::test]
async fn a_lost_line_costs_at_most_one_frame() {
    let net = Net::new();
    let sender = Sender::of(&net).await;
    let file = pdf(5 * FRAME + 100);
    let (at, offset) = sender.begin("film.pdf", file.len(), "film").await.unwrap();
    assert_eq!(offset, 0);
    let (status, body) = sender.send(&at, 0, &file[..3 * FRAME + 7], true).await;
    assert_eq!(status, StatusCode::REQUEST_TIMEOUT);
    assert!(body.contains("途中で切れました"), "{body}");
    let kept = sender.offset(&at).await.unwrap();
    assert_eq!(kept, frames(3));

    // The page was loaded anew and the same file chosen: it goes on.
    let (again, offset) = sender.begin("film.pdf", file.len(), "film").await.unwrap();
    assert_eq!((again.as_str(), offset), (at.as_str(), kept));

    let (status, _) = sender.send(&at, 0, &file, false).await;
    assert_eq!(status, StatusCode::CONFLICT, "not from the start any more");
    let (status, _) = sender.send(&at, kept, &file[3 * FRAME..4 * FRAME + 9], false).await;
    assert_eq!(status, StatusCode::ACCEPTED, "a part that ends well is a part");
    let (status, page) = sender.send(&at, frames(4), &file[4 * FRAME..], false).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(page.contains("film.pdf"));

    let got = sender.nurse.request("GET", &format!("{}/files/0", sender.draft));
    let got = sender.nurse.send(got.body(Body::empty()).unwrap()).await;
    let got = axum::body::to_bytes(got.into_body(), usize::MAX).await.unwrap();
    assert!(got == file, "the file is whole");
    assert_eq!(sender.offset(&at).await, None, "the upload is over");
}

#[tokio::test]
async fn nobody_else_and_no_other_device_goes_on_with_it() {
    let net = Net::new();
    let sender = Sender::of(&net).await;
    let (at, _) = sender.begin("film.pdf", 1000, "film").await.unwrap();
    for persona in [Persona::Manager, Persona::Office, Persona::Auditor] {
        assert_eq!(net.visitor(persona).get(&at).await.status, StatusCode::NOT_FOUND);
    }
    let other = sender.nurse.post("/mail/drafts", &[]).await.location;
    let id = at.rsplit('/').next().unwrap();
    assert_eq!(sender.offset(&format!("{other}/uploads/{id}")).await, None, "another draft");
}

#[tokio::test]
async fn what_cannot_be_attached_is_refused_before_it_is_sent() {
    let net = Net::new();
    let sender = Sender::of(&net).await;
    let too_large = 2 * 1024 * 1024 * 1024 + 1;
    for (name, bytes, said) in [
        ("run.exe", 1000, "添付できません"),
        ("page.svg", 1000, "添付できません"),
        ("empty.pdf", 0, "空です"),
        ("film.mp4", too_large, "2GBまで"),
    ] {
        let told = sender.begin(name, bytes, name).await.unwrap_err();
        assert!(told.contains(said), "{name}: {told}");
    }
    let (at, _) = sender.begin("film.pdf", 1000, "longer").await.unwrap();
    let (status, _) = sender.send(&at, 0, &pdf(1001), false).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "more than was promised");
    let (status, _) = sender.send(&at, 0, &[b'x'; 1000], false).await;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "no PDF after all");
    assert_eq!(sender.offset(&at).await, None, "what is refused is not kept");
}

#[tokio::test]
async fn beginnings_count_as_files_and_end_after_a_day() {
    let net = Net::new();
    let sender = Sender::of(&net).await;
    for n in 0..FILES_MAX {
        sender.begin("film.pdf", 1000 + n, "film").await.unwrap();
    }
    let told = sender.begin("film.pdf", 1, "one more").await.unwrap_err();
    assert!(told.contains("20件まで"), "{told}");
    let other = Sender::of(&net).await;
    assert_eq!(UPLOADS_OF_MEMBER_MAX, FILES_MAX);
    let told = other.begin("film.pdf", 1, "one more").await.unwrap_err();
    assert!(told.contains("途中のファイルが多すぎます"), "{told}");

    let (at, _) = sender.begin("film.pdf", 1000, "film").await.unwrap();
    assert_eq!(sender.nurse.post(&format!("{at}/stop"), &[]).await.status.as_u16(), 204);
    assert_eq!(sender.offset(&at).await, None);

    net.app.store.clock().advance(SignedDuration::from_hours(25));
    let app = net.app.clone();
    let run = move || (super::JOB.run)(&app);
    tokio::task::spawn_blocking(run).await.unwrap().unwrap();
    let left = net
        .app
        .store
        .read(|read| read.page::<super::Upload>(&(), store::Order::Ascending, None, 100));
    assert!(left.unwrap().rows.is_empty());
    let partial = net.folder().join("blobs/partial");
    assert_eq!(std::fs::read_dir(partial).unwrap().count(), 0);
}
