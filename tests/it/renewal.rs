//! Renewal over real TLS: two certificates of one device, and the moment in which one takes over.

use std::process::Command;

use hyper::StatusCode;
use jiff::SignedDuration;
use provisioning::devices::{Certificate, Device, Platform};
use store::StoreError;
use tests::browser::{Browser, hidden};
use tests::line::Identity;
use tests::network::{TestDevice, TestNetwork};

const NURSE: &str = "fujita-sayaka";
const CLERK: &str = "oda-tomoko";

/// The row says when a certificate ends; TLS itself goes by the real time.
async fn end_in(network: &TestNetwork, device: &TestDevice, days: i64) {
    let (key, now) = (device.spki, network.app.now());
    let put = network.app.store.write(network.act("test.age"), move |write| {
        let row: Certificate = write.get(&key)?.unwrap();
        let not_after = now + SignedDuration::from_hours(24 * days);
        write.put(&Certificate { not_after, ..row })?;
        Ok::<_, StoreError>(())
    });
    put.await.unwrap();
}

/// From the banner to the file; answers what a browser has of it.
async fn renew(nurse: &mut Browser, folder: &std::path::Path) -> Identity {
    let home = nurse.get("/").await.text();
    assert!(home.contains("この端末の証明書は残り 40 日です"), "{home}");
    let begun = nurse.post("/me/devices/renew", &[]).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.text());
    let page = nurse.get("/me/devices/renew").await.text();
    let id = hidden(&page, "renewal").unwrap();
    let (_, rest) = page.split_once("aria-label=\"証明書のパスワード\">").unwrap();
    let words = rest.split("</div>").next().unwrap().replace("<span>", "").replace("</span>", "");
    let file = nurse.post("/me/devices/renew/file", &[("renewal", &id)]).await;
    assert_eq!(file.header("content-type"), "application/x-pkcs12", "{}", file.text());
    let twice = nurse.post("/me/devices/renew/file", &[("renewal", &id)]).await;
    assert_eq!(twice.status, StatusCode::SEE_OTHER, "once");
    open(&file.body, words.trim(), folder)
}

/// What openssl reads from the file.
fn open(p12: &[u8], password: &str, folder: &std::path::Path) -> Identity {
    let at = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    std::fs::write(at("new.p12"), p12).unwrap();
    let openssl = |args: &[&str]| {
        let run = Command::new("openssl").args(args).output().unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    };
    let word = format!("pass:{password}");
    let (file, leaf, key) = (at("new.p12"), at("leaf.pem"), at("key.pem"));
    let read = ["pkcs12", "-in", &file, "-passin", &word, "-nodes"];
    openssl(&[&read[..], &["-clcerts", "-nokeys", "-out", &leaf]].concat());
    openssl(&[&read[..], &["-nocerts", "-out", &key]].concat());
    let (leaf_der, key_der) = (at("leaf.der"), at("key.der"));
    openssl(&["x509", "-in", &leaf, "-outform", "DER", "-out", &leaf_der]);
    openssl(&["pkcs8", "-topk8", "-nocrypt", "-in", &key, "-outform", "DER", "-out", &key_der]);
    let chain = vec![std::fs::read(leaf_der).unwrap()];
    Identity { chain, pkcs8: std::fs::read(key_der).unwrap() }
}

fn at_new(network: &TestNetwork, nurse: &Browser, identity: &Identity) -> Browser {
    let mut browser = Browser::at(network.app_way(Some(identity)));
    browser.cookies = nurse.cookies.clone();
    browser.token = nurse.token.clone();
    browser
}

fn rows(network: &TestNetwork, action: &str) -> usize {
    let rows = network.app.store.read(|read| read.trail(None, 200)).unwrap();
    rows.iter().filter(|row| row.action == action).count()
}

#[tokio::test]
async fn the_first_use_of_a_renewed_certificate_ends_the_one_before() {
    let network = TestNetwork::start().await;
    let device = network.device(NURSE).await;
    end_in(&network, &device, 40).await;
    let mut nurse = network.log_in(NURSE, &device).await;
    let new = renew(&mut nurse, network.folder.path()).await;
    assert!(nurse.is_signed_in().await, "the one in use goes on");
    let mut idle = nurse.way.line().await.unwrap();
    idle.ask(nurse.request("GET", "/mail/inbox", "")).await.unwrap();
    assert!(idle.is_open());

    let mut renewed = at_new(&network, &nurse, &new);
    assert!(renewed.is_signed_in().await, "the same device, so the same session");
    (&mut idle.closed).await.expect("what is open with the old key is cut");
    let refused = nurse.beside().get("/login").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert!(refused.text().contains("この証明書は、もう使えません"), "{}", refused.text());
    assert!(renewed.is_signed_in().await);
    assert!(!renewed.get("/").await.text().contains("この端末の証明書は残り"));
    for action in ["device.renew", "device.renew_take", "device.renewed"] {
        assert_eq!(rows(&network, action), 1, "{action}");
    }
}

