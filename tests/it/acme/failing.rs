//! All that can go wrong: what is served meanwhile, what is said, and what is not asked again.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::SignedDuration;
use provisioning::public::{Attempt, Host, Trouble};
use store::Clock;
use tests::network::{TestNetwork, poll};
use tests::pebble::{Between, Pebble, Wanted, free_port, listener, problem};
use webui::acme::{Challenge, Hook, Settings};

use super::{all, both_failed, both_public, later, of, shown, until, way};

fn clock() -> Clock {
    Clock::fixed(Clock::system().now(), 1)
}

struct Scene {
    pebble: Pebble,
    between: Between,
    network: TestNetwork,
}

/// A box that goes through somebody between, who meddles from the beginning.
async fn scene(meddle: impl FnOnce(&Between)) -> Scene {
    let (listener, address) = listener().await;
    let pebble = Pebble::start(&Wanted::at(address.port())).await;
    let between = pebble.between().await;
    meddle(&between);
    let settings =
        Settings { directory: between.directory(), ..pebble.settings(Challenge::TlsAlpn) };
    let network = TestNetwork::start_with_acme(clock(), listener, settings).await;
    Scene { pebble, between, network }
}

fn attempt(network: &TestNetwork) -> Attempt {
    of(&network.app, Host::App).attempt.expect("a try")
}

async fn failed_with(settings: Settings) -> (TestNetwork, Attempt) {
    let (listener, _) = listener().await;
    let network = TestNetwork::start_with_acme(clock(), listener, settings).await;
    until(&network.app, "both failed", both_failed).await;
    let own = network.app.authority.root_certificate();
    shown(&way(&network, Host::App, own, None)).await;
    let attempt = attempt(&network);
    (network, attempt)
}

#[tokio::test]
async fn a_rate_limit_is_obeyed_to_the_second_and_then_all_is_well() {
    let tried = |between: &Between| between.asked("/order-plz");
    let limit = |between: &Between| {
        between.meddle(|_, path| {
            path.starts_with("/order-plz")
                .then(|| problem(429, "rateLimited", &[("retry-after", "86400")]))
        });
    };
    let Scene { pebble, between, network } = scene(limit).await;
    let app = &network.app;
    until(app, "both failed", both_failed).await;
    let failed = attempt(&network);
    assert_eq!(failed.trouble, Some(Trouble::RateLimited), "{failed:?}");
    assert!(failed.bidden);
    assert_eq!(failed.hold_until, failed.tried_at + SignedDuration::from_hours(24));
    assert!(app.serves_own_certificate());
    let before = tried(&between);
    between.stand_aside();
    later(&network, SignedDuration::from_hours(23)).await;
    assert_eq!(tried(&between), before, "not a word before the time");
    later(&network, SignedDuration::from_hours(1)).await;
    until(app, "both public", both_public).await;
    shown(&way(&network, Host::App, &pebble.root, None)).await;
    assert!(all(app).iter().all(|one| one.alarm.is_none()));
}

#[tokio::test]
async fn bad_nonces_are_tried_again_at_once() {
    let refused = Arc::new(AtomicUsize::new(0));
    let count = refused.clone();
    let scene = scene(|between| {
        between.meddle(move |method, _| {
            let first = method == "POST" && count.fetch_add(1, Ordering::SeqCst) < 2;
            first.then(|| problem(400, "badNonce", &[]))
        });
    })
    .await;
    until(&scene.network.app, "both public", both_public).await;
    assert!(refused.load(Ordering::SeqCst) > 2);
}

#[tokio::test]
async fn a_refused_order_is_told_and_not_asked_again_at_once() {
    let Scene { between, network, pebble } = scene(|between| {
        between.meddle(|_, path| {
            path.starts_with("/order-plz").then(|| problem(400, "rejectedIdentifier", &[]))
        });
    })
    .await;
    until(&network.app, "both failed", both_failed).await;
    let failed = attempt(&network);
    assert_eq!(failed.trouble, Some(Trouble::Refused), "{failed:?}");
    assert!(failed.detail.contains("a test says so"), "{failed:?}");
    assert!(failed.hold_until >= failed.tried_at + SignedDuration::from_mins(15));
    assert_eq!(between.asked("/order-plz"), 2, "once a host");
    drop(pebble);
}

#[tokio::test]
async fn an_account_that_the_authority_lost_is_made_anew() {
    let Scene { pebble, between, network } = scene(|_| {}).await;
    let app = &network.app;
    until(app, "both public", both_public).await;
    let other = Pebble::start(&Wanted::at(network.running.address.port())).await;
    between.lead_to(&other);
    let before = of(app, Host::App).certificate.unwrap();
    later(&network, SignedDuration::from_hours(24 * 61)).await;
    until(app, "renewed", |app| {
        all(app).iter().all(|one| {
            one.certificate.as_ref().is_some_and(|one| one.obtained_at > before.obtained_at)
        })
    })
    .await;
    shown(&way(&network, Host::App, &other.root, None)).await;
    drop(pebble);
}

