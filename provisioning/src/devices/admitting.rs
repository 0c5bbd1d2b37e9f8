//! The gate's question, asked on every request: whose device is this, and may it speak?
//!
//! The connection alone answers where it came from: outside under TLS, or inside of the tunnel
//! with one device's key. What it shows beside that is the certificate.

use jiff::Timestamp;
use store::{Id, Read, StoreError};

use super::{Certificate, CertificateState, Device, DeviceState, Successor};
use crate::facilities::{Facility, FacilityState, RoutePolicy};
use crate::tunnel::{self, Factor, Peer};

/// What a connection proves by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Came {
    pub route: Route,
    /// SHA-256 of the key of the certificate that was shown and verified, if one was.
    pub key: Option<[u8; 32]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    Outside,
    Tunnel(Id<Peer>),
}

/// A device that may speak now, with all that it has shown.
#[derive(Clone, Debug)]
pub struct Admission {
    pub device: Device,
    pub facility: Facility,
    /// `None` where the tunnel's key was enough.
    pub certificate: Option<CertificateShown>,
    /// `None` outside of the tunnel.
    pub peer: Option<PeerShown>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateShown {
    pub spki: [u8; 32],
    pub not_after: Timestamp,
    /// A renewed certificate that waited for this first use.
    pub waited: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerShown {
    pub id: Id<Peer>,
    /// A key that waited for this first use.
    pub waited: bool,
}

/// Why a device may not speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    Unknown,
    CertificateRevoked,
    /// The device goes on with another certificate.
    CertificateReplaced,
    NotYetValid,
    Expired,
    DeviceRevoked,
    DeviceRetired,
    FacilitySuspended,
    /// The facility's devices come through the tunnel, and this one came outside.
    TunnelOnly,
    /// The facility's devices do not come through the tunnel.
    OutsideOnly,
    /// Inside of the tunnel, without the certificate that the facility asks for.
    CertificateMissing,
    /// The tunnel's key ended: revoked, replaced, or never used in time.
    PeerEnded,
    /// A certificate of `of` inside of the tunnel of `through`.
    OtherDevice {
        of: Id<Device>,
        through: Id<Device>,
    },
}

pub fn admit(
    read: &Read<'_>,
    came: &Came,
    now: Timestamp,
) -> Result<Result<Admission, Refusal>, StoreError> {
    let peer = match came.route {
        Route::Outside => None,
        Route::Tunnel(id) => match read.get::<Peer>(&id)? {
            Some(peer) => Some(peer),
            None => return Ok(Err(Refusal::Unknown)),
        },
    };
    let shown = match came.key {
        Some(key) => match certificate(read, &key, now)? {
            Ok(found) => Some(found),
            Err(refusal) => return Ok(Err(refusal)),
        },
        None => None,
    };
    let Some(id) =
        shown.as_ref().map(|(row, _)| row.device).or(peer.as_ref().map(|one| one.device))
    else {
        return Ok(Err(Refusal::Unknown));
    };
    let Some(device) = read.get::<Device>(&id)? else { return Ok(Err(Refusal::Unknown)) };
    let Some(facility) = read.get::<Facility>(&device.facility)? else {
        return Ok(Err(Refusal::Unknown));
    };
    if let Err(refusal) = judge_certificate(shown.as_ref().map(|(row, _)| row), &device, now)
        .and_then(|()| judge_device(&device, &facility))
        .and_then(|()| judge_peer(peer.as_ref(), &device, now))
        .and_then(|()| judge_route(came.route, facility.policy))
    {
        return Ok(Err(refusal));
    }
    if shown.is_none() && tunnel::factor(read, facility.id)? == Factor::CertificateAlways {
        return Ok(Err(Refusal::CertificateMissing));
    }
    let certificate = match shown {
        Some((_, Succession::Over)) => return Ok(Err(Refusal::CertificateReplaced)),
        Some((row, succession)) => Some(CertificateShown {
            spki: row.spki,
            not_after: row.not_after,
            waited: succession == Succession::Waits,
        }),
        None => None,
    };
    let peer = peer.map(|peer| PeerShown { id: peer.id, waited: peer.is_waiting() });
    Ok(Ok(Admission { device, facility, certificate, peer }))
}

/// Where a renewed certificate stands beside the one before it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Succession {
    None,
    Waits,
    Over,
}

fn certificate(
    read: &Read<'_>,
    key: &[u8; 32],
    now: Timestamp,
) -> Result<Result<(Certificate, Succession), Refusal>, StoreError> {
    let Some(row) = read.get::<Certificate>(key)? else { return Ok(Err(Refusal::Unknown)) };
    let succession = match read.get::<Successor>(key)? {
        Some(one) if one.is_over(now) => Succession::Over,
        Some(one) if one.is_waiting() => Succession::Waits,
        Some(_) | None => Succession::None,
    };
    Ok(Ok((row, succession)))
}

fn judge_certificate(
    certificate: Option<&Certificate>,
    device: &Device,
    now: Timestamp,
) -> Result<(), Refusal> {
    let Some(certificate) = certificate else { return Ok(()) };
    match (&certificate.state, &device.state) {
        (CertificateState::Active, DeviceState::Active) => {}
        // The device's own end says more.
        (CertificateState::Active, DeviceState::Revoked { .. } | DeviceState::Retired { .. }) => {
            return Ok(());
        }
        (CertificateState::Revoked { .. }, DeviceState::Active) => {
            return Err(Refusal::CertificateReplaced);
        }
        (
            CertificateState::Revoked { .. },
            DeviceState::Revoked { .. } | DeviceState::Retired { .. },
        ) => return Err(Refusal::CertificateRevoked),
    }
    if now < certificate.not_before {
        return Err(Refusal::NotYetValid);
    }
    if now > certificate.not_after {
        return Err(Refusal::Expired);
    }
    Ok(())
}

fn judge_device(device: &Device, facility: &Facility) -> Result<(), Refusal> {
    match device.state {
        DeviceState::Active => {}
        DeviceState::Revoked { .. } => return Err(Refusal::DeviceRevoked),
        DeviceState::Retired { .. } => return Err(Refusal::DeviceRetired),
    }
    match facility.state {
        FacilityState::Active => Ok(()),
        FacilityState::Suspended => Err(Refusal::FacilitySuspended),
    }
}

/// `device` is the certificate's, where one was shown: both must be one.
fn judge_peer(peer: Option<&Peer>, device: &Device, now: Timestamp) -> Result<(), Refusal> {
    let Some(peer) = peer else { return Ok(()) };
    if peer.is_over(now) {
        return Err(Refusal::PeerEnded);
    }
    if peer.device != device.id {
        return Err(Refusal::OtherDevice { of: device.id, through: peer.device });
    }
    Ok(())
}

const fn judge_route(route: Route, policy: RoutePolicy) -> Result<(), Refusal> {
    match (policy, route) {
        (RoutePolicy::Either, _)
        | (RoutePolicy::Tls, Route::Outside)
        | (RoutePolicy::Vpn, Route::Tunnel(_)) => Ok(()),
        (RoutePolicy::Vpn, Route::Outside) => Err(Refusal::TunnelOnly),
        (RoutePolicy::Tls, Route::Tunnel(_)) => Err(Refusal::OutsideOnly),
    }
}
