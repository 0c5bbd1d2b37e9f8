//! Public certificates from a real ACME server on loopback: obtaining, renewing, failing.
//!
//! `obtaining` is what a browser sees afterwards; `renewing` moves the clock; `failing` is all that
//! can go wrong.

mod failing;
mod obtaining;
mod renewing;

use std::time::Duration;

use jiff::SignedDuration;
use provisioning::public::{Host, PublicCertificate, Standing};
use tests::line::{Identity, Way};
use tests::network::TestNetwork;
use webui::acme::standings;
use webui::kit::app::App;
use webui::kit::tls::Source;

/// A try takes a second or two; a loaded machine needs patience.
const PATIENCE: Duration = Duration::from_secs(90);

fn all(app: &App) -> Vec<Standing> {
    app.store.read(|read| standings(app, read)).unwrap()
}

fn of(app: &App, host: Host) -> Standing {
    all(app).into_iter().find(|one| one.host == host).unwrap()
}

fn certificate(app: &App, host: Host) -> PublicCertificate {
    of(app, host).certificate.expect("a certificate")
}

/// Waits until the keeper has ended a look after which this is so.
async fn until(app: &App, what: &str, is_so: impl Fn(&App) -> bool) {
    let mut rounds = app.renewal.rounds();
    let waiting = async {
        while !is_so(app) {
            rounds.changed().await.expect("the keeper runs");
        }
    };
    let done = tokio::time::timeout(PATIENCE, waiting).await;
    assert!(done.is_ok(), "not in time: {what}; {:#?}", all(app));
}

fn both_public(app: &App) -> bool {
    app.tls.hosts().iter().all(|host| app.tls.source(*host) == Source::Public)
}

fn both_failed(app: &App) -> bool {
    all(app).iter().all(|one| one.attempt.as_ref().is_some_and(|one| one.trouble.is_some()))
}

/// Moves the clock and waits until the keeper has looked.
async fn later(network: &TestNetwork, by: SignedDuration) {
    let mut rounds = network.app.renewal.rounds();
    network.app.store.clock().advance(by);
    network.app.renewal.wake();
    let looked = tokio::time::timeout(PATIENCE, rounds.changed()).await;
    looked.expect("in time").expect("the keeper runs");
}

fn way(network: &TestNetwork, host: Host, root: &[u8], who: Option<&Identity>) -> Way {
    Way::new(network.running.address, network.app.tls.name(host), root, who)
}

/// The leaf that a host shows to whoever trusts this root.
async fn shown(way: &Way) -> Vec<u8> {
    let stream = way.tls().await.expect("a trusted certificate");
    let (_, session) = stream.get_ref();
    session.peer_certificates().unwrap().first().unwrap().to_vec()
}
