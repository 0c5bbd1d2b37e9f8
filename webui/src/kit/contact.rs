//! First and later contacts of a device, noted beside the request that brought them.

use jiff::{SignedDuration, Timestamp};
use provisioning::devices::{
    Admission, AlarmKind, Device, DeviceSeen, SuccessionProblem, first_used, raise,
};
use provisioning::enrolment;
use store::{Act, Actor, Id, StoreError};

use super::app::App;
use super::cutting::cut_connections;
use super::listen::Ingress;
use super::places::kept_trace;
use super::session;

/// Last contact is written no oftener: the office wants a day, not a second.
const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(10);

/// The first contact ends the enrolment, that of a renewed certificate the one before it; later
/// ones are noted now and then.
pub fn note_contact(app: &App, admission: &Admission) {
    let (device, now) = (&admission.device, app.now());
    let id = device.id;
    if admission.waited {
        let (app, spki) = (app.clone(), admission.spki);
        tokio::spawn(async move { log_failure(take_over(&app, id, spki, now).await) });
    }
    let first = device.first_seen_at.is_none();
    let seen = app.store.read(|read| read.get::<DeviceSeen>(&id));
    let stale = match seen {
        Ok(Some(seen)) => now.duration_since(seen.at) > SEEN_EVERY,
        Ok(None) => true,
        Err(_) => false,
    };
    if !first && !stale {
        return;
    }
    let app = app.clone();
    tokio::spawn(async move {
        if first {
            log_failure(greet(&app, id, now).await);
        }
        log_failure(
            app.store.keep_house(move |house| house.put(&DeviceSeen { device: id, at: now })).await,
        );
    });
}

/// A device that this one replaces ends here, with all that is open on it.
pub async fn greet(app: &App, id: Id<Device>, now: Timestamp) -> Result<(), StoreError> {
    let actor = Actor::Stranger { device: Some(id.bytes()) };
    let act = Act::new(actor, "device.first_seen", now).on("device", id);
    let replaced = app.store.write(act, move |write| {
        let replaced = enrolment::first_seen(write, id, now)?;
        if let Some(old) = replaced {
            session::end_at_device(write, old)?;
        }
        Ok::<_, StoreError>(replaced)
    });
    if let Some(old) = replaced.await? {
        cut_connections(app, old)?;
    }
    Ok(())
}

/// The others of the device's keys end here, with all that is open on them. Its sessions go on:
/// they belong to the device.
pub async fn take_over(
    app: &App,
    id: Id<Device>,
    spki: [u8; 32],
    now: Timestamp,
) -> Result<(), StoreError> {
    let actor = Actor::Stranger { device: Some(id.bytes()) };
    let act = Act::new(actor, "device.renewed", now).on("device", id);
    match app.store.write(act, move |write| first_used(write, spki, now)).await {
        Ok(ended) => {
            app.connections.cut(&ended);
            Ok(())
        }
        // Several requests of one page bring the same news.
        Err(SuccessionProblem::NotWaiting) => Ok(()),
        Err(SuccessionProblem::Store(error)) => Err(error),
    }
}

/// A key in two places at once is told to the office, and at the device.
pub fn note_place(app: &App, device: &Device, ingress: &Ingress) {
    let (id, now) = (device.id, app.now());
    let Some(key) = ingress.key else { return };
    let address = ingress.address;
    let kept = || app.store.read(|read| kept_trace(read, key, address));
    let noted = match app.places.note(key, address, now, kept) {
        Ok(noted) => noted,
        Err(error) => return log_failure(Err(error)),
    };
    if let Some(trace) = noted.keep {
        let app = app.clone();
        tokio::spawn(async move {
            log_failure(app.store.keep_house(move |house| house.put(&trace)).await);
        });
    }
    let Some(two) = noted.two else { return };
    let app = app.clone();
    tokio::spawn(async move {
        let actor = Actor::Stranger { device: Some(id.bytes()) };
        let act = Act::new(actor, "device.two_places", now).on("device", id);
        let addresses = two.map(|address| address.to_string());
        let kind = AlarmKind::TwoPlaces { addresses };
        log_failure(app.store.write(act, move |write| raise(write, id, kind, now)).await.map(drop));
    });
}

fn log_failure(outcome: Result<(), StoreError>) {
    if let Err(error) = outcome {
        log::warn!(error:% = error; "cannot note a device's contact");
    }
}