#[tokio::test]
async fn revoking_cuts_both_certificates_of_a_device() {
    let network = TestNetwork::start().await;
    let device = network.device(NURSE).await;
    end_in(&network, &device, 40).await;
    let mut nurse = network.log_in(NURSE, &device).await;
    let new = renew(&mut nurse, network.folder.path()).await;
    let mut clerk = network.log_in(CLERK, &network.device(CLERK).await).await;
    clerk.get(&format!("/office/devices/{}/revoke", device.id)).await;
    clerk.post(&format!("/office/devices/{}/revoke", device.id), &[]).await;
    for mut browser in [nurse.beside(), at_new(&network, &nurse, &new)] {
        let refused = browser.get("/login").await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        assert!(refused.text().contains("登録は取り消されています"), "{}", refused.text());
    }
}

/// What a line of the script says.
fn line_of(script: &str, name: &str) -> String {
    let (_, rest) = script.split_once(&format!("\r\n${name} = '")).unwrap();
    rest.split_once('\'').unwrap().0.to_owned()
}

/// A key that openssl makes, as the PC would: its request, and the key for TLS.
fn own_key(folder: &std::path::Path) -> (Vec<u8>, Vec<u8>) {
    let at = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let openssl = |args: &[&str]| {
        let run = Command::new("openssl").args(args).output().unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    };
    let (key, request, der) = (at("pc.key"), at("pc.csr"), at("pc.der"));
    let new = ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    openssl(&[&new[..], &["-subj", "/CN=Tokinet", "-keyout", &key, "-out", &request]].concat());
    openssl(&["pkcs8", "-topk8", "-nocrypt", "-in", &key, "-outform", "DER", "-out", &der]);
    (std::fs::read(request).unwrap(), std::fs::read(der).unwrap())
}

#[tokio::test]
async fn a_windows_pc_renews_by_a_script_that_no_browser_sends() {
    let network = TestNetwork::start().await;
    let device = network.device(NURSE).await;
    end_in(&network, &device, 40).await;
    let id = device.id;
    let windows = network.app.store.write(network.act("test.windows"), move |write| {
        let row: Device = write.get(&id)?.unwrap();
        write.put(&Device { platform: Platform::Windows, ..row })
    });
    windows.await.unwrap();
    let mut nurse = network.log_in(NURSE, &device).await;
    nurse.post("/me/devices/renew", &[]).await;
    let page = nurse.get("/me/devices/renew").await.text();
    let renewal = hidden(&page, "renewal").unwrap();
    let touroku = network.touroku_way();
    assert!(touroku.tls().await.is_err(), "no ticket, no handshake");
    let script = nurse.post("/me/devices/renew/script", &[("renewal", &renewal)]).await.text();
    assert_eq!(line_of(&script, "Mode"), "renew");
    assert!(line_of(&script, "Url").ends_with("/e/certificate"));

    let (csr, pkcs8) = own_key(network.folder.path());
    let ticket = line_of(&script, "Ticket");
    let post = || {
        let mut request = touroku.request("POST", "/e/certificate", csr.clone());
        request.headers_mut().insert("tokinet-ticket", ticket.parse().unwrap());
        request
    };
    let answer = touroku.ask(post()).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let leaf = answer.json()["certificate"].as_str().unwrap().to_owned();
    assert!(touroku.tls().await.is_err(), "the ticket is used up, the door closed");
    let chain = vec![data_encoding::BASE64.decode(leaf.as_bytes()).unwrap()];
    let new = Identity { chain, pkcs8 };
    let mut idle = nurse.way.line().await.unwrap();
    idle.ask(nurse.request("GET", "/mail/inbox", "")).await.unwrap();
    let mut renewed = at_new(&network, &nurse, &new);
    assert!(renewed.is_signed_in().await, "the same device, so the same session");
    // The old key ends beside the answer, not before it.
    (&mut idle.closed).await.expect("what is open with the old key is cut");
    let refused = nurse.beside().get("/login").await;
    assert!(refused.text().contains("この証明書は、もう使えません"), "{}", refused.text());
    for action in ["device.renew", "device.renew_script", "device.renew_take", "device.renewed"] {
        assert_eq!(rows(&network, action), 1, "{action}");
    }
}
