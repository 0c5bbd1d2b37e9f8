//! Notices by e-mail against a mail server with real TLS: nothing is said of anybody, nothing is
//! sent twice, nothing is lost.

use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;
use store::{Clock, StoreError};
use tests::browser::Browser;
use tests::mail_server::{MailServer, Taken, Turn};
use tests::network::{TestNetwork, poll};
use webui::notices::outside::{
    Address, Holder, Outside, OutsidePolicy, Smtp, SmtpAccess, SmtpTls, To, Way, WayKind,
    dead_rows, health, ways_within,
};

const NURSE: &str = "fujita-sayaka";
const DOCTOR: &str = "takahashi-fumihiko";
const SUBJECT: &str = "架空　花子様の右かかとの創について";
const BODY: &str = "架空花子様（昭和15年3月4日生）の様子です。";

struct Scene {
    network: TestNetwork,
    clock: Clock,
    server: MailServer,
    nurse: Browser,
    _ca: tempfile::TempDir,
}

fn smtp(server: &MailServer, ca: PathBuf) -> Smtp {
    let access = SmtpAccess { user: "user".to_owned(), password: "himitsu".to_owned() };
    Smtp {
        host: "127.0.0.1".to_owned(),
        port: server.address.port(),
        tls: SmtpTls::StartTls,
        access: Some(access),
        from: "tsuchi@tokinet.test".to_owned(),
        ca: Some(ca),
        bundle: SignedDuration::from_mins(30),
    }
}

impl Scene {
    /// The doctor has an address, and the nurse is about to write.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ca = folder.path().join("ca.pem");
        let server = MailServer::start(&ca).await;
        Self::with(server, folder, |smtp| smtp).await
    }

    async fn with(
        server: MailServer,
        folder: tempfile::TempDir,
        change: impl FnOnce(Smtp) -> Smtp,
    ) -> Self {
        let smtp = change(smtp(&server, folder.path().join("ca.pem")));
        let outside = Outside { smtp: Some(smtp), push: None };
        let (network, clock) = TestNetwork::start_outside(outside).await;
        let way = Way {
            id: clock.id(),
            holder: Holder::Member(network.member(DOCTOR).member.id),
            to: To::Mail(Address::parse("doctor@outside.example").unwrap()),
            since: clock.now(),
            due: None,
            attempt: None,
            failures: 0,
            told_at: None,
            shown: false,
            stopped: None,
        };
        let policy = OutsidePolicy { members: true, facilities: true, office: None };
        let put = network.app.store.write(network.act("test.address"), move |write| {
            write.put(&policy)?;
            write.put(&way)?;
            Ok::<_, StoreError>(())
        });
        put.await.unwrap();
        let nurse = network.log_in(NURSE, &network.device(NURSE).await).await;
        Self { network, clock, server, nurse, _ca: folder }
    }

    async fn write(&mut self) {
        let to = self.network.member(DOCTOR).member.id.to_string();
        let draft = self.nurse.start_draft(&to).await.unwrap();
        self.nurse.write_and_send(&draft, SUBJECT, BODY).await.unwrap();
    }

    /// Moves the clock and has a worker look; the product's own one may be quicker.
    async fn minutes(&self, count: i64) {
        self.clock.advance(SignedDuration::from_mins(count));
        webui::notices::outside::look(&self.network.app).await;
    }

    async fn taken(&self, count: usize) -> Vec<Taken> {
        let enough = || Some(self.server.taken()).filter(|taken| taken.len() >= count);
        poll(Duration::from_secs(20), enough).await.expect("the letter came")
    }

    fn way(&self) -> Way {
        let holder = Holder::Member(self.network.member(DOCTOR).member.id);
        let ways = self.network.app.store.read(|read| ways_within(read, holder)).unwrap();
        ways.into_iter().next().expect("the doctor's address")
    }

    /// Until the worker has said what became of it.
    async fn failed(&self, times: u8) {
        let failed =
            || (self.way().failures == times && self.way().attempt.is_none()).then_some(());
        poll(Duration::from_secs(100), failed).await.expect("it failed so often");
    }
}

