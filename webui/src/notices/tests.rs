//! The bell: what came stands there until it was looked at, and leads to its thing.

use store::Order;

use crate::kit::bell::{BellRow, What, rows_of};
use crate::kit::live::{Notice, Unread};
use crate::kit::testing::{Net, Persona, act};
use crate::mail::acts as mails;
use crate::mail::delivery;
use crate::mail::model::{Importance, Mail, Owner, Person};

/// From the doctor to the nurse.
pub fn send(net: &Net, importance: Importance) -> Mail {
    let mail = Mail::plain(
        net.app.store.clock().id(),
        Person::new(&net.doctor, &net.clinic),
        [Person::new(&net.nurse, &net.station)],
        "山田　太郎様について".to_owned(),
        "お世話になっております。".to_owned(),
        net.app.now(),
    );
    let mail = Mail { importance, ..mail };
    let delivered = mail.clone();
    act(&net.app.store, move |write| delivery::deliver(write, &delivered).unwrap());
    mail
}

fn bell(net: &Net) -> Vec<BellRow> {
    let nurse = net.nurse.id;
    net.app.store.read(|read| rows_of(read, nurse)).unwrap()
}

#[tokio::test]
async fn what_came_stands_at_the_bell_until_it_is_opened() {
    let net = Net::new();
    let mail = send(&net, Importance::Normal);
    let nurse = net.visitor(Persona::Member);
    let page = nurse.get("/notices").await.body;
    assert!(page.contains("新着メール") && page.contains("佐藤 doctor"), "{page}");
    assert!(!page.contains("山田"), "the page names no subject");
    let at = format!("/mail/{}", mail.id);
    assert!(page.contains(&format!("href=\"{at}\"")));
    nurse.get(&at).await;
    assert!(bell(&net).is_empty());
    assert!(nurse.get("/notices").await.body.contains("新しい通知はありません"));
}

#[tokio::test]
async fn all_or_one_may_be_put_away_and_the_mails_stay_unopened() {
    let net = Net::new();
    let (first, _) = (send(&net, Importance::Normal), send(&net, Importance::Urgent));
    let nurse = net.visitor(Persona::Member);
    let page = nurse.get("/notices").await.body;
    assert!(page.contains("data-bell-number>2<"), "{page}");
    let about = first.id.to_string();
    nurse.post("/notices/read", &[("about", &about)]).await;
    assert_eq!(bell(&net).len(), 1);
    nurse.post("/notices/read", &[]).await;
    assert!(bell(&net).is_empty());
    let (unread, notices) = net
        .app
        .store
        .read(|read| {
            let unread = read.counter::<Unread>(&net.nurse.id)?;
            let rows = read.page::<Notice>(&(), Order::Ascending, None, 10)?.rows;
            Ok::<_, store::StoreError>((unread, rows.len()))
        })
        .unwrap();
    assert_eq!((unread, notices), (2, 0));
}

#[tokio::test]
async fn nobody_ends_the_notice_of_somebody_else() {
    let net = Net::new();
    let about = send(&net, Importance::Normal).id.to_string();
    net.visitor(Persona::Manager).post("/notices/read", &[("about", &about)]).await;
    net.visitor(Persona::Manager).post("/notices/read", &[]).await;
    assert_eq!(bell(&net).len(), 1);
}

#[test]
fn a_mail_that_was_taken_back_is_said_to_be() {
    let net = Net::new();
    let mail = send(&net, Importance::Normal);
    let (sender, id, now) = (Owner::member(net.doctor.id), mail.id, net.app.now());
    act(&net.app.store, move |write| mails::withdraw(write, sender, id, now).unwrap());
    assert_eq!(bell(&net).iter().map(|row| row.what).collect::<Vec<_>>(), [What::Withdrawn]);
    let (owner, by) = (Owner::member(net.nurse.id), net.nurse.id);
    act(&net.app.store, move |write| mails::open(write, owner, by, id, now).unwrap());
    assert!(bell(&net).is_empty());
}

#[test]
fn one_that_nobody_was_told_of_any_more_is_not_spoken_of_when_taken_back() {
    let net = Net::new();
    let mail = send(&net, Importance::Normal);
    let (sender, id, now) = (Owner::member(net.doctor.id), mail.id, net.app.now());
    let nurse = net.nurse.id;
    act(&net.app.store, move |write| {
        super::end(write, nurse, id.bytes()).unwrap();
        mails::withdraw(write, sender, id, now).unwrap();
    });
    assert!(bell(&net).is_empty());
}

#[tokio::test]
async fn devices_that_want_an_answer_are_listed_with_what_ends_soon() {
    let net = Net::new();
    net.app.store.clock().advance(jiff::SignedDuration::from_hours(24 * 83));
    let page = net.visitor(Persona::Member).get("/notices").await.body;
    assert!(page.contains("パスワードの有効期限まで あと7日"), "{page}");
}

#[tokio::test]
async fn what_an_earlier_version_told_stands_at_the_bell_too_and_is_filled_in_once() {
    let net = Net::new();
    let mail = send(&net, Importance::Normal);
    let key = (net.nurse.id, mail.id.bytes());
    act(&net.app.store, move |write| write.delete::<BellRow>(&key).unwrap());
    assert!(bell(&net).is_empty());
    for _ in 0..2 {
        let app = net.app.clone();
        tokio::task::spawn_blocking(move || super::chores::fill(&app)).await.unwrap().unwrap();
        assert_eq!(bell(&net).len(), 1);
    }
    act(&net.app.store, move |write| write.delete::<BellRow>(&key).unwrap());
    let app = net.app.clone();
    tokio::task::spawn_blocking(move || super::chores::fill(&app)).await.unwrap().unwrap();
    assert!(bell(&net).is_empty(), "only once");
}

#[tokio::test]
async fn hostile_ids_are_no_notices() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    for about in ["x", "../..", "00000000-0000-0000-0000-000000000000"] {
        let answer = nurse.post("/notices/read", &[("about", about)]).await;
        assert_eq!(answer.status.as_u16(), 303, "{about}");
    }
}
