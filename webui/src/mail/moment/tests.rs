//! Both forms that ask for a day and a time keep what was typed.

use crate::kit::testing::{Answer, Net, Persona};
use crate::mail::tests::send;

fn value(page: &Answer, name: &str) -> String {
    let (_, rest) = page.body.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

fn check(page: &Answer, typed: (&str, &str), beside: (bool, bool)) {
    assert_eq!(page.status.as_u16(), 422, "{typed:?}");
    assert_eq!(value(page, "date"), typed.0);
    assert_eq!(value(page, "time"), typed.1);
    assert_eq!(page.body.contains("id=\"e-date\""), beside.0, "{typed:?}");
    assert_eq!(page.body.contains("id=\"e-time\""), beside.1, "{typed:?}");
}

/// A day and a time as typed, and which of them is wrong.
type Typed = ((&'static str, &'static str), (bool, bool));

const WRONG: [Typed; 4] = [
    (("13/45", "14:00"), (true, false)),
    (("1/8", "二時ごろ"), (false, true)),
    (("", ""), (true, true)),
    (("令和2年1月8日", "10:00"), (true, false)),
];

#[tokio::test]
async fn a_wrong_day_to_come_back_is_said_beside_its_field() {
    let net = Net::new();
    let mail = send(&net);
    let nurse = net.visitor(Persona::Member);
    let later = format!("/mail/{}/later", mail.id);
    for ((date, time), beside) in WRONG {
        let fields = [("until", "chosen"), ("date", date), ("time", time)];
        let page = nurse.post(&later, &fields).await;
        check(&page, (date, time), beside);
        assert!(page.body.contains("<details class=\"menu\" open>"), "where it was typed");
    }
    let fields = [("until", "chosen"), ("date", "1/8"), ("time", "13時")];
    assert_eq!(nurse.post(&later, &fields).await.status.as_u16(), 303, "as the example says");
}

#[tokio::test]
async fn a_wrong_day_to_send_is_said_beside_its_field() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let at = nurse.post("/mail/drafts", &[]).await.location;
    let doctor = net.doctor.id.to_string();
    let fields = [("version", "1"), ("subject", "件"), ("body", "文"), ("add", doctor.as_str())];
    nurse.post(&at, &fields).await;
    for ((date, time), beside) in WRONG {
        let fields = [("version", "2"), ("when", "later"), ("date", date), ("time", time)];
        let page = nurse.post(&format!("{at}/send"), &fields).await;
        check(&page, (date, time), beside);
        assert!(page.body.contains("<details class=\"send-later\" open>"), "where it was typed");
    }
    let fields = [("version", "2"), ("when", "later"), ("date", "1/8"), ("time", "8:30")];
    assert_eq!(nurse.post(&format!("{at}/send"), &fields).await.status.as_u16(), 303);
}
