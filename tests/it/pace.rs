//! Lines that are slower than anybody's, and more of them than there are places.

use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::StatusCode;
use tests::browser::Browser;
use tests::line::{Answer, Way, piecewise, whole};
use tests::network::{TestNetwork, poll};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::interval;
use webui::kit::connections::Limits;
use webui::kit::pace::PaceRule;

const NURSE: &str = "fujita-sayaka";

/// The product's floor over a window that a test can wait for.
const FLOOR: PaceRule = PaceRule { bytes_per_second: 4 * 1024, window: Duration::from_secs(2) };

const GRACE: Duration = Duration::from_secs(6);

async fn nurse(network: &TestNetwork) -> Browser {
    network.log_in(NURSE, &network.device(NURSE).await).await
}

fn quick_limits() -> Limits {
    Limits { pace: FLOOR, ..Limits::USUAL }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dripping_upload_is_cut_and_goes_on_at_its_pace() {
    const BYTES: usize = 400_000;
    let network = TestNetwork::start_within(quick_limits()).await;
    let mut nurse = nurse(&network).await;
    let draft = nurse.start_draft("").await.unwrap();
    let film = [b"%PDF-1.7\n".as_slice(), &vec![b'x'; BYTES - 9]].concat();
    let bytes = BYTES.to_string();
    let fields = [("name", "film.pdf"), ("bytes", bytes.as_str()), ("mark", "film")];
    let begun = nurse.try_post(&format!("{draft}/uploads"), &fields).await.unwrap();
    assert_eq!(begun.status, StatusCode::CREATED, "{}", begun.text());
    let at = begun.json()["href"].as_str().unwrap().to_owned();

    let (pieces, body) = piecewise();
    let request = nurse.upload(&format!("{at}?name=film.pdf"), body);
    let mut line = nurse.way.line().await.unwrap();
    let began = Instant::now();
    pieces.send(Bytes::copy_from_slice(&film[..200_000])).await.unwrap();
    let dripping = tokio::spawn(async move {
        let mut tick = interval(Duration::from_millis(100));
        while pieces.send(Bytes::from_static(b"x")).await.is_ok() {
            tick.tick().await;
        }
    });
    let cut = line.ask(request).await.map(|answer| answer.status);
    let took = began.elapsed();
    println!("a dripping upload was cut after {took:?}");
    dripping.abort();
    assert!(cut.is_err() || cut.is_ok_and(|status| status == StatusCode::REQUEST_TIMEOUT));
    assert!(took >= FLOOR.window && took < FLOOR.window * 2 + GRACE, "{took:?}");

    let told = nurse.get(&at).await;
    let offset: usize = told.header("upload-offset").parse().unwrap();
    assert_eq!(offset, 3 * 64 * 1024, "whole frames of what came before the line was too slow");
    let rest = whole(Bytes::copy_from_slice(&film[offset..]));
    let mut request = nurse.upload(&format!("{at}?name=film.pdf"), rest);
    request.headers_mut().insert("upload-offset", offset.into());
    let done = nurse.send(request).await.unwrap();
    assert_eq!(done.status, StatusCode::OK, "{}", done.text());
    assert_eq!(nurse.get(&format!("{draft}/files/0")).await.body, film);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_takes_nothing_of_an_answer_is_cut() {
    let network = TestNetwork::start_within(quick_limits()).await;
    let mut nurse = nurse(&network).await;
    let draft = nurse.start_draft("").await.unwrap();
    let film = [b"%PDF-1.7\n".as_slice(), &vec![b'x'; 32 * 1024 * 1024]].concat();
    nurse.attach(&draft, "film.pdf", film).await.unwrap();
    let before = network.app.connections.total();
    let request = nurse.request("GET", &format!("{draft}/files/0"), Bytes::new());
    let mut line = nurse.way.line().await.unwrap();
    // The head is read, and nothing of the thirty megabytes behind it.
    let answer = line.start(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let began = Instant::now();
    let gone = || (network.app.connections.total() <= before).then_some(());
    poll(FLOOR.window * 2 + GRACE, gone).await.expect("the place is given back");
    println!("an answer that nobody took was cut after {:?}", began.elapsed());
    drop(answer);
}

#[tokio::test]
async fn the_box_takes_as_many_connections_as_it_may_and_goes_on() {
    const PLACES: usize = 50;
    let limits = Limits { connections: PLACES, ..Limits::USUAL };
    let network = TestNetwork::start_within(limits).await;
    let device = network.device(NURSE).await;
    let address = network.running.address;
    let mut held = Vec::new();
    for _ in 0..PLACES {
        held.push(TcpStream::connect(address).await.unwrap());
    }
    let all = || (network.app.connections.total() == PLACES).then_some(());
    poll(GRACE, all).await.expect("all of them are held");
    let mut one_more = TcpStream::connect(address).await.unwrap();
    let mut heard = Vec::new();
    let ended = tokio::time::timeout(GRACE, one_more.read_to_end(&mut heard)).await;
    assert!(ended.is_ok(), "one more than the limit is sent away at once");
    held.clear();
    let free = || (network.app.connections.total() == 0).then_some(());
    poll(GRACE, free).await.expect("the places are given back");
    let way = network.app_way(Some(&device.identity));
    assert_eq!(way.ask(way.get("/login")).await.unwrap().status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_goes_on_after_the_server_was_started_again() {
    const BYTES: usize = 1_000_000;
    let network = TestNetwork::start().await;
    let device = network.device(NURSE).await;
    let mut nurse = network.log_in(NURSE, &device).await;
    let draft = nurse.start_draft("").await.unwrap();
    let film = [b"%PDF-1.7\n".as_slice(), &vec![b'x'; BYTES - 9]].concat();
    let bytes = BYTES.to_string();
    let fields = [("name", "film.pdf"), ("bytes", bytes.as_str()), ("mark", "film")];
    let begun = nurse.try_post(&format!("{draft}/uploads"), &fields).await.unwrap();
    let at = begun.json()["href"].as_str().unwrap().to_owned();
    let first = whole(Bytes::copy_from_slice(&film[..600_000]));
    let part = nurse.send(nurse.upload(&format!("{at}?name=film.pdf"), first)).await.unwrap();
    assert_eq!(part.status, StatusCode::ACCEPTED, "{}", part.text());
    let cookies = nurse.cookies.clone();
    drop(nurse);

    let network = network.restart().await;
    let mut nurse = network.browser(&device);
    nurse.cookies = cookies;
    nurse.get("/").await;
    let offset: usize = nurse.get(&at).await.header("upload-offset").parse().unwrap();
    assert_eq!(offset, 9 * 64 * 1024, "whole frames of what had come");
    let rest = whole(Bytes::copy_from_slice(&film[offset..]));
    let mut request = nurse.upload(&format!("{at}?name=film.pdf"), rest);
    request.headers_mut().insert("upload-offset", offset.into());
    let done = nurse.send(request).await.unwrap();
    assert_eq!(done.status, StatusCode::OK, "{}", done.text());
    assert_eq!(nurse.get(&format!("{draft}/files/0")).await.body, film);
}

#[tokio::test]
async fn a_length_that_is_not_kept_leaves_nothing() {
    let network = TestNetwork::start().await;
    let mut nurse = nurse(&network).await;
    let draft = nurse.start_draft("").await.unwrap();
    let (path, host) = (format!("{draft}/files?name=plan.pdf"), nurse.way.host.clone());
    let cookies: Vec<_> =
        nurse.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let head = |length: usize| {
        format!(
            "PUT {path} HTTP/1.1\r\nhost: {host}\r\ncookie: {}\r\nx-form-token: {}\r\n\
            content-length: {length}\r\n\r\n%PDF-1.7 and no more",
            cookies.join("; "),
            nurse.token
        )
    };
    // Longer than what comes: the line ends in the middle.
    let mut stream = nurse.way.tls().await.unwrap();
    stream.write_all(head(1_000).as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut heard = Vec::new();
    // However the other side ends it.
    drop(stream.read_to_end(&mut heard).await);
    assert!(!String::from_utf8_lossy(&heard).starts_with("HTTP/1.1 200"), "it was not whole");
    let partial = network.folder.path().join("store/blobs/partial");
    let gone = || {
        let left = std::fs::read_dir(&partial).ok()?.count();
        (left == 0).then_some(())
    };
    poll(GRACE, gone).await.expect("nothing lies around");
    // Shorter: the rest is no request.
    let mut stream = nurse.way.tls().await.unwrap();
    stream.write_all(head(8).as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    drop(tokio::time::timeout(GRACE * 3, stream.read_to_end(&mut heard)).await);
    let heard = String::from_utf8_lossy(&heard);
    assert_eq!(heard.matches("HTTP/1.1 200").count(), 1, "{heard}");
    assert!(heard.contains("HTTP/1.1 400"), "{heard}");
    assert_eq!(nurse.get(&format!("{draft}/files/1")).await.status, StatusCode::NOT_FOUND);
}

/// Slow heads, slow bodies and slow readers, a thousand in all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_slow_lines_beside_normal_ones() {
    const SLOW: usize = 1_000;
    const ASKED: usize = 2_000;
    // All of them come from one address here.
    let limits = Limits { connections_of_address: 2 * SLOW, ..Limits::USUAL };
    let network = TestNetwork::start_within(limits).await;
    let mut nurse = nurse(&network).await;
    let alone = latencies(&mut nurse.way, &nurse.cookies, ASKED).await;
    let resident = resident_kib();
    let way = nurse.way.clone();
    let mut held = Vec::new();
    for n in 0..SLOW {
        let mut stream = way.tls().await.unwrap();
        let head = if n % 2 == 0 {
            "GET /login HTTP/1.1\r\nhost: app.tok".to_owned()
        } else {
            format!(
                "POST /login HTTP/1.1\r\nhost: {}\r\ncontent-length: 9999\r\ncontent-type: \
                application/x-www-form-urlencoded\r\n\r\n",
                way.host
            )
        };
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        held.push(stream);
    }
    let (cpu, began) = (cpu_ms(), Instant::now());
    // One byte each from half of them, while others ask for pages.
    let dripping = tokio::spawn(async move {
        let mut tick = interval(Duration::from_millis(1));
        for stream in held.iter_mut().skip(1).step_by(2) {
            tick.tick().await;
            // Some have been cut by then.
            drop(stream.write_all(b"a").await);
            drop(stream.flush().await);
        }
        held
    });
    let beside = latencies(&mut nurse.way, &nurse.cookies, ASKED).await;
    let held = dripping.await.unwrap();
    let (cpu, took) = (cpu_ms() - cpu, began.elapsed());
    let of_each = resident_kib().saturating_sub(resident) / SLOW;
    let middle = |all: &[Duration]| (all[all.len() / 2], all[all.len() * 99 / 100]);
    let ((p50, p99), (slow50, slow99)) = (middle(&alone), middle(&beside));
    println!(
        "alone: p50 {p50:?} p99 {p99:?}; beside {} slow lines: p50 {slow50:?} p99 {slow99:?}",
        held.len()
    );
    println!("{of_each} KiB a slow line, both ends of it; {cpu} ms of CPU in {took:?}, both ends");
    assert!(slow50 < p50 * 3 + Duration::from_millis(20), "{p50:?} {slow50:?}");
    assert!(of_each < 256, "{of_each} KiB a line");
}

/// A connection of its own each, as after a pause; sorted.
async fn latencies(
    way: &mut Way,
    cookies: &std::collections::BTreeMap<String, String>,
    count: usize,
) -> Vec<Duration> {
    let pairs: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut line = way.line().await.unwrap();
    let mut all = Vec::new();
    for _ in 0..count {
        let mut request = way.get("/mail/inbox");
        request.headers_mut().insert("cookie", pairs.join("; ").parse().unwrap());
        let began = Instant::now();
        let answer: Answer = line.ask(request).await.unwrap();
        assert_eq!(answer.status, StatusCode::OK);
        all.push(began.elapsed());
    }
    all.sort();
    all
}

fn resident_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Of this process, to a hundredth of a second.
fn cpu_ms() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let ticks = |n: usize| fields.split_whitespace().nth(n).unwrap().parse::<u64>().unwrap();
    (ticks(11) + ticks(12)) * 10
}
