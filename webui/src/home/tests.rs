//! One look: what is new, what waits, what is being written.

use crate::kit::testing::{Net, Persona};

#[tokio::test]
async fn a_quiet_day_says_so() {
    let net = Net::new();
    let page = net.visitor(Persona::Member).get("/").await.body;
    assert!(page.contains("新着メールはありません"));
    assert!(!page.contains("/office"), "the desk is the office's");
}

#[tokio::test]
async fn new_mail_and_unopened_mail_are_counted() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let at = nurse.post("/mail/drafts", &[]).await.location;
    let doctor = net.doctor.id.to_string();
    let fields = [("version", "1"), ("subject", "件"), ("body", "文"), ("add", doctor.as_str())];
    nurse.post(&at, &fields).await;
    assert!(nurse.get("/").await.body.contains("佐藤 doctor 医師"), "the draft is shown");
    nurse.post(&format!("{at}/send"), &[("version", "2")]).await;
    assert!(nurse.get("/").await.body.contains("未開封 1人"));
    let page = net.visitor(Persona::Manager).get("/").await.body;
    assert!(page.contains("新着メールが 1件 あります"));
}

#[tokio::test]
async fn a_password_near_its_end_is_spoken_of() {
    let net = Net::new();
    net.app.store.clock().advance(jiff::SignedDuration::from_hours(24 * 83));
    let page = net.visitor(Persona::Member).get("/").await.body;
    assert!(page.contains("あと7日"), "{page}");
}

#[tokio::test]
async fn a_tablet_finds_name_and_icons_for_its_home_screen() {
    let net = Net::new();
    let page = net.visitor(Persona::Member).get("/").await.body;
    assert!(
        page.contains("rel=\"manifest\" href=\"/app.webmanifest\" crossorigin=\"use-credentials\"")
    );
    let (_, touch) = page.split_once("rel=\"apple-touch-icon\" href=\"").unwrap();
    let device = net.visitor(Persona::Device);
    let answer = device.get("/app.webmanifest").await;
    assert_eq!(answer.status.as_u16(), 200, "without a log-in: the browser fetches it by itself");
    let manifest: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(manifest["display"], "standalone");
    assert_eq!(manifest["name"], net.app.network.name.as_str());
    let icons =
        manifest["icons"].as_array().unwrap().iter().map(|one| one["src"].as_str().unwrap());
    let found: Vec<_> = icons.chain(touch.split('"').next()).map(str::to_owned).collect();
    assert_eq!(found.len(), 3);
    for icon in found {
        assert_eq!(device.get(&icon).await.status.as_u16(), 200, "{icon}");
    }
}
