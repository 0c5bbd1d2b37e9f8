//! Own keys: the password comes first, paper comes with the first key, others' stay theirs.

use jiff::SignedDuration;
use provisioning::passkeys::{codes_left, of_member};

use crate::kit::testing::{Net, PASSWORD, Persona};
use crate::kit::testing_key::{SoftKey, asked, codes, register};

#[tokio::test]
async fn the_first_key_brings_ten_codes_and_the_second_none() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let first = register(&nurse, &SoftKey::new(1)).await;
    assert_eq!(codes(&first.body).len(), 10);
    assert_eq!(register(&nurse, &SoftKey::new(2)).await.location, "/me/passkeys");
    let page = nurse.get("/me/passkeys").await.body;
    assert_eq!(page.matches("<b>青いキー</b>").count(), 2);
    assert!(page.contains("あと<b class=\"nums\">10</b>個"));
    assert!(!page.contains(&codes(&first.body)[0]), "shown once");
}

#[tokio::test]
async fn nobody_registers_without_the_password_and_what_was_typed_stays() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let fields = [("name", "青いキー"), ("password", "wrong")];
    let answer = nurse.post("/me/passkeys/start", &fields).await;
    assert_eq!(answer.status.as_u16(), 422);
    assert!(
        answer.body.contains("value=\"青いキー\"") && answer.body.contains("パスワードが違います")
    );
    assert_eq!(nurse.get("/me/passkeys/new").await.location, "/me/passkeys");
    let unnamed = nurse.post("/me/passkeys/start", &[("name", " "), ("password", PASSWORD)]).await;
    assert_eq!(unnamed.status.as_u16(), 422);
}

#[tokio::test]
async fn a_question_is_answered_once_in_time_and_by_verified_hardware() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let start = [("name", "青いキー"), ("password", PASSWORD)];
    for lie in 0..4 {
        nurse.post("/me/passkeys/start", &start).await;
        let question = asked(&nurse.get("/me/passkeys/new").await.body);
        let mut key = SoftKey::new(1);
        match lie {
            0 => key.origin = "https://evil.example",
            1 => key.verified = false,
            2 => key.challenge = Some("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
            _ => net.app.store.clock().advance(SignedDuration::from_mins(6)),
        }
        let answer = nurse.post("/me/passkeys", &[("answer", &key.make(&question))]).await;
        assert_eq!(answer.location, "/me/passkeys", "{lie}");
        let honest = SoftKey::new(1).make(&question);
        nurse.post("/me/passkeys", &[("answer", &honest)]).await;
        let kept = net.app.store.read(|read| of_member(read, net.nurse.id)).unwrap();
        assert!(kept.is_empty(), "{lie}");
    }
}

#[tokio::test]
async fn a_key_is_made_under_the_name_in_the_tunnel_as_well() {
    let net = Net::with_inside_name();
    let mut nurse = net.visitor(Persona::Member);
    nurse.host = "inside.app.aoba.example";
    let start = [("name", "青いキー"), ("password", PASSWORD)];
    let kept = || net.app.store.read(|read| of_member(read, net.nurse.id)).unwrap().len();
    for (origin, expected) in
        [("https://app.aoba.example", 0), ("https://inside.app.aoba.example", 1)]
    {
        nurse.post("/me/passkeys/start", &start).await;
        let question = asked(&nurse.get("/me/passkeys/new").await.body);
        let mut key = SoftKey::new(1);
        key.origin = origin;
        nurse.post("/me/passkeys", &[("answer", &key.make(&question))]).await;
        assert_eq!(kept(), expected, "{origin}");
    }
}

#[tokio::test]
async fn the_same_hardware_is_registered_once_and_for_nobody_else() {
    let net = Net::new();
    let key = SoftKey::new(1);
    register(&net.visitor(Persona::Member), &key).await;
    assert_eq!(register(&net.visitor(Persona::Manager), &key).await.location, "/me/passkeys");
    let kept = net.app.store.read(|read| of_member(read, net.doctor.id)).unwrap();
    assert!(kept.is_empty());
}

#[tokio::test]
async fn a_key_is_removed_by_its_owner_with_the_password() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    register(&nurse, &SoftKey::new(1)).await;
    let id = net.app.store.read(|read| of_member(read, net.nurse.id)).unwrap()[0].id;
    let at = format!("/me/passkeys/{id}/remove");
    let others = net.visitor(Persona::Manager).post(&at, &[("password", PASSWORD)]).await;
    assert_eq!(others.status.as_u16(), 404);
    assert_eq!(nurse.post(&at, &[("password", "wrong")]).await.status.as_u16(), 422);
    assert_eq!(nurse.post(&at, &[("password", PASSWORD)]).await.location, "/me/passkeys");
    net.app
        .store
        .read(|read| {
            assert!(of_member(read, net.nurse.id)?.is_empty());
            assert_eq!(codes_left(read, net.nurse.id)?, None);
            Ok::<_, store::StoreError>(())
        })
        .unwrap();
}

#[tokio::test]
async fn a_fresh_sheet_voids_the_one_before_and_a_reload_makes_none() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    register(&nurse, &SoftKey::new(1)).await;
    let fields = [("password", PASSWORD), ("once", "a number")];
    let fresh = nurse.post("/me/passkeys/codes", &fields).await;
    assert_eq!(codes(&fresh.body).len(), 10);
    assert_eq!(nurse.post("/me/passkeys/codes", &fields).await.location, "/me/passkeys");
}
