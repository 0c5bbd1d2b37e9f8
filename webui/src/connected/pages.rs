//! What the gate found out about the device, and what comes next.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse, Response};
use serde::Serialize;

use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::frame::size_of;
use crate::kit::gate::Admitted;
use crate::kit::japanese;
use crate::kit::page::{Bare, Page, bare};

#[derive(Serialize)]
struct ConnectedPage {
    bare: Bare,
    device: Facts,
}

impl Page for ConnectedPage {
    const TEMPLATE: &'static str = "connected/connected.html";
}

#[derive(Serialize)]
struct Facts {
    name: String,
    facility: String,
    /// `None` where the key for the tunnel was enough.
    until: Option<String>,
    /// Through the tunnel.
    tunnel: bool,
}

pub async fn show_connected(
    admitted: Admitted,
    headers: HeaderMap,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let device = Facts {
        name: admitted.device().name.clone(),
        facility: admitted.facility().details.name.clone(),
        until: admitted.not_after().map(|end| japanese::era_date(japanese::today(end))),
        tunnel: admitted.peer().is_some(),
    };
    let bare =
        Bare { size: size_of(&headers), ..bare(&app, "この端末はつながりました") };
    let html = app.templates.render(&ConnectedPage { bare, device })?;
    Ok(Html(html).into_response())
}
