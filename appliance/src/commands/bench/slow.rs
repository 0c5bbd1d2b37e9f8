//! Normal lines beside a thousand slow ones: heads that drip, bodies that drip, readers that read
//! nothing. The lines of both kinds are in this process, on threads of their own; the product is
//! in another.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use hyper::header::{COOKIE, HOST};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::sync::CancellationToken;

use super::device::{Visitor, log_in};
use super::files::{FILM_BYTES, film, start_draft};
use super::meter::Spread;
use super::pages::Line;
use super::report::{Section, millis, number};
use super::served::{Served, form_token};
use super::town::Town;
use crate::client::whole;

const SLOW: usize = 1_000;
const NORMAL: usize = 4;

/// A person's pace would need hours for a hundredth; this is four busy browsers.
const BETWEEN_PAGES: Duration = Duration::from_millis(20);

const ALONE: Duration = Duration::from_secs(30);
const BESIDE: Duration = Duration::from_secs(60);

/// Between two bytes of what drips.
const DRIP: Duration = Duration::from_secs(1);

/// The listener lets one address hold a thousand; these come from many.
const LINES_OF_ADDRESS: usize = 100;

pub async fn measure(town: &Town) -> anyhow::Result<Section> {
    let (visitors, draft) = {
        let app = town.open()?;
        let people = town.people.get(..NORMAL).context("the town is too small")?;
        let visitors = log_in(&app, people, &town.devices).await?;
        let draft = start_draft(&app, visitors.first().context("nobody")?).await?;
        (visitors, draft)
    };
    let mut section = Section::new(
        "slow",
        format!(
            "{NORMAL} lines over mutual TLS to `tokinet run` ask for a page of 50 rows every \
             {} ms, {} s alone, then {} s beside {SLOW} slow lines with certificates of their \
             own, opened at once and again whenever one is cut: a third drips a request's head, \
             a third drips an upload, a third asks for a film and reads nothing",
            BETWEEN_PAGES.as_millis(),
            ALONE.as_secs(),
            BESIDE.as_secs()
        ),
    );
    let served = Served::start(town).await?;
    let visitor = visitors.first().context("nobody")?;
    let page = served.page(town, visitor, &format!("/mail/drafts/{draft}")).await?;
    let token = form_token(&page)?;
    let put = visitor
        .request(&format!("/mail/drafts/{draft}/files?name=film.mp4"))
        .method("PUT")
        .header("x-form-token", &token);
    served.ask(town, visitor, put.body(whole(film(1)))?).await?;

    let alone = ask_for(town, &served, &visitors, ALONE).await?;
    section.millis("alone: p50", alone.median());
    section.millis("alone: p99", alone.percentile(99));
    let before = served.process.memory()?.resident;
    served.process.forget_peak()?;
    let (cpu, started) = (served.process.cpu()?, Instant::now());
    let texts = texts(visitor, &format!("/mail/drafts/{draft}/files"), &token)?;
    let crowd = Crowd::start(town, &served, visitor, texts)?;
    let beside = ask_for(town, &served, &visitors, BESIDE).await?;
    let opened = crowd.opened.load(Ordering::Relaxed);
    crowd.stop()?;
    let spent = served.process.cpu()?.saturating_sub(cpu);
    section.millis("beside them: p50", beside.median());
    section.millis("beside them: p99", beside.percentile(99));
    section.add("pages beside them", number(beside.count()), "");
    let times = |percent| millis(beside.percentile(percent)) / millis(alone.percentile(percent));
    section.add("p50, times alone", times(50), "x");
    section.add("p99, times alone", times(99), "x");
    section.add("slow lines opened", number(opened), "");
    let share = spent.as_secs_f64() / started.elapsed().as_secs_f64() * 100.0;
    section.add("the server's CPU meanwhile, of one core", share, "%");
    let growth = number(served.process.peak()?.saturating_sub(before)) / 1_024.0;
    section.add("peak of memory above before", growth, "MiB");
    served.stop().await?;
    Ok(section)
}

async fn ask_for(
    town: &Town,
    served: &Served,
    visitors: &[Visitor],
    time: Duration,
) -> anyhow::Result<Spread> {
    let end = Instant::now() + time;
    let mut lines = JoinSet::new();
    for visitor in visitors {
        let mut line = Line::open(town, served, visitor).await?;
        lines.spawn(async move {
            let mut latencies = Spread::default();
            while Instant::now() < end {
                latencies.add(line.ask().await?);
                tokio::time::sleep(BETWEEN_PAGES).await;
            }
            anyhow::Ok(latencies)
        });
    }
    let mut latencies = Spread::default();
    while let Some(done) = lines.join_next().await {
        latencies.join(done??);
    }
    Ok(latencies)
}

