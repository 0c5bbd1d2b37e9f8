//! What the office sees of notices outside.

use jiff::SignedDuration;

use crate::kit::testing::{Net, Persona, act};
use crate::notices::outside::{
    Dead, Health, Holder, Outside, OutsidePolicy, Reason, Smtp, SmtpTls, Trouble,
};

fn net() -> Net {
    let smtp = Smtp {
        host: "127.0.0.1".to_owned(),
        port: 1,
        tls: SmtpTls::None,
        access: None,
        from: "tsuchi@aoba.example".to_owned(),
        ca: None,
        bundle: SignedDuration::from_mins(30),
    };
    Net::with_outside(Outside { smtp: Some(smtp), push: None })
}

#[tokio::test]
async fn a_box_without_a_mail_server_says_so_and_the_desk_does_not_lead_there() {
    let net = Net::new();
    let clerk = net.visitor(Persona::Office);
    assert!(clerk.get("/office/notices").await.body.contains("使っていません"));
    assert!(!clerk.get("/office").await.body.contains("/office/notices"));
}

#[tokio::test]
async fn the_office_decides_who_may_have_an_address() {
    let net = net();
    let clerk = net.visitor(Persona::Office);
    assert!(clerk.get("/office").await.body.contains("/office/notices"));
    let wrong = [("members", "yes"), ("address", "事務室")];
    let answer = clerk.post("/office/notices", &wrong).await;
    assert_eq!(answer.status.as_u16(), 422);
    assert!(answer.body.contains("value=\"事務室\""), "{}", answer.body);
    let good = [("members", "yes"), ("address", "jimu@example.jp")];
    clerk.post("/office/notices", &good).await;
    let policy: OutsidePolicy = net.app.store.read(|read| read.get(&())).unwrap().unwrap();
    assert!(policy.members && !policy.facilities && policy.office.is_some());
    let answer = clerk.post("/office/notices/test", &[]).await;
    assert_eq!(answer.location, "/office/notices");
}

#[tokio::test]
async fn a_test_that_was_not_sent_warns() {
    let net = net();
    let mut clerk = net.visitor(Persona::Office);
    let answer = clerk.post("/office/notices/test", &[]).await;
    let flash = answer.cookies.iter().find(|cookie| cookie.starts_with("flash=")).unwrap();
    let flash = flash.split(';').next().unwrap();
    clerk.cookie = clerk.cookie.map(|session| format!("{session}; {flash}"));
    let page = clerk.get("/office/notices").await.body;
    assert!(page.contains("flash is-warn\" role=\"alert\""), "{page}");
    assert!(page.contains("先に、事務室のアドレスを保存してください"), "{page}");
}

#[tokio::test]
async fn what_could_not_be_sent_is_named_until_somebody_has_seen_to_it() {
    let net = net();
    let dead = Dead {
        id: net.app.store.clock().id(),
        holder: Holder::Member(net.nurse.id),
        mail: true,
        notices: 2,
        tries: 8,
        reason: Reason::Answered(550),
        at: net.app.now(),
    };
    let trouble = Some(Trouble { at: net.app.now(), reason: Reason::Tls });
    let (id, health) = (dead.id, Health { mail: true, good_at: None, trouble });
    act(&net.app.store, move |write| {
        write.put(&dead).unwrap();
        write.put(&health).unwrap();
    });
    let clerk = net.visitor(Persona::Office);
    let page = clerk.get("/office/notices").await.body;
    assert!(page.contains("佐藤 nurse") && page.contains("応答 550"), "{page}");
    assert!(page.contains("送れていません") && page.contains("証明書を確かめられず"));
    clerk.post("/office/notices/dead", &[("dead", &id.to_string())]).await;
    assert!(!clerk.get("/office/notices").await.body.contains("応答 550"));
}
