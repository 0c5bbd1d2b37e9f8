//! A manager makes a mailbox, colleagues read it, and one of them deals with what comes.

use crate::kit::testing::{Net, Persona};

async fn made(net: &Net) -> String {
    let manager = net.visitor(Persona::Manager);
    let reader = net.doctor.id.to_string();
    let fields = [("name", "連携室"), ("kana", "れんけいしつ"), ("member", reader.as_str())];
    assert_eq!(manager.post("/facility/mailboxes", &fields).await.location, "/facility/mailboxes");
    let found = net.app.directory().unwrap().search_mailboxes("レンケイ", 5);
    found.first().unwrap().mailbox.id.to_string()
}

#[tokio::test]
async fn a_letter_to_a_department_has_one_person_in_charge_and_an_end() {
    let net = Net::new();
    let shared = made(&net).await;
    let nurse = net.visitor(Persona::Member);
    let at = nurse.post("/mail/drafts", &[]).await.location;
    let part = nurse.get(&format!("{at}/recipients?q=%E9%80%A3%E6%90%BA")).await.body;
    assert!(part.contains("連携室"), "{part}");
    let fields = [("version", "1"), ("subject", "転院"), ("body", "文"), ("add", &*shared)];
    nurse.post(&at, &fields).await;
    nurse.post(&format!("{at}/send"), &[("version", "2")]).await;
    let doctor = net.visitor(Persona::Manager);
    let inbox = doctor.get(&format!("/mail/inbox?box={shared}")).await.body;
    assert!(inbox.contains("転院"));
    let (_, rest) = inbox.split_once("class=\"row is-unread\" href=\"").unwrap();
    let href = rest.split('"').next().unwrap().to_owned();
    assert!(doctor.get(&href).await.body.contains("担当が決まっていません"));
    let mail = href.split('?').next().unwrap();
    let mine = [("box", &*shared), ("on", "yes")];
    doctor.post(&format!("{mail}/charge"), &mine).await;
    assert!(doctor.get(&href).await.body.contains("担当をやめる"));
    doctor.post(&format!("{mail}/done"), &mine).await;
    assert!(doctor.get(&format!("/mail/done?box={shared}")).await.body.contains("転院"));
    let sent = nurse.get(mail).await.body;
    assert!(sent.contains("対応済") && sent.contains("佐藤 doctor さん"), "{sent}");
    assert_eq!(nurse.get(&href).await.status.as_u16(), 404, "the box is not hers");
}

#[tokio::test]
async fn an_answer_from_a_mailbox_comes_in_its_name() {
    let net = Net::new();
    let shared = made(&net).await;
    let doctor = net.visitor(Persona::Manager);
    let nurse = net.visitor(Persona::Member);
    let at = nurse.post("/mail/drafts", &[]).await.location;
    let fields = [("version", "1"), ("subject", "転院"), ("body", "文"), ("add", &*shared)];
    nurse.post(&at, &fields).await;
    nurse.post(&format!("{at}/send"), &[("version", "2")]).await;
    let inbox = doctor.get(&format!("/mail/inbox?box={shared}")).await.body;
    let (_, rest) = inbox.split_once("class=\"row is-unread\" href=\"/mail/").unwrap();
    let mail = rest.split('?').next().unwrap();
    let reply = [("how", "sender"), ("box", &*shared)];
    let at = doctor.post(&format!("/mail/{mail}/reply"), &reply).await.location;
    let fields = [("version", "1"), ("subject", "Re: 転院"), ("body", "承知しました")];
    doctor.post(&at, &fields).await;
    doctor.post(&format!("{at}/send"), &[("version", "2")]).await;
    let inbox = nurse.get("/mail/inbox").await.body;
    assert!(inbox.contains("連携室") && inbox.contains("Re: 転院"));
    assert!(nurse.get(&format!("/mail/{mail}")).await.body.contains("返信済"));
    let sent = doctor.get(&format!("/mail/sent?box={shared}")).await.body;
    assert!(sent.contains("Re: 転院"));
}

#[tokio::test]
async fn what_is_wrong_is_said_and_stays_typed() {
    let net = Net::new();
    made(&net).await;
    let manager = net.visitor(Persona::Manager);
    let stranger = net.nurse.id.to_string();
    for (name, member, said) in [
        ("", "", "名前を40文字以内"),
        ("ﾚﾝｹｲ室", stranger.as_str(), "この施設の職員から"),
        ("連携室", "", "同じ名前"),
    ] {
        let fields = [("name", name), ("kana", ""), ("member", member)];
        let answer = manager.post("/facility/mailboxes", &fields).await;
        assert_eq!(answer.status.as_u16(), 422, "{name}");
        assert!(answer.body.contains(said) && answer.body.contains(name), "{name}");
    }
}

#[tokio::test]
async fn a_second_contact_is_of_the_own_facility() {
    let net = Net::new();
    let manager = net.visitor(Persona::Manager);
    let (own, other) = (net.doctor.id.to_string(), net.nurse.id.to_string());
    let answer = manager.post("/facility/second-contact", &[("member", &other)]).await;
    assert_eq!(answer.status.as_u16(), 404);
    manager.post("/facility/second-contact", &[("member", &own)]).await;
    let page = manager.get("/facility/mailboxes").await.body;
    assert!(page.contains(&format!("<option value=\"{own}\" selected>")));
}
