//! Who is let in: device, session, member and facility, on every request.

use hyper::StatusCode;
use jiff::SignedDuration;
use provisioning::devices::Device;
use provisioning::facilities::{self, FacilityState};
use provisioning::members::{self, Member};
use store::StoreError;
use tests::browser::Browser;
use tests::network::{TestDevice, TestNetwork};
use webui::kit::routes::{Access, Verb};

const NURSE: &str = "fujita-sayaka";
const DOCTOR: &str = "takahashi-fumihiko";
const CLERK: &str = "oda-tomoko";

#[tokio::test]
async fn a_cookie_is_worthless_at_another_device() {
    let network = TestNetwork::start().await;
    let (one, other) = (network.device(NURSE).await, network.device(NURSE).await);
    let mut nurse = network.log_in(NURSE, &one).await;
    let mut thief = network.browser(&other);
    thief.cookies = nurse.cookies.clone();
    thief.token = nurse.token.clone();
    let answer = thief.get("/mail/inbox").await;
    assert!(answer.location().starts_with("/login"), "{}", answer.text());
    let answer = thief.post("/mail/drafts", &[]).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(nurse.is_signed_in().await, "and harms nobody");
}

#[tokio::test]
async fn at_another_facilitys_device_a_right_password_is_as_wrong_as_any() {
    let network = TestNetwork::start().await;
    let device = network.device(DOCTOR).await;
    let nurse = network.member(NURSE);
    let (code, user) = (nurse.facility.code.as_str(), nurse.member.login.as_str());
    let mut browser = network.browser(&device);
    let wrong = browser.try_login(code, user, "not-the-password-1").await;
    let right = browser.try_login(code, user, appliance::demo::PASSWORD).await;
    let nobody = browser.try_login(code, "nobody", "not-the-password-1").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!((wrong.status, wrong.text()), (right.status, right.text()));
    let renamed = nobody.text().replace("\"nobody\"", &format!("\"{user}\""));
    assert_eq!(wrong.text(), renamed, "nor does the page tell who exists");
    assert!(!browser.cookies.contains_key(webui::kit::session::COOKIE));
}

#[tokio::test]
async fn a_suspended_facility_stops_and_comes_back() {
    let network = TestNetwork::start().await;
    let nurse = network.log_in(NURSE, &network.device(NURSE).await).await;
    let mut doctor = network.log_in(DOCTOR, &network.device(DOCTOR).await).await;
    let mut clerk = network.log_in(CLERK, &network.device(CLERK).await).await;
    let id = network.member(NURSE).facility.id;
    let mut idle = nurse.way.line().await.unwrap();
    idle.ask(nurse.request("GET", "/mail/inbox", "")).await.unwrap();
    clerk.get(&format!("/office/facilities/{id}")).await;
    let answer = clerk.post(&format!("/office/facilities/{id}/suspend"), &[]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    (&mut idle.closed).await.expect("open connections are cut");
    for path in ["/", "/login", "/mail/inbox", "/live"] {
        let answer = nurse.beside().get(path).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(answer.text().contains("一時的に止められています"));
    }
    assert!(doctor.is_signed_in().await, "others go on");
    let act = network.act("facility.resume");
    let resume = move |write: &mut store::Write<'_>| {
        facilities::set_state(write, id, FacilityState::Active).map(drop)
    };
    network.app.store.write(act, resume).await.unwrap();
    assert!(nurse.beside().is_signed_in().await);
}

#[tokio::test]
async fn a_locked_or_retired_members_session_ends_at_once() {
    let network = TestNetwork::start().await;
    let device = network.device(NURSE).await;
    let mut nurse = network.log_in(NURSE, &device).await;
    let id = network.member(NURSE).member.id;
    let set = |locked| {
        network.app.store.write(network.act("test.lock"), move |write| {
            members::set_locked(write, id, locked).map(drop)
        })
    };
    set(true).await.unwrap();
    assert!(!nurse.is_signed_in().await);
    let refused = nurse.post("/mail/drafts", &[]).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    let entry = network.member(NURSE);
    let (code, user) = (entry.facility.code.as_str(), entry.member.login.as_str());
    let answer = network.browser(&device).try_login(code, user, appliance::demo::PASSWORD).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    set(false).await.unwrap();

    let mut again = network.log_in(NURSE, &device).await;
    let yesterday = network.app.today().yesterday().unwrap();
    let retire = network.app.store.write(network.act("test.retire"), move |write| {
        let mut member: Member = write.get(&id)?.unwrap();
        member.details.retires = Some(yesterday);
        write.put(&member)
    });
    retire.await.unwrap();
    assert!(!again.is_signed_in().await);
}

