//! The last look, and what stops a mail at the last moment.

use provisioning::members::{self, Member};

use crate::kit::testing::{Net, Persona, act};

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
