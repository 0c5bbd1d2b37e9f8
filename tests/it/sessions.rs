//! How sessions and guesses end: by time, by log-out, by too many wrong passwords.

use std::time::Duration;

use appliance::demo::PASSWORD;
use hyper::StatusCode;
use hyper::body::Incoming;
use jiff::SignedDuration;
use provisioning::credentials::Attempts;
use provisioning::members;
use tests::browser::Browser;
use tests::line::{Line, drain};
use tests::network::{TestDevice, TestNetwork};
use webui::kit::live::BEAT;

const NURSE: &str = "fujita-sayaka";
const CLERK: &str = "oda-tomoko";

/// Rights of an open page are looked at every few seconds; machines are slow at times.
const ENDS_WITHIN: Duration = Duration::from_secs(15);

#[tokio::test]
async fn a_session_ends_after_a_shift_however_busy() {
    let (network, clock) = TestNetwork::start_with_clock().await;
    let mut nurse = network.log_in(NURSE, &network.device(NURSE).await).await;
    for _ in 0..72 {
        assert!(nurse.is_signed_in().await);
        clock.advance(SignedDuration::from_mins(10));
    }
    assert!(nurse.is_signed_in().await, "twelve hours to the minute");
    clock.advance(SignedDuration::from_secs(1));
    let answer = nurse.get("/mail/inbox").await;
    assert!(answer.location().starts_with("/login"), "{}", answer.text());
}

