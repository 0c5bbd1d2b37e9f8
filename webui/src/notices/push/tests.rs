//! Pushes: the standard's own example, and what is no subscription.

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use data_encoding::BASE64URL_NOPAD;
use store::Id;

use super::model::{may_be_sent_to, read_subscription};
use super::seal::{PADDED_BYTES, seal, seal_with};
use crate::kit::testing::{Net, Persona};
use crate::notices::outside::{Holder, Outside, PushRules, Subscription, To, ways_within};

const THEIRS: &str =
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
const SECRET: &str = "BTBZMqHH6r4Tts7J_aSIgg";

fn bytes(text: &str) -> Vec<u8> {
    BASE64URL_NOPAD.decode(text.as_bytes()).unwrap()
}

fn subscription() -> Subscription {
    Subscription {
        endpoint: "https://fcm.googleapis.com/a".to_owned(),
        key: bytes(THEIRS),
        secret: bytes(SECRET),
        device: Id::from_bytes([1; 16]),
    }
}

#[test]
fn the_example_of_the_standard_comes_out_to_the_last_byte() {
    let own = bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw");
    let own = PrivateKey::from_private_key(&ECDH_P256, &own).unwrap();
    let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap();
    let plain = b"When I grow up, I want to be a watermelon";
    let sealed = seal_with(&subscription(), plain, salt, &own, 0).unwrap();
    let expected = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZII\
                    gDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXzt\
                    LVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
    assert_eq!(BASE64URL_NOPAD.encode(&sealed), expected);
}

#[test]
fn all_pushes_are_equally_long_and_no_two_are_alike() {
    let of = |plain: &[u8]| seal(&subscription(), plain, [7; 16]).unwrap();
    let (short, long) = (of(b"a"), of(&[b'b'; 400]));
    assert_eq!(short.len(), long.len());
    assert_eq!(short.len(), 16 + 4 + 1 + 65 + PADDED_BYTES + 16);
    assert_ne!(of(b"a"), of(b"a"), "the key is new each time");
}

#[test]
fn a_key_that_is_no_point_is_refused() {
    let broken = Subscription { key: vec![4; 65], ..subscription() };
    assert!(seal(&broken, b"a", [0; 16]).is_err());
}

#[test]
fn only_push_services_are_ever_spoken_to() {
    let rules = PushRules::default();
    for (host, good) in [
        ("fcm.googleapis.com", true),
        ("updates.push.services.mozilla.com", true),
        ("web.push.apple.com", true),
        ("sg2p.notify.windows.com", true),
        ("fcm.googleapis.com:8443", false),
        ("fcm.googleapis.com.example.jp", false),
        ("evilpush.apple.com.jp", false),
        ("xnotify.windows.com", false),
        ("127.0.0.1", false),
        ("a@fcm.googleapis.com", false),
    ] {
        assert_eq!(may_be_sent_to(&rules, host), good, "{host}");
    }
}

#[test]
fn what_is_no_subscription_is_refused() {
    let read = |endpoint: &str, key: &str, secret: &str| {
        read_subscription(&PushRules::default(), endpoint, key, secret, Id::from_bytes([1; 16]))
            .is_some()
    };
    assert!(read("https://fcm.googleapis.com/fcm/send/a", THEIRS, SECRET));
    assert!(!read("http://fcm.googleapis.com/a", THEIRS, SECRET));
    assert!(!read("https://fcm.googleapis.com/", THEIRS, SECRET));
    assert!(!read("https://fcm.googleapis.com/a\nb", THEIRS, SECRET));
    assert!(!read("https://169.254.169.254/a", THEIRS, SECRET));
    assert!(!read("https://fcm.googleapis.com/a", "AAAA", SECRET));
    assert!(!read("https://fcm.googleapis.com/a", THEIRS, "AAAA"));
    assert!(!read(&format!("https://fcm.googleapis.com/{}", "a".repeat(2_000)), THEIRS, SECRET));
}

fn with_push() -> Net {
    let outside = Outside { smtp: None, push: Some(PushRules::default()) };
    Net::with_outside(outside)
}

fn ways(net: &Net, member: Id<provisioning::members::Member>) -> usize {
    let found = net.app.store.read(|read| ways_within(read, Holder::Member(member))).unwrap();
    found.iter().filter(|way| matches!(way.to, To::Push(_))).count()
}

#[tokio::test]
async fn a_browser_tells_its_newest_member_and_stops_when_asked() {
    let net = with_push();
    super::ensure(&net.app).await.unwrap();
    let nurse = net.visitor(Persona::Member);
    let page = nurse.get("/me/notices").await.body;
    assert!(page.contains("data-push-key=\"B"), "{page}");
    let fields =
        [("endpoint", "https://fcm.googleapis.com/a"), ("key", THEIRS), ("secret", SECRET)];
    nurse.post("/me/notices/push", &fields).await;
    nurse.post("/me/notices/push", &fields).await;
    assert_eq!(ways(&net, net.nurse.id), 1);
    assert!(nurse.get("/me/notices").await.body.contains("この端末では止める"));
    net.visitor(Persona::Manager).post("/me/notices/push", &fields).await;
    assert_eq!((ways(&net, net.nurse.id), ways(&net, net.doctor.id)), (0, 1));
    net.visitor(Persona::Manager).post("/me/notices/push/end", &[]).await;
    assert_eq!(ways(&net, net.doctor.id), 0);
}

#[tokio::test]
async fn without_web_push_nothing_speaks_of_it() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    assert!(!nurse.get("/me/notices").await.body.contains("端末の通知"));
    let fields =
        [("endpoint", "https://fcm.googleapis.com/a"), ("key", THEIRS), ("secret", SECRET)];
    nurse.post("/me/notices/push", &fields).await;
    assert_eq!(ways(&net, net.nurse.id), 0);
}

#[tokio::test]
async fn the_worker_caches_nothing() {
    let net = Net::new();
    let script = net.visitor(Persona::Device).get("/sw.js").await.body;
    assert!(script.contains("showNotification"));
    for word in ["caches", "fetch", "indexedDB", "importScripts"] {
        assert!(!script.contains(&format!("'{word}'")) && !script.contains(&format!("{word}(")));
    }
}
