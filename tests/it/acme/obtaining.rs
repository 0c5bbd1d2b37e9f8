//! What is there when all goes well, over both kinds of challenge.

use std::sync::Arc;

use hyper::{Request, StatusCode};
use provisioning::cards::Approval;
use provisioning::public::Host;
use store::Clock;
use tests::line::{Way, whole};
use tests::network::TestNetwork;
use tests::pebble::{Pebble, Wanted, free_port, listener};
use tests::scan;
use webui::acme::{Challenge, External};
use webui::kit::tls::Source;

use super::{both_failed, both_public, certificate, of, shown, until, way};

const NURSE: &str = "fujita-sayaka";

#[tokio::test]
async fn both_hosts_get_certificates_over_the_products_own_port() {
    let (listener, address) = listener().await;
    let bad_nonces = 5;
    let pebble = Pebble::start(&Wanted { bad_nonces, ..Wanted::at(address.port()) }).await;
    let settings = pebble.settings(Challenge::TlsAlpn);
    let network = TestNetwork::start_with_acme(Clock::system(), listener, settings).await;
    until(&network.app, "both public", both_public).await;
    let device = network.device(NURSE).await;
    network.card(NURSE, Approval::Waived).await;
    let root = &pebble.root;
    let app = way(&network, Host::App, root, Some(&device.identity));
    let touroku = way(&network, Host::Touroku, root, None);
    // The device is known by its certificate, so the server still asks for one.
    let answer = app.ask(app.get("/login")).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.header("strict-transport-security").contains("max-age="));
    let stranger = way(&network, Host::App, root, None);
    let answer = stranger.ask(stranger.get("/login")).await.unwrap();
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(touroku.ask(touroku.get("/e")).await.unwrap().status, StatusCode::OK);
    for (way, other) in [(&app, &touroku), (&touroku, &app)] {
        let crossed = Request::get("/").header("host", &other.host).body(whole("")).unwrap();
        let answer = way.ask(crossed).await.unwrap();
        assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST, "{}", way.host);
    }
    let leaves = [shown(&app).await, shown(&touroku).await];
    assert_ne!(leaves[0], leaves[1], "one certificate each, so that nothing coalesces");
    for (host, leaf) in [Host::App, Host::Touroku].into_iter().zip(&leaves) {
        let kept = certificate(&network.app, host);
        assert_eq!(kept.chain.first(), Some(leaf));
        assert!(kept.issuer.contains("Pebble"), "{}", kept.issuer);
    }
    assert!(!network.app.serves_own_certificate());
    let own = network.app.authority.root_certificate();
    assert!(way(&network, Host::App, own, None).tls().await.is_err(), "nothing of our own");
}

#[tokio::test]
async fn an_acme_handshake_gets_nothing_while_no_challenge_is_open() {
    let (listener, address) = listener().await;
    let pebble = Pebble::start(&Wanted::at(address.port())).await;
    let settings = pebble.settings(Challenge::TlsAlpn);
    let network = TestNetwork::start_with_acme(Clock::system(), listener, settings).await;
    until(&network.app, "both public", both_public).await;
    for host in [Host::App, Host::Touroku] {
        let way = way(&network, host, &pebble.root, None);
        assert!(asking(&way, &[b"acme-tls/1"]).tls().await.is_err(), "{host:?}");
    }
    // Who speaks HTTP as well is a browser, and served as one.
    let way = way(&network, Host::App, &pebble.root, None);
    let both = asking(&way, &[b"acme-tls/1", b"http/1.1"]);
    let stream = both.tls().await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"http/1.1".as_slice()));
}

fn asking(way: &Way, protocols: &[&[u8]]) -> Way {
    let mut config = (*way.config).clone();
    config.alpn_protocols = protocols.iter().map(|one| one.to_vec()).collect();
    Way { config: Arc::new(config), ..way.clone() }
}

#[tokio::test]
async fn an_open_challenge_answers_for_its_name_alone_and_says_nothing_else() {
    let network = TestNetwork::start().await;
    let app = network.app.clone();
    let (name, digest) = (app.app_host(), [7; 32]);
    let made = provisioning::authority::challenge_certificate(&name, &digest, app.now()).unwrap();
    let open = app.tls.open_challenge(&name, &made).unwrap();
    let root = app.authority.root_certificate();
    let acme = |host| asking(&way(&network, host, root, None), &[b"acme-tls/1"]);
    // Nobody signed it, so a refusal of it shows that it was presented.
    let refused = acme(Host::App).tls().await.unwrap_err().to_string();
    assert!(refused.contains("certificate"), "{refused}");
    assert!(!acme(Host::Touroku).tls().await.unwrap_err().to_string().contains("certificate"));
    let device = network.device(NURSE).await;
    let usual = network.app_way(Some(&device.identity));
    assert_eq!(usual.ask(usual.get("/login")).await.unwrap().status, StatusCode::OK);
    drop(open);
    let closed = acme(Host::App).tls().await.unwrap_err().to_string();
    assert!(!closed.contains("certificate"), "{closed}");
}

