//! The script as a download, for a card's enrolment and for a renewal in session alike.

use axum::http::HeaderMap;
use axum::response::Response;
use provisioning::enrolment::TicketToken;
use provisioning::public::Host;

use super::pages::download;
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::tls::Source;
use crate::touroku::common::{app_origin, own_origin};
use crate::touroku::windows::{Mode, Script};

/// How a saved script is started by hand: in the window that Windows opens with Win + R.
pub const COMMAND: &str = "powershell -ExecutionPolicy Bypass -File \
    \"%USERPROFILE%\\Downloads\\tokinet-touroku.ps1\"";

/// The file with its ticket inside; `kind` is `ps1`, or else what a double click starts. It posts
/// to the enrolment host: only there does whoever has no certificate yet get an answer.
pub fn script_file(
    app: &App,
    headers: &HeaderMap,
    device: &str,
    ticket: &TicketToken,
    mode: Mode,
    kind: &str,
) -> Result<Response, Failure> {
    let issuer = app.authority.device_ca_name();
    let issuer = issuer.map_err(|error| Failure::Internal(Box::new(error)))?;
    // Windows knows public certificates by itself.
    let own = app.tls.source(Host::Touroku) == Source::Own;
    let script = Script {
        network: &app.network.name,
        device,
        url: &format!("{}/e/certificate", own_origin(app, headers)),
        ticket,
        pin: own.then(|| app.authority.root_fingerprint()),
        app: &app_origin(app, headers),
        issuer: &issuer,
        mode,
    };
    // No browser knows what these are, and none must guess.
    let bytes = "application/octet-stream";
    Ok(match kind {
        "ps1" => download(bytes, "tokinet-touroku.ps1", script.ps1()),
        _ => download(bytes, "tokinet-touroku.cmd", script.cmd()),
    })
}