#[tokio::test]
async fn a_server_that_is_down_costs_nothing_but_the_wait() {
    let pebble_root = PathBuf::from("/nowhere/root.pem");
    let gone = Settings {
        directory: format!("https://localhost:{}/dir", free_port()),
        contact: None,
        challenge: Challenge::TlsAlpn,
        root: None,
        external: None,
    };
    let (_network, failed) = failed_with(gone.clone()).await;
    assert_eq!(failed.trouble, Some(Trouble::Unreachable), "{failed:?}");
    let (_network, failed) = failed_with(Settings { root: Some(pebble_root), ..gone }).await;
    assert_eq!(failed.trouble, Some(Trouble::NotTrusted), "{failed:?}");
}

#[tokio::test]
async fn a_server_of_another_root_is_not_believed() {
    let pebble = Pebble::start(&Wanted::at(free_port())).await;
    let trusting_the_public = Settings { root: None, ..pebble.settings(Challenge::TlsAlpn) };
    let (_network, failed) = failed_with(trusting_the_public).await;
    assert_eq!(failed.trouble, Some(Trouble::NotTrusted), "{failed:?}");
    let other = Pebble::start(&Wanted::at(free_port())).await;
    let wrong =
        Settings { root: Some(other.web_root.clone()), ..pebble.settings(Challenge::TlsAlpn) };
    let (_network, failed) = failed_with(wrong).await;
    assert_eq!(failed.trouble, Some(Trouble::NotTrusted), "{failed:?}");
}

#[tokio::test]
async fn a_name_that_does_not_answer_is_told_and_its_challenge_is_closed() {
    // The server looks at another port, where nobody answers.
    let pebble = Pebble::start(&Wanted::at(free_port())).await;
    let (network, failed) = failed_with(pebble.settings(Challenge::TlsAlpn)).await;
    assert_eq!(failed.trouble, Some(Trouble::NotValidated), "{failed:?}");
    assert!(failed.detail.contains("connect"), "{failed:?}");
    let way = way(&network, Host::App, network.app.authority.root_certificate(), None);
    let mut config = (*way.config).clone();
    config.alpn_protocols = vec![b"acme-tls/1".to_vec()];
    let way = tests::line::Way { config: Arc::new(config), ..way };
    assert!(way.tls().await.is_err(), "closed after the failure");
}

#[tokio::test]
async fn a_dns_program_that_fails_or_does_nothing_is_named_and_called_for_the_removal() {
    let pebble = Pebble::start(&Wanted::at(free_port())).await;
    let fails =
        pebble.hook("echo \"no such zone, key=$value-c2VjcmV0LXNlY3JldC1zZWNyZXQ\"; exit 3");
    let (_network, failed) = failed_with(pebble.settings(Challenge::Dns(fails))).await;
    assert_eq!(failed.trouble, Some(Trouble::Hook), "{failed:?}");
    assert!(failed.detail.contains("exit 3; it said: no such zone"), "{failed:?}");
    assert!(!failed.detail.contains("c2VjcmV0"), "{failed:?}");
    let called = pebble.called();
    let words: Vec<_> = called.iter().map(|call| call[0].as_str()).collect();
    assert_eq!(words, ["add", "remove", "add", "remove"]);
    assert!(!failed.detail.contains(&called[0][2]), "the value is nobody's business");

    let other = Pebble::start(&Wanted::at(free_port())).await;
    let rubbish = other.hook("head -c 300000 /dev/urandom; head -c 1000 /dev/urandom >&2");
    let (_network, failed) = failed_with(other.settings(Challenge::Dns(rubbish))).await;
    assert_eq!(failed.trouble, Some(Trouble::NotValidated), "{failed:?}");
    assert_eq!(other.called().len(), 4, "each record is taken away");

    let missing = Hook { program: "/nowhere/hook".into(), ..other.good_hook() };
    let (_network, failed) = failed_with(other.settings(Challenge::Dns(missing))).await;
    assert_eq!(failed.trouble, Some(Trouble::Hook), "{failed:?}");
}

#[tokio::test]
async fn a_dns_program_that_hangs_is_killed_with_all_that_it_started() {
    let pebble = Pebble::start(&Wanted::at(free_port())).await;
    let pids = pebble.folder.path().join("pids");
    let body = format!("sleep 600 & echo $! >> {0}; echo $$ >> {0}; sleep 600", pids.display());
    let hook = Hook { limit: Duration::from_millis(1500), ..pebble.hook(&body) };
    let (_network, failed) = failed_with(pebble.settings(Challenge::Dns(hook))).await;
    assert_eq!(failed.trouble, Some(Trouble::Hook), "{failed:?}");
    assert!(failed.detail.contains("killed after"), "{failed:?}");
    let pids = std::fs::read_to_string(pids).unwrap();
    assert_eq!(pids.lines().count(), 8, "add and remove for two hosts");
    for pid in pids.lines() {
        // The kernel takes a moment to bury them.
        let state = || {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
            let gone = stat.is_err() || stat.is_ok_and(|stat| stat.contains(") Z "));
            gone.then_some(())
        };
        poll(Duration::from_secs(10), state).await.unwrap_or_else(|| panic!("{pid} lives on"));
    }
}
