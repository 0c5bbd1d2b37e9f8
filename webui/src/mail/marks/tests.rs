//! What is done to a mail, and that receipts stay right in every order of events.

use jiff::SignedDuration;
use proptest::prelude::*;

use crate::kit::live::{Notice, Unread};
use crate::kit::testing::{Net, Persona, act};
use crate::mail::acts;
use crate::mail::model::{Entry, EntryState, Folder, Mail, Owner, Receipt};
use crate::mail::tables::entry_of;
use crate::mail::tests::send;

#[tokio::test]
async fn what_is_put_off_comes_back_with_a_notice() {
    let net = Net::new();
    let mail = send(&net);
    let nurse = net.visitor(Persona::Member);
    let base = format!("/mail/{}", mail.id);
    nurse.get(&base).await;
    nurse.post(&format!("{base}/later"), &[("until", "evening")]).await;
    assert!(!nurse.get("/mail/inbox").await.body.contains("row-title"));
    assert!(nurse.get("/mail/later").await.body.contains("今日 17:00"));
    // It was two in the afternoon.
    net.app.store.clock().advance(SignedDuration::from_hours(3));
    let app = net.app.clone();
    let woken = tokio::task::spawn_blocking(move || (crate::mail::WAKE.run)(&app)).await.unwrap();
    woken.unwrap();
    let key = (mail.id.bytes(), net.nurse.id);
    assert!(net.app.store.read(|read| read.get::<Notice>(&key)).unwrap().is_some());
    assert_eq!(folder(&net, &mail), Some(Folder::Inbox));
}

fn folder(net: &Net, mail: &Mail) -> Option<Folder> {
    entry(net, mail, net.nurse.id).map(|entry| entry.folder)
}

fn entry(
    net: &Net,
    mail: &Mail,
    member: store::Id<provisioning::members::Member>,
) -> Option<Entry> {
    let mail = mail.clone();
    act(&net.app.store, move |write| entry_of(write, Owner::member(member), &mail).unwrap())
}

#[tokio::test]
async fn a_star_is_found_again_and_taken_off() {
    let net = Net::new();
    let mail = send(&net);
    let nurse = net.visitor(Persona::Member);
    let star = format!("/mail/{}/star", mail.id);
    nurse.post(&star, &[("on", "yes")]).await;
    assert!(nurse.get("/mail/starred").await.body.contains("row-title"));
    nurse.post(&format!("/mail/{}/bin", mail.id), &[]).await;
    assert!(nurse.get("/mail/starred").await.body.contains("row-title"), "wherever it lies");
    nurse.post(&star, &[("on", "no")]).await;
    assert!(!nurse.get("/mail/starred").await.body.contains("row-title"));
}

#[tokio::test]
async fn what_is_taken_back_shows_that_it_was_there_and_nothing_else() {
    let net = Net::new();
    let mail = send(&net);
    let (nurse, doctor) = (net.visitor(Persona::Member), net.visitor(Persona::Manager));
    let base = format!("/mail/{}", mail.id);
    doctor.post(&format!("{base}/withdraw"), &[]).await;
    for path in ["/mail/inbox", &base, &format!("{base}/print"), &format!("{base}/print?all=yes")] {
        let page = nurse.get(path).await.body;
        assert!(!page.contains("本日の様子") && !page.contains("太郎様について"), "{path}");
    }
    assert!(nurse.get(&base).await.body.contains("取り消されました"));
    assert_eq!(nurse.get(&format!("{base}/eml")).await.status.as_u16(), 404);
    assert_eq!(nurse.post(&format!("{base}/reply"), &[]).await.status.as_u16(), 404);
    assert!(doctor.get(&base).await.body.contains("取消済"));
    let again = doctor.post(&format!("{base}/withdraw"), &[]).await;
    assert_eq!(again.status.as_u16(), 409);
}

#[tokio::test]
async fn who_has_opened_keeps_the_mail_when_it_is_taken_back_from_the_others() {
    let net = Net::new();
    let mail = send(&net);
    let nurse = net.visitor(Persona::Member);
    let base = format!("/mail/{}", mail.id);
    nurse.get(&base).await;
    net.visitor(Persona::Manager).post(&format!("{base}/withdraw"), &[]).await;
    assert!(nurse.get(&base).await.body.contains("本日の様子"));
    let clerk = net.visitor(Persona::Office).get(&base).await.body;
    assert!(clerk.contains("取り消されました") && !clerk.contains("本日の様子"));
}

