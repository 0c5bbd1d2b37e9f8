//! Finding facilities and people.

use crate::kit::testing::{Net, Persona};

#[tokio::test]
async fn people_and_facilities_are_found_by_part_of_a_name() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    for (typed, expected) in [("ひかり", "ひかり医院"), ("医師", "佐藤 doctor")] {
        let typed: String = form_urlencoded::byte_serialize(typed.as_bytes()).collect();
        let page = nurse.get(&format!("/directory?q={typed}")).await.body;
        assert!(page.contains(expected), "{expected}");
    }
    assert!(!nurse.get("/directory").await.body.contains("佐藤 doctor"), "nothing was asked yet");
}

#[tokio::test]
async fn a_mail_starts_with_whom_was_found() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let to = net.doctor.id.to_string();
    let draft = nurse.post("/mail/drafts", &[("to", &to)]).await.location;
    assert!(nurse.get(&draft).await.body.contains("佐藤 doctor"));
}
