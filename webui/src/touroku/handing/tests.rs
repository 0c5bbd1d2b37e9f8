//! What goes out, how often, and to whom; its bytes are opened by the browser tests.

use axum::body::Body;
use axum::http::{Request, header};
use jiff::SignedDuration;
use provisioning::authority::DeviceKey;
use provisioning::enrolment::{self, EnrolmentState};
use tower::ServiceExt as _;

use crate::kit::listen::Ingress;
use crate::kit::testing::{Answer, Net, read};
use crate::kit::tls::Door;
use crate::touroku::tests::{Phone, STRANGER, approve, card};

async fn approved(net: &Net) -> Phone<'_> {
    let printed = card(net);
    let mut phone = Phone { net, cookie: None };
    phone.redeem(&printed, &printed.secret.grouped()).await;
    approve(net);
    phone
}

/// As the script posts: no cookie, its ticket in a header.
async fn certify(net: &Net, ticket: &str, request: Vec<u8>) -> Answer {
    let request = Request::post("/e/certificate")
        .header(header::HOST, "touroku.aoba.example")
        .header(header::CONTENT_TYPE, "application/pkcs10")
        .header("Tokinet-Ticket", ticket)
        .extension(Ingress { door: Door::Touroku, address: [192, 0, 2, 9].into(), came: STRANGER })
        .body(Body::from(request));
    read(net.touroku.clone().oneshot(request.unwrap()).await.unwrap()).await
}

fn csr() -> Vec<u8> {
    DeviceKey::generate().unwrap().signing_request().unwrap()
}

fn ticket(script: &Answer) -> String {
    let (_, rest) = script.body.split_once("$Ticket = '").unwrap();
    rest.split_once('\'').unwrap().0.to_owned()
}

fn state(net: &Net) -> EnrolmentState {
    net.app.store.read(|read| enrolment::recent(read, 1)).unwrap().pop().unwrap().state
}

#[tokio::test]
async fn a_ticket_certifies_one_key_and_no_second() {
    let net = Net::new();
    let phone = approved(&net).await;
    let script = phone.ask("POST", "/e/script", &[("as", "cmd")]).await;
    assert!(script.body.starts_with("@echo off"), "{}", script.body);
    let ticket = ticket(&script);
    assert_eq!(ticket.len(), 32, "128 bits");
    assert_eq!(state(&net), EnrolmentState::Approved, "a script alone is no device");
    let answer = certify(&net, &ticket, csr()).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.body);
    for field in ["certificate", "device_ca", "root"] {
        assert!(answer.body.contains(&format!("\"{field}\":\"MII")), "{field}: {}", answer.body);
    }
    assert_eq!(state(&net), EnrolmentState::Issued);
    assert_eq!(certify(&net, &ticket, csr()).await.status.as_u16(), 410, "only once");
    assert_eq!(phone.ask("POST", "/e/script", &[]).await.status.as_u16(), 404);
    assert_eq!(phone.ask("POST", "/e/p12", &[]).await.status.as_u16(), 404);
}

#[tokio::test]
async fn a_newer_script_makes_the_one_before_worthless() {
    let net = Net::new();
    let phone = approved(&net).await;
    let first = ticket(&phone.ask("POST", "/e/script", &[("as", "cmd")]).await);
    let second = ticket(&phone.ask("POST", "/e/script", &[("as", "ps1")]).await);
    assert_eq!(certify(&net, &first, csr()).await.status.as_u16(), 410);
    assert_eq!(certify(&net, &second, csr()).await.status.as_u16(), 200);
}

#[tokio::test]
async fn a_ticket_lasts_half_an_hour_longer_than_the_page_and_ends_then() {
    let net = Net::new();
    let phone = approved(&net).await;
    let clock = net.app.store.clock();
    let ticket = ticket(&phone.ask("POST", "/e/script", &[]).await);
    clock.advance(SignedDuration::from_mins(11));
    assert!(phone.ask("GET", "/e/status", &[]).await.body.contains("approved"), "still open");
    let now = net.app.now();
    let open = |now| net.app.store.read(|read| enrolment::any_unfinished(read, now)).unwrap();
    assert!(open(now), "the door waits for the script");
    clock.advance(SignedDuration::from_mins(20));
    assert!(!open(net.app.now()), "and no longer");
    assert_eq!(certify(&net, &ticket, csr()).await.status.as_u16(), 410);
    assert!(phone.ask("GET", "/e/status", &[]).await.body.contains("expired"));
}

