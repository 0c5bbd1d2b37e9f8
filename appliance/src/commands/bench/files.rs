//! A film of a hundred megabytes, up and down, beside a copy of the same file.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use store::{Id, Store};
use webui::kit::app::App;
use webui::mail::drafts::{self, Draft};

use super::device::{Visitor, log_in};
use super::meter::Spread;
use super::report::{Section, number};
use super::served::{Served, form_token};
use super::town::{Town, act};
use crate::client::whole;

pub const FILM_BYTES: usize = 100_000_000;
const ROUNDS: u8 = 3;

pub async fn measure(town: &Town) -> anyhow::Result<Section> {
    let (visitor, draft) = {
        let app = town.open()?;
        let somebody = town.people.get(..1).context("nobody lives here")?;
        let visitors = log_in(&app, somebody, &town.devices).await?;
        let visitor = visitors.into_iter().next().context("nobody")?;
        let draft = start_draft(&app, &visitor).await?;
        (visitor, draft)
    };
    let mut section = Section::new(
        "files",
        format!(
            "{FILM_BYTES} bytes to and from `tokinet run` over mutual TLS on loopback, the \
             client on the same cores; median of {ROUNDS} after one more; beside it copy and \
             fsync of the file"
        ),
    );
    let copy = copy_time(town)?;
    section.add("cp and fsync", rate(copy), "MB/s");
    let served = Served::start(town).await?;
    let page = served.page(town, &visitor, &format!("/mail/drafts/{draft}")).await?;
    let token = form_token(&page)?;
    let run = Transfer { town, served: &served, visitor: &visitor, draft, token: &token };
    let up = run.measure(&mut section, "up", Direction::Up).await?;
    let down = run.measure(&mut section, "down", Direction::Down).await?;
    section.add("up, share of cp", copy.as_secs_f64() / up.as_secs_f64() * 100.0, "%");
    section.add("down, share of cp", copy.as_secs_f64() / down.as_secs_f64() * 100.0, "%");
    served.stop().await?;
    Ok(section)
}

#[derive(Clone, Copy)]
enum Direction {
    Up,
    Down,
}

struct Transfer<'a> {
    town: &'a Town,
    served: &'a Served,
    visitor: &'a Visitor,
    draft: Id<Draft>,
    token: &'a str,
}

impl Transfer<'_> {
    async fn measure(
        &self,
        section: &mut Section,
        name: &str,
        direction: Direction,
    ) -> anyhow::Result<Duration> {
        // One more before: what the first of all needs stays and is no growth of a stream.
        self.transfer(direction, ROUNDS).await?;
        let process = self.served.process;
        let (before, cpu) = (process.memory()?.resident, process.cpu()?);
        process.forget_peak()?;
        let mut spread = Spread::default();
        for n in 0..ROUNDS {
            spread.add(self.transfer(direction, n).await?);
        }
        let cpu = process.cpu()?.saturating_sub(cpu) / u32::from(ROUNDS);
        section.add(name, rate(spread.median()), "MB/s");
        section.millis(format!("{name}, server CPU of one"), cpu);
        let growth = process.peak()?.saturating_sub(before);
        section.add(format!("{name}, peak of memory above before"), number(growth), "KiB");
        Ok(spread.median())
    }

    async fn transfer(&self, direction: Direction, n: u8) -> anyhow::Result<Duration> {
        let film = film(n);
        let started = Instant::now();
        match direction {
            Direction::Up => self.put(film).await?,
            Direction::Down => self.get(n).await?,
        }
        Ok(started.elapsed())
    }

    async fn put(&self, film: Bytes) -> anyhow::Result<()> {
        let path = format!("/mail/drafts/{}/files?name=film.mp4", self.draft);
        let request = self.visitor.request(&path).method("PUT").header("x-form-token", self.token);
        let response = self.served.ask(self.town, self.visitor, request.body(whole(film))?).await?;
        response.into_body().collect().await?;
        Ok(())
    }

    async fn get(&self, n: u8) -> anyhow::Result<()> {
        let path = format!("/mail/drafts/{}/files/{n}", self.draft);
        let request = self.visitor.request(&path).body(whole(""))?;
        let mut body = self.served.ask(self.town, self.visitor, request).await?.into_body();
        let mut bytes = 0;
        while let Some(frame) = body.frame().await {
            bytes += frame?.data_ref().map_or(0, Bytes::len);
        }
        if bytes != FILM_BYTES {
            bail!("{bytes} bytes came down");
        }
        Ok(())
    }
}

pub async fn start_draft(app: &App, visitor: &Visitor) -> anyhow::Result<Id<Draft>> {
    let store: &Store = &app.store;
    let draft = Draft::blank(store.clock().id(), visitor.resident.member, app.now());
    let id = draft.id;
    store.write(act(store, "draft.start"), move |write| drafts::start(write, &draft)).await?;
    Ok(id)
}

/// A film's boxes with noise in them; another one each time, or it would be stored once. It names
/// no place, so it is kept as it came.
pub fn film(n: u8) -> Bytes {
    const HEAD: &[u8] = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom";
    let mut film = Vec::with_capacity(FILM_BYTES);
    film.extend_from_slice(HEAD);
    let data = u32::try_from(FILM_BYTES - HEAD.len()).unwrap_or_default();
    film.extend_from_slice(&data.to_be_bytes());
    film.extend_from_slice(b"mdat");
    film.push(n);
    let mut draw = super::fill::Draw::of(u64::from(n));
    while film.len() < FILM_BYTES {
        film.extend_from_slice(&draw.below(usize::MAX).to_le_bytes());
    }
    film.truncate(FILM_BYTES);
    film.into()
}

fn copy_time(town: &Town) -> anyhow::Result<Duration> {
    let (from, to) = (town.folder().join("film"), town.folder().join("copy"));
    std::fs::write(&from, film(u8::MAX))?;
    let mut spread = Spread::default();
    for _ in 0..ROUNDS {
        let started = Instant::now();
        std::fs::copy(&from, &to)?;
        std::fs::File::open(&to)?.sync_all()?;
        spread.add(started.elapsed());
        std::fs::remove_file(&to)?;
    }
    Ok(spread.median())
}

fn rate(took: Duration) -> f64 {
    number(FILM_BYTES) / 1_000_000.0 / took.as_secs_f64()
}
