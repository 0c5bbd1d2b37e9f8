//! Attaching: what is taken, what is refused, and that text is never lost over it.

use crate::kit::testing::{Net, Persona};

const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n";

#[tokio::test]
async fn a_file_is_attached_shown_by_ranges_and_taken_away() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let at = nurse.post("/mail/drafts", &[]).await.location;
    let part = nurse.put(&format!("{at}/files?name=%E8%A8%88%E7%94%BB.pdf"), PDF).await;
    assert_eq!(part.status.as_u16(), 200, "{}", part.body);
    assert!(part.body.contains("計画.pdf"));
    let request = nurse
        .request("GET", &format!("{at}/files/0"))
        .header("range", "bytes=0-3")
        .body(axum::body::Body::empty())
        .unwrap();
    let answer = nurse.send(request).await;
    assert_eq!(answer.status().as_u16(), 206);
    let bytes = axum::body::to_bytes(answer.into_body(), 100).await.unwrap();
    assert_eq!(&bytes[..], b"%PDF");
    nurse.post(&at, &[("version", "1"), ("remove_file", "0")]).await;
    assert_eq!(nurse.get(&format!("{at}/files/0")).await.status.as_u16(), 404);
}

#[tokio::test]
async fn what_a_file_is_decides_and_not_its_name() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let at = nurse.post("/mail/drafts", &[]).await.location;
    for (name, bytes, said) in [
        ("photo.jpg", b"MZ\x90\x00 this is a program".as_slice(), "合っていません"),
        ("run.exe", b"MZ\x90\x00 this is a program".as_slice(), "添付できません"),
        ("empty.pdf", b"".as_slice(), "空です"),
    ] {
        let answer = nurse.put(&format!("{at}/files?name={name}"), bytes).await;
        assert_eq!(answer.status.as_u16(), 415, "{name}");
        assert!(answer.body.contains(said), "{name}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_refused_file_costs_none_of_the_text() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let at = nurse.post("/mail/drafts", &[]).await.location;
    nurse.post(&at, &[("version", "1"), ("subject", "前の件名")]).await;
    nurse.post(&at, &[("version", "2"), ("subject", "前の件名")]).await;
    // The form's own version is 3, which the upload sends along with its text.
    let answer = nurse.upload(&format!("{at}/files"), "run.exe", b"MZ\x90\x00 a program").await;
    assert_eq!(answer.status.as_u16(), 415);
    let page = nurse.get(&at).await.body;
    assert!(page.contains("value=\"件名\""), "the text of the same form was saved first");
}

#[tokio::test]
async fn the_same_form_takes_a_file_without_scripts() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let at = nurse.post("/mail/drafts", &[]).await.location;
    for version in ["1", "2"] {
        nurse.post(&at, &[("version", version)]).await;
    }
    let answer = nurse.upload(&format!("{at}/files"), "plan.pdf", PDF).await;
    assert_eq!(answer.status.as_u16(), 303, "{}", answer.body);
    assert!(nurse.get(&at).await.body.contains("plan.pdf"));
}
