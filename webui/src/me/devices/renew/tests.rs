//! Renewal in session, reminders in time, and what the chores end.

use axum::body::Body;
use axum::http::{Request, header};
use jiff::SignedDuration;
use provisioning::authority::DeviceKey;
use provisioning::devices::{
    self, Came, Certificate, CertificateState, Device, DeviceState, Platform, Route, Successor,
    Told, grant_stand_in, reminders_of,
};
use provisioning::facilities::{RoutePolicy, set_policy};
use provisioning::renewal;
use provisioning::tunnel::{self, PeerState, QuickConfig};
use store::Id;
use tower::ServiceExt as _;

use crate::kit::contact::take_over;
use crate::kit::listen::Ingress;
use crate::kit::testing::{Answer, Net, Persona, Visitor, act, read};
use crate::kit::tls::Door;
use crate::me::devices::chores;

const KEY: [u8; 32] = [1; 32];

const fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

/// The station's device, with a certificate that ends in so many days.
fn ending(left: i64) -> Net {
    let net = Net::new();
    end_in(&net, KEY, left);
    net
}

fn end_in(net: &Net, key: [u8; 32], left: i64) {
    let not_after = net.app.now() + days(left);
    act(&net.app.store, move |write| {
        let row: Certificate = write.get(&key).unwrap().unwrap();
        write.put(&Certificate { not_after, ..row }).unwrap();
    });
}

