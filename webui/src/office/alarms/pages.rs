//! Alarms as rows of the desk, and settling one.

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use provisioning::devices::{Alarm, AlarmKind, Device, DeviceState, Settling, open_alarms, settle};
use provisioning::directory::Directory;
use serde::Serialize;
use store::{Id, Read, StoreError};

use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::form::Fields;
use crate::kit::frame::redirect_saying;
use crate::kit::japanese;
use crate::kit::member::OfficeMember;
use crate::kit::path::Path;
use crate::office::rows::{facility_name, member_words};

#[derive(Serialize)]
pub struct AlarmRow {
    device: Id<Device>,
    name: String,
    platform: &'static str,
    facility: String,
    phone: String,
    kind: &'static str,
    words: String,
    when: String,
    times: u32,
    active: bool,
}

pub fn alarm_rows(
    read: &Read<'_>,
    directory: &Directory,
    now: Timestamp,
) -> Result<Vec<AlarmRow>, StoreError> {
    let mut rows = Vec::new();
    for alarm in open_alarms(read)? {
        let Some(device) = read.get::<Device>(&alarm.device)? else { continue };
        let facility = directory.facility(device.facility);
        rows.push(AlarmRow {
            device: device.id,
            platform: device.platform.key(),
            facility: facility_name(directory, device.facility),
            phone: facility.map_or_else(String::new, |one| one.details.phone.clone()),
            kind: kind(&alarm),
            words: words(read, &alarm, directory)?,
            when: japanese::short(alarm.last_at, now),
            times: alarm.times,
            active: device.state == DeviceState::Active,
            name: device.name,
        });
    }
    Ok(rows)
}

const fn kind(alarm: &Alarm) -> &'static str {
    match alarm.kind {
        AlarmKind::TwoPlaces { .. } => "places",
        AlarmKind::Denied { .. } => "denied",
        AlarmKind::Lost { .. } => "lost",
        AlarmKind::ForeignCertificate { .. } => "foreign",
    }
}

fn words(read: &Read<'_>, alarm: &Alarm, directory: &Directory) -> Result<String, StoreError> {
    Ok(match &alarm.kind {
        AlarmKind::TwoPlaces { addresses: [one, other] } => {
            format!("同じ端末の鍵が、同時に2か所で使われています（{one} と {other}）")
        }
        AlarmKind::Denied { by } => {
            let (name, _) = member_words(directory, *by);
            format!("{name} さんの名前で登録され、本人に心当たりがありません。失効済みです")
        }
        AlarmKind::Lost { by } => {
            let (name, _) = member_words(directory, *by);
            format!("{name} さんが、紛失・盗難を届け出ました。失効済みです")
        }
        AlarmKind::ForeignCertificate { of } => {
            let other = read.get::<Device>(of)?.map_or_else(String::new, |other| other.name);
            format!(
                "この端末のVPNの中で、別の端末「{other}」の証明書が使われました（通していません）"
            )
        }
    })
}

pub async fn post_settle(
    Path(id): Path<Id<Device>>,
    asked: OfficeMember,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    if app.store.read(|read| read.get::<Device>(&id))?.is_none() {
        return Err(Failure::NotFound);
    }
    let how = match fields.text("how") {
        "known" => Settling::Known,
        _ => Settling::LookedAt,
    };
    let (by, now) = (asked.id(), app.now());
    let act = asked.act("device.settle").on("device", id);
    let settled = app.store.write(act, move |write| settle(write, id, how, by, now)).await?;
    let words = match settled {
        0 => "この知らせには、もうほかの人が対応しています",
        _ => "対応済みにしました",
    };
    Ok(redirect_saying("/office", words))
}
