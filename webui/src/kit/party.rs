//! Under which name browsers make and use passkeys: the product's own host and no other.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts as Head;
use axum::http::uri::Authority;
use provisioning::passkeys::RelyingParty;

use super::app::App;
use super::failure::Failure;

/// The product as the browser of this request knows it.
pub struct Party(pub RelyingParty);

impl FromRequestParts<App> for Party {
    type Rejection = Failure;

    /// The name is the TLS name: another one was answered before. Only the port is the request's.
    async fn from_request_parts(head: &mut Head, app: &App) -> Result<Self, Failure> {
        let host = app.app_host();
        let named = head.headers.get(header::HOST).and_then(|value| value.to_str().ok());
        let named = named.and_then(|text| text.parse::<Authority>().ok());
        let authority = head.uri.authority().cloned().or(named);
        let port = authority.and_then(|authority| authority.port_u16());
        let origin = match port.filter(|port| *port != 443) {
            Some(port) => format!("https://{host}:{port}"),
            None => format!("https://{host}"),
        };
        Ok(Self(RelyingParty::new(&host, &origin, &app.network.name)))
    }
}
