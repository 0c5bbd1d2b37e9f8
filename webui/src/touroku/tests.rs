//! The enrolment pages in process; over real TLS they are tested with the whole binary.

use std::net::IpAddr;

use axum::body::Body;
use axum::http::{Request, header};
use provisioning::cards::{self, Approval, Printed};
use provisioning::devices::{Came, Route};
use provisioning::enrolment;
use tower::ServiceExt as _;

use crate::kit::listen::Ingress;
use crate::kit::testing::{Answer, Net, act, read};
use crate::kit::tls::Door;

/// Outside, with no certificate: nobody is asked for one here.
pub const STRANGER: Came = Came { route: Route::Outside, key: None };

pub struct Phone<'a> {
    pub net: &'a Net,
    pub cookie: Option<String>,
}

impl Phone<'_> {
    pub async fn ask(&self, method: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "touroku.aoba.example")
            .header(header::USER_AGENT, "Mozilla/5.0 (iPad; CPU OS 17_6) Version/17.6 Safari")
            .header(header::ACCEPT, "text/html")
            .extension(Ingress {
                door: Door::Touroku,
                address: IpAddr::from([192, 0, 2, 9]),
                came: STRANGER,
            });
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let request = request.body(Body::from(form)).unwrap();
        read(self.net.touroku.clone().oneshot(request).await.unwrap()).await
    }

    pub async fn redeem(&mut self, printed: &Printed, secret: &str) -> Answer {
        let number = printed.card.number.to_string();
        let fields = [("card", number.as_str()), ("secret", secret), ("name", "訪問用iPad")];
        let answer = self.ask("POST", "/e", &fields).await;
        self.cookie = answer.cookies.first().map(|c| c.split(';').next().unwrap().to_owned());
        answer
    }
}

pub fn card(net: &Net) -> Printed {
    let (app, nurse) = (net.app.clone(), net.nurse.id);
    act(&net.app.store, move |write| {
        let clock = app.store.clock().clone();
        cards::issue(write, &clock, &app.authority, nurse, Approval::Needed, None).unwrap()
    })
}

pub fn approve(net: &Net) {
    let now = net.app.now();
    let one = net.app.store.read(|read| enrolment::waiting(read, now)).unwrap().pop().unwrap();
    let by = net.clerk.id;
    act(&net.app.store, move |write| {
        enrolment::approve(write, one.id, &one.digits.clone(), by, now).unwrap()
    });
}

#[tokio::test]
async fn a_card_leads_over_six_digits_to_one_download() {
    let net = Net::new();
    let printed = card(&net);
    let mut phone = Phone { net: &net, cookie: None };
    let answer = phone.redeem(&printed, &printed.secret.grouped()).await;
    assert_eq!(answer.location, "/e/wait");
    assert!(phone.ask("GET", "/e/wait", &[]).await.body.contains("事務室の承認を待っています"));
    assert_eq!(phone.ask("POST", "/e/p12", &[]).await.status.as_u16(), 404, "not approved yet");
    approve(&net);
    assert_eq!(phone.ask("GET", "/e/wait", &[]).await.location, "/e/take");
    assert!(phone.ask("GET", "/e/take", &[]).await.body.contains("承認されました"));
    let file = phone.ask("POST", "/e/p12", &[]).await;
    assert_eq!(file.status.as_u16(), 200);
    assert!(!file.body.is_empty());
    assert_eq!(phone.ask("POST", "/e/p12", &[]).await.status.as_u16(), 404, "only once");
    assert!(phone.ask("GET", "/e/take", &[]).await.body.contains("受け取り済み"));
}

#[tokio::test]
async fn a_wrong_code_and_an_unknown_card_get_the_same_answer() {
    let net = Net::new();
    let printed = card(&net);
    let mut phone = Phone { net: &net, cookie: None };
    let wrong = phone.redeem(&printed, "0000-0000-0000").await;
    let fields = [("card", "00000000"), ("secret", "0000-0000-0000"), ("name", "PC")];
    let unknown = phone.ask("POST", "/e", &fields).await;
    let said = |answer: &Answer| answer.body.contains("カード番号か登録コードが違うか");
    assert!(said(&wrong) && said(&unknown));
    assert!(!wrong.body.contains("000000000000"), "the code is never sent back");
}

#[tokio::test]
async fn what_is_missing_is_asked_for_at_its_field() {
    let net = Net::new();
    let phone = Phone { net: &net, cookie: None };
    for (fields, said) in [
        (vec![("card", "x"), ("secret", "y"), ("name", "")], "端末の名前を"),
        (vec![("card", "x"), ("secret", "y"), ("name", "PC")], "カード番号は"),
        (vec![("card", "00000000"), ("secret", "y"), ("name", "PC")], "登録コードは"),
    ] {
        let answer = phone.ask("POST", "/e", &fields).await;
        assert_eq!(answer.status.as_u16(), 422);
        assert!(answer.body.contains(said), "{said}");
    }
}

#[tokio::test]
async fn nothing_of_the_product_answers_here() {
    let net = Net::new();
    let phone = Phone { net: &net, cookie: None };
    for path in ["/login", "/mail/inbox", "/office", "/live"] {
        assert_eq!(phone.ask("GET", path, &[]).await.status.as_u16(), 404, "{path}");
    }
}
