//! Logging in, the lock, and the way out, as a person meets them.

use jiff::SignedDuration;
use provisioning::credentials::Attempts;
use store::Order;

use crate::kit::testing::{Answer, Net, PASSWORD, Persona, Visitor, act};

async fn try_password(visitor: &Visitor<'_>, net: &Net, password: &str) -> Answer {
    let code = net.station.code.as_str().to_owned();
    visitor
        .post("/login", &[("facility_code", &code), ("user_id", "nurse"), ("password", password)])
        .await
}

#[tokio::test]
async fn the_three_fields_open_a_session_on_this_device() {
    let net = Net::new();
    let visitor = net.visitor(Persona::Device);
    let answer = try_password(&visitor, &net, PASSWORD).await;
    assert_eq!((answer.status.as_u16(), answer.location.as_str()), (303, "/"));
    let cookie =
        answer.cookies.iter().find(|cookie| cookie.starts_with("__Host-tokinet=")).unwrap();
    for part in ["Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
}

#[tokio::test]
async fn every_wrong_field_gets_the_same_answer() {
    let net = Net::new();
    let visitor = net.visitor(Persona::Device);
    let station = net.station.code.as_str().to_owned();
    let clinic = net.clinic.code.as_str().to_owned();
    let mut said = Vec::new();
    for (code, user, password) in [
        (station.as_str(), "nurse", "wrong"),
        (station.as_str(), "nobody", PASSWORD),
        ("0000000000", "nurse", PASSWORD),
        // The right words, at a device of another facility.
        (clinic.as_str(), "doctor", PASSWORD),
    ] {
        let fields = [("facility_code", code), ("user_id", user), ("password", password)];
        let answer = visitor.post("/login", &fields).await;
        assert_eq!(answer.status.as_u16(), 422, "{user}");
        let (_, rest) = answer.body.split_once("ログインできませんでした").unwrap();
        said.push(rest.split("</div>").next().unwrap().to_owned());
        assert!(!answer.body.contains(password) || password == PASSWORD);
    }
    said.dedup();
    assert_eq!(said.len(), 1, "{said:?}");
}

#[tokio::test]
async fn five_wrong_passwords_shut_the_right_one_out_for_a_while() {
    let net = Net::new();
    let visitor = net.visitor(Persona::Device);
    try_password(&visitor, &net, "wrong").await;
    // Further tries are slowed, so four of them are written down instead of waited for.
    let all = net.app.store.read(|read| read.page::<Attempts>(&(), Order::Ascending, None, 9));
    let rows = all.unwrap().rows;
    assert!(rows.iter().all(|attempts| attempts.wrong == 1), "{rows:?}");
    act(&net.app.store, move |write| {
        for attempts in rows {
            write.put(&Attempts { wrong: Attempts::WRONG_MAX, ..attempts }).unwrap();
        }
    });
    let shut = try_password(&visitor, &net, PASSWORD).await;
    assert_eq!(shut.status.as_u16(), 422);
    assert!(shut.body.contains("15分間ログインできません") && shut.body.contains("事務室へお電話"));
    net.app.store.clock().advance(SignedDuration::from_mins(16));
    assert_eq!(try_password(&visitor, &net, PASSWORD).await.status.as_u16(), 303);
}

#[test]
fn each_wrong_try_waits_twice_as_long_as_the_one_before() {
    let waits: Vec<u64> = (1..=6).map(|tries| super::prove::slowed(tries).as_secs()).collect();
    assert_eq!(waits, [0, 1, 2, 4, 4, 4]);
    assert_eq!(Attempts::WRONG_MAX, 5);
}

#[tokio::test]
async fn nobody_at_the_screen_locks_it_and_the_password_opens_it() {
    let net = Net::new();
    let visitor = net.visitor(Persona::Member);
    net.app.store.clock().advance(SignedDuration::from_mins(16));
    let answer = visitor.get("/mail/inbox").await;
    assert_eq!(answer.location, "/lock?next=%2Fmail%2Finbox");
    let lock = visitor.get("/lock?next=/mail/inbox").await.body;
    assert!(lock.contains("一時停止中") && !lock.contains("受信箱の一覧"));
    let wrong = visitor.post("/lock", &[("password", "wrong"), ("next", "/mail/inbox")]).await;
    assert_eq!(wrong.status.as_u16(), 422);
    let right = visitor.post("/lock", &[("password", PASSWORD), ("next", "/mail/inbox")]).await;
    assert_eq!(right.location, "/mail/inbox");
    assert_eq!(visitor.get("/mail/inbox").await.status.as_u16(), 200);
}

#[tokio::test]
async fn a_shift_ends_every_session() {
    let net = Net::new();
    let visitor = net.visitor(Persona::Member);
    net.app.store.clock().advance(SignedDuration::from_hours(13));
    assert!(visitor.get("/").await.location.starts_with("/login"));
}

#[tokio::test]
async fn a_cookie_is_worth_nothing_on_another_device() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let mut elsewhere = net.visitor(Persona::Manager);
    elsewhere.cookie = nurse.cookie.clone();
    assert!(elsewhere.get("/").await.location.starts_with("/login"));
}

#[tokio::test]
async fn logging_out_ends_the_session_and_not_the_cookie_alone() {
    let net = Net::new();
    let visitor = net.visitor(Persona::Member);
    assert_eq!(visitor.post("/logout", &[]).await.location, "/login");
    assert!(visitor.get("/").await.location.starts_with("/login"));
}

#[tokio::test]
async fn a_form_without_its_token_changes_nothing() {
    let net = Net::new();
    let visitor = net.visitor(Persona::Member);
    let request = visitor
        .request("POST", "/logout")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(axum::body::Body::from("token=made-up"))
        .unwrap();
    assert_eq!(visitor.send(request).await.status().as_u16(), 409);
    assert_eq!(visitor.get("/").await.status.as_u16(), 200);
}

#[tokio::test]
async fn another_sites_form_changes_nothing() {
    let net = Net::new();
    let visitor = net.visitor(Persona::Member);
    let token = visitor.form_token().await;
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
        let request = visitor
            .request("POST", "/logout")
            .header("content-type", "application/x-www-form-urlencoded")
            .header(name, value)
            .body(axum::body::Body::from(format!("token={token}")))
            .unwrap();
        assert_eq!(visitor.send(request).await.status().as_u16(), 409, "{name}");
    }
    assert_eq!(visitor.get("/").await.status.as_u16(), 200);
}

#[test]
fn a_link_to_the_log_in_leads_nowhere_else() {
    for path in ["//evil.example", "https://evil.example", "/\\evil.example", "", "/a\nb"] {
        assert_eq!(super::local_path(path), "/", "{path}");
    }
    assert_eq!(super::local_path("/mail/inbox?after=01"), "/mail/inbox?after=01");
}
