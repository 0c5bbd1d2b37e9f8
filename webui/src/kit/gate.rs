//! The gate: on every request to the product, the device by its key, from the store.
//!
//! Nothing behind it runs without an [`Admitted`]; a stranger sees one page and nothing else.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts as Head;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use jiff::Timestamp;
use provisioning::devices::{self, Admission, Device, Refusal};
use provisioning::facilities::Facility;
use serde::Serialize;
use store::{Act, Actor};

use super::app::App;
use super::contact::{note_contact, note_place};
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

    pub fn not_after(&self) -> Timestamp {
        self.0.not_after
    }

    /// The key that speaks: one of the device's.
    pub fn key(&self) -> [u8; 32] {
        self.0.spki
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
    let admitted = match ingress.and_then(|ingress| ingress.key) {
        Some(key) => app.store.read(|read| devices::admit(read, &key, app.now())),
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
        Ok(Err(refusal)) => turn_away(&app, refusal),
        Err(error) => Failure::from(error).into_response(),
    }
}

#[derive(Serialize)]
struct UnregisteredPage {
    bare: Bare,
    device: Reason,
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
fn turn_away(app: &App, refusal: Refusal) -> Response {
    let reason = match refusal {
        Refusal::Unknown | Refusal::NotYetValid | Refusal::RouteNotAllowed => "unknown",
        Refusal::CertificateRevoked | Refusal::DeviceRevoked | Refusal::DeviceRetired => "revoked",
        Refusal::CertificateReplaced => "replaced",
        Refusal::Expired => "expired",
        Refusal::FacilitySuspended => "suspended",
    };
    let page = UnregisteredPage {
        bare: bare(app, "未登録端末"),
        device: Reason { reason, number: None },
    };
    match app.templates.render(&page) {
        Ok(html) => {
            let close = [(header::CONNECTION, HeaderValue::from_static("close"))];
            (StatusCode::UNAUTHORIZED, close, Html(html)).into_response()
        }
        Err(error) => Failure::from(error).into_response(),
    }
}
