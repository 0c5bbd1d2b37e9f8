//! Renewal by itself: a moved clock, a live swap, an authority's own opinion.

use std::time::Duration;

use jiff::SignedDuration;
use provisioning::public::{Alarm, Host};
use store::Clock;
use tests::line::whole;
use tests::network::TestNetwork;
use tests::pebble::{Pebble, Wanted, listener, problem};
use webui::acme::{Challenge, Settings};
use webui::kit::app::App;

use super::{all, both_public, certificate, later, of, shown, until, way};

const NURSE: &str = "fujita-sayaka";

/// As fixed as a test needs it, beginning with the real time, which the server goes by.
fn clock() -> Clock {
    Clock::fixed(Clock::system().now(), 1)
}

#[tokio::test]
async fn a_certificate_is_renewed_in_time_and_open_connections_stay() {
    let (listener, address) = listener().await;
    let valid = Duration::from_secs(3600);
    let pebble = Pebble::start(&Wanted { valid, ..Wanted::at(address.port()) }).await;
    let settings = pebble.settings(Challenge::TlsAlpn);
    let network = TestNetwork::start_with_acme(clock(), listener, settings).await;
    until(&network.app, "both public", both_public).await;
    let device = network.device(NURSE).await;
    let app = way(&network, Host::App, &pebble.root, Some(&device.identity));
    let mut line = app.line().await.unwrap();
    assert_eq!(line.ask(app.get("/login")).await.unwrap().status, 200);
    let before = shown(&app).await;
    let first = certificate(&network.app, Host::App);
    later(&network, SignedDuration::from_mins(30)).await;
    assert_eq!(shown(&app).await, before, "it is too early");
    later(&network, SignedDuration::from_mins(11)).await;
    until(&network.app, "renewed", |app| {
        let renewed = |host: &Host| certificate(app, *host).obtained_at > first.obtained_at;
        app.tls.hosts().iter().all(renewed)
    })
    .await;
    let after = shown(&app).await;
    assert_ne!(after, before, "new connections see the new one");
    assert_ne!(certificate(&network.app, Host::App).key, first.key, "with a key of its own");
    assert!(line.is_open());
    let answer = line.ask(app.get("/login")).await.unwrap();
    assert_eq!(answer.status, 200, "the old connection goes on");
}

#[tokio::test]
async fn without_a_renewal_alarms_come_then_our_own_and_the_public_one_is_back_by_itself() {
    let (listener, address) = listener().await;
    let valid = Duration::from_secs(45 * 24 * 3600);
    let pebble = Pebble::start(&Wanted { valid, ..Wanted::at(address.port()) }).await;
    let between = pebble.between().await;
    let settings =
        Settings { directory: between.directory(), ..pebble.settings(Challenge::TlsAlpn) };
    let network = TestNetwork::start_with_acme(clock(), listener, settings).await;
    let app = &network.app;
    until(app, "both public", both_public).await;
    between.meddle(|_, _| Some(problem(503, "serverInternal", &[])));
    let alarmed = |alarm| move |app: &App| all(app).iter().all(|one| one.alarm == Some(alarm));
    let days = |count: i64| SignedDuration::from_hours(24 * count);
    later(&network, days(31)).await;
    until(app, "late", alarmed(Alarm::Late)).await;
    assert!(both_public(app), "still good");
    later(&network, days(8)).await;
    until(app, "soon", alarmed(Alarm::Soon)).await;
    later(&network, days(7)).await;
    until(app, "fallback", alarmed(Alarm::Fallback)).await;
    assert!(app.serves_own_certificate());
    // The clock was wrong, and is set right: what is kept is good.
    later(&network, -days(46)).await;
    until(app, "public again", both_public).await;
    shown(&way(&network, Host::App, &pebble.root, None)).await;
}

#[tokio::test]
async fn the_authoritys_own_suggestion_moves_the_renewal() {
    let (listener, address) = listener().await;
    let pebble = Pebble::start(&Wanted::at(address.port())).await;
    let between = pebble.between().await;
    let (from, port) = (Clock::system().now(), between.port);
    let day = |count: i64| from + SignedDuration::from_hours(24 * count);
    let window = serde_json::json!({
        "suggestedWindow": { "start": day(5).to_string(), "end": day(6).to_string() },
    });
    let inner = pebble.directory_as_given().await;
    between.meddle(move |_, path| {
        if path == "/dir" {
            let mut directory = inner.clone();
            let text = directory
                .to_string()
                .replace(&format!(":{}/", pebble_port(&inner)), &format!(":{port}/"));
            directory = serde_json::from_str(&text).unwrap();
            directory["renewalInfo"] = format!("https://localhost:{port}/ari").into();
            return Some(hyper::Response::new(whole(directory.to_string())));
        }
        path.starts_with("/ari/").then(|| {
            let answer = hyper::Response::builder().header("retry-after", "21600");
            answer.body(whole(window.to_string())).unwrap()
        })
    });
    let settings =
        Settings { directory: between.directory(), ..pebble.settings(Challenge::TlsAlpn) };
    let network = TestNetwork::start_with_acme(clock(), listener, settings).await;
    until(&network.app, "both public", both_public).await;
    let planned = certificate(&network.app, Host::App).renew_at;
    assert!(planned > day(50), "two thirds of ninety days");
    network.app.renewal.wake();
    until(&network.app, "planned", |app| {
        app.tls.hosts().iter().all(|host| (day(5)..=day(6)).contains(&of(app, *host).next_try))
    })
    .await;
    assert_eq!(between.asked("/ari/"), 2, "once a certificate");
}

fn pebble_port(directory: &serde_json::Value) -> u16 {
    let order = directory["newOrder"].as_str().unwrap();
    let port = order.trim_start_matches("https://localhost:").split('/').next().unwrap();
    port.parse().unwrap()
}
