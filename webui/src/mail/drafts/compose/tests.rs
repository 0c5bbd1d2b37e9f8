//! The form that saves itself, for scripts and without.

use axum::body::Body;

use crate::kit::testing::{Net, Persona, Visitor, read};

async fn autosave(visitor: &Visitor<'_>, at: &str, version: u64) -> (u16, serde_json::Value) {
    let token = visitor.form_token().await;
    let request = visitor
        .request("POST", at)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(format!("token={token}&version={version}&step=save&subject=x&body=y")))
        .unwrap();
    let (mut head, body) = request.into_parts();
    head.headers.insert("accept", "application/json".parse().unwrap());
    let answer = read(visitor.send(axum::http::Request::from_parts(head, body)).await).await;
    (answer.status.as_u16(), serde_json::from_str(&answer.body).unwrap_or_default())
}

#[tokio::test]
async fn a_script_saves_and_is_told_the_next_version() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let at = nurse.post("/mail/drafts", &[]).await.location;
    let (status, told) = autosave(&nurse, &at, 1).await;
    assert_eq!((status, &told["version"]), (200, &serde_json::json!(2)));
    assert!(told["saved"].as_str().unwrap().contains(':'));
    let (status, told) = autosave(&nurse, &at, 1).await;
    assert_eq!(status, 409);
    assert!(told["message"].as_str().unwrap().contains("別の画面"));
}

#[tokio::test]
async fn a_script_whose_session_is_over_is_told_so_and_not_led_away() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let at = nurse.post("/mail/drafts", &[]).await.location;
    net.app.store.clock().advance(jiff::SignedDuration::from_hours(13));
    assert_eq!(autosave(&nurse, &at, 1).await.0, 401);
}

#[tokio::test]
async fn recipients_are_found_by_part_of_anything() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let at = nurse.post("/mail/drafts", &[]).await.location;
    for (typed, found) in [("ひかり", true), ("医師", true), ("サトウ", true), ("ない人", false)]
    {
        let typed: String = form_urlencoded::byte_serialize(typed.as_bytes()).collect();
        let part = nurse.get(&format!("{at}/recipients?q={typed}")).await.body;
        assert_eq!(part.contains("佐藤 doctor"), found, "{typed}: {part}");
        assert!(!part.contains("佐藤 nurse"), "not oneself");
    }
}

#[tokio::test]
async fn the_same_search_works_without_scripts() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let at = nurse.post("/mail/drafts", &[]).await.location;
    let fields = [("version", "1"), ("step", "search"), ("q", "ひかり"), ("body", "書きかけ")];
    let page = nurse.post(&at, &fields).await.body;
    assert!(page.contains("佐藤 doctor") && page.contains("書きかけ"));
}
