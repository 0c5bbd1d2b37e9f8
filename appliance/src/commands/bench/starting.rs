//! From the start of the process to the line that says it is ready.

use super::device::log_in;
use super::meter::Spread;
use super::report::{Section, number};
use super::served::Served;
use super::town::Town;

const CLEAN_STARTS: usize = 7;
const KILLS: usize = 5;

/// Pages asked for before the kill, so that their access rows are under way.
const PAGES_BEFORE: usize = 20;

pub async fn measure(town: &Town) -> anyhow::Result<Section> {
    let visitors = {
        let app = town.open()?;
        log_in(&app, town.people.get(..1).unwrap_or_default(), &town.devices).await?
    };
    let mut section = Section::new(
        "start",
        format!(
            "spawn of `tokinet run` until its `ready` line; {CLEAN_STARTS} after a clean end, \
             {KILLS} after SIGKILL amid pages whose access rows are not committed yet"
        ),
    );
    let bytes = std::fs::metadata(town.layout().file())?.len();
    section.add("the store's file", number(bytes / 1_048_576), "MiB");
    let mut clean = Spread::default();
    for _ in 0..CLEAN_STARTS {
        let served = Served::start(town).await?;
        clean.add(served.ready_after);
        served.stop().await?;
    }
    let mut killed = Spread::default();
    for _ in 0..KILLS {
        let served = Served::start(town).await?;
        for visitor in visitors.iter().cycle().take(PAGES_BEFORE) {
            served.page(town, visitor, "/mail/inbox").await?;
        }
        served.kill().await?;
        let again = Served::start(town).await?;
        killed.add(again.ready_after);
        again.stop().await?;
    }
    section.millis("ready after a clean end, p50", clean.median());
    section.millis("ready after a clean end, slowest", clean.percentile(100));
    section.millis("ready after kill -9, p50", killed.median());
    section.millis("ready after kill -9, slowest", killed.percentile(100));
    Ok(section)
}
