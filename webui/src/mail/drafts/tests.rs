//! How a draft begins, and what it becomes.

use store::Id;

use super::Draft;
use crate::kit::testing::{Answer, Net, Persona, Visitor};

/// A new draft's address.
async fn start(visitor: &Visitor<'_>) -> String {
    visitor.post("/mail/drafts", &[]).await.location
}

async fn save(visitor: &Visitor<'_>, at: &str, version: &str, more: &[(&str, &str)]) -> Answer {
    let mut fields = vec![("version", version), ("importance", "important")];
    if !more.iter().any(|(name, _)| *name == "subject") {
        fields.push(("subject", "山田　太郎様の件"));
    }
    fields.push(("body", "一行目\r\n二行目"));
    fields.extend_from_slice(more);
    visitor.post(at, &fields).await
}

#[tokio::test]
async fn a_mail_is_written_checked_sent_and_arrives() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let at = start(&nurse).await;
    let doctor = net.doctor.id.to_string();
    save(&nurse, &at, "1", &[("add", &doctor)]).await;
    let confirm = save(&nurse, &at, "2", &[("step", "confirm")]).await;
    assert_eq!(confirm.location, format!("{at}/confirm"));
    let page = nurse.get(&confirm.location).await.body;
    assert!(page.contains("1件の宛先に送信する") && page.contains("ひかり医院"), "{page}");
    let sent = nurse.post(&format!("{at}/send"), &[("version", "3")]).await;
    assert_eq!(sent.location, "/mail/sent");
    assert_eq!(nurse.get(&at).await.status.as_u16(), 404, "the draft is consumed");
    let inbox = net.visitor(Persona::Manager).get("/mail/inbox").await.body;
    assert!(inbox.contains("山田　太郎様の件") && inbox.contains("重要"));
}

#[tokio::test]
async fn sending_twice_sends_once() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let at = start(&nurse).await;
    let doctor = net.doctor.id.to_string();
    save(&nurse, &at, "1", &[("add", &doctor)]).await;
    nurse.post(&format!("{at}/send"), &[("version", "2")]).await;
    let again = nurse.post(&format!("{at}/send"), &[("version", "2")]).await;
    assert_eq!(again.status.as_u16(), 404);
    let inbox = net.visitor(Persona::Manager).get("/mail/inbox").await.body;
    assert_eq!(inbox.matches("class=\"row is-unread\"").count(), 1);
}

#[tokio::test]
async fn a_window_that_is_behind_overwrites_and_sends_nothing() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let at = start(&nurse).await;
    let doctor = net.doctor.id.to_string();
    save(&nurse, &at, "1", &[("add", &doctor)]).await;
    let behind = save(&nurse, &at, "1", &[("subject", "古い窓の件名")]).await;
    assert_eq!(behind.status.as_u16(), 422);
    assert!(behind.body.contains("別の画面で保存されています"));
    assert!(behind.body.contains("古い窓の件名"), "what was typed stays on the page");
    let sent = nurse.post(&format!("{at}/send"), &[("version", "1")]).await;
    assert_eq!(sent.status.as_u16(), 409);
    assert!(nurse.get(&at).await.body.contains("山田　太郎様の件"));
}

#[tokio::test]
async fn what_is_too_long_comes_back_whole_with_the_limit() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let at = start(&nurse).await;
    let long = "あ".repeat(101);
    let answer = save(&nurse, &at, "1", &[("subject", &long)]).await;
    assert_eq!(answer.status.as_u16(), 422);
    assert!(answer.body.contains("件名は100文字以内") && answer.body.contains(&long));
}

#[tokio::test]
async fn an_incomplete_mail_says_what_is_missing() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let at = start(&nurse).await;
    let answer = nurse.post(&at, &[("version", "1"), ("step", "confirm")]).await;
    for said in ["宛先を1人以上", "件名を入力", "本文を入力"] {
        assert!(answer.body.contains(said), "{said}");
    }
}

#[tokio::test]
async fn a_draft_of_others_does_not_exist() {
    let net = Net::new();
    let at = start(&net.visitor(Persona::Member)).await;
    let doctor = net.visitor(Persona::Manager);
    assert_eq!(doctor.get(&at).await.status.as_u16(), 404);
    assert_eq!(save(&doctor, &at, "1", &[]).await.status.as_u16(), 404);
    assert_eq!(doctor.put(&format!("{at}/files?name=a.txt"), b"text").await.status.as_u16(), 404);
    let unknown = format!("/mail/drafts/{}", Id::<Draft>::from_bytes([3; 16]));
    assert_eq!(doctor.get(&unknown).await.status.as_u16(), 404);
}

#[tokio::test]
async fn a_discarded_draft_lies_in_the_bin_until_it_is_taken_up() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let at = start(&nurse).await;
    save(&nurse, &at, "1", &[]).await;
    nurse.post(&format!("{at}/discard"), &[]).await;
    let holds = |page: Answer| page.body.contains("山田　太郎様の件");
    assert!(!holds(nurse.get("/mail/drafts").await));
    assert!(holds(nurse.get("/mail/bin").await));
    save(&nurse, &at, "2", &[]).await;
    assert!(holds(nurse.get("/mail/drafts").await));
}

#[tokio::test]
async fn an_answer_goes_to_whom_it_should() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let at = start(&nurse).await;
    let (doctor, clerk) = (net.doctor.id.to_string(), net.clerk.id.to_string());
    save(&nurse, &at, "1", &[("add", &doctor)]).await;
    save(&nurse, &at, "2", &[("add", &clerk)]).await;
    nurse.post(&format!("{at}/send"), &[("version", "3")]).await;
    let reader = net.visitor(Persona::Manager);
    let inbox = reader.get("/mail/inbox").await.body;
    let (_, rest) = inbox.split_once("href=\"/mail/01").unwrap();
    let mail = format!("/mail/01{}", rest.split('"').next().unwrap());
    let draft = reader.post(&format!("{mail}/reply"), &[("how", "all")]).await.location;
    let page = reader.get(&draft).await.body;
    assert!(page.contains("Re: 山田　太郎様の件"));
    assert!(page.contains("佐藤 nurse") && page.contains("佐藤 clerk"), "all but oneself");
    let version = [("version", "1"), ("subject", "Re: 件"), ("body", "拝見しました")];
    reader.post(&draft, &version).await;
    reader.post(&format!("{draft}/send"), &[("version", "2")]).await;
    assert!(nurse.get(&mail).await.body.contains("返信済"), "the sender sees the answer");
}