#[tokio::test]
async fn an_idle_screen_is_locked_and_the_password_opens_it() {
    let (network, clock) = TestNetwork::start_with_clock().await;
    let mut nurse = network.log_in(NURSE, &network.device(NURSE).await).await;
    let mut live = nurse.beside();
    clock.advance(SignedDuration::from_mins(14));
    assert!(nurse.is_signed_in().await);
    clock.advance(SignedDuration::from_mins(8));
    let (mut line, mut body) = open_live(&mut live).await;
    clock.advance(SignedDuration::from_mins(8));
    let answer = nurse.get("/mail/inbox").await;
    assert!(answer.location().starts_with("/lock"), "live pages are no sign of life");
    assert_ends(&mut body, "a locked screen hears nothing").await;
    drop(line.sender.ready().await);
    assert_eq!(nurse.post("/mail/drafts", &[]).await.status, StatusCode::UNAUTHORIZED);
    nurse.get("/lock").await;
    let wrong = nurse.post("/lock", &[("password", "not-the-password-1")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let right = nurse.post("/lock", &[("password", PASSWORD), ("next", "/mail/inbox")]).await;
    assert_eq!(right.location(), "/mail/inbox");
    assert!(nurse.is_signed_in().await);
}

#[tokio::test]
async fn live_news_ends_with_the_log_out() {
    let network = TestNetwork::start().await;
    let mut nurse = network.log_in(NURSE, &network.device(NURSE).await).await;
    let (_line, mut body) = open_live(&mut nurse.beside()).await;
    nurse.get("/").await;
    assert_eq!(nurse.post("/logout", &[]).await.location(), "/login");
    assert_ends(&mut body, "the log-out").await;
}

#[tokio::test]
async fn live_news_ends_when_a_member_is_locked() {
    let network = TestNetwork::start().await;
    let nurse = network.log_in(NURSE, &network.device(NURSE).await).await;
    let (_line, mut body) = open_live(&mut nurse.beside()).await;
    let id = network.member(NURSE).member.id;
    let lock = network.app.store.write(network.act("test.lock"), move |write| {
        members::set_locked(write, id, true).map(drop)
    });
    lock.await.unwrap();
    assert_ends(&mut body, "the lock").await;
}

/// Pages take silence for a dead line, and see no comment.
#[tokio::test]
async fn live_news_says_as_an_event_that_it_is_there() {
    use http_body_util::BodyExt as _;
    let network = TestNetwork::start().await;
    let nurse = network.log_in(NURSE, &network.device(NURSE).await).await;
    let (_line, mut body) = open_live(&mut nurse.beside()).await;
    let beat = tokio::time::timeout(BEAT * 2, body.frame()).await.expect("in time");
    let beat = beat.unwrap().unwrap().into_data().unwrap();
    assert_eq!(&beat[..], b"event: beat\ndata: {}\n\n");
}

async fn open_live(browser: &mut Browser) -> (Line, Incoming) {
    use http_body_util::BodyExt as _;
    let mut line = browser.way.line().await.unwrap();
    let answer = line.start(browser.request("GET", "/live", "")).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let mut body = answer.into_body();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(first.starts_with(b"event: unread"), "{first:?}");
    (line, body)
}

async fn assert_ends(body: &mut Incoming, what: &str) {
    let ended = tokio::time::timeout(ENDS_WITHIN, drain(body)).await;
    assert!(ended.is_ok(), "an open page outlived {what}");
}

#[tokio::test]
async fn five_wrong_passwords_lock_an_account_for_a_quarter_of_an_hour() {
    let (network, clock) = TestNetwork::start_with_clock().await;
    let device = network.device(NURSE).await;
    let guesses = guess(&network, &device, NURSE, 5).await;
    assert!(guesses.iter().all(|status| *status == StatusCode::UNPROCESSABLE_ENTITY));
    let mut other = network.browser(&network.device(NURSE).await);
    let office = network.device(CLERK).await;
    assert_eq!(try_right(&network, &mut other).await, StatusCode::UNPROCESSABLE_ENTITY);
    clock.advance(SignedDuration::from_mins(14));
    assert_eq!(try_right(&network, &mut other).await, StatusCode::UNPROCESSABLE_ENTITY);
    clock.advance(SignedDuration::from_mins(1));
    assert_eq!(try_right(&network, &mut other).await, StatusCode::SEE_OTHER);
    network.log_in(CLERK, &office).await;
}

#[tokio::test]
async fn guesses_sent_at_once_are_no_more_than_guesses_in_turn() {
    let network = TestNetwork::start().await;
    let device = network.device(NURSE).await;
    guess(&network, &device, NURSE, 25).await;
    let store = &network.app.store;
    let rows = store.read(|read| read.trail(None, 1000)).unwrap();
    let refused = rows.iter().filter(|row| row.action == "login.refused");
    assert_eq!(refused.count(), 25, "each is on the trail");
    // Each try that is weighed is counted, for its device and for its account.
    let word = [b"device\0".as_slice(), &device.id.bytes()].concat();
    let of_device = store.ring().blind(&word);
    let counted: Option<Attempts> = store.read(|read| read.get(&of_device)).unwrap();
    assert_eq!(counted.map(|attempts| attempts.wrong), Some(Attempts::WRONG_MAX));
}

#[tokio::test]
async fn wrong_passwords_within_a_session_end_it() {
    let network = TestNetwork::start().await;
    let device = network.device(NURSE).await;
    for path in ["/lock", "/me/password"] {
        let nurse = network.log_in(NURSE, &device).await;
        let mut tasks = Vec::new();
        for _ in 0..25 {
            let mut one = nurse.beside();
            tasks.push(tokio::spawn(async move {
                let typed = [("password", "wrong"), ("current", "wrong")];
                one.post(path, &typed).await
            }));
        }
        for task in tasks {
            let answer = task.await.unwrap();
            assert_ne!(answer.location(), "/", "{path}");
        }
        assert!(!nurse.beside().is_signed_in().await, "{path}");
        forget_tries(&network).await;
    }
}

async fn forget_tries(network: &TestNetwork) {
    let word = [b"lock\0".as_slice(), &network.member(NURSE).member.id.bytes()].concat();
    let of = network.app.store.ring().blind(&word);
    let clear = network
        .app
        .store
        .keep_house(move |house| provisioning::credentials::clear_attempts(house, of));
    clear.await.unwrap();
}

#[tokio::test]
async fn the_lock_is_no_way_around_a_new_password() {
    let network = TestNetwork::start().await;
    let device = network.device(NURSE).await;
    let card = network.card(NURSE, provisioning::cards::Approval::Waived).await;
    let initial = card.initial_password.grouped();
    let entry = network.member(NURSE);
    let (code, user) = (entry.facility.code.as_str(), entry.member.login.as_str());
    let mut nurse = network.browser(&device);
    let answer = nurse.try_login(code, user, &initial).await;
    assert_eq!(answer.location(), "/me/password");
    nurse.get("/lock").await;
    nurse.post("/lock", &[("password", &initial), ("next", "/mail/inbox")]).await;
    let answer = nurse.get("/mail/inbox").await;
    assert_eq!(answer.location(), "/me/password", "the initial password is changed first");
}

/// So many wrong passwords at once; answers each status.
async fn guess(
    network: &TestNetwork,
    device: &TestDevice,
    who: &str,
    times: usize,
) -> Vec<StatusCode> {
    let entry = network.member(who);
    let (code, user) = (entry.facility.code.as_str(), entry.member.login.as_str());
    let mut tasks = Vec::new();
    for _ in 0..times {
        let mut browser = network.browser(device);
        let (code, user) = (code.to_owned(), user.to_owned());
        tasks.push(tokio::spawn(async move {
            browser.try_login(&code, &user, "not-the-password-1").await.status
        }));
    }
    let mut statuses = Vec::new();
    for task in tasks {
        statuses.push(task.await.unwrap());
    }
    statuses
}

async fn try_right(network: &TestNetwork, browser: &mut Browser) -> StatusCode {
    let entry = network.member(NURSE);
    let (code, user) = (entry.facility.code.as_str(), entry.member.login.as_str());
    browser.try_login(code, user, PASSWORD).await.status
}