fn field(page: &Answer, name: &str) -> String {
    let (_, rest) = page.body.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// What the writer thread does cannot be waited for on a thread of the test's own runtime.
fn chore(net: &Net) {
    let app = net.app.clone();
    std::thread::spawn(move || chores::run(&app).unwrap()).join().unwrap();
}

fn waiting(net: &Net) -> Option<Successor> {
    waiting_of(net, net.station_device.id)
}

fn waiting_of(net: &Net, device: Id<Device>) -> Option<Successor> {
    let now = net.app.now();
    net.app.store.read(|read| devices::waiting_successor(read, device, now)).unwrap()
}

fn rows(net: &Net, action: &str) -> usize {
    let rows = net.app.store.read(|read| read.trail(None, 200)).unwrap();
    rows.iter().filter(|row| row.action == action).count()
}

#[tokio::test]
async fn the_banner_stands_from_sixty_days_before_the_end() {
    let net = ending(62);
    let told = "この端末の証明書は残り";
    assert!(!net.visitor(Persona::Member).get("/").await.body.contains(told));
    assert!(net.visitor(Persona::Member).get("/me/devices/renew").await.body.contains("まだ更新"));
    net.app.store.clock().advance(days(20));
    let page = net.visitor(Persona::Member).get("/mail/inbox").await.body;
    assert!(page.contains("この端末の証明書は残り 42 日です") && page.contains("更新する"));
    assert!(!net.visitor(Persona::Manager).get("/").await.body.contains(told), "another device");
}

#[tokio::test]
async fn a_renewed_device_keeps_its_number_name_and_log_in() {
    let net = ending(42);
    let nurse = net.visitor(Persona::Member);
    assert_eq!(nurse.post("/me/devices/renew", &[]).await.location, "/me/devices/renew");
    let page = nurse.get("/me/devices/renew").await;
    assert!(page.body.contains("ブラウザーを閉じて開き直してください"));
    let id = field(&page, "renewal");
    let file = nurse.post("/me/devices/renew/file", &[("renewal", &id)]).await;
    assert_eq!(file.status.as_u16(), 200);
    let again = nurse.post("/me/devices/renew/file", &[("renewal", &id)]).await;
    assert_eq!(again.location, "/me/devices/renew", "once");
    let new = waiting(&net).unwrap().spki;
    assert!(nurse.get("/").await.body.contains("受け取り済みです"));

    take_over(&net.app, net.station_device.id, new, net.app.now()).await.unwrap();
    take_over(&net.app, net.station_device.id, new, net.app.now()).await.unwrap();
    assert_eq!(rows(&net, "device.renewed"), 1, "one act, however many requests brought it");
    let old = nurse.get("/").await;
    assert_eq!(old.status.as_u16(), 401);
    assert!(old.body.contains("この証明書は、もう使えません"), "and not that it is revoked");
    let at_new = net.visitor_at(&net.nurse, new);
    let home = at_new.get("/").await.body;
    assert!(!home.contains("この端末の証明書は残り"));
    let device: Device =
        net.app.store.read(|read| read.get(&net.station_device.id)).unwrap().unwrap();
    assert_eq!(device, net.station_device);
    assert_eq!((rows(&net, "device.renew"), rows(&net, "device.renew_take")), (1, 1));
}

#[tokio::test]
async fn another_member_at_the_device_sees_no_password() {
    let net = ending(42);
    let nurse = net.visitor(Persona::Member);
    nurse.post("/me/devices/renew", &[]).await;
    let id = field(&nurse.get("/me/devices/renew").await, "renewal");
    let colleague = colleague(&net);
    let other = net.visitor_at(&colleague, KEY);
    let page = other.get("/me/devices/renew").await.body;
    assert!(page.contains("佐藤 nurse さんが、この端末の更新を始めています"));
    assert!(!page.contains("証明書のパスワード"));
    let stolen = other.post("/me/devices/renew/file", &[("renewal", &id)]).await;
    assert_eq!(stolen.status.as_u16(), 303);
    assert!(waiting(&net).is_none());
}

fn colleague(net: &Net) -> provisioning::members::Member {
    let mut colleague = net.nurse.clone();
    colleague.id = net.app.store.clock().id();
    colleague.login = provisioning::members::Login::parse("colleague").unwrap();
    let kept = colleague.clone();
    act(&net.app.store, move |write| write.put(&kept).unwrap());
    colleague
}

#[tokio::test]
async fn a_guest_renews_nothing() {
    let net = ending(42);
    let (clock, doctor, device, by) =
        (net.app.store.clock().clone(), net.doctor.id, net.station_device.id, net.clerk.id);
    act(&net.app.store, move |write| {
        grant_stand_in(write, &clock, doctor, device, "故障".to_owned(), by).unwrap();
    });
    let guest = net.visitor_at(&net.doctor, KEY);
    assert!(!guest.get("/").await.body.contains("この端末の証明書は残り"));
    assert_eq!(guest.get("/me/devices/renew").await.status.as_u16(), 404);
    assert_eq!(guest.post("/me/devices/renew", &[]).await.status.as_u16(), 404);
}

#[tokio::test]
async fn revoking_a_device_ends_both_of_its_certificates() {
    let net = ending(42);
    let nurse = net.visitor(Persona::Member);
    nurse.post("/me/devices/renew", &[]).await;
    let id = field(&nurse.get("/me/devices/renew").await, "renewal");
    nurse.post("/me/devices/renew/file", &[("renewal", &id)]).await;
    let new = waiting(&net).unwrap().spki;
    let at_new = net.visitor_at(&net.nurse, new);
    let clerk = net.visitor(Persona::Office);
    clerk.post(&format!("/office/devices/{}/revoke", net.station_device.id), &[]).await;
    for visitor in [&nurse, &at_new] {
        let refused = visitor.get("/login").await;
        assert_eq!(refused.status.as_u16(), 401);
        assert!(refused.body.contains("登録は取り消されています"));
    }
}

#[tokio::test]
async fn the_chore_ends_a_file_that_nobody_used() {
    let net = ending(42);
    let nurse = net.visitor(Persona::Member);
    nurse.post("/me/devices/renew", &[]).await;
    let id = field(&nurse.get("/me/devices/renew").await, "renewal");
    nurse.post("/me/devices/renew/file", &[("renewal", &id)]).await;
    let new = waiting(&net).unwrap().spki;
    chore(&net);
    assert_eq!(rows(&net, "device.lapse"), 0);
    net.app.store.clock().advance(Successor::SIDE_BY_SIDE);
    chore(&net);
    chore(&net);
    assert_eq!(rows(&net, "device.lapse"), 1);
    let row: Certificate = net.app.store.read(|read| read.get(&new)).unwrap().unwrap();
    assert_ne!(row.state, CertificateState::Active);
    let nurse = net.visitor(Persona::Member);
    assert!(nurse.get("/").await.body.contains("残り 12 日"), "the working one goes on");
    nurse.post("/me/devices/renew", &[]).await;
    let id = field(&nurse.get("/me/devices/renew").await, "renewal");
    let file = nurse.post("/me/devices/renew/file", &[("renewal", &id)]).await;
    assert_eq!(file.status.as_u16(), 200);
}

/// A second device of the station, whose certificate ends in so many days.
fn other_device(net: &Net, key: [u8; 32], left: i64) -> Device {
    let now = net.app.now();
    let device = Device {
        id: net.app.store.clock().id(),
        facility: net.station.id,
        name: "訪問用iPad 2".to_owned(),
        platform: Platform::Ipad,
        office: false,
        state: DeviceState::Active,
        enrolled_by: net.nurse.id,
        enrolled_at: now,
        first_seen_at: Some(now),
    };
    let kept = device.clone();
    act(&net.app.store, move |write| {
        let certificate = Certificate {
            spki: key,
            device: kept.id,
            serial: key.to_vec(),
            not_before: now,
            not_after: now + days(left),
            state: CertificateState::Active,
        };
        write.put(&kept).unwrap();
        write.put(&certificate).unwrap();
    });
    device
}

/// As the script posts: no cookie, no certificate, its ticket in a header.
async fn come(net: &Net, ticket: &str) -> Answer {
    let request = DeviceKey::generate().unwrap().signing_request().unwrap();
    let came = Came { route: Route::Outside, key: None };
    let request = Request::post("/e/certificate")
        .header(header::HOST, "touroku.aoba.example")
        .header("Tokinet-Ticket", ticket)
        .extension(Ingress { door: Door::Touroku, address: [192, 0, 2, 9].into(), came })
        .body(Body::from(request));
    read(net.touroku.clone().oneshot(request.unwrap()).await.unwrap()).await
}

fn value(script: &Answer, name: &str) -> String {
    let (_, rest) = script.body.split_once(&format!("${name} = '")).unwrap();
    rest.split_once('\'').unwrap().0.to_owned()
}

#[tokio::test]
async fn a_windows_pc_takes_a_script_whose_ticket_certifies_a_key_of_its_own() {
    let net = ending(42);
    let nurse = net.visitor(Persona::Member);
    nurse.post("/me/devices/renew", &[]).await;
    let page = nurse.get("/me/devices/renew").await;
    let (script_at, file_at) =
        (page.body.find("更新ファイルを受け取る"), page.body.find("証明書ファイルで更新する"));
    assert!(script_at.unwrap() < file_at.unwrap(), "the script is the first way");
    let fields = [("renewal", field(&page, "renewal")), ("as", "cmd".to_owned())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    let script = nurse.post("/me/devices/renew/script", &fields).await;
    assert!(script.body.starts_with("@echo off"), "{}", script.body);
    assert_eq!(value(&script, "Mode"), "renew");
    assert_eq!(value(&script, "Url"), "https://touroku.aoba.example/e/certificate");
    let ticket = value(&script, "Ticket");
    let taken = come(&net, &ticket).await;
    assert_eq!(taken.status.as_u16(), 200, "{}", taken.body);
    assert!(taken.body.contains("\"certificate\":\"MII"), "{}", taken.body);
    assert_eq!(come(&net, &ticket).await.status.as_u16(), 410, "once");
    let file = nurse.post("/me/devices/renew/file", &fields[..1]).await;
    assert_eq!(file.location, "/me/devices/renew", "and the file no more");
    assert!(nurse.get("/").await.body.contains("受け取り済みです"));
    assert_eq!((rows(&net, "device.renew_script"), rows(&net, "device.renew_take")), (1, 1));
    let new = waiting(&net).unwrap().spki;
    take_over(&net.app, net.station_device.id, new, net.app.now()).await.unwrap();
    let at_new = net.visitor_at(&net.nurse, new);
    assert!(!at_new.get("/").await.body.contains("この端末の証明書は残り"));
}

#[tokio::test]
async fn the_script_is_for_windows_and_for_whoever_began() {
    let net = ending(42);
    let nurse = net.visitor(Persona::Member);
    nurse.post("/me/devices/renew", &[]).await;
    let id = field(&nurse.get("/me/devices/renew").await, "renewal");
    let fields = [("renewal", id.as_str())];
    let other = net.visitor_at(&colleague(&net), KEY);
    let refused = other.post("/me/devices/renew/script", &fields).await;
    assert_eq!(refused.location, "/me/devices/renew", "somebody else began");
    let linux = Device { platform: Platform::Linux, ..net.station_device.clone() };
    act(&net.app.store, move |write| write.put(&linux).unwrap());
    let refused = nurse.post("/me/devices/renew/script", &fields).await;
    assert_eq!(refused.status.as_u16(), 404);
    assert_eq!(rows(&net, "device.renew_script"), 0);
}

#[tokio::test]
async fn an_ipad_takes_a_profile_that_holds_its_password() {
    let net = Net::new();
    let tablet = other_device(&net, [6; 32], 50);
    let nurse = net.visitor_at(&net.nurse, [6; 32]);
    nurse.post("/me/devices/renew", &[]).await;
    let page = nurse.get("/me/devices/renew").await;
    assert!(page.body.contains(".mobileconfig") && !page.body.contains("パスワードを控える"));
    let id = field(&page, "renewal");
    let file = nurse.post("/me/devices/renew/file", &[("renewal", &id)]).await;
    assert_eq!(file.status.as_u16(), 200);
    assert!(file.body.contains("com.apple.security.pkcs12"), "signed, and readable inside");
    let now = net.app.now();
    let waits = net.app.store.read(|read| devices::waiting_successor(read, tablet.id, now));
    assert!(waits.unwrap().is_some());
}

fn tunnel_of(profile: &Answer) -> Option<QuickConfig> {
    let (_, rest) = profile.body.split_once("<key>WgQuickConfig</key>")?;
    let (text, _) = rest.split_once("<string>")?.1.split_once("</string>")?;
    Some(text.parse().unwrap())
}

fn tunnel_keys(net: &Net, device: Id<Device>) -> Vec<tunnel::Peer> {
    net.app.store.read(|read| tunnel::of_device(read, device)).unwrap()
}

async fn renewed(nurse: &Visitor<'_>) -> Answer {
    nurse.post("/me/devices/renew", &[]).await;
    let id = field(&nurse.get("/me/devices/renew").await, "renewal");
    let file = nurse.post("/me/devices/renew/file", &[("renewal", &id)]).await;
    assert_eq!(file.status.as_u16(), 200);
    file
}

#[tokio::test]
async fn a_renewed_profile_brings_a_tunnel_again_and_the_old_one_lasts_until_it_is_used() {
    let net = Net::new();
    let tablet = other_device(&net, [6; 32], 50);
    let old = crate::tunnel::tests::peer(&net, tablet.id);
    let (id, now) = (old.id, net.app.now());
    act(&net.app.store, move |write| drop(tunnel::first_used(write, id, now).unwrap()));
    let through_old = Came { route: Route::Tunnel(old.id), key: Some([6; 32]) };
    let nurse = net.visitor_at(&net.nurse, [6; 32]);
    let cookie = nurse.cookie.clone();
    let profile = renewed(&nurse).await;
    let file = tunnel_of(&profile).expect("the tunnel goes with the certificate");
    let keys = tunnel_keys(&net, tablet.id);
    let new = keys.iter().find(|one| one.is_waiting()).unwrap().clone();
    assert_eq!((keys.len(), new.public_key == old.public_key), (2, false), "a key of its own");
    assert_eq!(file.private_key.clone().unwrap().public().unwrap(), new.public_key);
    let home = net.app.store.read(tunnel::home).unwrap().unwrap();
    assert_eq!((file.address, file.server), (home.inside.pair(new.number).unwrap(), home.public));
    assert_eq!(file.preshared_key, new.preshared_key);
    let still = net.visitor_who_came(through_old, cookie.clone());
    assert_eq!(still.get("/").await.status.as_u16(), 200, "until the profile is installed");

    let spki = waiting_of(&net, tablet.id).unwrap().spki;
    let through_new = Came { route: Route::Tunnel(new.id), key: Some(spki) };
    let mut changes = net.app.store.watch();
    let first = net.visitor_who_came(through_new, net.visitor_at(&net.nurse, spki).cookie);
    assert_eq!(first.get("/").await.status.as_u16(), 200);
    let state = |id| tunnel_keys(&net, tablet.id).into_iter().find(|one| one.id == id).unwrap();
    while !matches!(state(old.id).state, PeerState::Ended { .. }) {
        changes.recv().await.unwrap();
    }
    assert!(matches!(state(new.id).state, PeerState::InUse { .. }));
    assert_eq!(still.get("/").await.status.as_u16(), 401, "the old key and its certificate");
}

#[tokio::test]
async fn a_renewed_profile_brings_no_tunnel_where_there_was_none_or_none_may_be() {
    for policy in [RoutePolicy::Either, RoutePolicy::Tls] {
        let net = Net::new();
        let tablet = other_device(&net, [6; 32], 50);
        if policy == RoutePolicy::Tls {
            crate::tunnel::tests::peer(&net, tablet.id);
        }
        let (had, id) = (tunnel_keys(&net, tablet.id).len(), net.station.id);
        act(&net.app.store, move |write| drop(set_policy(write, id, policy).unwrap()));
        let profile = renewed(&net.visitor_at(&net.nurse, [6; 32])).await;
        assert!(tunnel_of(&profile).is_none(), "{policy:?}");
        assert_eq!(tunnel_keys(&net, tablet.id).len(), had, "{policy:?}");
    }
}

#[tokio::test]
async fn who_used_a_device_is_reminded_once_a_stage_and_elsewhere() {
    let net = Net::new();
    let tablet = other_device(&net, [6; 32], 50);
    let at_tablet = net.visitor_at(&net.nurse, [6; 32]);
    assert_eq!(at_tablet.post("/mail/drafts", &[]).await.status.as_u16(), 303, "used there");
    chore(&net);
    chore(&net);
    assert_eq!(rows(&net, "device.remind"), 1);
    let told = "端末「訪問用iPad 2」の証明書は残り 50 日です";
    let nurse = net.visitor(Persona::Member);
    assert!(nurse.get("/mail/inbox").await.body.contains(told));
    assert!(!net.visitor(Persona::Manager).get("/").await.body.contains("証明書は残り"));
    let at = format!("/me/devices/{}/reminded", tablet.id);
    let line = "端末「訪問用iPad 2」の証明書は あと50日で切れます";
    assert!(nurse.get("/notices").await.body.contains(line));
    assert!(!at_tablet.get("/notices").await.body.contains(line), "there it is the own one");
    assert!(nurse.get("/me/devices").await.body.contains("証明書の期限が近い端末"));
    assert_eq!(nurse.post(&at, &[]).await.location, "/me/devices");
    assert!(!nurse.get("/mail/inbox").await.body.contains(told));
    assert!(!nurse.get("/notices").await.body.contains(line), "it is read");
    assert_eq!(nurse.post(&at, &[]).await.status.as_u16(), 404, "it is read");
    net.app.store.clock().advance(days(21));
    chore(&net);
    let nurse = net.visitor(Persona::Member);
    assert!(nurse.get("/mail/inbox").await.body.contains("残り 29 日"), "the next stage");
}

#[tokio::test]
async fn a_manager_hears_from_thirty_days_on() {
    let net = Net::new();
    let clinic_key = [2; 32];
    end_in(&net, clinic_key, 40);
    let of_doctor = |net: &Net| {
        let (doctor, now) = (net.doctor.id, net.app.now());
        net.app.store.read(|read| reminders_of(read, doctor, now)).unwrap()
    };
    chore(&net);
    assert!(of_doctor(&net).is_empty(), "nobody used it, and sixty days concern no manager");
    net.app.store.clock().advance(days(10));
    chore(&net);
    let told = of_doctor(&net);
    assert_eq!((told.len(), told[0].days, told[0].told), (1, 30, Told::Manager));
}

#[tokio::test]
async fn the_renewal_of_before_is_stale_for_the_file() {
    let net = ending(42);
    let nurse = net.visitor(Persona::Member);
    nurse.post("/me/devices/renew", &[]).await;
    let first = field(&nurse.get("/me/devices/renew").await, "renewal");
    nurse.post("/me/devices/renew", &[]).await;
    let stale = nurse.post("/me/devices/renew/file", &[("renewal", &first)]).await;
    assert_eq!(stale.status.as_u16(), 303);
    let kept = net.app.store.read(|read| renewal::of_device(read, net.station_device.id)).unwrap();
    assert!(kept.unwrap().taken.is_none());
    let nobody: Id<()> = net.app.store.clock().id();
    let odd = nurse.post("/me/devices/renew/file", &[("renewal", &nobody.to_string())]).await;
    assert_eq!(odd.status.as_u16(), 303);
}