#[tokio::test]
async fn whoever_fails_with_the_script_goes_back_to_the_file() {
    let net = Net::new();
    let phone = approved(&net).await;
    let ticket = ticket(&phone.ask("POST", "/e/script", &[]).await);
    net.app.store.clock().advance(SignedDuration::from_mins(25));
    assert_eq!(phone.ask("POST", "/e/p12", &[]).await.status.as_u16(), 200);
    assert_eq!(certify(&net, &ticket, csr()).await.status.as_u16(), 410, "one device a card");
}

#[tokio::test]
async fn the_file_alone_has_ten_minutes() {
    let net = Net::new();
    let phone = approved(&net).await;
    net.app.store.clock().advance(SignedDuration::from_mins(11));
    assert_eq!(phone.ask("POST", "/e/p12", &[]).await.status.as_u16(), 404);
}

#[tokio::test]
async fn what_is_no_ticket_and_no_request_is_refused() {
    let net = Net::new();
    let phone = approved(&net).await;
    for wrong in ["", "x", "00000000000000000000000000000000"] {
        assert_eq!(certify(&net, wrong, csr()).await.status.as_u16(), 410, "{wrong}");
    }
    let ticket = ticket(&phone.ask("POST", "/e/script", &[]).await);
    assert_eq!(certify(&net, &ticket, b"not a request".to_vec()).await.status.as_u16(), 409);
    let long = vec![b'x'; 16 * 1024 + 1];
    assert_eq!(certify(&net, &ticket, long).await.status.as_u16(), 413);
    assert_eq!(certify(&net, &ticket, csr()).await.status.as_u16(), 200, "nothing was used up");
}

#[tokio::test]
async fn nobody_gets_anything_before_the_approval() {
    let net = Net::new();
    let printed = card(&net);
    let mut phone = Phone { net: &net, cookie: None };
    phone.redeem(&printed, &printed.secret.grouped()).await;
    for path in ["/e/script", "/e/profile", "/e/p12", "/e/certificate"] {
        assert_eq!(phone.ask("POST", path, &[]).await.status.as_u16(), 404, "{path}");
    }
}

#[tokio::test]
async fn a_profile_is_handed_out_once() {
    let net = Net::new();
    let phone = approved(&net).await;
    let take = phone.ask("GET", "/e/take", &[]).await.body;
    assert!(take.contains("プロファイルを受け取る") && take.contains("17 以前"), "{take}");
    let profile = phone.ask("POST", "/e/profile", &[("age", "old")]).await;
    assert_eq!(profile.status.as_u16(), 200);
    let parts =
        ["com.apple.security.pkcs12", "com.apple.webClip.managed", "com.apple.security.root"];
    for part in parts {
        assert!(profile.body.contains(part), "{part}");
    }
    assert!(profile.body.contains("https://app.aoba.example/connected"));
    assert_eq!(phone.ask("POST", "/e/profile", &[]).await.status.as_u16(), 404, "only once");
    assert!(phone.ask("GET", "/e/take", &[]).await.body.contains("受け取り済み"));
    assert!(phone.ask("GET", "/e/status", &[]).await.body.contains("\"issued\":true"));
}

#[tokio::test]
async fn the_steps_can_be_those_of_another_machine() {
    let net = Net::new();
    let phone = approved(&net).await;
    for (guide, said) in [
        ("windows", "登録ファイルを受け取る"),
        ("android", "VPNとアプリユーザー証明書"),
        ("mac", "システム設定"),
        ("linux", "chrome:"),
        ("firefox", "証明書を表示"),
        ("nothing", "プロファイルを受け取る"),
    ] {
        let page = phone.ask("GET", &format!("/e/take?guide={guide}"), &[]).await.body;
        assert!(page.contains(said), "{guide}: {said}");
        assert!(page.contains("つながらないとき"), "{guide}");
    }
}
