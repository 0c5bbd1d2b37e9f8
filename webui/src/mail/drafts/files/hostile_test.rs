//! Files that want to be something else, or more than they say; and names that lie.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};

use crate::kit::testing::{Net, Persona, Visitor, read};
use crate::mail::model::{FILE_BYTES_MAX, FILE_NAME_CHARS_MAX, FILES_MAX};

async fn draft(nurse: &Visitor<'_>) -> String {
    nurse.post("/mail/drafts", &[]).await.location
}

fn encoded(name: &str) -> String {
    form_urlencoded::byte_serialize(name.as_bytes()).collect()
}

/// A PNG that says it is so large, with a checksum that fits.
fn png_of(width: u32, height: u32) -> Vec<u8> {
    let header =
        [b"IHDR".as_slice(), &width.to_be_bytes(), &height.to_be_bytes(), &[8, 2, 0, 0, 0]];
    let header = header.concat();
    let mut crc = !0_u32;
    for byte in &header {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & (!(crc & 1)).wrapping_add(1));
        }
    }
    let rest = b"\0\0\0\x40IDAT".as_slice();
    [b"\x89PNG\r\n\x1A\n\0\0\0\x0D", header.as_slice(), &(!crc).to_be_bytes(), rest, &[0; 68]]
        .concat()
}

fn box_of(kind: &[u8; 4], length: u32, content: &[u8]) -> Vec<u8> {
    [&length.to_be_bytes(), kind.as_slice(), content].concat()
}

#[tokio::test]
async fn each_is_refused_in_words_or_made_safe() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let at = draft(&nurse).await;
    let film = box_of(b"ftyp", 20, b"mp42\0\0\0\0mp42");
    let cut = [film.clone(), box_of(b"mdat", 1000, b"short")].concat();
    let looping = [film.clone(), box_of(b"moov", 24, &box_of(b"trak", 200, &[0; 8]))].concat();
    let endless = [film, box_of(b"moov", 16, &box_of(b"trak", 4, b""))].concat();
    let cases: [(&str, &[u8], &str); 12] = [
        ("page.html", b"<html><script>alert(1)</script>", "添付できません"),
        ("drawing.svg", b"<svg onload=alert(1)>", "添付できません"),
        ("drawing.png", b"<svg onload=alert(1)>", "合っていません"),
        ("photo.jpg", b"GIF89a<script>alert(1)</script>", "合っていません"),
        ("tool.pdf", b"MZ\x90\0%PDF-1.7", "合っていません"),
        ("bomb.zip", b"PK\x03\x04", "添付できません"),
        ("bomb.png", &png_of(30_000, 30_000), "画素数が大きすぎます"),
        ("wide.png", &png_of(u32::MAX, 1), "画素数が大きすぎます"),
        ("cut.mp4", &cut, "壊れているか、途中で切れている"),
        ("looping.mp4", &looping, "壊れているか、途中で切れている"),
        ("endless.mp4", &endless, "壊れているか、途中で切れている"),
        ("noise.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heicnoise", "壊れている"),
    ];
    for (name, bytes, said) in cases {
        let answer = nurse.put(&format!("{at}/files?name={name}"), bytes).await;
        assert_eq!(answer.status.as_u16(), 415, "{name}: {}", answer.body);
        assert!(answer.body.contains(said), "{name}: {}", answer.body);
    }
    assert!(!nurse.get(&at).await.body.contains("file-name"), "none of them was kept");
}

#[tokio::test]
async fn a_photo_that_is_a_program_as_well_is_only_a_photo_afterwards() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let at = draft(&nurse).await;
    let mut jpeg = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_pixel(32, 24, image::Rgb([200, 90, 80]));
    picture.write_to(&mut jpeg, image::ImageFormat::Jpeg).unwrap();
    let both = [jpeg.into_inner(), b"PK\x03\x04run.exe<script>alert(1)</script>".to_vec()].concat();
    let answer = nurse.put(&format!("{at}/files?name=both.jpg"), &both).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.body);
    let request = nurse.request("GET", &format!("{at}/files/0")).body(Body::empty()).unwrap();
    let answer = nurse.send(request).await;
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    let kept = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    assert!(kept.ends_with(&[0xFF, 0xD9]) && !kept.windows(6).any(|part| part == b"script"));
}

