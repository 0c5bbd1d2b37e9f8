//! Phrases are filled with the names of the day, and kept by whom they belong to.

use jiff::civil::date;

use super::{Filling, Phrase, PhraseDetails, fill, found, left_in};
use crate::kit::testing::{Net, Persona, act};
use crate::mail::keepers::{Keeper, SeenBy};
use crate::mail::views::PersonView;

fn somebody(name: &str, job: &'static str) -> PersonView {
    let (name, facility) = (name.to_owned(), "ひかり医院".to_owned());
    PersonView { name, job, facility, shared: job.is_empty() }
}

fn filled(text: &str, to: &[PersonView]) -> String {
    let filling =
        Filling {
            to, facility: "みどり訪問看護", own_name: "佐藤 花", today: date(2026, 1, 5)
        };
    fill(text, &filling)
}

#[test]
fn placeholders_become_the_words_of_the_day() {
    let doctor = somebody("高橋 文彦", "医師");
    let nurse = somebody("藤田 さやか", "看護師");
    let desk = somebody("連携室", "");
    for (text, to, expected) in [
        ("{宛先}", vec![doctor.clone()], "高橋 文彦 先生"),
        ("{宛先}", vec![nurse.clone()], "藤田 さやか 様"),
        ("{宛先}", vec![desk], "ひかり医院 連携室 御中"),
        ("{宛先}", vec![doctor.clone(), nurse.clone()], "高橋 文彦 先生、藤田 さやか 様"),
        ("{宛先}", vec![nurse; 4], "関係者の皆様"),
        ("{施設}の{自分}です。", vec![], "みどり訪問看護の佐藤 花です。"),
        ("{日付}", vec![], "令和8年1月5日(月)"),
        ("{宛先}、{ほか}", vec![], "{宛先}、{ほか}"),
    ] {
        assert_eq!(filled(text, &to), expected);
    }
    // A name that looks like a placeholder is only a name.
    assert_eq!(filled("{宛先}", &[somebody("{自分}", "看護師")]), "{自分} 様");
    assert_eq!(left_in("あとで{宛先}を書く"), Some("{宛先}"));
    assert_eq!(left_in("残っていません"), None);
}

fn make(net: &Net, keeper: Keeper, title: &str, text: &str) -> Phrase {
    let details = PhraseDetails {
        title: title.to_owned(),
        category: "あいさつ".to_owned(),
        text: text.to_owned(),
        seen_by: SeenBy::Circle,
    };
    let (clock, by) = (net.app.store.clock().clone(), net.clerk.id);
    act(&net.app.store, move |write| found(write, &clock, keeper, details, by).unwrap())
}

#[tokio::test]
async fn everybody_is_offered_what_they_may_use() {
    let net = Net::new();
    make(&net, Keeper::Own(net.doctor.id), "医師の文", "文");
    make(&net, Keeper::Facility(net.station.id), "訪看の文", "文");
    make(&net, Keeper::Network, "全体の文", "文");
    for (persona, expected) in
        [(Persona::Member, [false, true, true]), (Persona::Manager, [true, false, true])]
    {
        let visitor = net.visitor(persona);
        let at = visitor.post("/mail/drafts", &[]).await.location;
        for page in [visitor.get(&at).await.body, visitor.get("/me/phrases").await.body] {
            let offered = ["医師の文", "訪看の文", "全体の文"].map(|title| page.contains(title));
            assert_eq!(offered, expected, "{persona:?}");
        }
    }
}

#[tokio::test]
async fn a_phrase_of_others_is_no_words_at_all() {
    let net = Net::new();
    let phrase = make(&net, Keeper::Own(net.doctor.id), "医師の文", "秘密の文");
    let nurse = net.visitor(Persona::Member);
    let at = nurse.post("/mail/drafts", &[]).await.location;
    let words = nurse.get(&format!("{at}/words?insert={}", phrase.id)).await;
    assert_eq!(words.status.as_u16(), 404);
    let id = phrase.id.to_string();
    nurse.post(&at, &[("version", "1"), ("body", "文"), ("insert", &id)]).await;
    assert!(!nurse.get(&at).await.body.contains("秘密の文"));
}

#[tokio::test]
async fn a_phrase_is_made_changed_and_deleted() {
    let net = Net::new();
    for (persona, base) in
        [(Persona::Member, "/me"), (Persona::Manager, "/facility"), (Persona::Office, "/office")]
    {
        let visitor = net.visitor(persona);
        let at = format!("{base}/phrases");
        let fields = [("title", "報告"), ("category", ""), ("text", "ご報告します。")];
        assert_eq!(visitor.post(&at, &fields).await.location, at);
        let page = visitor.get(&at).await.body;
        let (_, rest) = page.split_once("name=\"id\" value=\"").unwrap();
        let id = rest.split('"').next().unwrap();
        let fields = [("id", id), ("version", "1"), ("title", "報告"), ("text", "直した文")];
        visitor.post(&at, &fields).await;
        assert!(visitor.get(&at).await.body.contains("直した文"));
        let late = [("id", id), ("version", "1"), ("title", "報告"), ("text", "遅い文")];
        let answer = visitor.post(&at, &late).await;
        assert_eq!(answer.status.as_u16(), 422);
        assert!(answer.body.contains("この定型文を変更しました") && answer.body.contains("遅い文"));
        visitor.post(&at, &[("id", id), ("step", "delete")]).await;
        assert!(!visitor.get(&at).await.body.contains("直した文"));
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_and_stays_typed() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    make(&net, Keeper::Own(net.nurse.id), "報告", "文");
    for (title, text, said) in
        [("", "文", "名前を40文字以内"), ("報告", "文", "同じ名前"), ("依頼", "", "3,000文字以内")]
    {
        let answer = nurse.post("/me/phrases", &[("title", title), ("text", text)]).await;
        assert_eq!(answer.status.as_u16(), 422, "{title}");
        assert!(answer.body.contains(said) && answer.body.contains(title), "{title}");
    }
}
