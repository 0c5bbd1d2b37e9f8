//! The certificates' page, its button, and the banner above the office's pages.

use jiff::{SignedDuration, Timestamp};
use provisioning::authority::{Pkcs8, ServerRequest};
use provisioning::public::{self, Attempt, Host, PublicCertificate, Trouble};

use crate::acme::{Challenge, LETS_ENCRYPT, Settings};
use crate::kit::testing::{Net, Persona, act};

fn settings() -> Settings {
    Settings {
        directory: LETS_ENCRYPT.to_owned(),
        contact: None,
        challenge: Challenge::TlsAlpn,
        root: None,
        external: None,
    }
}

fn fail(net: &Net, host: Host, trouble: Trouble, bidden: bool) {
    let now = net.app.now();
    let attempt = Attempt {
        host,
        tried_at: now,
        failures: 1,
        hold_until: now + SignedDuration::from_hours(5),
        bidden,
        trouble: Some(trouble),
        detail: "urn:ietf:params:acme:error:connection".to_owned(),
    };
    act(&net.app.store, move |write| write.put(&attempt).unwrap());
}

/// A row as if it had been obtained; nobody serves it.
fn keep(net: &Net, host: Host, life: SignedDuration) {
    let now: Timestamp = net.app.now();
    let key: Pkcs8 = ServerRequest::make("app.aoba.example").unwrap().key;
    let one = PublicCertificate {
        host,
        name: net.app.tls.name(host).to_owned(),
        chain: Vec::new(),
        key,
        issuer: "Test".to_owned(),
        serial: vec![1],
        issuer_key: None,
        not_before: now,
        not_after: now + life,
        renew_at: now + life / 3 * 2,
        obtained_at: now,
    };
    act(&net.app.store, move |write| write.put(&one).unwrap());
}

#[tokio::test]
async fn without_a_domain_of_its_own_the_page_says_whose_certificates_these_are() {
    let net = Net::new();
    let clerk = net.visitor(Persona::Office);
    let page = clerk.get("/office/server").await.body;
    assert!(page.contains("自前の認証局の証明書を使っています"));
    assert!(page.contains("app.aoba.example") && page.contains("touroku.aoba.example"));
    assert!(!page.contains("いま更新する"));
    assert!(!clerk.get("/office").await.body.contains("自前の証明書で動いています"));
}

#[tokio::test]
async fn a_failure_is_told_in_plain_words_above_the_offices_pages_and_nowhere_else() {
    let net = Net::with_acme(settings());
    let clerk = net.visitor(Persona::Office);
    let page = clerk.get("/office/server").await.body;
    assert!(page.contains("公開の証明書を取得中"));
    fail(&net, Host::App, Trouble::NotValidated, false);
    let page = clerk.get("/office/server").await.body;
    assert!(page.contains("発行元が、この名前を確かめられませんでした"));
    assert!(page.contains("ポート443") && page.contains("error:connection"));
    let banner = "自前の証明書で動いています。ブラウザーに警告が出る端末があります";
    assert!(clerk.get("/office").await.body.contains(banner));
    assert!(!net.visitor(Persona::Member).get("/").await.body.contains(banner));
}

async fn desk(net: &Net) -> String {
    net.visitor(Persona::Office).get("/office").await.body
}

#[tokio::test]
async fn a_certificate_that_is_not_renewed_is_told_with_its_days() {
    let net = Net::with_acme(settings());
    for host in net.app.tls.hosts() {
        keep(&net, *host, SignedDuration::from_hours(45 * 24));
    }
    net.app.store.clock().advance(SignedDuration::from_hours(31 * 24));
    assert!(!desk(&net).await.contains("サーバー証明書（"));
    fail(&net, Host::Touroku, Trouble::Unreachable, false);
    let told = "サーバー証明書（touroku.aoba.example）が更新できていません。あと14日";
    assert!(desk(&net).await.contains(told));
    net.app.store.clock().advance(SignedDuration::from_hours(8 * 24));
    assert!(desk(&net).await.contains("あと6日で切れます。急いで"));
}

#[tokio::test]
async fn the_button_asks_once_and_obeys_what_the_authority_bids() {
    let net = Net::with_acme(settings());
    let press = async || net.visitor(Persona::Office).post("/office/server/renew", &[]).await;
    for host in net.app.tls.hosts() {
        fail(&net, *host, Trouble::RateLimited, true);
    }
    assert_eq!(press().await.location, "/office/server");
    let wish = || net.app.store.read(provisioning::public::wish).unwrap();
    assert!(wish().is_none(), "nobody presses on");
    net.app.store.clock().advance(SignedDuration::from_hours(6));
    press().await;
    assert_eq!(wish().unwrap().by, net.clerk.id);
}

/// A chain that serves; who signed it does not matter here.
fn keep_served(net: &Net) {
    for host in net.app.tls.hosts() {
        let (app, name) = (&net.app, net.app.tls.name(*host).to_owned());
        let made = app.authority.issue_server(&[&name], app.now()).unwrap();
        keep(net, *host, SignedDuration::from_hours(45 * 24));
        let mut row = app.store.read(|read| public::certificate(read, *host)).unwrap().unwrap();
        (row.chain, row.key) = (made.chain, made.key);
        act(&app.store, move |write| write.put(&row).unwrap());
    }
    net.app.tls.look(&net.app.store, &net.app.authority).unwrap();
}

#[tokio::test]
async fn cards_show_the_roots_fingerprint_only_while_our_own_authority_serves() {
    let net = Net::with_acme(settings());
    let nurse = net.nurse.id.to_string();
    let letter = |once: &'static str| {
        let (clerk, nurse) = (net.visitor(Persona::Office), nurse.clone());
        async move {
            let fields = [("member", nurse.as_str()), ("format", "letter"), ("once", once)];
            clerk.post("/office/cards", &fields).await.body
        }
    };
    assert!(net.app.serves_own_certificate());
    assert!(letter("1").await.contains("ルート証明書の指紋"));
    keep_served(&net);
    assert!(!net.app.serves_own_certificate());
    let second = letter("2").await;
    assert!(second.contains("登録コード") && !second.contains("ルート証明書の指紋"));
    let page = net.visitor(Persona::Office).get("/office/server").await.body;
    assert!(page.contains("公開の証明書・正常") && !page.contains("自前の証明書で動いています"));
    net.app.store.clock().advance(SignedDuration::from_hours(46 * 24));
    net.app.tls.look(&net.app.store, &net.app.authority).unwrap();
    assert!(net.app.serves_own_certificate(), "the end of the public one is our own again");
    net.app.tls.look(&net.app.store, &net.app.authority).unwrap();
    assert!(letter("3").await.contains("ルート証明書の指紋"));
}
