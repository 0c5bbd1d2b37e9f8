//! Memory of the running product: idle, and with a live page at every signed-in member.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use webui::mail::search::catch_up;

use super::device::{Visitor, log_in};
use super::report::{Section, number};
use super::served::Served;
use super::town::Town;
use crate::client::whole;

const MEMBERS: usize = 500;

/// More handshakes at once would measure this program's patience.
const AT_ONCE: usize = 16;

/// Buffers of the handshakes are given back, and the first heartbeats pass.
const SETTLES: Duration = Duration::from_secs(20);

pub async fn measure(town: &Town) -> anyhow::Result<Section> {
    let members: Vec<_> = town.people.iter().step_by(town.people.len() / MEMBERS).collect();
    let members: Vec<_> = members.into_iter().take(MEMBERS).cloned().collect();
    let visitors = {
        let app = town.open()?;
        // Making the index is work of its own, not idleness; `search` measures it.
        catch_up(&app)?;
        log_in(&app, &members, &town.devices).await?
    };
    let mut section = Section::new(
        "memory",
        format!(
            "smaps_rollup of `tokinet run`, a process of its own; {MEMBERS} members of as many \
             facilities as there are, each with a live page over mutual TLS and HTTP/1.1; the \
             search index is made before"
        ),
    );
    let served = Served::start(town).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let idle = served.process.memory()?;
    section.add("idle, resident", number(idle.resident) / 1_024.0, "MiB");
    section.add("idle, proportional", number(idle.proportional) / 1_024.0, "MiB");
    let streams = open_all((town, &served), visitors).await?;
    tokio::time::sleep(SETTLES).await;
    let full = served.process.memory()?;
    section.add("with live pages, resident", number(full.resident) / 1_024.0, "MiB");
    section.add("with live pages, proportional", number(full.proportional) / 1_024.0, "MiB");
    let growth = number(full.proportional.saturating_sub(idle.proportional));
    section.add("a live page", growth / number(streams.len()), "KiB");
    section.millis("CPU of start, handshakes and heartbeats", served.process.cpu()?);
    drop(streams);
    served.stop().await?;
    Ok(section)
}

async fn open_all(
    (town, served): (&Town, &Served),
    visitors: Vec<Visitor>,
) -> anyhow::Result<Vec<Incoming>> {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut opening = JoinSet::new();
    for visitor in visitors {
        let device = town.devices.get(visitor.resident.device).context("no device")?;
        let (tls, address) = (device.tls()?, served.address.to_string());
        let places = places.clone();
        opening.spawn(async move {
            let _place = places.acquire_owned().await?;
            let request = visitor.request("/live").body(whole(""))?;
            let response = crate::client::send(&tls, &address, &visitor.host, request).await?;
            anyhow::ensure!(response.status().is_success(), "live: {}", response.status());
            let mut body = response.into_body();
            body.frame().await.context("the live page ended")??;
            anyhow::Ok(body)
        });
    }
    let mut streams = Vec::new();
    while let Some(stream) = opening.join_next().await {
        streams.push(stream??);
    }
    Ok(streams)
}