#[tokio::test]
async fn a_notice_comes_encrypted_and_says_nothing_of_anybody() {
    let mut scene = Scene::new().await;
    scene.write().await;
    assert_eq!(scene.server.lines(), 0, "who sits at the screen has a minute");
    scene.minutes(1).await;
    let taken = scene.taken(1).await;
    assert!(taken[0].encrypted);
    assert_eq!(taken[0].to, "<doctor@outside.example>");
    let all = scene.server.bytes();
    let network = &scene.network;
    let mut words = vec![SUBJECT, BODY, "架空", "花子", "創"];
    let (nurse, doctor) = (network.member(NURSE), network.member(DOCTOR));
    for entry in [&nurse, &doctor] {
        let name = &entry.member.details.name;
        words.extend([&*name.family, &*name.given, &*name.family_kana, &*name.given_kana]);
        words.extend([entry.member.login.as_str(), &*entry.facility.details.name]);
        words.push(entry.facility.code.as_str());
    }
    // As it is, and as it is behind the encodings of e-mail.
    let readable = readable(&String::from_utf8(all).unwrap());
    assert!(readable.contains("新着メールがあります"), "{readable}");
    assert!(readable.contains("https://app.tokinet.test/"), "{readable}");
    for word in words {
        assert!(!readable.contains(word), "{word} left the box");
    }
    scene.minutes(24 * 60).await;
    assert_eq!(scene.server.taken().len(), 1, "once");
}

