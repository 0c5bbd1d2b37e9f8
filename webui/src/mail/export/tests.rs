//! Mails saved as files: what a mail program reads in them.

use axum::body::Body;
use data_encoding::BASE64;

use crate::kit::testing::{Net, Persona, Visitor};
use crate::mail::viewer::tests::{FILM, mail_with_files};

async fn bytes(visitor: &Visitor<'_>, path: &str) -> Vec<u8> {
    let request = visitor.request("GET", path).body(Body::empty()).unwrap();
    let answer = visitor.send(request).await;
    assert_eq!(answer.status().as_u16(), 200);
    axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap().to_vec()
}

#[tokio::test]
async fn a_mail_is_a_message_with_its_files() {
    let net = Net::new();
    // More than one reading, and no whole number of lines.
    let noise = (0..700_001_u32).map(|n| (n * 7 % 251).to_le_bytes()[0]).collect::<Vec<_>>();
    let length = u32::try_from(8 + noise.len()).unwrap().to_be_bytes();
    let film = [&FILM[..24], &length, b"mdat", &noise].concat();
    let mail =
        mail_with_files(&net, &[("歩行.mp4", film.as_slice()), ("計画.pdf", b"%PDF-1.7")]).await;
    let nurse = net.visitor(Persona::Member);
    let eml = bytes(&nurse, &format!("/mail/{mail}/eml")).await;
    let text = String::from_utf8(eml).expect("a message is ASCII here");
    assert!(text.is_ascii());
    assert!(text.lines().all(|line| line.len() <= 998));
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("Message-ID: <{mail}@aoba.example>")), "{head}");
    assert!(head.contains("Date: Wed, 1 Apr 2026 05:00:00 +0000"), "{head}");
    let subject = BASE64.encode("山田".as_bytes());
    assert!(head.contains("=?utf-8?") && head.contains(&subject[..4]), "{head}");
    let parts: Vec<_> = text.split("Content-Transfer-Encoding: base64\r\n").collect();
    let content = |part: &str| {
        let part = format!("\r\n{part}");
        let (_, body) = part.split_once("\r\n\r\n").unwrap();
        let lines: String = body.lines().take_while(|line| !line.starts_with("--")).collect();
        BASE64.decode(lines.as_bytes()).unwrap()
    };
    let found: Vec<Vec<u8>> = parts[1..].iter().map(|part| content(part)).collect();
    assert!(found.contains(&film), "the film is whole");
    assert!(found.iter().any(|body| body == b"%PDF-1.7"));
    let office = net.visitor(Persona::Office);
    assert_eq!(office.get(&format!("/mail/{mail}/eml")).await.status.as_u16(), 404);
}

#[tokio::test]
async fn several_mails_are_one_zip() {
    let net = Net::new();
    let first = mail_with_files(&net, &[("計画.pdf", b"%PDF-1.7".as_slice())]).await;
    let second = mail_with_files(&net, &[]).await;
    let nurse = net.visitor(Persona::Member);
    let token = nurse.form_token().await;
    let form = format!("token={token}&mail={first}&mail={second}");
    let request = nurse
        .request("POST", "/mail/export")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(form))
        .unwrap();
    let answer = nurse.send(request).await;
    assert_eq!(answer.headers()["content-type"], "application/zip");
    let zip = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mails.zip"), &zip).unwrap();
    let count = |mark: &[u8]| zip.windows(mark.len()).filter(|window| *window == mark).count();
    assert_eq!(count(b"PK\x01\x02"), 2, "two entries in the folder of the zip");
    assert_eq!(count(b"PK\x05\x06"), 1);
    assert_eq!(count("001_山田".as_bytes()), 2);
    assert_eq!(nurse.post("/mail/export", &[]).await.status.as_u16(), 422);
    let stranger = net.visitor(Persona::Office);
    let answer = stranger.post("/mail/export", &[("mail", first.as_str())]).await;
    assert_eq!(answer.status.as_u16(), 404);
}
