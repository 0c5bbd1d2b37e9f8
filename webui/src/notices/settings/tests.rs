//! What people choose about notices.

use super::hours::{self, say};
use crate::kit::form::Fields;
use crate::kit::quiet::{NoticeChoices, QuietChoice, QuietRule};
use crate::kit::testing::{Net, Persona, act};
use crate::notices::outside::{
    Address, Holder, Outside, OutsidePolicy, Proof, Smtp, SmtpTls, ways_within,
};

fn read(fields: &[(&str, &str)]) -> Option<Vec<QuietRule>> {
    let owned = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    hours::read(&owned.collect::<Fields>()).ok()
}

#[test]
fn hours_are_read_as_people_write_them() {
    let night = QuietRule { days: 0b11, from: 18 * 60, until: 8 * 60 + 30 };
    let days = [("day-0", "0"), ("day-0", "1")];
    for (from, until) in [("18:00", "8:30"), ("１８：００", "８時30分"), ("1800", "830")] {
        let fields = [days.as_slice(), &[("from-0", from), ("until-0", until)]].concat();
        assert_eq!(read(&fields), Some(vec![night]), "{from}");
    }
    for until in ["24:00", "24時", "2400", "24"] {
        let fields = [days.as_slice(), &[("from-0", "0:00"), ("until-0", until)]].concat();
        assert_eq!(read(&fields).unwrap()[0].until, 24 * 60, "{until}");
    }
    let early = [days.as_slice(), &[("from-0", "2:40"), ("until-0", "2:41")]].concat();
    assert_eq!(read(&early).unwrap()[0].from, 160);
    assert_eq!(read(&[]), Some(Vec::new()));
    for (from, until) in [("", "8:00"), ("25:00", "8:00"), ("8:00", "8:00"), ("朝", "夜")] {
        let fields = [days.as_slice(), &[("from-0", from), ("until-0", until)]].concat();
        assert_eq!(read(&fields), None, "{from}");
    }
    assert_eq!(read(&[("from-0", "18:00"), ("until-0", "8:00")]), None, "no day");
}

#[test]
fn hours_are_said_in_words() {
    let night = QuietRule { days: 127, from: 18 * 60, until: 8 * 60 + 30 };
    let weekend = QuietRule { days: 0b110_0000, from: 0, until: 24 * 60 };
    assert_eq!(say::hours(&[night, weekend]), "毎日 18:00〜翌8:30、土・日 終日");
}

#[tokio::test]
async fn own_hours_are_kept_and_wrong_ones_come_back_as_typed() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let good = [
        ("quiet", "own"),
        ("day-0", "4"),
        ("from-0", "18:00"),
        ("until-0", "8:30"),
        ("sound", "yes"),
    ];
    assert_eq!(nurse.post("/me/notices", &good).await.location, "/me/notices");
    let page = nurse.get("/me/notices").await.body;
    assert!(page.contains("value=\"18:00\"") && page.contains("value=\"own\" checked"));
    let kept: NoticeChoices = net.app.store.read(|read| read.get(&net.nurse.id)).unwrap().unwrap();
    assert!(kept.sound && matches!(kept.quiet, QuietChoice::Own(rules) if rules.len() == 1));
    let wrong = [("quiet", "own"), ("day-0", "4"), ("from-0", "夕方"), ("until-0", "8:30")];
    let answer = nurse.post("/me/notices", &wrong).await;
    assert_eq!(answer.status.as_u16(), 422);
    assert!(answer.body.contains("value=\"夕方\"") && answer.body.contains("曜日を選び"));
}

fn with_mail(host: &str) -> Net {
    let smtp = Smtp {
        host: host.to_owned(),
        // Nothing listens at the first port.
        port: 1,
        tls: SmtpTls::None,
        access: None,
        from: "tsuchi@aoba.example".to_owned(),
        ca: None,
        bundle: jiff::SignedDuration::from_mins(30),
    };
    let net = Net::with_outside(Outside { smtp: Some(smtp), push: None });
    let policy = OutsidePolicy { members: true, facilities: true, office: None };
    act(&net.app.store, move |write| write.put(&policy).unwrap());
    net
}

