//! What is done to a mail, and that receipts stay right in every order of events.

use jiff::SignedDuration;
use proptest::prelude::*;
use provisioning::mailboxes::{self, Mailbox, MailboxDetails};
use provisioning::members::Member;
use store::Id;

use crate::kit::live::{Notice, Unread};
use crate::kit::testing::{Net, Persona, act};
use crate::kit::waiting;
use crate::mail::model::{Entry, EntryState, Folder, Mail, Owner, Person, Receipt};
use crate::mail::tables::entry_of;
use crate::mail::tests::send;
use crate::mail::{acts, delivery, reminding};

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
                Event::Remind => reminding::remind(write, sender, id, now).map(drop),
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

#[derive(Clone, Copy, Debug)]
enum Shared {
    Open,
    Bin,
    Restore,
    Later,
    Done,
    Undone,
    Take,
    GiveBack,
    Remind,
    Withdraw,
}

fn shared_events() -> impl Strategy<Value = Vec<(bool, Shared)>> {
    let one = prop_oneof![
        Just(Shared::Open),
        Just(Shared::Bin),
        Just(Shared::Restore),
        Just(Shared::Later),
        Just(Shared::Done),
        Just(Shared::Undone),
        Just(Shared::Take),
        Just(Shared::GiveBack),
        Just(Shared::Remind),
        Just(Shared::Withdraw),
    ];
    prop::collection::vec((any::<bool>(), one), 0..14)
}

/// The station's mailbox, read by the nurse and the clerk, and a letter to it.
fn letter_to_desk(net: &Net) -> (Mailbox, Mail) {
    let (nurse, clerk, clock) = (net.nurse.id, net.clerk.id, net.app.store.clock().clone());
    let (station, doctor) = (net.station.clone(), Person::new(&net.doctor, &net.clinic));
    act(&net.app.store, move |write| {
        let details = MailboxDetails {
            name: "窓口".to_owned(),
            kana: String::new(),
            members: vec![nurse],
            open: true,
        };
        let mut desk = mailboxes::found(write, &clock, station.id, details).unwrap();
        desk.members.push(clerk);
        write.put(&desk).unwrap();
        let to = [Person::mailbox(&desk, &station)];
        let (subject, body) = ("転院".to_owned(), "文".to_owned());
        let mail = Mail::plain(clock.id(), doctor, to, subject, body, clock.now());
        delivery::deliver(write, &mail).unwrap();
        (desk, mail)
    })
}

fn waits(net: &Net, desk: &Mailbox) -> i64 {
    net.app.store.read(|read| waiting::count(read, desk.id)).unwrap()
}

fn has_notice(net: &Net, mail: &Mail, member: Id<Member>) -> bool {
    let key = (mail.id.bytes(), member);
    net.app.store.read(|read| read.get::<Notice>(&key)).unwrap().is_some()
}

fn play_shared(net: &Net, desk: &Mailbox, mail: &Mail, steps: Vec<(bool, Shared)>) {
    let (id, sender) = (mail.id, Owner::member(net.doctor.id));
    for (first, event) in steps {
        net.app.store.clock().advance(SignedDuration::from_mins(11));
        let member = if first { net.nurse.clone() } else { net.clerk.clone() };
        let (owner, by, now) = (Owner::mailbox(desk.id), member.id, net.app.now());
        let desk = desk.clone();
        act(&net.app.store, move |write| {
            let later = now + SignedDuration::from_hours(1);
            let done = match event {
                Shared::Open => acts::open(write, owner, by, id, now).map(drop),
                Shared::Bin => acts::move_to_bin(write, owner, by, id, now),
                Shared::Restore => acts::restore(write, owner, id, now),
                Shared::Later => acts::put_off(write, owner, by, id, later, now),
                Shared::Done => acts::set_done(write, owner, by, id, true, now),
                Shared::Undone => acts::set_done(write, owner, by, id, false, now),
                Shared::Take => acts::take_charge(write, &desk, &member, id, true, now),
                Shared::GiveBack => acts::take_charge(write, &desk, &member, id, false, now),
                Shared::Remind => reminding::remind(write, sender, id, now).map(drop),
                Shared::Withdraw => acts::withdraw(write, sender, id, now).map(drop),
            };
            drop(done);
        });
    }
}

#[tokio::test]
async fn a_colleague_who_looks_ends_the_notice_and_one_who_takes_charge_the_wait() {
    let net = Net::new();
    let (desk, mail) = letter_to_desk(&net);
    let (nurse, clerk) = (net.visitor(Persona::Member), net.visitor(Persona::Office));
    let badge = |page: &str| {
        let (_, rest) = page.split_once("data-unread-number>").unwrap();
        rest.split('<').next().unwrap().to_owned()
    };
    assert!(has_notice(&net, &mail, net.clerk.id) && has_notice(&net, &mail, net.nurse.id));
    assert_eq!(badge(&clerk.get("/directory").await.body), "1");
    let at = format!("/mail/{}?box={}", mail.id, desk.id);
    nurse.get(&at).await;
    assert!(!has_notice(&net, &mail, net.clerk.id), "a colleague has looked");
    assert_eq!(badge(&clerk.get("/directory").await.body), "1", "nobody has taken charge");
    let inbox = clerk.get("/mail/inbox").await.body;
    assert!(inbox.contains("担当なし 1"), "labelled apart from one's own");
    assert!(clerk.get("/").await.body.contains("新着メールはありません"));
    let named = desk.id.to_string();
    let take = [("box", named.as_str()), ("on", "yes")];
    nurse.post(&format!("/mail/{}/charge", mail.id), &take).await;
    assert_eq!(badge(&clerk.get("/directory").await.body), "0");
    let back = [("box", named.as_str()), ("on", "no")];
    nurse.post(&format!("/mail/{}/charge", mail.id), &back).await;
    assert_eq!(badge(&clerk.get("/directory").await.body), "1");
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]
    #[test]
    fn what_waits_for_somebody_is_counted_right_in_every_order(steps in shared_events()) {
        let net = Net::new();
        let (desk, mail) = letter_to_desk(&net);
        play_shared(&net, &desk, &mail, steps);
        let (owner, kept) = (Owner::mailbox(desk.id), mail.clone());
        let entry = act(&net.app.store, move |write| entry_of(write, owner, &kept).unwrap());
        let entry = entry.expect("one entry, in one folder");
        let received = matches!(entry.state, EntryState::Unopened | EntryState::Opened);
        let expected = received && entry.folder == Folder::Inbox && entry.marks.charge.is_none();
        prop_assert_eq!(waits(&net, &desk), i64::from(expected));
        let opened = entry.state == EntryState::Opened;
        for member in [net.nurse.id, net.clerk.id] {
            prop_assert!(!(opened && has_notice(&net, &mail, member)), "ends for all who read it");
        }
    }
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
