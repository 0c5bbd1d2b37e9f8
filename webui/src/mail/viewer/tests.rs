//! What the viewer shows of each kind, and how one gets from file to file.

use crate::kit::testing::{Net, Persona};

/// Written, filled and sent by the doctor as people do it; answers the mail's id.
pub async fn mail_with_files(net: &Net, files: &[(&str, &[u8])]) -> String {
    let doctor = net.visitor(Persona::Manager);
    let nurse = net.nurse.id.to_string();
    let draft = doctor.post("/mail/drafts", &[("to", nurse.as_str())]).await.location;
    for (name, bytes) in files {
        let name: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
        let answer = doctor.put(&format!("{draft}/files?name={name}"), bytes).await;
        assert_eq!(answer.status.as_u16(), 200, "{name}: {}", answer.body);
    }
    let typed = [
        ("version", "1"),
        ("subject", "山田　太郎様について"),
        ("body", "お世話になっております。"),
        ("step", "confirm"),
    ];
    assert_eq!(doctor.post(&draft, &typed).await.status.as_u16(), 303);
    let sent = doctor.post(&format!("{draft}/send"), &[("version", "2")]).await;
    assert_eq!(sent.status.as_u16(), 303, "{}", sent.body);
    let inbox = net.visitor(Persona::Member).get("/mail/inbox").await.body;
    let links = inbox.split("href=\"/mail/").skip(1);
    let mut ids = links.filter_map(|rest| rest.split('"').next()).filter(|id| id.len() == 32);
    ids.next().expect("a mail in the inbox").to_owned()
}

/// Enough of one to be known as one.
pub const FILM: &[u8] = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\x0Cmdat\x01\x02\x03\x04";

fn document() -> Vec<u8> {
    let name = b"word/document.xml";
    [b"PK\x03\x04".as_slice(), &[0; 22], &[17, 0, 0, 0], name, b"body"].concat()
}

fn photo() -> Vec<u8> {
    let mut jpeg = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_pixel(32, 24, image::Rgb([200, 90, 80]));
    picture.write_to(&mut jpeg, image::ImageFormat::Jpeg).unwrap();
    jpeg.into_inner()
}

#[tokio::test]
async fn each_kind_is_shown_its_way_with_its_neighbours() {
    let net = Net::new();
    let (photo, document) = (photo(), document());
    let mail = mail_with_files(
        &net,
        &[
            ("創部.jpg", photo.as_slice()),
            ("歩行.mp4", FILM),
            ("計画.pdf", b"%PDF-1.7"),
            ("記録.docx", document.as_slice()),
        ],
    )
    .await;
    let nurse = net.visitor(Persona::Member);
    for (n, shown) in
        [(0, "<img src="), (1, "<video controls"), (2, "<object data="), (3, "保存して開く")]
    {
        let at = format!("/mail/{mail}/files/{n}");
        let page = nurse.get(&format!("{at}/view")).await;
        assert_eq!(page.status.as_u16(), 200, "{}", page.body);
        assert!(page.body.contains(shown), "{n}: {}", page.body);
        assert_eq!(page.body.contains("data-before"), n > 0);
        assert_eq!(page.body.contains("data-after"), n < 3);
    }
    assert_eq!(nurse.get(&format!("/mail/{mail}/files/4/view")).await.status.as_u16(), 404);
    let office = net.visitor(Persona::Office);
    assert_eq!(office.get(&format!("/mail/{mail}/files/0/view")).await.status.as_u16(), 404);
}

#[tokio::test]
async fn only_a_pdf_may_stand_in_a_frame_and_only_in_ours() {
    let net = Net::new();
    let photo = photo();
    let files = [
        ("計画.pdf", b"%PDF-1.7".as_slice()),
        ("創部.jpg", photo.as_slice()),
        ("記録.txt", b"<script>alert(1)</script>"),
    ];
    let mail = mail_with_files(&net, &files).await;
    let nurse = net.visitor(Persona::Member);
    let mut told = Vec::new();
    for n in 0..3 {
        let request = nurse.request("GET", &format!("/mail/{mail}/files/{n}"));
        let answer = nurse.send(request.body(axum::body::Body::empty()).unwrap()).await;
        let text = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(text("x-content-type-options"), "nosniff");
        let kind = text("content-disposition").split(';').next().unwrap().to_owned();
        told.push((text("x-frame-options"), kind, text("content-security-policy")));
    }
    assert_eq!((told[0].0.as_str(), told[0].1.as_str()), ("SAMEORIGIN", "inline"));
    assert!(
        told[0].2.contains("frame-ancestors 'self'") && told[0].2.contains("default-src 'none'")
    );
    assert_eq!((told[1].0.as_str(), told[1].1.as_str()), ("DENY", "inline"));
    assert_eq!((told[2].0.as_str(), told[2].1.as_str()), ("DENY", "attachment"));
    assert!(told[1].2.contains("sandbox") && told[2].2.contains("sandbox"));
}