#[tokio::test]
async fn the_offices_desk_is_nowhere_but_on_its_devices() {
    let network = TestNetwork::start().await;
    let device = network.device(CLERK).await;
    let mut clerk = network.log_in(CLERK, &device).await;
    let mut nurse = network.log_in(NURSE, &network.device(NURSE).await).await;
    assert_eq!(clerk.get("/office").await.status, StatusCode::OK);
    assert_all_hidden(&mut nurse).await;
    let id = device.id;
    let take_away = network.app.store.write(network.act("test.device"), move |write| {
        let mut device: Device = write.get(&id)?.unwrap();
        device.office = false;
        write.put(&device)?;
        Ok::<_, StoreError>(())
    });
    take_away.await.unwrap();
    assert_all_hidden(&mut clerk).await;
    assert!(clerk.is_signed_in().await);
}

async fn assert_all_hidden(browser: &mut Browser) {
    let routes = webui::routes();
    let office: Vec<_> = routes.list().iter().filter(|one| one.access == Access::Office).collect();
    assert!(office.len() > 20, "the list of routes is read");
    for route in office {
        let path = filled(route.path);
        let answer = match route.method {
            Verb::Get => browser.get(&path).await,
            Verb::Post => browser.post(&path, &[]).await,
            Verb::Put => browser.try_put(&path, "x").await.unwrap(),
        };
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{} {path}", route.method.name());
    }
}

/// A route's path with an id in each place.
fn filled(path: &str) -> String {
    let parts = path.split('/').map(|part| match part.starts_with('{') {
        true => "01990bc8-e441-7012-9a2f-6e5fc08e1123",
        false => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn headers_that_claim_a_certificate_change_nothing() {
    let network = TestNetwork::start().await;
    let device = network.device(CLERK).await;
    let key = data_encoding::HEXLOWER.encode(&device.spki);
    let certificate = data_encoding::BASE64.encode(&device.identity.chain[0]);
    let way = network.app_way(None);
    for (name, value) in [
        ("x-forwarded-for", "127.0.0.1"),
        ("forwarded", "for=127.0.0.1;proto=https"),
        ("x-real-ip", "10.0.0.1"),
        ("x-client-cert", &*certificate),
        ("x-ssl-client-cert", &*certificate),
        ("x-ssl-client-verify", "SUCCESS"),
        ("client-cert", &*certificate),
        ("x-spki", &*key),
        ("x-device", &*device.id.to_string()),
        ("x-ingress", "vpn"),
        ("x-original-url", "/office"),
    ] {
        let mut request = way.get("/office");
        request.headers_mut().insert(name, value.parse().unwrap());
        let answer = way.ask(request).await.unwrap();
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{name}");
        assert!(answer.text().contains("未登録端末"), "{name}");
    }
}

#[tokio::test]
async fn a_certificate_ends_on_its_day() {
    let (network, clock) = TestNetwork::start_with_clock().await;
    let device = network.device(NURSE).await;
    let mut nurse = network.log_in(NURSE, &device).await;
    // Short of two years less the jitter, then well beyond it.
    clock.advance(SignedDuration::from_hours(24 * 690));
    assert_eq!(nurse.get("/login").await.status, StatusCode::OK);
    clock.advance(SignedDuration::from_hours(24 * 80));
    assert_refused(&mut nurse, "期限が切れています").await;
    clock.advance(-SignedDuration::from_hours(24 * 80));
    assert_eq!(nurse.beside().get("/login").await.status, StatusCode::OK);
    clock.advance(-SignedDuration::from_hours(24 * 691));
    assert_refused(&mut nurse.beside(), "登録されていません").await;
}

async fn assert_refused(browser: &mut Browser, why: &str) {
    let answer = browser.get("/login").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.text().contains(why), "{}", answer.text());
}

#[tokio::test]
async fn a_revoked_devices_handshake_leads_to_one_page() {
    let network = TestNetwork::start().await;
    let device: TestDevice = network.device(NURSE).await;
    let (id, now) = (device.id, network.app.now());
    let revoke = network.app.store.write(network.act("device.revoke"), move |write| {
        provisioning::devices::revoke(write, id, now)
    });
    revoke.await.unwrap();
    assert_refused(&mut network.browser(&device), "取り消されています").await;
}
