//! The inbox as a browser asks for it: over mutual TLS, from the product in a process of its own.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use http_body_util::BodyExt as _;
use hyper::client::conn::http1::SendRequest;
use tokio::task::JoinSet;

use super::device::{Visitor, log_in};
use super::meter::Spread;
use super::report::{Section, number};
use super::served::Served;
use super::town::Town;
use crate::client::{Body, connect, whole};

pub const PATH: &str = "/mail/inbox";

/// As many as the peers get.
const LINES: usize = 4;
const PAGES_A_LINE: usize = 1_000;

/// The best of some rounds, after one that warms up.
const ROUNDS: usize = 4;

pub async fn measure(town: &Town) -> anyhow::Result<Section> {
    let visitors = {
        let app = town.open()?;
        log_in(&app, town.people.get(..LINES).context("the town is too small")?, &town.devices)
            .await?
    };
    let mut section = Section::new(
        "served",
        format!(
            "GET {PATH}, 50 rows, from `tokinet run` over mutual TLS and HTTP/1.1: {LINES} lines \
             that stay open, {PAGES_A_LINE} pages each, best of {} rounds; CPU of the server's \
             process by the kernel's ticks",
            ROUNDS - 1
        ),
    );
    let served = Served::start(town).await?;
    let mut best: Option<(Duration, Duration, Spread)> = None;
    for round in 0..ROUNDS {
        let (before, started) = (served.process.cpu()?, Instant::now());
        let mut lines = JoinSet::new();
        for visitor in &visitors {
            let mut line = Line::open(town, &served, visitor).await?;
            lines.spawn(async move { line.ask_often(PAGES_A_LINE).await });
        }
        let mut latencies = Spread::default();
        while let Some(done) = lines.join_next().await {
            latencies.join(done??);
        }
        let (spent, took) = (served.process.cpu()?.saturating_sub(before), started.elapsed());
        if round > 0 && best.as_ref().is_none_or(|(least, ..)| spent < *least) {
            best = Some((spent, took, latencies));
        }
    }
    let (spent, took, latencies) = best.context("no round was measured")?;
    let count = u32::try_from(LINES * PAGES_A_LINE)?;
    section.millis("server CPU a page", spent / count);
    section.add("pages", number(LINES * PAGES_A_LINE) / took.as_secs_f64(), "/s");
    section.millis("p50", latencies.median());
    section.millis("p99", latencies.percentile(99));
    served.stop().await?;
    Ok(section)
}

/// A browser's connection that asks for the same page again and again.
pub struct Line {
    sender: SendRequest<Body>,
    visitor: Visitor,
}

impl Line {
    pub async fn open(town: &Town, served: &Served, visitor: &Visitor) -> anyhow::Result<Self> {
        let device = town.devices.get(visitor.resident.device).context("no device")?;
        let address = served.address.to_string();
        let sender = connect(&device.tls()?, &address, &visitor.host).await?;
        Ok(Self { sender, visitor: visitor.clone() })
    }

    pub async fn ask(&mut self) -> anyhow::Result<Duration> {
        let started = Instant::now();
        self.sender.ready().await?;
        let request = self.visitor.request(PATH).body(whole(""))?;
        let response = self.sender.send_request(request).await?;
        if !response.status().is_success() {
            bail!("the page answered {}", response.status());
        }
        response.into_body().collect().await?;
        Ok(started.elapsed())
    }

    async fn ask_often(&mut self, times: usize) -> anyhow::Result<Spread> {
        let mut latencies = Spread::default();
        for _ in 0..times {
            latencies.add(self.ask().await?);
        }
        Ok(latencies)
    }
}
