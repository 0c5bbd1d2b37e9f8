//! What a tablet needs to keep the product on its home screen: from there it opens without the
//! browser's bars, and iPadOS lets only what stands there receive notices.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::kit::app::App;
use crate::kit::assets;
use crate::kit::failure::Failure;
use crate::kit::gate::Admitted;

/// Names and colours go with the network and the style sheet; nothing in it is about a member.
pub async fn show_manifest(_: Admitted, State(app): State<App>) -> Result<Response, Failure> {
    let icon = |name: &str, sizes: &str| {
        Ok::<_, Failure>(serde_json::json!({
            "src": assets::path(name)?, "sizes": sizes, "type": "image/png",
            "purpose": "any maskable",
        }))
    };
    let manifest = serde_json::json!({
        "id": "/",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "lang": "ja",
        "name": app.network.name,
        "short_name": app.network.name,
        "background_color": "#ecf2f2",
        "theme_color": "#0b5766",
        "icons": [icon("icon-192.png", "192x192")?, icon("icon-512.png", "512x512")?],
    });
    let kind = [(header::CONTENT_TYPE, "application/manifest+json")];
    Ok((kind, manifest.to_string()).into_response())
}