#[tokio::test]
async fn a_box_that_nobody_outside_reaches_gets_them_over_the_dns() {
    let (listener, _) = listener().await;
    let pebble = Pebble::start(&Wanted::at(free_port())).await;
    let settings = pebble.settings(Challenge::Dns(pebble.good_hook()));
    let network = TestNetwork::start_with_acme(Clock::system(), listener, settings).await;
    until(&network.app, "both public", both_public).await;
    let called = pebble.called();
    assert_eq!(called.len(), 4, "{called:?}");
    for pair in called.chunks(2) {
        let [add, remove] = pair else { panic!("{called:?}") };
        assert_eq!((add[0].as_str(), remove[0].as_str()), ("add", "remove"));
        assert_eq!(add[1..], remove[1..]);
        assert!(add[1].starts_with("_acme-challenge."), "{add:?}");
    }
}

#[tokio::test]
async fn no_key_lies_in_a_file_in_the_clear() {
    let (listener, address) = listener().await;
    let pebble = Pebble::start(&Wanted::at(address.port())).await;
    let settings = pebble.settings(Challenge::TlsAlpn);
    let network = TestNetwork::start_with_acme(Clock::system(), listener, settings).await;
    until(&network.app, "both public", both_public).await;
    let keys: Vec<Vec<u8>> = [Host::App, Host::Touroku]
        .map(|host| certificate(&network.app, host).key.as_bytes().to_vec())
        .into();
    for file in scan::files(network.folder.path()) {
        let bytes = std::fs::read(&file).unwrap();
        for key in &keys {
            // The scalar itself, without the wrapping that all keys share.
            let scalar = &key[36..68];
            assert!(!bytes.windows(32).any(|one| one == scalar), "{}", file.display());
        }
    }
}

#[tokio::test]
async fn what_is_kept_serves_at_once_after_a_restart_without_any_network() {
    let (listener, address) = listener().await;
    let pebble = Pebble::start(&Wanted::at(address.port())).await;
    let settings = pebble.settings(Challenge::TlsAlpn);
    let network = TestNetwork::start_with_acme(Clock::system(), listener, settings.clone()).await;
    until(&network.app, "both public", both_public).await;
    let root = pebble.root.clone();
    drop(pebble);
    let network = network.restart_with(Some(settings)).await;
    assert!(both_public(&network.app));
    shown(&way(&network, Host::App, &root, None)).await;
    let network = network.restart_with(None).await;
    assert!(network.app.serves_own_certificate(), "nobody wants them any more");
    assert_eq!(network.app.tls.source(Host::Touroku), Source::Own);
}

#[tokio::test]
async fn an_account_may_be_bound_to_one_that_the_council_has() {
    const KEY: &str = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";
    let (listener, address) = listener().await;
    let binding = Some(("kid-1".to_owned(), KEY.to_owned()));
    let pebble = Pebble::start(&Wanted { binding, ..Wanted::at(address.port()) }).await;
    let key_file = pebble.folder.path().join("binding");
    std::fs::write(&key_file, format!("{KEY}\n")).unwrap();
    let without = pebble.settings(Challenge::TlsAlpn);
    let external = Some(External { id: "kid-1".to_owned(), key_file });
    let bound = webui::acme::Settings { external, ..without.clone() };
    let network = TestNetwork::start_with_acme(Clock::system(), listener, without).await;
    until(&network.app, "both failed", both_failed).await;
    let failed = of(&network.app, Host::App).attempt.unwrap();
    assert_eq!(failed.trouble, Some(provisioning::public::Trouble::Account), "{failed:?}");
    // The failure waits, as it should; another box begins with the binding.
    let (listener, address) = tests::pebble::listener().await;
    let binding = Some(("kid-1".to_owned(), KEY.to_owned()));
    let other = Pebble::start(&Wanted { binding, ..Wanted::at(address.port()) }).await;
    let settings = webui::acme::Settings {
        directory: other.directory(),
        root: Some(other.web_root.clone()),
        ..bound
    };
    let network = TestNetwork::start_with_acme(Clock::system(), listener, settings).await;
    until(&network.app, "both public", both_public).await;
}
