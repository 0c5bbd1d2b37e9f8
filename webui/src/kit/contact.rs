//! First and later contacts of a device, noted beside the request that brought them.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use provisioning::devices::{
    Admission, AlarmKind, Device, DeviceRoutes, DeviceSeen, LastRoute, Route, SuccessionProblem,
    first_used, open_alarms_of, raise,
};
use provisioning::enrolment;
use provisioning::tunnel::{self, Peer, PeerProblem};
use store::{Act, Actor, House, Id, StoreError};

use super::app::App;
use super::connections::Tie;
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
    if let Some(shown) = admission.certificate.filter(|shown| shown.waited) {
        let app = app.clone();
        tokio::spawn(async move { log_failure(take_over(&app, id, shown.spki, now).await) });
    }
    if let Some(shown) = admission.peer.filter(|shown| shown.waited) {
        let app = app.clone();
        tokio::spawn(async move { log_failure(take_over_peer(&app, id, shown.id, now).await) });
    }
    let route = match admission.peer {
        Some(_) => LastRoute::Tunnel,
        None => LastRoute::Outside,
    };
    let first = device.first_seen_at.is_none();
    let seen = app.store.read(|read| {
        Ok::<_, StoreError>((read.get::<DeviceSeen>(&id)?, read.get::<DeviceRoutes>(&id)?))
    });
    let stale = match seen {
        Ok((Some(seen), routes)) => {
            let same_route = routes.and_then(|routes| routes.latest()) == Some(route);
            now.duration_since(seen.at) > SEEN_EVERY || !same_route
        }
        Ok((None, _)) => true,
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
        let note = move |house: &mut House<'_, '_>| {
            let before = house.get::<DeviceRoutes>(&id)?;
            let (outside, tunnel) =
                before.map_or((None, None), |before| (before.outside_at, before.tunnel_at));
            let (outside_at, tunnel_at) = match route {
                LastRoute::Outside => (Some(now), tunnel),
                LastRoute::Tunnel => (outside, Some(now)),
            };
            house.put(&DeviceRoutes { device: id, outside_at, tunnel_at })?;
            house.put(&DeviceSeen { device: id, at: now })
        };
        log_failure(app.store.keep_house(note).await);
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
            let ties: Vec<_> = ended.into_iter().map(Tie::Key).collect();
            app.connections.cut(&ties);
            Ok(())
        }
        // Several requests of one page bring the same news.
        Err(SuccessionProblem::NotWaiting) => Ok(()),
        Err(SuccessionProblem::Store(error)) => Err(error),
    }
}

/// The first use of a key for the tunnel: the device's other one ends here.
async fn take_over_peer(
    app: &App,
    id: Id<Device>,
    peer: Id<Peer>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let actor = Actor::Stranger { device: Some(id.bytes()) };
    let act = Act::new(actor, "device.tunnel_used", now).on("device", id);
    match app.store.write(act, move |write| tunnel::first_used(write, peer, now)).await {
        Ok(ended) => {
            let ties: Vec<_> = ended.into_iter().map(Tie::Peer).collect();
            app.connections.cut(&ties);
            Ok(())
        }
        Err(PeerProblem::Store(error)) => Err(error),
        // Several requests of one page bring the same news.
        Err(
            PeerProblem::NotWaiting
            | PeerProblem::NoDevice
            | PeerProblem::NoHome
            | PeerProblem::KeyKnown
            | PeerProblem::Full,
        ) => Ok(()),
    }
}

/// An alarm that is open is not counted up with every request of one page.
const FOREIGN_EVERY: SignedDuration = SignedDuration::from_mins(10);

/// A certificate of another device inside of a device's tunnel: a key or a certificate is not
/// where it belongs. The office is told.
pub fn note_foreign(app: &App, through: Id<Device>, of: Id<Device>) {
    let now = app.now();
    let told = app.store.read(|read| open_alarms_of(read, through)).map(|alarms| {
        alarms.iter().any(|alarm| {
            alarm.kind == AlarmKind::ForeignCertificate { of }
                && now.duration_since(alarm.last_at) < FOREIGN_EVERY
        })
    });
    if !matches!(told, Ok(false)) {
        return;
    }
    let app = app.clone();
    tokio::spawn(async move {
        let actor = Actor::Stranger { device: Some(through.bytes()) };
        let act = Act::new(actor, "device.foreign_certificate", now).on("device", through);
        let kind = AlarmKind::ForeignCertificate { of };
        let raised = app.store.write(act, move |write| raise(write, through, kind, now));
        log_failure(raised.await.map(drop));
    });
}

/// What the gateway saw: one device's key for the tunnel from two places in turns.
pub async fn tell_two_places(
    app: &App,
    peer: Id<Peer>,
    addresses: [IpAddr; 2],
) -> Result<(), StoreError> {
    let Some(found) = app.store.read(|read| tunnel::peer(read, peer))? else { return Ok(()) };
    let (device, now) = (found.device, app.now());
    let act = Act::new(Actor::System, "device.two_places", now).on("device", device);
    let kind = AlarmKind::TwoPlaces { addresses: addresses.map(|address| address.to_string()) };
    app.store.write(act, move |write| raise(write, device, kind, now)).await.map(drop)
}

/// A key in two places at once is told to the office, and at the device.
pub fn note_place(app: &App, device: &Device, ingress: &Ingress) {
    let (id, now) = (device.id, app.now());
    // Inside of the tunnel every address is the device's own; there the gateway watches.
    let (Some(key), Route::Outside) = (ingress.came.key, ingress.came.route) else { return };
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
