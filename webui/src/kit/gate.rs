//! The gate: on every request to the product, the device by its keys, from the store.
//!
//! The one place where the ways in are enforced: the connection says whether it came outside under
//! TLS or inside of the tunnel with one device's key, never a header.
//!
//! Nothing behind it runs without an [`Admitted`]; a stranger sees one page and nothing else.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts as Head;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use jiff::Timestamp;
use provisioning::devices::{self, Admission, Device, PeerShown, Refusal};
use provisioning::facilities::Facility;
use serde::Serialize;
use store::{Act, Actor};

use super::app::App;
use super::contact::{note_contact, note_foreign, note_place};
use super::failure::Failure;
use super::listen::Ingress;
use super::page::{Bare, Page, bare};

/// The device that a request comes from, proven by the gate; nothing else makes one.
#[derive(Clone)]
pub struct Admitted(Admission);

impl Admitted {
    pub fn device(&self) -> &Device {
        &self.0.device
    }

    pub fn facility(&self) -> &Facility {
        &self.0.facility
    }

    /// The end of the certificate that was shown; `None` where the tunnel's key was enough.
    pub fn not_after(&self) -> Option<Timestamp> {
        self.0.certificate.map(|shown| shown.not_after)
    }

    /// The certificate's key: one of the device's.
    pub fn key(&self) -> Option<[u8; 32]> {
        self.0.certificate.map(|shown| shown.spki)
    }

    /// The device's key for the tunnel; `None` outside of it.
    pub fn peer(&self) -> Option<PeerShown> {
        self.0.peer
    }

    /// An act of somebody at this device who has not logged in.
    pub fn act(&self, app: &App, action: &'static str) -> Act {
        let device = Some(self.0.device.id.bytes());
        Act::new(Actor::Stranger { device }, action, app.now())
    }
}

impl<S: Sync> FromRequestParts<S> for Admitted {
    type Rejection = Failure;

    async fn from_request_parts(head: &mut Head, _: &S) -> Result<Self, Failure> {
        head.extensions.get::<Self>().cloned().ok_or(Failure::NotFound)
    }
}

pub async fn gate(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let ingress = request.extensions().get::<Ingress>().copied();
    let admitted = match ingress {
        Some(ingress) => app.store.read(|read| devices::admit(read, &ingress.came, app.now())),
        None => Ok(Err(Refusal::Unknown)),
    };
    match admitted {
        Ok(Ok(admission)) => {
            note_contact(&app, &admission);
            if let Some(ingress) = ingress {
                note_place(&app, &admission.device, &ingress);
            }
            request.extensions_mut().insert(Admitted(admission));
            next.run(request).await
        }
        Ok(Err(refusal)) => {
            if let Refusal::OtherDevice { of, through } = refusal {
                note_foreign(&app, through, of);
            }
            let showed_none = ingress.is_some_and(|ingress| ingress.came.key.is_none());
            turn_away(&app, refusal, showed_none.then(|| again(&request)).flatten())
        }
        Err(error) => Failure::from(error).into_response(),
    }
}

/// Safari sometimes sends no certificate at first, above all when an icon opened it. The page
/// asks again this often by itself, each time on a fresh connection.
const AGAIN_MAX: u8 = 3;

/// A little later than the listener ends a connection without a certificate.
const AGAIN_AFTER_SECONDS: u8 = 5;

#[derive(Serialize)]
struct Again {
    href: String,
    times: u8,
    times_max: u8,
    seconds: u8,
}

/// The same page once more, with the count in its address; only what may be asked twice.
fn again(request: &Request) -> Option<Again> {
    let path = request.uri().path();
    if request.method() != Method::GET || path.starts_with("//") {
        return None;
    }
    let query = request.uri().query().unwrap_or_default();
    let (counts, others): (Vec<_>, Vec<_>) =
        query.split('&').filter(|part| !part.is_empty()).partition(|part| part.starts_with(AGAIN));
    let count = counts.first().and_then(|count| count.strip_prefix(AGAIN)?.parse().ok());
    let times = count.unwrap_or(0u8).saturating_add(1);
    let own = format!("{AGAIN}{times}");
    let query = others.into_iter().chain([own.as_str()]).collect::<Vec<_>>().join("&");
    let href = format!("{path}?{query}");
    let (times_max, seconds) = (AGAIN_MAX, AGAIN_AFTER_SECONDS);
    (times <= AGAIN_MAX).then_some(Again { href, times, times_max, seconds })
}

const AGAIN: &str = "again=";

#[derive(Serialize)]
struct UnregisteredPage {
    bare: Bare,
    device: Reason,
    again: Option<Again>,
    app: String,
}

impl Page for UnregisteredPage {
    const TEMPLATE: &'static str = "kit/unregistered.html";
}

#[derive(Serialize)]
struct Reason {
    reason: &'static str,
    number: Option<String>,
}

/// The connection is closed, so that a browser asks for the certificate anew.
fn turn_away(app: &App, refusal: Refusal, again: Option<Again>) -> Response {
    let reason = match refusal {
        Refusal::Unknown | Refusal::NotYetValid | Refusal::CertificateMissing => "unknown",
        Refusal::CertificateRevoked | Refusal::DeviceRevoked | Refusal::DeviceRetired => "revoked",
        Refusal::TunnelOnly => "tunnel_only",
        Refusal::OutsideOnly => "outside_only",
        Refusal::PeerEnded => "tunnel_ended",
        Refusal::OtherDevice { .. } => "other_device",
        Refusal::CertificateReplaced => "replaced",
        Refusal::Expired => "expired",
        Refusal::FacilitySuspended => "suspended",
    };
    let page = UnregisteredPage {
        bare: bare(app, "未登録端末"),
        device: Reason { reason, number: None },
        again,
        app: if matches!(refusal, Refusal::TunnelOnly) {
            app.tunnel_host()
        } else {
            app.app_host()
        },
    };
    match app.templates.render(&page) {
        Ok(html) => {
            let close = [(header::CONNECTION, HeaderValue::from_static("close"))];
            (StatusCode::UNAUTHORIZED, close, Html(html)).into_response()
        }
        Err(error) => Failure::from(error).into_response(),
    }
}
