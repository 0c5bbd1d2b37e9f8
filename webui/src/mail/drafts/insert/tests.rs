//! Words that a button brings: at the end without scripts, and alone for the module.

use super::pages::{appended, own_words};
use crate::kit::testing::{Net, Persona, act};
use crate::mail::keepers::{Keeper, SeenBy};
use crate::mail::phrases::{PhraseDetails, found};
use crate::mail::tests::send;

#[test]
fn words_stand_on_lines_of_their_own() {
    assert_eq!(appended("", "文"), "文");
    assert_eq!(appended("一行目\n\n", "文"), "一行目\n\n文");
}

#[test]
fn the_words_of_others_are_not_ones_own() {
    let body = "写真を見ました。\n> 添付します\n承知しました\n――― 転送するメール ―――\n添付";
    assert_eq!(own_words(body), "写真を見ました。\n承知しました");
}

#[tokio::test]
async fn a_phrase_comes_back_filled_with_everything_that_was_typed() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let details = PhraseDetails {
        title: "あいさつ".to_owned(),
        text: "{宛先}\n{施設}の{自分}です。".to_owned(),
        category: String::new(),
        seen_by: SeenBy::Circle,
    };
    let (clock, by) = (net.app.store.clock().clone(), net.clerk.id);
    let phrase = act(&net.app.store, move |write| {
        found(write, &clock, Keeper::Network, details, by).unwrap()
    });
    let at = nurse.post("/mail/drafts", &[]).await.location;
    let doctor = net.doctor.id.to_string();
    nurse.post(&at, &[("version", "1"), ("subject", "件名"), ("add", &doctor)]).await;
    let words = nurse.get(&format!("{at}/words?insert={}", phrase.id)).await.body;
    assert_eq!(words, "佐藤 doctor 先生\nみどり訪問看護の佐藤 nurseです。");
    let id = phrase.id.to_string();
    let fields = [
        ("version", "2"),
        ("subject", "件名"),
        ("importance", "important"),
        ("body", "書きかけ"),
        ("insert", id.as_str()),
    ];
    let answer = nurse.post(&at, &fields).await;
    assert_eq!(answer.location, format!("{at}#body"));
    let page = nurse.get(&at).await.body;
    assert!(page.contains(&format!("書きかけ\n\n{words}</textarea>")), "{page}");
    assert!(page.contains("value=\"important\" checked") && page.contains("件名"));
}

#[tokio::test]
async fn the_answered_mail_is_quoted_for_who_received_it() {
    let net = Net::new();
    let mail = send(&net);
    let nurse = net.visitor(Persona::Member);
    let at = nurse.post(&format!("/mail/{}/reply", mail.id), &[("how", "sender")]).await.location;
    let fields = [("version", "1"), ("subject", "Re: 件"), ("body", "はい"), ("insert", "quote")];
    nurse.post(&at, &fields).await;
    let page = nurse.get(&at).await.body;
    assert!(page.contains("&gt; 本日の様子です。"), "{page}");
    let blank = nurse.post("/mail/drafts", &[]).await.location;
    let words = nurse.get(&format!("{blank}/words?insert=quote")).await;
    assert_eq!(words.status.as_u16(), 404, "nothing is answered");
}

#[tokio::test]
async fn the_last_look_warns_of_what_one_would_be_sorry_for() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let doctor = net.doctor.id.to_string();
    for (body, said, expected) in [
        ("写真を添付します。", "ファイルが付いていません", true),
        ("写真を見ました。\n> 添付します", "ファイルが付いていません", false),
        ("{宛先} お世話になります", "{宛先} が残っています", true),
        ("お世話になります", "class=\"check-warnings\"", false),
    ] {
        let at = nurse.post("/mail/drafts", &[]).await.location;
        let fields = [("version", "1"), ("subject", "件"), ("body", body), ("add", &*doctor)];
        nurse.post(&at, &fields).await;
        let confirm = nurse.get(&format!("{at}/confirm")).await.body;
        assert_eq!(confirm.contains(said), expected, "{body}");
    }
}
