//! From a card to a device over real TLS, and everybody who would like one without a card.

use std::time::Duration;

use hyper::StatusCode;
use provisioning::authority::{DeviceKey, read_leaf};
use provisioning::cards::{Approval, Printed};
use tests::browser::Browser;
use tests::line::{Answer, Identity, Way};
use tests::network::TestNetwork;
use tests::{forged, scan};

const NURSE: &str = "fujita-sayaka";
const DOCTOR: &str = "takahashi-fumihiko";

/// Two redemptions at once are raced so often.
const ROUNDS: usize = 20;

/// Asks for a certificate for a key of its own, or for a `.p12`.
async fn redeem(way: &Way, number: &str, secret: &str, form: &str) -> (Browser, Answer) {
    let mut browser = Browser::at(way.clone());
    let fields = [
        ("card", number),
        ("secret", secret),
        ("name", "PC"),
        ("platform", "windows"),
        ("form", form),
    ];
    let mut request = browser.form("/e", &fields);
    request.headers_mut().insert("accept", "application/json".parse().unwrap());
    let answer = browser.send(request).await.unwrap();
    (browser, answer)
}

async fn redeem_card(way: &Way, card: &Printed, form: &str) -> (Browser, Answer) {
    redeem(way, &card.card.number.plain(), &card.secret.plain(), form).await
}

#[tokio::test]
async fn a_used_card_is_as_good_as_none() {
    let network = TestNetwork::start().await;
    let card = network.card(NURSE, Approval::Waived).await;
    network.card(DOCTOR, Approval::Waived).await;
    let way = network.touroku_way();
    let (_, first) = redeem_card(&way, &card, "request").await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text());
    let (thief, again) = redeem_card(&way, &card, "request").await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(thief.cookies.is_empty());
    let (_, unknown) = redeem(&way, "ZZZZZZZZ", &card.secret.plain(), "request").await;
    let number = card.card.number.plain();
    let told = again.text().replace(&number, "");
    assert_eq!(told, unknown.text().replace("ZZZZZZZZ", ""), "nor is it told why");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_redemptions_at_once_exactly_one_wins() {
    let network = TestNetwork::start().await;
    for round in 0..ROUNDS {
        let card = network.card(NURSE, Approval::Waived).await;
        let races = [network.touroku_way(), network.touroku_way()].map(|way| {
            let card = (card.card.number.plain(), card.secret.plain());
            tokio::spawn(async move { race(&way, round, &card.0, &card.1).await })
        });
        let mut won = 0;
        for race in races {
            won += usize::from(race.await.unwrap());
        }
        assert_eq!(won, 1, "round {round}");
    }
}

/// Comes from an address of the round's own, because the host counts tries by address.
async fn race(way: &Way, round: usize, number: &str, secret: &str) -> bool {
    let last = u8::try_from(round + 10).unwrap();
    let from = std::net::Ipv4Addr::new(127, 0, 1, last);
    let mut browser = Browser::at(Way { from, ..way.clone() });
    let fields = [("card", number), ("secret", secret), ("name", "PC"), ("form", "request")];
    let mut request = browser.form("/e", &fields);
    request.headers_mut().insert("accept", "application/json".parse().unwrap());
    let answer = browser.send(request).await.unwrap();
    if answer.status != StatusCode::OK {
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        return false;
    }
    let key = DeviceKey::generate().unwrap();
    let csr = key.signing_request().unwrap();
    let answer = browser.send(browser.request("POST", "/e/certificate", csr)).await.unwrap();
    answer.status == StatusCode::OK
}

#[tokio::test]
async fn a_p12_is_handed_over_once_and_kept_nowhere() {
    let network = TestNetwork::start().await;
    let card = network.card(NURSE, Approval::Waived).await;
    network.card(DOCTOR, Approval::Waived).await;
    let way = network.touroku_way();
    let (mut browser, answer) = redeem_card(&way, &card, "").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let take = browser.get("/e/take").await;
    assert_eq!(take.status, StatusCode::OK);
    let file = browser.post("/e/p12", &[]).await;
    assert_eq!(file.header("content-type"), "application/x-pkcs12");
    let second = browser.post("/e/p12", &[]).await;
    assert_eq!(second.status, StatusCode::NOT_FOUND);
    let mut ranged = browser.form("/e/p12", &[]);
    ranged.headers_mut().insert("range", "bytes=0-100".parse().unwrap());
    assert_eq!(browser.send(ranged).await.unwrap().status, StatusCode::NOT_FOUND);
    let mut stranger = Browser::at(way);
    assert_eq!(stranger.post("/e/p12", &[]).await.status, StatusCode::NOT_FOUND);

    let part = file.body.chunks(32).nth(3).expect("a file of some length");
    let folder = network.folder.path();
    for path in scan::files(folder) {
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(part.len()).any(|some| some == part), "{}", path.display());
    }
    let cookie = browser.cookies.values().next().unwrap().clone();
    let words = [
        card.secret.plain(),
        card.secret.grouped(),
        card.initial_password.plain(),
        card.initial_password.grouped(),
        cookie,
    ];
    assert_eq!(scan::leaks(folder, &words), Vec::<String>::new());
}

