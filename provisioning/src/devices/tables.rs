//! Devices and their certificates as rows; the gate's question; revocation.

use jiff::Timestamp;
use store::{Housekeeping, Id, Index, Indexer, Order, Plain, Read, Record, StoreError, Write};

use super::{
    Certificate, CertificateState, Device, DeviceRoutes, DeviceSeen, DeviceState, LastRoute,
    Successor,
};
use crate::facilities::Facility;
use crate::tunnel;

impl Record for Device {
    type Key = Id<Self>;
    const TABLE: &'static str = "devices";
    const VERSION: u8 = 1;
    const INDEXES: &'static [&'static str] = &[DeviceByFacility::TABLE];

    fn key(&self) -> Self::Key {
        self.id
    }

    fn index(&self, indexer: &mut Indexer<'_>) {
        indexer.add::<DeviceByFacility>(&self.facility);
    }
}

impl Plain for Device {}

pub struct DeviceByFacility;

impl Index for DeviceByFacility {
    type Record = Device;
    type Key = Id<Facility>;
    const TABLE: &'static str = "devices_by_facility";
}

impl Record for Certificate {
    type Key = [u8; 32];
    const TABLE: &'static str = "certificates";
    const VERSION: u8 = 1;
    const INDEXES: &'static [&'static str] = &[CertificateByDevice::TABLE, CertificateByEnd::TABLE];

    fn key(&self) -> Self::Key {
        self.spki
    }

    fn index(&self, indexer: &mut Indexer<'_>) {
        indexer.add::<CertificateByDevice>(&self.device);
        indexer.add::<CertificateByEnd>(&(CertificateByEnd::of(&self.state), self.not_after));
    }
}

impl Plain for Certificate {}

pub struct CertificateByDevice;

impl Index for CertificateByDevice {
    type Record = Certificate;
    type Key = Id<Device>;
    const TABLE: &'static str = "certificates_by_device";
}

/// Active ones first, by the day on which they end.
pub struct CertificateByEnd;

impl Index for CertificateByEnd {
    type Record = Certificate;
    type Key = (u8, Timestamp);
    const TABLE: &'static str = "certificates_by_end";
}

impl CertificateByEnd {
    const fn of(state: &CertificateState) -> u8 {
        match state {
            CertificateState::Active => 0,
            CertificateState::Revoked { .. } => 1,
        }
    }
}

impl Record for DeviceSeen {
    type Key = Id<Device>;
    const TABLE: &'static str = "devices_seen";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        self.device
    }
}

impl Plain for DeviceSeen {}

impl Housekeeping for DeviceSeen {}

impl Record for DeviceRoutes {
    type Key = Id<Device>;
    const TABLE: &'static str = "device_routes";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        self.device
    }
}

impl Plain for DeviceRoutes {}

impl Housekeeping for DeviceRoutes {}

/// Two a member are plenty.
const DEVICES_MAX: usize = 20_000;

/// One in use, one in renewal, and those of past years; no more are issued, so one page shows all.
pub(crate) const CERTIFICATES_OF_DEVICE_MAX: usize = 50;

pub fn list(read: &Read<'_>) -> Result<Vec<Device>, StoreError> {
    Ok(read.page(&(), Order::Descending, None, DEVICES_MAX)?.rows)
}

pub fn of_facility(read: &Read<'_>, facility: Id<Facility>) -> Result<Vec<Device>, StoreError> {
    let page = read.page_by::<DeviceByFacility>(&facility, Order::Descending, None, DEVICES_MAX)?;
    Ok(page.rows)
}

pub fn certificates_of(
    read: &Read<'_>,
    device: Id<Device>,
) -> Result<Vec<Certificate>, StoreError> {
    let page = read.page_by::<CertificateByDevice>(
        &device,
        Order::Ascending,
        None,
        CERTIFICATES_OF_DEVICE_MAX,
    )?;
    Ok(page.rows)
}

pub(crate) fn certificates_within(
    write: &Write<'_>,
    device: Id<Device>,
) -> Result<Vec<Certificate>, StoreError> {
    let (order, rows_max) = (Order::Ascending, CERTIFICATES_OF_DEVICE_MAX);
    Ok(write.page_by::<CertificateByDevice>(&device, order, None, rows_max)?.rows)
}