/// Every stretch of base64 in it, opened, beside the text itself; bodies go on over their lines.
fn readable(text: &str) -> String {
    let mut all = text.to_owned();
    let inside = |letter: char| letter.is_ascii_alphanumeric() || "+/=".contains(letter);
    let mut body = String::new();
    for line in text.lines().chain([""]) {
        let pieces = line.split(|letter| !inside(letter)).filter(|piece| piece.len() >= 8);
        all.extend(pieces.filter_map(opened));
        if !line.is_empty() && line.chars().all(inside) {
            body.push_str(line);
        } else {
            all.extend(opened(&std::mem::take(&mut body)));
        }
    }
    // Quoted-printable: soft ends of lines, then bytes as digits.
    let joined = text.replace("=\n", "").replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = tail.get(..2).filter(|_| *first == b'=');
        let code = code.and_then(|code| data_encoding::HEXUPPER.decode(code).ok());
        match code {
            Some(code) => {
                bytes.extend(code);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    all.push_str(&String::from_utf8_lossy(&bytes));
    all
}

fn opened(piece: &str) -> Option<String> {
    let bytes = data_encoding::BASE64.decode(piece.as_bytes()).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[tokio::test]
async fn what_was_read_in_time_is_never_told() {
    let mut scene = Scene::new().await;
    scene.write().await;
    let device = scene.network.device(DOCTOR).await;
    let mut doctor = scene.network.log_in(DOCTOR, &device).await;
    let bell = doctor.get("/notices").await.text();
    let newest = bell.split("name=\"about\" value=\"").nth(1).and_then(|rest| rest.get(..32));
    let newest = newest.expect("a mail at the bell").to_owned();
    assert_eq!(doctor.get(&format!("/mail/{newest}")).await.status.as_u16(), 200);
    doctor.post("/notices/read", &[]).await;
    scene.minutes(5).await;
    scene.minutes(24 * 60).await;
    assert_eq!(scene.server.lines(), 0);
}

#[tokio::test]
async fn a_busy_server_is_tried_again_and_told_once() {
    let mut scene = Scene::new().await;
    scene.server.then([
        Turn::Refuse("450 4.2.0 later"),
        Turn::RefuseLetter("451 4.3.0 later"),
        Turn::CutBefore,
    ]);
    scene.write().await;
    scene.minutes(1).await;
    scene.failed(1).await;
    for times in 2..=3 {
        scene.minutes(60).await;
        scene.failed(times).await;
    }
    scene.minutes(120).await;
    scene.taken(1).await;
    scene.minutes(24 * 60).await;
    assert_eq!(scene.server.taken().len(), 1);
}

#[tokio::test]
async fn a_lost_answer_brings_the_same_letter_again() {
    let mut scene = Scene::new().await;
    scene.server.then([Turn::CutAfter]);
    scene.write().await;
    scene.minutes(1).await;
    scene.failed(1).await;
    scene.minutes(60).await;
    let taken = scene.taken(2).await;
    let number = |taken: &Taken| {
        let line = taken.letter.lines().find(|line| line.starts_with("Message-ID:"));
        line.expect("a number").to_owned()
    };
    assert_eq!(number(&taken[0]), number(&taken[1]), "a server knows the repetition");
    scene.minutes(24 * 60).await;
    assert_eq!(scene.server.taken().len(), 2, "at least once, and no more than the lost answer");
}

#[tokio::test]
async fn an_address_that_is_unknown_there_is_not_tried_again() {
    let mut scene = Scene::new().await;
    scene.server.then([Turn::Refuse("550 5.1.1 no such user")]);
    scene.write().await;
    scene.minutes(1).await;
    let stopped = || scene.way().stopped;
    poll(Duration::from_secs(20), stopped).await.expect("the address is left alone");
    let dead = scene.network.app.store.read(|read| dead_rows(read, 10)).unwrap();
    assert_eq!(dead.len(), 1);
    scene.write().await;
    scene.minutes(24 * 60).await;
    assert_eq!(scene.server.lines(), 1);
}

#[tokio::test]
async fn a_server_that_refuses_us_is_no_fault_of_the_address() {
    let mut scene = Scene::new().await;
    scene.server.then([Turn::Refuse("554 5.7.1 relay access denied")]);
    scene.write().await;
    scene.minutes(1).await;
    scene.failed(1).await;
    assert!(scene.way().stopped.is_none());
    scene.minutes(60).await;
    scene.taken(1).await;
}

#[tokio::test]
async fn no_word_is_said_on_a_line_without_encryption() {
    let mut scene = Scene::new().await;
    scene.server.then([Turn::NoStartTls]);
    scene.write().await;
    scene.minutes(1).await;
    scene.failed(1).await;
    let said = String::from_utf8(scene.server.bytes()).unwrap();
    assert!(!said.contains("AUTH") && !said.contains("doctor@"), "{said}");
}

#[tokio::test]
async fn a_server_with_a_strangers_certificate_gets_neither_password_nor_letter() {
    let folder = tempfile::tempdir().unwrap();
    let server = MailServer::start(&folder.path().join("ca.pem")).await;
    let other = folder.path().join("other.pem");
    let _stranger = MailServer::start(&other).await;
    let mut scene = Scene::with(server, folder, |smtp| Smtp { ca: Some(other), ..smtp }).await;
    scene.write().await;
    scene.minutes(1).await;
    scene.failed(1).await;
    let said = String::from_utf8_lossy(&scene.server.bytes()).into_owned();
    assert!(!said.contains("AUTH") && !said.contains("doctor@"), "{said}");
    let found = scene.network.app.store.read(|read| health(read, WayKind::Mail)).unwrap();
    let reason = found.unwrap().trouble.unwrap().reason;
    assert_eq!(reason, webui::notices::outside::Reason::Tls);
}

#[tokio::test]
async fn a_wrong_password_is_named_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let server = MailServer::start(&folder.path().join("ca.pem")).await;
    let access = SmtpAccess { user: "user".to_owned(), password: "wrong".to_owned() };
    let wrong = |smtp| Smtp { access: Some(access), ..smtp };
    let mut scene = Scene::with(server, folder, wrong).await;
    scene.write().await;
    scene.minutes(1).await;
    scene.failed(1).await;
    assert!(scene.server.taken().is_empty());
    let found = scene.network.app.store.read(|read| health(read, WayKind::Mail)).unwrap();
    let reason = found.unwrap().trouble.unwrap().reason;
    assert_eq!(reason, webui::notices::outside::Reason::Login);
}

#[tokio::test]
async fn a_silent_server_holds_nobody_up() {
    let mut scene = Scene::new().await;
    scene.server.then([Turn::Silent]);
    scene.write().await;
    scene.clock.advance(SignedDuration::from_mins(1));
    let app = scene.network.app.clone();
    let looking = tokio::spawn(async move { webui::notices::outside::look(&app).await });
    // Mail goes on while the line hangs.
    let begun = std::time::Instant::now();
    scene.write().await;
    assert!(begun.elapsed() < Duration::from_secs(10));
    scene.failed(1).await;
    looking.await.unwrap();
    scene.minutes(60).await;
    assert_eq!(scene.taken(1).await.len(), 1, "one letter stands for both");
}