#[tokio::test]
async fn a_packed_document_is_never_unpacked_and_only_saved() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let at = draft(&nurse).await;
    // Says that it unpacks to four gigabytes.
    let sizes = [[0xFF; 4].as_slice(), &[0xFF; 4]].concat();
    let head = [b"PK\x03\x04".as_slice(), &[0; 14], &sizes, &[17, 0, 0, 0]].concat();
    let bomb = [head.as_slice(), b"word/document.xml", &[0; 4096]].concat();
    let answer = nurse.put(&format!("{at}/files?name=bomb.docx"), &bomb).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.body);
    let request = nurse.request("GET", &format!("{at}/files/0")).body(Body::empty()).unwrap();
    let answer = nurse.send(request).await;
    let told = answer.headers()["content-disposition"].to_str().unwrap();
    assert!(told.starts_with("attachment"), "{told}");
}

#[tokio::test]
async fn names_lose_what_lies_and_keep_their_ending() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let long = format!("{}.pdf", "長".repeat(10_000 / 3));
    for (name, kept) in [
        ("../../etc/計画.pdf", "計画.pdf"),
        ("C:\\Users\\計画.pdf", "計画.pdf"),
        ("計画\0.pdf", "計画.pdf"),
        ("計画\u{202E}fdp.exe.pdf", "計画fdp.exe.pdf"),
        ("\u{200B}計画\r\n.pdf", "計画.pdf"),
        (long.as_str(), "長長長.pdf"),
    ] {
        let at = draft(&nurse).await;
        let answer = nurse.put(&format!("{at}/files?name={}", encoded(name)), b"%PDF-1.7").await;
        assert_eq!(answer.status.as_u16(), 200, "{name:?}: {}", answer.body);
        assert!(answer.body.contains(kept), "{name:?}: {}", answer.body);
        let shown = answer.body.split("rel=\"noopener\">").nth(1).unwrap();
        let shown = shown.split('<').next().unwrap();
        assert!(shown.chars().count() <= FILE_NAME_CHARS_MAX, "{shown}");
        assert!(!shown.contains(['/', '\\', '\0', '\u{202E}']), "{shown}");
    }
    let at = draft(&nurse).await;
    for name in ["計画.pdf\u{202E}", "計画", ".", ""] {
        let answer = nurse.put(&format!("{at}/files?name={}", encoded(name)), b"MZ\x90").await;
        assert_eq!(answer.status.as_u16(), 415, "{name:?}");
    }
}

#[tokio::test]
async fn of_many_uploads_at_once_as_many_stay_as_may() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let at = draft(&nurse).await;
    let all = (0..FILES_MAX + 5).map(|n| {
        let (nurse, at) = (&nurse, &at);
        async move {
            let bytes = format!("%PDF-1.7 {n}");
            nurse.put(&format!("{at}/files?name={n}.pdf"), bytes.as_bytes()).await
        }
    });
    let answers = futures_util::future::join_all(all).await;
    let taken = answers.iter().filter(|answer| answer.status.as_u16() == 200).count();
    assert_eq!(taken, FILES_MAX);
    let refused = answers.iter().filter(|answer| answer.body.contains("20件まで")).count();
    assert_eq!(refused, 5);
}

/// A body that promises more than it ever sends.
struct Promise(u64);

impl hyper::body::Body for Promise {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        panic!("nothing of it is asked for");
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0)
    }
}

#[tokio::test]
async fn one_byte_too_many_is_refused_before_the_first() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let at = draft(&nurse).await;
    let token = nurse.form_token().await;
    let request = nurse
        .request("PUT", &format!("{at}/files?name=film.mp4"))
        .header("x-form-token", token)
        .body(Body::new(Promise(FILE_BYTES_MAX + 1)))
        .unwrap();
    let answer = read(nurse.send(request).await).await;
    assert_eq!(answer.status.as_u16(), 413);
    assert!(answer.body.contains("2GBまで"), "{}", answer.body);
}