#[tokio::test]
async fn a_greedy_request_gets_a_plain_leaf() {
    let network = TestNetwork::start().await;
    let card = network.card(NURSE, Approval::Waived).await;
    let (mut browser, _) = redeem_card(&network.touroku_way(), &card, "request").await;
    let request = browser.request("POST", "/e/certificate", forged::greedy_request());
    let answer = browser.send(request).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let text = answer.json()["certificate"].as_str().unwrap().to_owned();
    let der = data_encoding::BASE64.decode(text.as_bytes()).unwrap();
    read_leaf(&der).expect("a device's leaf, of no other purpose and no CA");
    for word in ["greedy", "app.tokinet.test"] {
        assert!(scan::found_in(&der, &[word.to_owned()]).is_empty(), "{word} was asked for");
    }
    for body in [&b""[..], b"not a request", &[0x30; 1000]] {
        let request = browser.request("POST", "/e/certificate", body.to_vec());
        let status = browser.send(request).await.unwrap().status;
        assert!(status.is_client_error(), "{status}");
    }
}

#[tokio::test]
async fn nothing_is_certified_before_somebody_approves() {
    let network = TestNetwork::start().await;
    let card = network.card(NURSE, Approval::Needed).await;
    let (mut browser, answer) = redeem_card(&network.touroku_way(), &card, "request").await;
    assert_eq!(answer.json()["digits"].as_str().unwrap().len(), 6);
    let csr = DeviceKey::generate().unwrap().signing_request().unwrap();
    let request = browser.request("POST", "/e/certificate", csr);
    assert_eq!(browser.send(request).await.unwrap().status, StatusCode::NOT_FOUND);
    assert_eq!(browser.get("/e/status").await.json()["state"], "waiting");
}

#[tokio::test]
async fn ten_wrong_secrets_lock_a_card_and_a_restart_does_not_open_it() {
    let network = TestNetwork::start().await;
    let card = network.card(NURSE, Approval::Waived).await;
    network.card(DOCTOR, Approval::Waived).await;
    let number = card.card.number.plain();
    for attempt in 0..10 {
        let (_, answer) = redeem(&network.touroku_way(), &number, "000000000000", "request").await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{attempt}");
    }
    let (_, right) = redeem_card(&network.touroku_way(), &card, "request").await;
    assert_eq!(right.status, StatusCode::UNPROCESSABLE_ENTITY, "locked");
    let network = network.restart().await;
    let (_, right) = redeem_card(&network.touroku_way(), &card, "request").await;
    assert_eq!(right.status, StatusCode::UNPROCESSABLE_ENTITY, "still locked");
    assert!(right.text().contains("このカードを止めました"), "{}", right.text());
}

#[tokio::test]
async fn a_card_makes_a_device_that_the_gate_admits() {
    let network = TestNetwork::start().await;
    let card = network.card(NURSE, Approval::Waived).await;
    let (mut browser, _) = redeem_card(&network.touroku_way(), &card, "request").await;
    let key = DeviceKey::generate().unwrap();
    let csr = key.signing_request().unwrap();
    let answer = browser.send(browser.request("POST", "/e/certificate", csr)).await.unwrap();
    let field = |name: &str| {
        let text = answer.json()[name].as_str().unwrap().to_owned();
        data_encoding::BASE64.decode(text.as_bytes()).unwrap()
    };
    let chain = vec![field("certificate"), field("device_ca")];
    let identity = Identity { chain, pkcs8: key.pkcs8().as_bytes().to_vec() };
    let mut nurse = Browser::at(network.app_way(Some(&identity)));
    let entry = network.member(NURSE);
    let (code, user) = (entry.facility.code.as_str(), entry.member.login.as_str());
    let initial = card.initial_password.grouped();
    nurse.first_login(code, user, &initial, "chosen-by-herself-1").await;
    let done = || {
        let found = network.app.store.read(|read| provisioning::enrolment::recent(read, 1));
        found.unwrap().first().and_then(provisioning::enrolment::Enrolment::took)
    };
    let took = tests::network::poll(Duration::from_secs(5), done).await;
    println!("from card to first contact: {took:?}");
    assert!(took.is_some(), "the first contact ends the enrolment");
}
