//! Reading mail: receipts, the badge, the bin, and whose mail it is.

use store::Id;

use super::delivery;
use super::model::{EntryState, Folder, Mail, Owner, Person};
use super::tables;
use crate::kit::live::{Notice, Unread};
use crate::kit::testing::{Net, Persona, act};

/// From the doctor to the nurse and the office's clerk.
pub fn send(net: &Net) -> Mail {
    let recipients = [Person::new(&net.nurse, &net.station), Person::new(&net.clerk, &net.office)];
    let mail = Mail::plain(
        net.app.store.clock().id(),
        Person::new(&net.doctor, &net.clinic),
        recipients,
        "山田　太郎様について".to_owned(),
        "お世話になっております。\n本日の様子です。".to_owned(),
        net.app.now(),
    );
    let delivered = mail.clone();
    act(&net.app.store, move |write| delivery::deliver(write, &delivered).unwrap());
    mail
}

fn unread(net: &Net) -> i64 {
    net.app.store.read(|read| read.counter::<Unread>(&net.nurse.id)).unwrap()
}

fn has_notice(net: &Net, mail: &Mail) -> bool {
    let key = (mail.id.bytes(), net.nurse.id);
    net.app.store.read(|read| read.get::<Notice>(&key)).unwrap().is_some()
}

fn sent_state(net: &Net, mail: &Mail) -> EntryState {
    let act = store::Act::new(store::Actor::System, "test", net.app.now());
    let found = net
        .app
        .store
        .glance(act, |view| tables::mail_of(view, &[Owner::member(net.doctor.id)], mail.id));
    found.unwrap().unwrap().1.state
}

#[tokio::test]
async fn opening_changes_receipt_badge_and_notice_together_and_once() {
    let net = Net::new();
    let mail = send(&net);
    assert_eq!((unread(&net), has_notice(&net, &mail)), (1, true));
    let nurse = net.visitor(Persona::Member);
    for _ in 0..2 {
        let page = nurse.get(&format!("/mail/{}", mail.id)).await;
        assert!(page.body.contains("本日の様子です。"));
        assert!(!page.body.contains("開封確認"), "receipts are the sender's");
    }
    assert_eq!((unread(&net), has_notice(&net, &mail)), (0, false));
    assert_eq!(sent_state(&net, &mail), EntryState::Sent { opened: 1, recipients: 2 });
}

#[tokio::test]
async fn the_sender_sees_who_opened_and_who_did_not() {
    let net = Net::new();
    let mail = send(&net);
    net.visitor(Persona::Member).get(&format!("/mail/{}", mail.id)).await;
    let page = net.visitor(Persona::Manager).get(&format!("/mail/{}", mail.id)).await.body;
    assert!(page.contains("2件の宛先のうち 1件が開封済"), "{page}");
    assert!(page.contains("未開封"));
}

#[tokio::test]
async fn a_browser_that_fetches_ahead_opens_nothing() {
    let net = Net::new();
    let mail = send(&net);
    let nurse = net.visitor(Persona::Member);
    let request = nurse
        .request("GET", &format!("/mail/{}", mail.id))
        .header("sec-purpose", "prefetch;prerender")
        .body(axum::body::Body::empty())
        .unwrap();
    nurse.send(request).await;
    assert_eq!(unread(&net), 1);
}

#[tokio::test]
async fn mail_of_others_does_not_exist() {
    let net = Net::new();
    let mail = send(&net);
    let auditor = net.visitor(Persona::Auditor);
    for path in ["", "/print", "/files/0"] {
        let answer = auditor.get(&format!("/mail/{}{path}", mail.id)).await;
        assert_eq!(answer.status.as_u16(), 404);
        assert!(!answer.body.contains("山田"));
    }
    let unknown = auditor.get(&format!("/mail/{}", Id::<Mail>::from_bytes([7; 16]))).await;
    assert_eq!(unknown.status.as_u16(), 404);
    assert_eq!(auditor.get("/mail/no-id-at-all").await.status.as_u16(), 404);
}

#[tokio::test]
async fn what_is_thrown_away_comes_back_as_it_was() {
    let net = Net::new();
    let mail = send(&net);
    let nurse = net.visitor(Persona::Member);
    nurse.post(&format!("/mail/{}/bin", mail.id), &[]).await;
    assert_eq!((unread(&net), has_notice(&net, &mail)), (0, false));
    assert!(nurse.get("/mail/bin").await.body.contains("山田　太郎様について"));
    nurse.post(&format!("/mail/{}/restore", mail.id), &[]).await;
    assert_eq!(unread(&net), 1);
    assert!(nurse.get("/mail/inbox").await.body.contains("山田　太郎様について"));
}

#[tokio::test]
async fn a_folder_goes_on_where_its_page_ends() {
    let net = Net::new();
    for _ in 0..60 {
        net.app.store.clock().advance(jiff::SignedDuration::from_secs(60));
        send(&net);
    }
    let nurse = net.visitor(Persona::Member);
    let first = nurse.get("/mail/inbox").await.body;
    let rows = |page: &str| page.matches("class=\"row is-unread\"").count();
    assert_eq!(rows(&first), 50);
    let (_, rest) = first.split_once("/mail/inbox?after=").unwrap();
    let cursor = rest.split('"').next().unwrap();
    let second = nurse.get(&format!("/mail/inbox?after={cursor}")).await.body;
    assert_eq!(rows(&second), 10);
    // A cursor of somebody else's folder leads nowhere.
    let auditor = net.visitor(Persona::Auditor);
    let foreign = auditor.get(&format!("/mail/inbox?after={cursor}")).await.body;
    assert_eq!(rows(&foreign), 0);
}

#[test]
fn folders_have_numbers_that_stand_in_keys() {
    assert_eq!(Folder::ALL.map(Folder::number), [0, 1, 2, 3, 4]);
}
