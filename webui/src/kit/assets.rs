//! Files that every page needs: compiled in, named by their hash, cached for ever.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::extract::{Extension, Path};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use provisioning::devices::{Came, Route};

use super::listen::Ingress;
use super::tls::Door;

struct Asset {
    path: String,
    media_type: &'static str,
    bytes: &'static [u8],
}

static ASSETS: LazyLock<HashMap<&'static str, Asset>> =
    LazyLock::new(|| FILES.iter().map(|(name, bytes)| (*name, Asset::of(name, bytes))).collect());

/// What templates write: `asset('app.css')`.
pub fn path(name: &str) -> Result<String, minijinja::Error> {
    ASSETS.get(name).map(|asset| asset.path.clone()).ok_or_else(|| {
        minijinja::Error::new(
            minijinja::ErrorKind::InvalidOperation,
            format!("no asset is named {name}"),
        )
    })
}

/// What the one page for strangers is made of.
const FOR_STRANGERS: [&str; 4] = ["app.css", "favicon.svg", "icons.svg", "scene.svg"];

/// `GET /assets/{hash}/{name}`: the hash keeps caches apart, the name finds the file.
pub async fn show_asset(
    Path((_, name)): Path<(String, String)>,
    ingress: Option<Extension<Ingress>>,
) -> Response {
    const FOR_EVER: &str = "public, max-age=31536000, immutable";
    let stranger = |ingress: &Ingress| {
        let Came { route, key } = ingress.came;
        ingress.door == Door::App && route == Route::Outside && key.is_none()
    };
    if ingress.is_some_and(|Extension(ingress)| stranger(&ingress))
        && !FOR_STRANGERS.contains(&name.as_str())
    {
        return StatusCode::NOT_FOUND.into_response();
    }
    match ASSETS.get(name.as_str()) {
        Some(asset) => (
            [(header::CONTENT_TYPE, asset.media_type), (header::CACHE_CONTROL, FOR_EVER)],
            asset.bytes,
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

impl Asset {
    fn of(name: &str, bytes: &'static [u8]) -> Self {
        let hash = ALL_HASH.as_str();
        Self { path: format!("/assets/{hash}/{name}"), media_type: media_type(name), bytes }
    }
}

/// One hash for all of them: modules import each other by their plain names, so a new version
/// of one is a new folder for all.
static ALL_HASH: LazyLock<String> = LazyLock::new(|| {
    let mut hasher = blake3::Hasher::new();
    for (name, bytes) in FILES {
        hasher.update(name.as_bytes());
        hasher.update(bytes);
    }
    hasher.finalize().to_hex().chars().take(16).collect()
});

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        Some((_, "png")) => "image/png",
        Some(_) | None => "application/octet-stream",
    }
}

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../assets/", $name)))),+]
    };
}

const FILES: &[(&str, &[u8])] = files![
    "app.css",
    "app.js",
    "autosave.js",
    "cards.css",
    "chime.js",
    "dom.js",
    "enrol.js",
    "favicon.svg",
    "icon-180.png",
    "icon-192.png",
    "icon-512.png",
    "icons.svg",
    "insert.js",
    "keyboard.js",
    "line.js",
    "live.js",
    "manual.css",
    "mail.css",
    "notices.css",
    "notices.js",
    "office.css",
    "office.js",
    "passkey.js",
    "print.css",
    "scene.svg",
    "step-android-choose.svg",
    "step-android-file.svg",
    "step-android-kind.svg",
    "step-android.svg",
    "step-choose.svg",
    "step-digits.svg",
    "step-download.svg",
    "step-firefox-choose.svg",
    "step-firefox-import.svg",
    "step-firefox-settings.svg",
    "step-ipad-allow.svg",
    "step-ipad-choose.svg",
    "step-ipad-home.svg",
    "step-ipad-install.svg",
    "step-ipad-settings.svg",
    "step-linux-import.svg",
    "step-linux-password.svg",
    "step-mac-choose.svg",
    "step-mac-install.svg",
    "step-mac-profile.svg",
    "step-mac.svg",
    "step-scan.svg",
    "step-type.svg",
    "step-windows-protect.svg",
    "step-windows-save.svg",
    "step-windows-script.svg",
    "step-windows.svg",
    "step-tunnel-app.svg",
    "step-tunnel-import.svg",
    "step-tunnel-on.svg",
    "step-tunnel-unpack.svg",
    "step-tunnel-zip.svg",
    "tunnel.js",
    "upload.js",
    "viewer.css",
    "viewer.js",
];
