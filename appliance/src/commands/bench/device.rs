//! A device of the measured town, with a real certificate, and sessions at it.

use std::net::{IpAddr, Ipv4Addr};

use anyhow::Context as _;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{COOKIE, HOST};
use hyper::http::request::Builder;
use provisioning::authority::{Authority, DeviceKey, DeviceRequest};
use provisioning::devices::{
    Came, Certificate, CertificateState, Device, DeviceSeen, DeviceState, Platform, Route,
};
use provisioning::facilities::Facility;
use provisioning::members::Member;
use store::{Id, Store, StoreError};
use tokio_rustls::TlsConnector;
use webui::kit::app::App;
use webui::kit::listen::Ingress;
use webui::kit::session::{Session, SessionState, Token};
use webui::kit::tls::Door;

use super::town::{Resident, act};
use crate::client::{Identity, Trust, tls};

pub struct BenchDevice {
    pub id: Id<Device>,
    pub spki: [u8; 32],
    identity: Identity,
    root: Vec<u8>,
}

impl BenchDevice {
    pub fn enrol(
        store: &Store,
        authority: &Authority,
        facility: &Facility,
        owner: Id<Member>,
    ) -> anyhow::Result<Self> {
        let (key, now) = (DeviceKey::generate()?, store.clock().now());
        let id: Id<Device> = store.clock().id();
        let certificate = authority.issue_device(
            &DeviceRequest {
                public_key: &key.public_key(),
                facility_code: facility.code.as_str(),
                device_number: "1",
                device_id: id.bytes(),
            },
            now,
        )?;
        let device = Device {
            id,
            facility: facility.id,
            name: "bench".to_owned(),
            platform: Platform::Linux,
            office: false,
            state: DeviceState::Active,
            enrolled_by: owner,
            enrolled_at: now,
            first_seen_at: Some(now),
        };
        let row = Certificate {
            spki: certificate.spki_sha256,
            device: id,
            serial: certificate.serial.as_bytes().to_vec(),
            not_before: certificate.not_before,
            not_after: certificate.not_after,
            state: CertificateState::Active,
        };
        store.write_and_wait(act(store, "bench.enrol"), move |write| {
            write.put(&device)?;
            write.put(&DeviceSeen { device: id, at: now })?;
            write.put(&row)
        })?;
        let authority_in_use = authority.device_anchors().next().context("an authority")?;
        let identity = Identity {
            chain: vec![certificate.der, authority_in_use.to_vec()],
            pkcs8: key.pkcs8().as_bytes().to_vec(),
        };
        let root = authority.root_certificate().to_vec();
        Ok(Self { id, spki: certificate.spki_sha256, identity, root })
    }

    pub fn tls(&self) -> anyhow::Result<TlsConnector> {
        tls(&Trust::Root(self.root.clone()), Some(&self.identity))
    }

    /// What the listener would say of a connection of this device.
    pub fn ingress(&self) -> Ingress {
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Ingress { door: Door::App, address, came: self.came() }
    }

    pub const fn came(&self) -> Came {
        Came { route: Route::Outside, key: Some(self.spki) }
    }
}

/// Somebody who has logged in at the facility's device.
#[derive(Clone)]
pub struct Visitor {
    pub resident: Resident,
    pub host: String,
    cookie: String,
}

impl Visitor {
    pub fn request(&self, path: &str) -> Builder {
        hyper::Request::get(path).header(HOST, &self.host).header(COOKIE, &self.cookie)
    }

    /// The request as the listener hands it to the router.
    pub fn inside(
        &self,
        device: &BenchDevice,
        path: &str,
    ) -> anyhow::Result<hyper::Request<Full<Bytes>>> {
        Ok(self.request(path).extension(device.ingress()).body(Full::default())?)
    }
}

/// Opens a session for each of these people, in one commit.
pub async fn log_in(
    app: &App,
    people: &[Resident],
    devices: &[BenchDevice],
) -> anyhow::Result<Vec<Visitor>> {
    let (mut visitors, mut sessions) = (Vec::new(), Vec::new());
    for resident in people {
        let device = devices.get(resident.device).context("every facility has a device")?.id;
        let (token, now) = (Token::random(app), app.now());
        sessions.push(Session {
            token: token.blinded(app),
            id: app.store.clock().id(),
            member: resident.member,
            device,
            since: now,
            touched: now,
            state: SessionState::Open,
            previous_login: Some(now),
        });
        let cookie = token.set_cookie();
        let cookie = cookie.to_str()?.split(';').next().unwrap_or_default().to_owned();
        let (resident, host) = (resident.clone(), app.app_host());
        visitors.push(Visitor { resident, host, cookie });
    }
    let kept = app
        .store
        .keep_house(move |house| sessions.iter().try_for_each(|session| house.put(session)));
    kept.await.map_err(|error: StoreError| error)?;
    Ok(visitors)
}
