//! An urgent mail is not forgotten, and nobody learns what it says.

use jiff::SignedDuration;
use provisioning::mailboxes::SecondContact;
use provisioning::members::{self, Job, Login, MemberDetails};
use store::Id;

use super::job;
use crate::kit::live::{Notice, NoticeKind};
use crate::kit::testing::{Net, Persona, act};
use crate::mail::delivery;
use crate::mail::model::{Importance, Mail, Person};

/// From the doctor to a colleague of the nurse, who is that facility's second contact.
fn send(net: &Net, importance: Importance) -> (Mail, Id<members::Member>) {
    let (clock, station) = (net.app.store.clock().clone(), net.station.id);
    let details = MemberDetails { job: Job::Nurse, ..net.nurse.details.clone() };
    let reader = act(&net.app.store, move |write| {
        members::register(write, &clock, station, Login::parse("reader").unwrap(), details).unwrap()
    });
    let mail = Mail::plain(
        net.app.store.clock().id(),
        Person::new(&net.doctor, &net.clinic),
        [Person::new(&reader, &net.station)],
        "山田　太郎様の急変".to_owned(),
        "至急お願いします".to_owned(),
        net.app.now(),
    );
    let mail = Mail { importance, ..mail };
    let delivered = mail.clone();
    let contact = SecondContact { facility: net.station.id, member: net.nurse.id };
    act(&net.app.store, move |write| {
        delivery::deliver(write, &delivered).unwrap();
        write.put(&contact).unwrap();
    });
    (mail, reader.id)
}

fn kind(net: &Net, mail: &Mail, member: Id<members::Member>) -> Option<NoticeKind> {
    let key = (mail.id.bytes(), member);
    let notice: Option<Notice> = net.app.store.read(|read| read.get(&key)).unwrap();
    notice.map(|notice| notice.kind)
}

async fn minutes(net: &Net, count: i64) {
    net.app.store.clock().advance(SignedDuration::from_mins(count));
    let app = net.app.clone();
    tokio::task::spawn_blocking(move || job::run(&app)).await.unwrap().unwrap();
}

#[tokio::test]
async fn its_reader_is_reminded_and_then_the_second_contact_is_told() {
    let net = Net::new();
    let (mail, reader) = send(&net, Importance::Urgent);
    minutes(&net, 14).await;
    assert_eq!(kind(&net, &mail, reader), Some(NoticeKind::Mail));
    minutes(&net, 1).await;
    assert_eq!(kind(&net, &mail, reader), Some(NoticeKind::Reminder));
    assert_eq!(kind(&net, &mail, net.nurse.id), None);
    minutes(&net, 15).await;
    assert_eq!(kind(&net, &mail, net.nurse.id), Some(NoticeKind::Escalation));
    let nurse = net.visitor(Persona::Member);
    let page = nurse.get(&format!("/mail/{}/urgent", mail.id)).await.body;
    assert!(page.contains("声をかけて") && !page.contains("山田") && !page.contains("至急お願い"));
    assert_eq!(nurse.get(&format!("/mail/{}", mail.id)).await.status.as_u16(), 404);
    assert!(nurse.get("/").await.body.contains("緊急のメールが開かれていません"));
    nurse.post(&format!("/mail/{}/urgent", mail.id), &[]).await;
    assert_eq!(kind(&net, &mail, net.nurse.id), None);
}

#[tokio::test]
async fn whoever_opened_it_ends_the_chase_for_everybody() {
    let net = Net::new();
    let (mail, reader) = send(&net, Importance::Urgent);
    minutes(&net, 15).await;
    minutes(&net, 15).await;
    let (id, now) = (mail.id, net.app.now());
    act(&net.app.store, move |write| {
        let owner = crate::mail::model::Owner::member(reader);
        crate::mail::acts::open(write, owner, reader, id, now).unwrap();
    });
    assert_eq!(kind(&net, &mail, net.nurse.id), None);
    minutes(&net, 60).await;
    assert_eq!(kind(&net, &mail, reader), None);
}

#[tokio::test]
async fn what_is_not_urgent_waits_in_peace() {
    let net = Net::new();
    let (mail, reader) = send(&net, Importance::Important);
    minutes(&net, 60).await;
    assert_eq!(kind(&net, &mail, reader), Some(NoticeKind::Mail));
    assert_eq!(kind(&net, &mail, net.nurse.id), None);
}
