//! Shelves, and several mails at once.

use jiff::SignedDuration;

use crate::kit::testing::{Net, Persona};
use crate::mail::tests::send;

#[tokio::test]
async fn several_mails_are_put_away_and_come_back_together() {
    let net = Net::new();
    let mails = [send(&net), send(&net), send(&net)].map(|mail| mail.id.to_string());
    let nurse = net.visitor(Persona::Member);
    let mut fields = vec![("do", "bin"), ("back", "/mail/inbox")];
    fields.extend(mails.iter().take(2).map(|id| ("mail", id.as_str())));
    assert_eq!(nurse.post("/mail/many", &fields).await.location, "/mail/inbox");
    let count = |page: &str| page.matches("row-title").count();
    assert_eq!(count(&nurse.get("/mail/inbox").await.body), 1);
    assert_eq!(count(&nurse.get("/mail/bin").await.body), 2);
    fields[0] = ("do", "restore");
    nurse.post("/mail/many", &fields).await;
    assert_eq!(count(&nurse.get("/mail/inbox").await.body), 3);
}

#[tokio::test]
async fn mails_of_others_are_passed_over_in_silence() {
    let net = Net::new();
    let mail = send(&net).id.to_string();
    let auditor = net.visitor(Persona::Auditor);
    let answer = auditor.post("/mail/many", &[("do", "bin"), ("mail", &mail)]).await;
    assert_eq!(answer.status.as_u16(), 303);
    assert!(net.visitor(Persona::Member).get("/mail/inbox").await.body.contains("山田"));
}

#[tokio::test]
async fn a_form_leads_back_to_our_own_lists_only() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    for back in ["//evil.example/", "https://evil.example/mail/", "/mail/\\evil"] {
        let answer = nurse.post("/mail/many", &[("do", "bin"), ("back", back)]).await;
        assert_eq!(answer.location, "/mail/inbox", "{back}");
    }
}

#[tokio::test]
async fn somebody_elses_mailbox_does_not_exist() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    for named in [net.doctor.id.to_string(), "nonsense".to_owned()] {
        let answer = nurse.get(&format!("/mail/inbox?box={named}")).await;
        assert_eq!(answer.status.as_u16(), 404);
    }
}

#[tokio::test]
async fn the_bin_is_emptied_after_thirty_days_and_not_before() {
    let net = Net::new();
    let mail = send(&net);
    let nurse = net.visitor(Persona::Member);
    nurse.post(&format!("/mail/{}/bin", mail.id), &[]).await;
    let purge = async |net: &Net| {
        let app = net.app.clone();
        tokio::task::spawn_blocking(move || (crate::mail::PURGE.run)(&app)).await.unwrap().unwrap();
    };
    let still_there = |net: &Net| {
        let owner = crate::mail::model::Owner::member(net.nurse.id);
        let act = store::Act::new(store::Actor::System, "test", net.app.now());
        let found =
            net.app.store.glance(act, |view| crate::mail::tables::mail_of(view, &[owner], mail.id));
        found.unwrap().is_some()
    };
    net.app.store.clock().advance(SignedDuration::from_hours(30 * 24 - 1));
    purge(&net).await;
    assert!(still_there(&net));
    net.app.store.clock().advance(SignedDuration::from_hours(1));
    purge(&net).await;
    assert!(!still_there(&net));
}
