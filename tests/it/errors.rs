//! What cannot be done is refused in words, leaves nothing behind, and harms nothing else.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use hyper::StatusCode;
use tests::browser::Browser;
use tests::line::piecewise;
use tests::load::administrator;
use tests::network::{TestNetwork, poll};
use tests::program::{Appliance, Program};
use tests::scan::files;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const NURSE: &str = "fujita-sayaka";

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_no_file() {
    let network = TestNetwork::start().await;
    let mut nurse = network.log_in(NURSE, &network.device(NURSE).await).await;
    let draft = nurse.start_draft("").await.unwrap();
    let blobs = network.folder.path().join("store/blobs");
    let (pieces, body) = piecewise();
    let request = nurse.upload(&format!("{draft}/files?name=film.pdf"), body);
    let mut line = nurse.way.line().await.unwrap();
    line.sender.ready().await.unwrap();
    let sending = tokio::spawn(line.sender.send_request(request));
    let mut piece = b"%PDF-1.7\n".to_vec();
    piece.resize(64 * 1024, b'x');
    for _ in 0..99 {
        pieces.send(piece.clone().into()).await.unwrap();
    }
    let partial = blobs.join("partial");
    let begun = || std::fs::read_dir(&partial).unwrap().next().map(drop);
    poll(Duration::from_secs(5), begun).await.expect("the upload has begun");
    line.closed.abort();
    sending.abort();
    let gone = || files(&blobs).is_empty().then_some(());
    poll(Duration::from_secs(10), gone).await.expect("nothing of it is left");
    assert_eq!(nurse.get(&format!("{draft}/files/0")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_file_beyond_the_limit_is_refused_before_it_comes() {
    let network = TestNetwork::start().await;
    let mut nurse = network.log_in(NURSE, &network.device(NURSE).await).await;
    let draft = nurse.start_draft("").await.unwrap();
    let cookies: Vec<_> =
        nurse.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let head = format!(
        "PUT {draft}/files?name=film.pdf HTTP/1.1\r\nhost: {}\r\ncookie: {}\r\n\
         x-form-token: {}\r\ncontent-length: 3000000000\r\n\r\n%PDF-1.7",
        nurse.way.host,
        cookies.join("; "),
        nurse.token,
    );
    let mut stream = nurse.way.tls().await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read_buf(&mut answer).await.unwrap();
        assert!(read > 0, "{}", String::from_utf8_lossy(&answer));
    }
    assert!(answer.starts_with(b"HTTP/1.1 413"), "{}", String::from_utf8_lossy(&answer));
    assert!(files(&network.folder.path().join("store/blobs")).is_empty());
}

#[tokio::test]
async fn a_form_without_end_is_refused() {
    let network = TestNetwork::start().await;
    let mut nurse = network.log_in(NURSE, &network.device(NURSE).await).await;
    let draft = nurse.start_draft("").await.unwrap();
    let long = "x".repeat(2 * 1024 * 1024);
    let answer = nurse.try_post(&draft, &[("body", &long)]).await;
    let too_large = |answer: &tests::line::Answer| answer.status == StatusCode::PAYLOAD_TOO_LARGE;
    assert!(answer.as_ref().map_or(true, too_large), "{answer:?}");
    let part = |name: &str, value: &str| {
        format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let body = format!("{}{}--x--\r\n", part("token", &nurse.token), part("body", &long));
    let (mut head, _) = nurse.request("POST", &format!("{draft}/files"), "").into_parts();
    head.headers.insert("content-type", "multipart/form-data; boundary=x".parse().unwrap());
    let request = hyper::Request::from_parts(head, tests::line::whole(body));
    let answer = nurse.beside().send(request).await;
    assert!(answer.as_ref().map_or(true, too_large), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_of_nine_hundred_million_pixels_is_refused() {
    let place = Appliance::init();
    let program = Program::run(&place);
    let (_, mut admin) = administrator(&place, &program).await;
    let draft = admin.start_draft("").await.unwrap();
    let path = format!("{draft}/files?name=bomb.png");
    let answer = admin.try_put(&path, png(30_000, 30_000)).await.unwrap();
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{}", answer.text());
    assert!(answer.text().contains("画素数"), "{}", answer.text());
    assert_eq!(admin.get(&format!("{draft}/files/0")).await.status, StatusCode::NOT_FOUND);
    let memory = resident_mib(program.id());
    println!("{memory} MiB resident after the picture");
    assert!(memory < 300, "{memory} MiB");
}

/// A PNG's head that promises so many pixels, and a little of what should follow.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 6, 0, 0, 0]);
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
    bytes.extend(&header);
    bytes.extend(crc32(&header).to_be_bytes());
    let data = b"IDAT\x78\x01";
    bytes.extend([0, 0, 0, 2]);
    bytes.extend(data);
    bytes.extend(crc32(data).to_be_bytes());
    bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    let shift = |crc: u32| (0..8).fold(crc, |crc, _| step(crc));
    !bytes.iter().fold(!0, |crc, byte| shift(crc ^ u32::from(*byte)))
}

fn resident_mib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let kib: u64 = line.split_whitespace().next().unwrap().parse().unwrap();
    kib / 1024
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_and_passes() {
    let mut place = Appliance::init();
    let Some(disk) = SmallDisk::under(&place) else {
        println!("skipped: only root may mount a small disk");
        return;
    };
    let program = Program::run(&place);
    let (_, mut admin) = administrator(&place, &program).await;
    let draft = admin.start_draft("").await.unwrap();
    let filler = disk.fill();
    let mut told = None;
    for number in 0..200 {
        let answer = write(&mut admin, number).await;
        if answer.status.is_server_error() {
            told = Some(answer.text());
            break;
        }
    }
    let told = told.expect("a full disk is noticed");
    assert!(told.contains("処理を終えられませんでした"), "{told}");
    assert!(told.contains("failure-number"), "it has a number for the office: {told}");
    assert_eq!(admin.get(&draft).await.status, StatusCode::OK, "reading goes on");
    std::fs::remove_file(filler).unwrap();
    let mut answered = false;
    for _ in 0..20 {
        answered = write(&mut admin, 0).await.status == StatusCode::SEE_OTHER;
        if answered {
            break;
        }
    }
    assert!(answered, "it goes on by itself once there is room");
    program.kill();
    place.ask(&["verify"]);
    drop(disk);
    place.fingerprint.clear();
}

async fn write(browser: &mut Browser, number: usize) -> tests::line::Answer {
    let answer = browser.post("/mail/drafts", &[]).await;
    if answer.status != StatusCode::SEE_OTHER {
        return answer;
    }
    let draft = answer.location().to_owned();
    let body = "a long letter ".repeat(600);
    let subject = number.to_string();
    browser.post(&draft, &[("version", "1"), ("subject", &subject), ("body", &body)]).await
}

/// A file system of some megabytes in the place of the box's data.
struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    fn under(place: &Appliance) -> Option<Self> {
        let data = place.config().data;
        let aside = place.folder.path().join("aside");
        std::fs::rename(&data, &aside).unwrap();
        std::fs::create_dir(&data).unwrap();
        let mounted = run("mount", &["-t", "tmpfs", "-o", "size=24m,mode=700", "none"], &data);
        if !mounted {
            return None;
        }
        let disk = Self(data.clone());
        let copied = Command::new("cp").arg("-a").arg(aside.join(".")).arg(&data).status();
        assert!(copied.unwrap().success());
        Some(disk)
    }

    /// Takes all the room there is.
    fn fill(&self) -> std::path::PathBuf {
        let path = self.0.join("filler");
        let mut file = std::fs::File::create(&path).unwrap();
        let piece = vec![b'x'; 64 * 1024];
        while std::io::Write::write_all(&mut file, &piece).is_ok() {}
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        run("umount", &["-l"], &self.0);
    }
}

fn run(program: &str, words: &[&str], last: &Path) -> bool {
    let status = Command::new(program).args(words).arg(last).output();
    status.is_ok_and(|output| output.status.success())
}
