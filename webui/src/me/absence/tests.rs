//! While somebody is away, a colleague receives what comes, and senders know.

use provisioning::members::{self, Login, Member};

use crate::kit::testing::{Net, Persona, act};

fn colleague(net: &Net) -> Member {
    let (clock, clinic) = (net.app.store.clock().clone(), net.clinic.id);
    let details = net.doctor.details.clone();
    act(&net.app.store, move |write| {
        let login = Login::parse("second").unwrap();
        members::register(write, &clock, clinic, login, details).unwrap()
    })
}

#[tokio::test]
async fn a_deputy_receives_what_comes_to_somebody_away_and_senders_see_it() {
    let net = Net::new();
    let second = colleague(&net);
    let doctor = net.visitor(Persona::Manager);
    let id = second.id.to_string();
    let days = [("from", "令和8年4月1日"), ("until", "2026/4/10"), ("deputy", id.as_str())];
    assert_eq!(doctor.post("/me/absence", &days).await.location, "/me/absence");
    let nurse = net.visitor(Persona::Member);
    let at = nurse.post("/mail/drafts", &[]).await.location;
    let to = net.doctor.id.to_string();
    nurse.post(&at, &[("version", "1"), ("subject", "件"), ("body", "文"), ("add", &to)]).await;
    assert!(nurse.get(&format!("{at}/confirm")).await.body.contains("4月10日まで不在"));
    nurse.post(&format!("{at}/send"), &[("version", "2")]).await;
    let page = nurse.get("/mail/sent").await.body;
    let (_, rest) = page.split_once("class=\"row\" href=\"").unwrap();
    let sent = nurse.get(rest.split('"').next().unwrap()).await.body;
    assert!(sent.contains("不在（4月10日まで）") && sent.contains("さんの代理"), "{sent}");
    let key = second.id;
    let count = net.app.store.read(|read| read.counter::<crate::kit::live::Unread>(&key)).unwrap();
    assert_eq!(count, 1);
}

#[tokio::test]
async fn days_out_of_order_and_foreign_deputies_are_refused_and_the_form_stays_filled() {
    let net = Net::new();
    let doctor = net.visitor(Persona::Manager);
    let nurse = net.nurse.id.to_string();
    for (from, until, deputy) in [
        ("令和8年4月9日", "令和8年4月1日", ""),
        ("令和8年1月1日", "令和8年1月2日", ""),
        ("あした", "令和8年4月9日", ""),
        ("令和8年4月1日", "令和8年4月9日", nurse.as_str()),
    ] {
        let days = [("from", from), ("until", until), ("deputy", deputy)];
        let answer = doctor.post("/me/absence", &days).await;
        assert_eq!(answer.status.as_u16(), 422, "{from}");
        assert!(answer.body.contains(from));
    }
    assert!(!doctor.get("/me/absence").await.body.contains("いま不在です"));
}

#[tokio::test]
async fn who_comes_back_earlier_ends_it() {
    let net = Net::new();
    let doctor = net.visitor(Persona::Manager);
    doctor.post("/me/absence", &[("from", "令和8年4月1日"), ("until", "令和8年4月9日")]).await;
    assert!(doctor.get("/me/absence").await.body.contains("いま不在です"));
    doctor.post("/me/absence/end", &[]).await;
    assert!(!doctor.get("/me/absence").await.body.contains("いま不在です"));
}
