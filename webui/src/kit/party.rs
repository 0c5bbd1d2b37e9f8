//! Under which name browsers make and use passkeys: the product's own host, whichever of its names
//! the page was opened under. The second one lies below the first, so browsers allow that.

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
        let party = app.app_host();
        let named = head.headers.get(header::HOST).and_then(|value| value.to_str().ok());
        let named = named.and_then(|text| text.parse::<Authority>().ok());
        let authority = head.uri.authority().cloned().or(named);
        let port = authority.as_ref().and_then(|authority| authority.port_u16());
        let inside = app.tunnel_host();
        let is_inside = authority.is_some_and(|one| one.host().eq_ignore_ascii_case(&inside));
        let host = if is_inside { &inside } else { &party };
        let origin = match port.filter(|port| *port != 443) {
            Some(port) => format!("https://{host}:{port}"),
            None => format!("https://{host}"),
        };
        Ok(Self(RelyingParty::new(&party, &origin, &app.network.name)))
    }
}