/// The slow lines, on a thread of their own.
struct Crowd {
    stop: CancellationToken,
    opened: Arc<AtomicU64>,
    thread: std::thread::JoinHandle<anyhow::Result<()>>,
}

#[derive(Clone)]
struct Slow {
    tls: TlsConnector,
    to: SocketAddr,
    from: Ipv4Addr,
    host: String,
    text: String,
    /// What is sent at once; the rest drips.
    at_once: usize,
}

impl Crowd {
    fn start(
        town: &Town,
        served: &Served,
        visitor: &Visitor,
        [head, upload, film]: [String; 3],
    ) -> anyhow::Result<Self> {
        let device = town.devices.get(visitor.resident.device).context("no device")?;
        let (tls, to) = (device.tls()?, served.address);
        let lines: Vec<_> = (0..SLOW)
            .map(|n| {
                let (text, at_once) = match n % 3 {
                    0 => (head.clone(), 0),
                    1 => (upload.clone(), upload.len() - BODY_BYTES),
                    _ => (film.clone(), film.len()),
                };
                let place = u8::try_from(n / LINES_OF_ADDRESS).unwrap_or_default();
                let from = Ipv4Addr::new(127, 0, 1, place + 1);
                let (tls, host) = (tls.clone(), visitor.host.clone());
                Slow { tls, to, from, host, text, at_once }
            })
            .collect();
        let (stop, opened) = (CancellationToken::new(), Arc::new(AtomicU64::new(0)));
        let (ended, count) = (stop.clone(), opened.clone());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async move {
                let mut all = JoinSet::new();
                for line in lines {
                    all.spawn(line.again_and_again(count.clone()));
                }
                ended.cancelled().await;
            });
            Ok(())
        });
        Ok(Self { stop, opened, thread })
    }

    fn stop(self) -> anyhow::Result<()> {
        self.stop.cancel();
        self.thread.join().map_err(|_| anyhow::anyhow!("the slow lines panicked"))?
    }
}

/// More than drips in the time.
const BODY_BYTES: usize = 1_000;

/// The lines of a head that say where to and who.
pub fn header(visitor: &Visitor) -> anyhow::Result<String> {
    let request = visitor.request("/").body(())?;
    let header = |name| {
        let value = request.headers().get(name).and_then(|value| value.to_str().ok());
        value.map(str::to_owned).context("a visitor's request has it")
    };
    Ok(format!("host: {}\r\ncookie: {}\r\n", header(HOST)?, header(COOKIE)?))
}

fn texts(visitor: &Visitor, files: &str, token: &str) -> anyhow::Result<[String; 3]> {
    let known = header(visitor)?;
    let head = format!("GET {} HTTP/1.1\r\n{known}x-long: aaaa", super::pages::PATH);
    let upload = format!(
        "PUT {files}?name=slow.mp4 HTTP/1.1\r\n{known}x-form-token: {token}\r\n\
         content-length: {FILM_BYTES}\r\n\r\n{}",
        "b".repeat(BODY_BYTES)
    );
    let film = format!("GET {files}/0 HTTP/1.1\r\n{known}\r\n");
    Ok([head, upload, film])
}

impl Slow {
    async fn again_and_again(self, opened: Arc<AtomicU64>) {
        loop {
            if let Ok(stream) = self.open().await {
                opened.fetch_add(1, Ordering::Relaxed);
                // Whatever ends it: it comes again.
                drop(self.drip(stream).await);
            }
            tokio::time::sleep(DRIP).await;
        }
    }

    async fn open(&self) -> anyhow::Result<TlsStream<TcpStream>> {
        /// So that what is not read stays with the server.
        const RECEIVED_MAX: u32 = 16 * 1024;
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(RECEIVED_MAX)?;
        socket.bind(SocketAddr::new(IpAddr::V4(self.from), 0))?;
        let stream = socket.connect(self.to).await?;
        Ok(self.tls.connect(ServerName::try_from(self.host.clone())?, stream).await?)
    }

    async fn drip(&self, stream: TlsStream<TcpStream>) -> std::io::Result<()> {
        let (now, later) = self.text.as_bytes().split_at(self.at_once);
        let reads_nothing = later.is_empty();
        let (mut from, mut into) = tokio::io::split(stream);
        into.write_all(now).await?;
        into.flush().await?;
        if reads_nothing {
            return std::future::pending().await;
        }
        let dripping = async {
            for byte in later {
                into.write_all(&[*byte]).await?;
                into.flush().await?;
                tokio::time::sleep(DRIP).await;
            }
            std::future::pending().await
        };
        let mut heard = Vec::new();
        tokio::select! {
            ended = dripping => ended,
            ended = from.read_to_end(&mut heard) => ended.map(drop),
        }
    }
}
