//! Second thoughts, sending later, and what cannot leave.

use jiff::SignedDuration;
use provisioning::members::Member;

use super::run::send_due;
use crate::kit::live::Unread;
use crate::kit::testing::{Answer, Net, Persona, Visitor, act};

/// A complete letter from the nurse to the doctor, at its last look.
async fn written(net: &Net, nurse: &Visitor<'_>) -> String {
    let at = nurse.post("/mail/drafts", &[]).await.location;
    let doctor = net.doctor.id.to_string();
    let fields =
        [("version", "1"), ("subject", "明日の訪問"), ("body", "文"), ("add", doctor.as_str())];
    nurse.post(&at, &fields).await;
    at
}

async fn send(nurse: &Visitor<'_>, at: &str, fields: &[(&str, &str)]) -> Answer {
    let all: Vec<_> = [("version", "2")].iter().chain(fields).copied().collect();
    nurse.post(&format!("{at}/send"), &all).await
}

fn arrived(net: &Net) -> i64 {
    net.app.store.read(|read| read.counter::<Unread>(&net.doctor.id)).unwrap()
}

async fn pass(net: &Net, time: SignedDuration) {
    net.app.store.clock().advance(time);
    send_due(&net.app).await;
}

#[tokio::test]
async fn a_mail_leaves_after_the_time_for_second_thoughts_and_only_once() {
    let net = Net::with_undo();
    let nurse = net.visitor(Persona::Member);
    let at = written(&net, &nurse).await;
    assert_eq!(send(&nurse, &at, &[]).await.location, format!("{at}/confirm"));
    assert!(nurse.get("/mail/outbox").await.body.contains("明日の訪問"));
    pass(&net, SignedDuration::from_secs(14)).await;
    assert_eq!(arrived(&net), 0);
    pass(&net, SignedDuration::from_secs(1)).await;
    pass(&net, SignedDuration::from_secs(60)).await;
    assert_eq!(arrived(&net), 1);
    assert!(!nurse.get("/mail/outbox").await.body.contains("明日の訪問"));
    assert!(nurse.get("/mail/sent").await.body.contains("明日の訪問"));
    assert_eq!(nurse.get(&at).await.status.as_u16(), 404, "the draft became the mail");
}

#[tokio::test]
async fn what_is_taken_back_in_time_is_a_draft_again_and_never_arrives() {
    let net = Net::with_undo();
    let nurse = net.visitor(Persona::Member);
    let at = written(&net, &nurse).await;
    send(&nurse, &at, &[]).await;
    assert_eq!(nurse.post(&format!("{at}/take-back"), &[]).await.location, at);
    pass(&net, SignedDuration::from_mins(5)).await;
    assert_eq!(arrived(&net), 0);
    assert!(nurse.get(&at).await.body.contains("明日の訪問"));
    assert!(nurse.get("/mail/drafts").await.body.contains("明日の訪問"));
}

#[tokio::test]
async fn a_mail_on_its_way_is_not_changed_by_a_window_that_was_left_open() {
    let net = Net::with_undo();
    let nurse = net.visitor(Persona::Member);
    let at = written(&net, &nurse).await;
    send(&nurse, &at, &[]).await;
    let fields = [("version", "3"), ("subject", "別の件名"), ("body", "文")];
    assert_eq!(nurse.post(&at, &fields).await.status.as_u16(), 409);
    assert_eq!(send(&nurse, &at, &[]).await.status.as_u16(), 409);
    assert_eq!(nurse.post(&format!("{at}/discard"), &[]).await.status.as_u16(), 409);
    pass(&net, SignedDuration::from_secs(20)).await;
    assert_eq!(arrived(&net), 1);
}

#[tokio::test]
async fn a_mail_for_later_leaves_at_its_moment() {
    let net = Net::with_undo();
    let nurse = net.visitor(Persona::Member);
    let at = written(&net, &nurse).await;
    // It is two in the afternoon in Japan.
    let later = [("when", "later"), ("date", "令和8年4月2日"), ("time", "8:30")];
    assert_eq!(send(&nurse, &at, &later).await.location, format!("{at}/confirm"));
    pass(&net, SignedDuration::from_hours(18)).await;
    assert_eq!(arrived(&net), 0);
    pass(&net, SignedDuration::from_mins(30)).await;
    assert_eq!(arrived(&net), 1);
}

#[tokio::test]
async fn a_moment_that_is_over_or_unreadable_is_refused_and_the_draft_stays() {
    let net = Net::with_undo();
    let nurse = net.visitor(Persona::Member);
    let at = written(&net, &nurse).await;
    for (date, time) in [("令和8年4月1日", "8:30"), ("きのう", "8:30"), ("2026/4/2", "朝")]
    {
        let answer = send(&nurse, &at, &[("when", "later"), ("date", date), ("time", time)]).await;
        assert_eq!(answer.status.as_u16(), 422, "{date} {time}");
        assert!(answer.body.contains("field-error"), "said beside its field");
    }
    assert!(nurse.get(&at).await.body.contains("明日の訪問"));
}

#[tokio::test]
async fn what_cannot_leave_any_more_lies_among_the_drafts_and_its_writer_hears() {
    let net = Net::with_undo();
    let nurse = net.visitor(Persona::Member);
    let at = written(&net, &nurse).await;
    send(&nurse, &at, &[]).await;
    let mut left: Member = net.doctor.clone();
    left.details.retires = Some(jiff::civil::date(2026, 3, 31));
    act(&net.app.store, move |write| write.put(&left).unwrap());
    pass(&net, SignedDuration::from_secs(20)).await;
    assert_eq!(arrived(&net), 0);
    assert!(nurse.get("/mail/drafts").await.body.contains("送信できませんでした"));
    assert!(nurse.get(&at).await.body.contains("明日の訪問"));
}