/// When a device may speak no more: the end of the certificate in use that lasts longest. One that
/// waits for its first use promises nothing yet.
pub fn ends_at(read: &Read<'_>, device: Id<Device>) -> Result<Option<Timestamp>, StoreError> {
    let all = certificates_of(read, device)?;
    let mut in_use = None;
    for certificate in &all {
        let waits = read.get::<Successor>(&certificate.spki)?.is_some_and(|one| one.is_waiting());
        if certificate.state == CertificateState::Active && !waits {
            in_use = in_use.max(Some(certificate.not_after));
        }
    }
    // Of a device that has ended, all that is left to tell.
    Ok(in_use.or_else(|| all.iter().map(|certificate| certificate.not_after).max()))
}

/// How many active devices may not speak any more from `until` on, though they may `now`.
pub fn ending(read: &Read<'_>, now: Timestamp, until: Timestamp) -> Result<usize, StoreError> {
    Ok(devices_ending(read, now, until)?.len())
}

/// Active devices that may speak until after `from`, and no more after `until`; with their end,
/// the soonest in front.
pub fn devices_ending(
    read: &Read<'_>,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<(Device, Timestamp)>, StoreError> {
    const ROWS_A_READ: usize = 500;
    let mut devices = std::collections::BTreeSet::new();
    let mut after = None;
    for _ in 0..DEVICES_MAX / ROWS_A_READ {
        let active = CertificateByEnd::of(&CertificateState::Active);
        let page = read.page_by::<CertificateByEnd>(
            &active,
            Order::Ascending,
            after.as_ref(),
            ROWS_A_READ,
        )?;
        let reached_later = page.rows.iter().any(|certificate| certificate.not_after > until);
        let in_date = page.rows.iter().filter(|certificate| certificate.not_after > from);
        let soon = in_date.filter(|certificate| certificate.not_after <= until);
        devices.extend(soon.map(|certificate| certificate.device));
        after = page.next;
        if reached_later || after.is_none() {
            break;
        }
    }
    let mut ending = Vec::new();
    for id in devices {
        let Some(device) = read.get::<Device>(&id)? else { continue };
        let ends_at = ends_at(read, id)?.filter(|at| *at > from && *at <= until);
        if let Some(ends_at) = ends_at.filter(|_| device.state == DeviceState::Active) {
            ending.push((device, ends_at));
        }
    }
    ending.sort_by_key(|(_, ends_at)| *ends_at);
    Ok(ending)
}

pub fn last_seen(read: &Read<'_>, device: Id<Device>) -> Result<Option<Timestamp>, StoreError> {
    Ok(read.get::<DeviceSeen>(&device)?.map(|seen| seen.at))
}

/// The way that a device came last.
pub fn last_route(read: &Read<'_>, device: Id<Device>) -> Result<Option<LastRoute>, StoreError> {
    Ok(read.get::<DeviceRoutes>(&device)?.and_then(|routes| routes.latest()))
}

#[derive(Debug, thiserror::Error)]
pub enum RevokeProblem {
    #[error("no such device")]
    Unknown,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Ends a device, all its certificates and its keys for the tunnel: lost or stolen. Its live
/// connections are the caller's to cut, after the act is durable. Revoking twice keeps the first
/// time.
pub fn revoke(
    write: &mut Write<'_>,
    id: Id<Device>,
    now: Timestamp,
) -> Result<Device, RevokeProblem> {
    end(write, id, DeviceState::Revoked { at: now }, now)
}

/// The same for a device that another one has replaced.
pub fn retire(
    write: &mut Write<'_>,
    id: Id<Device>,
    now: Timestamp,
) -> Result<Device, RevokeProblem> {
    end(write, id, DeviceState::Retired { at: now }, now)
}

fn end(
    write: &mut Write<'_>,
    id: Id<Device>,
    state: DeviceState,
    now: Timestamp,
) -> Result<Device, RevokeProblem> {
    let mut device: Device = write.get(&id)?.ok_or(RevokeProblem::Unknown)?;
    if device.state == DeviceState::Active {
        device.state = state;
        write.put(&device)?;
    }
    for mut certificate in certificates_within(write, id)? {
        if certificate.state == CertificateState::Active {
            certificate.state = CertificateState::Revoked { at: now };
            write.put(&certificate)?;
        }
    }
    tunnel::end_of_device(write, id, now)?;
    Ok(device)
}

/// Serial numbers and times for the revocation list.
pub fn revoked_certificates(read: &Read<'_>) -> Result<Vec<(Vec<u8>, Timestamp)>, StoreError> {
    let all = read.page::<Certificate>(&(), Order::Ascending, None, DEVICES_MAX)?.rows;
    let revoked = all.into_iter().filter_map(|certificate| match certificate.state {
        CertificateState::Active => None,
        CertificateState::Revoked { at } => Some((certificate.serial, at)),
    });
    Ok(revoked.collect())
}
