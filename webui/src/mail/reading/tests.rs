//! A conversation, and that reading one part of it opens no other.

use crate::kit::testing::{Net, Persona, act};
use crate::mail::delivery;
use crate::mail::model::{Mail, Person};
use crate::mail::tests::send;

/// The clerk's answer to everybody.
fn answer(net: &Net, mail: &Mail) -> Mail {
    let to = [Person::new(&net.nurse, &net.station), Person::new(&net.doctor, &net.clinic)];
    let (id, clerk) = (net.app.store.clock().id(), Person::new(&net.clerk, &net.office));
    net.app.store.clock().advance(jiff::SignedDuration::from_mins(1));
    let words = ("Re: 件".to_owned(), "返事の本文".to_owned());
    let answer = Mail::plain(id, clerk, to, words.0, words.1, net.app.now());
    let answer = Mail { answers: Some(mail.id), thread: mail.thread, ..answer };
    let delivered = answer.clone();
    act(&net.app.store, move |write| delivery::deliver(write, &delivered).unwrap());
    answer
}

#[tokio::test]
async fn a_conversation_is_shown_and_what_is_unopened_stays_so() {
    let net = Net::new();
    let mail = send(&net);
    let answer = answer(&net, &mail);
    let nurse = net.visitor(Persona::Member);
    let page = nurse.get(&format!("/mail/{}", mail.id)).await.body;
    assert!(page.contains("この会話") && page.contains("未読のメールを開く"));
    assert!(!page.contains("返事の本文"));
    let paper = nurse.get(&format!("/mail/{}/print?all=yes", mail.id)).await.body;
    assert!(!paper.contains("返事の本文") && paper.contains("ほかに1通"));
    nurse.get(&format!("/mail/{}", answer.id)).await;
    let paper = nurse.get(&format!("/mail/{}/print?all=yes", mail.id)).await.body;
    assert!(paper.contains("返事の本文") && paper.contains("本日の様子"));
}

#[tokio::test]
async fn a_conversation_holds_only_what_came_to_oneself() {
    let net = Net::new();
    let mail = send(&net);
    answer(&net, &mail);
    let clerk = net.visitor(Persona::Office);
    let page = clerk.get(&format!("/mail/{}", mail.id)).await.body;
    assert!(page.contains("返事の本文"), "one's own letter is no secret");
    let auditor = net.visitor(Persona::Auditor);
    let paper = auditor.get(&format!("/mail/{}/print?all=yes", mail.id)).await;
    assert_eq!(paper.status.as_u16(), 404);
}
