//! What every request pays before its page: the device, and the person.

use std::time::Duration;

use anyhow::{Context as _, bail};
use provisioning::devices::{self, DeviceSeen};
use provisioning::members::Member;
use store::StoreError;
use webui::kit::session::{self, Session};

use super::device::log_in;
use super::meter::Meter;
use super::report::Section;
use super::town::Town;

const ROUNDS: u32 = 20_000;

pub async fn measure(town: &Town) -> anyhow::Result<Section> {
    let app = town.open()?;
    let device = town.devices.first().context("the town has no device")?;
    let somebody = town.people.get(..1).context("nobody lives here")?;
    let visitors = log_in(&app, somebody, &town.devices).await?;
    let member = visitors.first().context("nobody")?.resident.member;
    let sessions = app.store.read(|read| session::of_member(read, member))?;
    let token = sessions.first().context("no session")?.token;
    let mut section =
        Section::new("gate", format!("{ROUNDS} times each, one after the other, one thread's CPU"));
    let admit = each(|| {
        let admitted = app.store.read(|read| devices::admit(read, &device.came(), app.now()))?;
        if admitted.is_err() {
            bail!("the device is refused");
        }
        Ok(())
    })?;
    section.micros("admit: certificate, device, facility", admit);
    let seen = each(|| {
        let id = device.id;
        app.store.read(|read| read.get::<DeviceSeen>(&id))?.context("never seen").map(drop)
    })?;
    section.micros("last contact", seen);
    let person = each(|| {
        app.store.read(|read| {
            let kept = read.get::<Session>(&token)?;
            let member = read.get::<Member>(&member)?;
            Ok::<_, StoreError>((kept, member))
        })?;
        Ok(())
    })?;
    section.micros("session and member", person);
    Ok(section)
}

fn each(work: impl Fn() -> anyhow::Result<()>) -> anyhow::Result<Duration> {
    let meter = Meter::start();
    for _ in 0..ROUNDS {
        work()?;
    }
    Ok(meter.stop().thread / ROUNDS)
}
