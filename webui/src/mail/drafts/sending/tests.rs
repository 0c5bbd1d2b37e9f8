//! The last look, and what stops a mail at the last moment.

use provisioning::mailboxes::{self, Mailbox, MailboxDetails};
use provisioning::members::{self, Member};

use crate::kit::testing::{Answer, Net, Persona, Visitor, act};

#[tokio::test]
async fn a_namesake_is_pointed_out_before_sending() {
    let net = Net::new();
    let twin = net.doctor.details.clone();
    let (clock, station) = (net.app.store.clock().clone(), net.station.id);
    act(&net.app.store, move |write| {
        let login = members::Login::parse("twin").unwrap();
        members::register(write, &clock, station, login, twin).unwrap();
    });
    let nurse = net.visitor(Persona::Member);
    let at = nurse.post("/mail/drafts", &[]).await.location;
    let doctor = net.doctor.id.to_string();
    let fields = [("version", "1"), ("subject", "件"), ("body", "文"), ("add", doctor.as_str())];
    let page = nurse.post(&at, &fields).await;
    assert!(nurse.get(&page.location).await.body.contains("同姓同名あり"));
    let confirm = nurse.get(&format!("{at}/confirm")).await.body;
    assert!(confirm.contains("同姓同名の職員がいます") && confirm.contains("みどり訪問看護"));
}

#[tokio::test]
async fn a_recipient_who_left_meanwhile_stops_the_mail_and_the_draft_stays() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let at = nurse.post("/mail/drafts", &[]).await.location;
    let doctor = net.doctor.id.to_string();
    let fields = [("version", "1"), ("subject", "件"), ("body", "文"), ("add", doctor.as_str())];
    nurse.post(&at, &fields).await;
    let mut left: Member = net.doctor.clone();
    left.details.retires = Some(jiff::civil::date(2026, 3, 31));
    act(&net.app.store, move |write| write.put(&left).unwrap());
    let answer = nurse.post(&format!("{at}/send"), &[("version", "2")]).await;
    assert_eq!(answer.status.as_u16(), 409);
    assert!(answer.body.contains("退職・異動"));
    assert_eq!(nurse.get(&at).await.status.as_u16(), 200);
}

/// A mailbox of the station that the nurse reads.
fn desk(net: &Net) -> Mailbox {
    let details = MailboxDetails {
        name: "訪看窓口".to_owned(),
        kana: "ホウカンマドグチ".to_owned(),
        members: vec![net.nurse.id],
        open: true,
    };
    let (clock, station) = (net.app.store.clock().clone(), net.station.id);
    act(&net.app.store, move |write| mailboxes::found(write, &clock, station, details).unwrap())
}

async fn written_as(nurse: &Visitor<'_>, net: &Net, sender: &str) -> (String, Answer) {
    let at = nurse.post("/mail/drafts", &[]).await.location;
    let doctor = net.doctor.id.to_string();
    let fields = [
        ("version", "1"),
        ("subject", "窓口から"),
        ("body", "文"),
        ("add", doctor.as_str()),
        ("sender", sender),
    ];
    let answer = nurse.post(&at, &fields).await;
    (at, answer)
}

#[tokio::test]
async fn a_letter_in_a_mailboxes_name_is_the_mailboxes_own() {
    let net = Net::new();
    let (desk, nurse, doctor) =
        (desk(&net), net.visitor(Persona::Member), net.visitor(Persona::Manager));
    let named = desk.id.to_string();
    let (at, _) = written_as(&nurse, &net, &named).await;
    let confirm = nurse.get(&format!("{at}/confirm")).await.body;
    assert!(confirm.contains("差出人") && confirm.contains("訪看窓口"), "shown on the last look");
    nurse.post(&format!("{at}/send"), &[("version", "2")]).await;
    let inbox = doctor.get("/mail/inbox").await.body;
    assert!(inbox.contains("訪看窓口"), "it comes from the mailbox");
    for folder in ["/mail/sent".to_owned(), format!("/mail/sent?box={named}")] {
        let page = nurse.get(&folder).await.body;
        assert!(page.contains("窓口から") && page.contains("開封 0/1"), "{folder}");
    }
    let (_, rest) = inbox.split_once("class=\"row is-unread\" href=\"").unwrap();
    let mail = rest.split('"').next().unwrap();
    doctor.get(mail).await;
    for folder in ["/mail/sent".to_owned(), format!("/mail/sent?box={named}")] {
        assert!(nurse.get(&folder).await.body.contains("全員開封"), "{folder}");
    }
    // A colleague who reads the mailbox sees the letter and its receipts; nobody else does.
    let reader = net.clerk.id;
    let mut read_by = desk.clone();
    read_by.members.push(reader);
    act(&net.app.store, move |write| write.put(&read_by).unwrap());
    let page = net.visitor(Persona::Office).get(&format!("{mail}?box={named}")).await.body;
    assert!(page.contains("1件の宛先のうち 1件が開封済"), "{page}");
    assert_eq!(net.visitor(Persona::Auditor).get(mail).await.status.as_u16(), 404);
    // The answer comes to the mailbox.
    let reply = doctor.post(&format!("{mail}/reply"), &[("how", "sender")]).await.location;
    assert!(doctor.get(&reply).await.body.contains("訪看窓口"));
}

#[tokio::test]
async fn nobody_writes_in_the_name_of_a_mailbox_that_others_read() {
    let net = Net::new();
    let mut theirs = desk(&net);
    theirs.members = vec![net.clerk.id];
    let (kept, named) = (theirs.clone(), theirs.id.to_string());
    act(&net.app.store, move |write| write.put(&kept).unwrap());
    let nurse = net.visitor(Persona::Member);
    let (at, answer) = written_as(&nurse, &net, &named).await;
    assert_eq!(answer.status.as_u16(), 422);
    assert!(answer.body.contains("差出人を選び直して") && answer.body.contains("窓口から"));
    assert!(!nurse.get(&at).await.body.contains("訪看窓口"));
}

#[tokio::test]
async fn who_reads_a_mailbox_no_more_sends_no_more_in_its_name() {
    let net = Net::new();
    let desk = desk(&net);
    let nurse = net.visitor(Persona::Member);
    let (at, _) = written_as(&nurse, &net, &desk.id.to_string()).await;
    let without = Mailbox { members: Vec::new(), ..desk };
    act(&net.app.store, move |write| write.put(&without).unwrap());
    let answer = nurse.post(&format!("{at}/send"), &[("version", "2")]).await;
    assert_eq!(answer.status.as_u16(), 409);
    assert!(answer.body.contains("担当から外れています"));
    assert!(nurse.get(&at).await.body.contains("窓口から"), "the draft stays");
}

#[tokio::test]
async fn who_reads_no_mailbox_is_not_asked_for_a_sender() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let at = nurse.post("/mail/drafts", &[]).await.location;
    assert!(!nurse.get(&at).await.body.contains("name=\"sender\""));
}

#[tokio::test]
async fn a_draft_thrown_away_by_mistake_is_taken_back_at_once() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let (at, _) = written_as(&nurse, &net, "").await;
    let thrown = nurse.post(&format!("{at}/discard"), &[]).await.location;
    let page = nurse.get(&thrown).await.body;
    assert!(page.contains("破棄を取り消して") && !page.contains("窓口から"));
    assert_eq!(nurse.post(&format!("{at}/take-back"), &[]).await.location, at);
    assert!(nurse.get("/mail/drafts").await.body.contains("窓口から"));
    assert!(!nurse.get("/mail/bin").await.body.contains("窓口から"));
}
