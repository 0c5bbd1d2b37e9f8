//! Only our own pages may post to us: the form's token, and where the browser says it comes from.

use hyper::{Request, StatusCode};
use provisioning::members::Member;
use store::{Act, Actor, StoreError};
use tests::browser::Browser;
use tests::line::{Body, whole};
use tests::network::TestNetwork;
use webui::kit::routes::Verb;
use webui::mail::drafts::{DraftState, of_owner};

const NURSE: &str = "fujita-sayaka";
const DOCTOR: &str = "takahashi-fumihiko";

#[tokio::test]
async fn a_form_without_our_token_changes_nothing() {
    let network = TestNetwork::start().await;
    let device = network.device(NURSE).await;
    let mut nurse = network.log_in(NURSE, &device).await;
    let again = network.log_in(NURSE, &device).await;
    let doctor = network.log_in(DOCTOR, &network.device(DOCTOR).await).await;
    let unknown = network.browser(&device);
    let own = nurse.token.clone();
    for (what, token) in [
        ("none", ""),
        ("another session's of the same person", &*again.token),
        ("another person's", &*doctor.token),
        ("the device's, of before the log-in", &*before_login(unknown).await),
        ("one that is too short", &own[1..]),
    ] {
        nurse.token = token.to_owned();
        let answer = nurse.post("/mail/drafts", &[]).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{what}");
        assert_eq!(drafts(&network), 0, "{what}");
        nurse.token = token.to_owned();
        assert_eq!(nurse.post("/logout", &[]).await.status, StatusCode::CONFLICT, "{what}");
    }
    assert!(nurse.is_signed_in().await);
    nurse.token = own;
    assert_eq!(nurse.post("/mail/drafts", &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(drafts(&network), 1);
}

async fn before_login(mut browser: Browser) -> String {
    browser.get("/login").await;
    browser.token
}

#[tokio::test]
async fn every_post_of_the_product_asks_for_the_token() {
    let network = TestNetwork::start().await;
    let mut clerk = network.log_in("oda-tomoko", &network.device("oda-tomoko").await).await;
    clerk.token = "0".repeat(32);
    let before = network.app.store.read(|read| read.trail_head()).unwrap();
    let routes = webui::routes();
    for route in routes.list().iter().filter(|route| route.method == Verb::Post) {
        let id = "01990bc8-e441-7012-9a2f-6e5fc08e1123";
        let parts = route.path.split('/').map(|part| if part.starts_with('{') { id } else { part });
        let path = parts.collect::<Vec<_>>().join("/");
        let token = clerk.token.clone();
        let status = clerk.post(&path, &[]).await.status;
        clerk.token = token;
        assert!(
            matches!(
                status,
                StatusCode::CONFLICT | StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST
            ) || status == StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "{path}: {status}"
        );
    }
    let rows = network.app.store.read(|read| read.trail(None, 1000)).unwrap();
    let since: Vec<_> = rows.iter().filter(|row| row.number > before.number).collect();
    let reads = ["draft.read", "mail.read", "draft.list", "mail.list"];
    let wrote: Vec<_> = since.iter().filter(|row| !reads.contains(&row.action.as_str())).collect();
    assert!(wrote.is_empty(), "{wrote:?}");
}

#[tokio::test]
async fn a_post_that_another_site_caused_changes_nothing() {
    let network = TestNetwork::start().await;
    let mut nurse = network.log_in(NURSE, &network.device(NURSE).await).await;
    let token = nurse.token.clone();
    let check = async |nurse: &mut Browser, name: &'static str, value: &str| {
        let mut request = nurse.form("/mail/drafts", &[("token", &token)]);
        request.headers_mut().insert(name, value.parse().unwrap());
        nurse.send(request).await.unwrap().status
    };
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "https://touroku.tokinet.test"),
        ("origin", "https://app.tokinet.test.evil.example"),
        ("origin", "https://app.tokinet.test@evil.example"),
        ("origin", "http://app.tokinet.test:8080"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", ""),
    ] {
        let status = check(&mut nurse, name, value).await;
        assert_eq!(status, StatusCode::CONFLICT, "{name}: {value}");
        assert_eq!(drafts(&network), 0, "{name}: {value}");
    }
    for (name, value) in [("origin", "https://app.tokinet.test"), ("sec-fetch-site", "same-origin")]
    {
        let status = check(&mut nurse, name, value).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{name}: {value}");
    }
}

#[tokio::test]
async fn a_file_comes_with_the_token_or_not_at_all() {
    let network = TestNetwork::start().await;
    let mut nurse = network.log_in(NURSE, &network.device(NURSE).await).await;
    let draft = nurse.start_draft("").await.unwrap();
    let path = format!("{draft}/files");
    let own = nurse.token.clone();
    let file = "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n\
                planted\r\n";
    let field = |token: &str| {
        format!("--x\r\ncontent-disposition: form-data; name=\"token\"\r\n\r\n{token}\r\n")
    };
    let late = format!("{file}{}--x--\r\n", field(&own));
    for (what, body) in [
        ("no token", format!("{file}--x--\r\n")),
        ("a token after the file", late),
        ("a wrong token", format!("{}{file}--x--\r\n", field("0"))),
    ] {
        let answer = nurse.send(multipart(&nurse, &path, body)).await.unwrap();
        assert_eq!(answer.status, StatusCode::CONFLICT, "{what}");
        assert_no_files(&mut nurse, &draft).await;
    }
    nurse.token = String::new();
    let answer = nurse.try_put(&format!("{path}?name=a.txt"), "planted").await.unwrap();
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert_no_files(&mut nurse, &draft).await;
    let version = "--x\r\ncontent-disposition: form-data; name=\"version\"\r\n\r\n1\r\n";
    let good = format!("{}{version}{file}--x--\r\n", field(&own));
    let answer = nurse.send(multipart(&nurse, &path, good)).await.unwrap();
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    assert_eq!(nurse.get(&format!("{path}/0")).await.body, "planted");
}

fn multipart(browser: &Browser, path: &str, body: String) -> Request<Body> {
    let (mut head, _) = browser.request("POST", path, "").into_parts();
    head.headers.insert("content-type", "multipart/form-data; boundary=x".parse().unwrap());
    Request::from_parts(head, whole(body))
}

async fn assert_no_files(browser: &mut Browser, draft: &str) {
    let answer = browser.get(&format!("{draft}/files/0")).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

fn drafts(network: &TestNetwork) -> usize {
    let act = Act::new(Actor::System, "test.look", network.app.now());
    let owner: store::Id<Member> = network.member(NURSE).member.id;
    let found = network.app.store.glance(act, |view| {
        Ok::<_, StoreError>(of_owner(view, owner, DraftState::Writing.number())?.len())
    });
    found.unwrap()
}