#[tokio::test]
async fn nobody_is_nudged_twice_within_ten_minutes() {
    let net = Net::new();
    let mail = send(&net);
    let doctor = net.visitor(Persona::Manager);
    let remind = format!("/mail/{}/remind", mail.id);
    assert_eq!(doctor.post(&remind, &[]).await.status.as_u16(), 303);
    assert_eq!(doctor.post(&remind, &[]).await.status.as_u16(), 409);
    net.app.store.clock().advance(SignedDuration::from_mins(10));
    assert_eq!(doctor.post(&remind, &[]).await.status.as_u16(), 303);
    let nurse = net.visitor(Persona::Member);
    assert!(nurse.get("/mail/inbox").await.body.contains("お知らせ再送"));
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Open,
    Bin,
    Restore,
    Later,
    Done,
    Undone,
    Remind,
    Withdraw,
    Answer,
}

fn events() -> impl Strategy<Value = Vec<(bool, Event)>> {
    let one = prop_oneof![
        Just(Event::Open),
        Just(Event::Bin),
        Just(Event::Restore),
        Just(Event::Later),
        Just(Event::Done),
        Just(Event::Undone),
        Just(Event::Remind),
        Just(Event::Withdraw),
        Just(Event::Answer),
    ];
    prop::collection::vec((any::<bool>(), one), 0..14)
}

/// Two readers and a sender do things in any order; what cannot be done then changes nothing.
fn play(net: &Net, mail: &Mail, steps: Vec<(bool, Event)>) {
    let (id, sender) = (mail.id, Owner::member(net.doctor.id));
    for (first, event) in steps {
        net.app.store.clock().advance(SignedDuration::from_mins(11));
        let (by, now) = (if first { net.nurse.id } else { net.clerk.id }, net.app.now());
        let owner = Owner::member(by);
        act(&net.app.store, move |write| {
            let later = now + SignedDuration::from_hours(1);
            let done = match event {
                Event::Open => acts::open(write, owner, by, id, now).map(drop),
                Event::Bin => acts::move_to_bin(write, owner, by, id, now),
                Event::Restore => acts::restore(write, owner, id, now),
                Event::Later => acts::put_off(write, owner, by, id, later, now),
                Event::Done => acts::set_done(write, owner, by, id, true, now),
                Event::Undone => acts::set_done(write, owner, by, id, false, now),
                Event::Remind => acts::remind(write, sender, id, now).map(drop),
                Event::Withdraw => acts::withdraw(write, sender, id, now).map(drop),
                Event::Answer => acts::note_answer(write, id, owner, by, now).map_err(Into::into),
            };
            drop(done);
        });
    }
}

fn check(net: &Net, mail: &Mail) {
    let mut opened = 0;
    for member in [net.nurse.id, net.clerk.id] {
        let entry = entry(net, mail, member).expect("one entry, in one folder");
        let key = (mail.id, Owner::member(member));
        let receipt: Option<Receipt> = net.app.store.read(|read| read.get(&key)).unwrap();
        let receipt = receipt.unwrap_or(Receipt::unopened(mail.id, Owner::member(member)));
        assert_eq!(receipt.opened.is_some(), entry.state == EntryState::Opened);
        assert_eq!(receipt.withdrawn_at.is_some(), entry.state == EntryState::Withdrawn);
        let unread = entry.folder == Folder::Inbox && entry.state == EntryState::Unopened;
        let counted = net.app.store.read(|read| read.counter::<Unread>(&member)).unwrap();
        assert_eq!(counted, i64::from(unread), "the badge");
        let notice = (mail.id.bytes(), member);
        let notice: Option<Notice> = net.app.store.read(|read| read.get(&notice)).unwrap();
        assert!(notice.is_none() || entry.state == EntryState::Unopened, "ends when read");
        opened += u16::from(entry.state == EntryState::Opened);
    }
    let sent = entry(net, mail, net.doctor.id).unwrap();
    assert_eq!(sent.state, EntryState::Sent { opened, recipients: 2 });
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]
    #[test]
    fn receipts_are_right_in_every_order_of_events(steps in events()) {
        let net = Net::new();
        let mail = send(&net);
        play(&net, &mail, steps);
        check(&net, &mail);
    }
}