#[tokio::test]
async fn without_a_server_or_the_offices_word_there_is_no_address() {
    for net in [Net::new(), with_mail("127.0.0.1")] {
        act(&net.app.store, |write| write.put(&OutsidePolicy::default()).unwrap());
        let nurse = net.visitor(Persona::Member);
        assert!(!nurse.get("/me/notices").await.body.contains("メールアドレス"));
        nurse.post("/me/notices/mail", &[("address", "a@example.jp")]).await;
        let proof: Option<Proof> =
            net.app.store.read(|read| read.get(&net.nurse.id.bytes())).unwrap();
        assert!(proof.is_none());
    }
}

#[tokio::test]
async fn an_address_that_is_none_and_a_server_that_is_away_are_said() {
    let net = with_mail("127.0.0.1");
    let nurse = net.visitor(Persona::Member);
    let answer = nurse.post("/me/notices/mail", &[("address", "受付")]).await;
    assert_eq!(answer.status.as_u16(), 422);
    assert!(answer.body.contains("メールアドレスを確かめて") && answer.body.contains("受付"));
    let answer = nurse.post("/me/notices/mail", &[("address", "a@example.jp")]).await;
    assert_eq!(answer.status.as_u16(), 422);
    assert!(answer.body.contains("つながりませんでした"), "{}", answer.body);
    assert!(!answer.body.contains("ポート"), "a nurse has no hand on the server");
    assert!(!answer.body.contains("に届いた確認コード"), "no code is asked for");
}

fn code_sent(net: &Net, code: &str) {
    let holder = Holder::Member(net.nurse.id);
    let word = [b"notice code\0".as_slice(), &holder.bytes(), code.as_bytes()].concat();
    let proof = Proof {
        holder,
        address: Address::parse("nurse@example.jp").unwrap(),
        code: net.app.store.ring().blind(&word),
        sent_at: net.app.now(),
        tries: 0,
    };
    act(&net.app.store, move |write| write.put(&proof).unwrap());
}

fn ways(net: &Net) -> usize {
    let holder = Holder::Member(net.nurse.id);
    net.app.store.read(|read| ways_within(read, holder)).unwrap().len()
}

#[tokio::test]
async fn the_code_proves_the_address_and_five_mistakes_end_it() {
    let net = with_mail("127.0.0.1");
    code_sent(&net, "012345");
    let nurse = net.visitor(Persona::Member);
    for _ in 0..4 {
        let answer = nurse.post("/me/notices/mail/code", &[("code", "999999")]).await;
        assert!(answer.body.contains("確認コードが違います"));
    }
    nurse.post("/me/notices/mail/code", &[("code", "０１２ ３４５")]).await;
    assert_eq!(ways(&net), 1);
    assert!(nurse.get("/me/notices").await.body.contains("nurse@example.jp"));
    nurse.post("/me/notices/mail/end", &[]).await;
    assert_eq!(ways(&net), 0);
    code_sent(&net, "012345");
    for _ in 0..5 {
        nurse.post("/me/notices/mail/code", &[("code", "999999")]).await;
    }
    let answer = nurse.post("/me/notices/mail/code", &[("code", "012345")]).await;
    assert!(answer.body.contains("使えなくなりました"));
    assert_eq!(ways(&net), 0);
}

#[tokio::test]
async fn a_code_that_lay_too_long_is_over() {
    let net = with_mail("127.0.0.1");
    code_sent(&net, "012345");
    net.app.store.clock().advance(jiff::SignedDuration::from_mins(30));
    let nurse = net.visitor(Persona::Member);
    let answer = nurse.post("/me/notices/mail/code", &[("code", "012345")]).await;
    assert_eq!(answer.status.as_u16(), 422);
    assert_eq!(ways(&net), 0);
}
