//! From a device to bytes: a key, its row, and the form in which a client takes it.

use async_zip::base::write::ZipFileWriter;
use async_zip::{Compression, ZipEntryBuilder};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::io::AsyncWriteExt as _;
use provisioning::devices::{Device, Platform};
use provisioning::mobileconfig::{AppleSystem, Content, OnDemand, Profile, Tunnel};
use provisioning::renewal::mark;
use provisioning::tunnel::{
    Dns, Home, KeyMaker, Peer, PrivateKey, PublicKey, QuickConfig, home, keepalive_seconds,
    tunnel_name,
};
use store::{Act, Id, Write};
use zeroize::Zeroizing;

use super::say::{profile_description, profile_title, stop};
use super::windows::Setup;
use crate::kit::app::App;
use crate::kit::code::qr_svg;
use crate::kit::failure::Failure;
use crate::kit::tunnel::NameWay;

/// Where the private key comes to be.
pub enum NewKey {
    /// Here, for the moment of the download.
    Server,
    /// On the device; only this half leaves it.
    Device(PublicKey),
}

/// A key that has its row, with all that its file is made of.
pub struct Made {
    pub peer: Peer,
    /// Kept nowhere else, and wiped with this.
    private: Option<PrivateKey>,
    home: Home,
}

/// Makes the row in an act of the caller's, whose own rule `check` answers which device it is for.
pub async fn make<E>(
    app: &App,
    act: Act,
    key: NewKey,
    check: impl FnOnce(&mut Write<'_>) -> Result<Id<Device>, E> + Send + 'static,
) -> Result<Made, Failure>
where
    E: Into<Failure> + Send + 'static,
{
    let home = app.store.read(home)?.ok_or(Failure::NotFound)?;
    let clock = app.store.clock().clone();
    let (private, public, maker) = match key {
        NewKey::Server => {
            let private = PrivateKey::random(&clock);
            let public = private.public().map_err(|error| Failure::Internal(Box::new(error)))?;
            (Some(private), public, KeyMaker::Server)
        }
        NewKey::Device(public) => (None, public, KeyMaker::Device),
    };
    let made = app.store.write(act, move |write| {
        let device = check(write).map_err(Into::into)?;
        provisioning::tunnel::make(write, &clock, device, public, maker).map_err(stop)
    });
    Ok(Made { peer: made.await?, private, home })
}

/// What a client reads. `None` where the box gives no tunnel out.
pub fn quick_config(app: &App, made: &Made, platform: Platform) -> Result<QuickConfig, Failure> {
    let rules = app.tunnel.rules().ok_or(Failure::NotFound)?;
    let inside = made.home.inside;
    let server = inside.server();
    let own_server = Dns { server: server.v4, search: app.app_host() };
    Ok(QuickConfig {
        private_key: made.private.clone(),
        address: inside.pair(made.peer.number).ok_or(Failure::NotFound)?,
        dns: (rules.way == NameWay::OwnServer).then_some(own_server),
        mtu: rules.mtu,
        applications: Vec::new(),
        server: made.home.public,
        preshared_key: made.peer.preshared_key.clone(),
        allowed: server,
        endpoint: rules.endpoint.clone(),
        keepalive_seconds: keepalive_seconds(platform),
    })
}

pub const fn apple_system(platform: Platform) -> Option<AppleSystem> {
    match platform {
        Platform::Ipad => Some(AppleSystem::Ios),
        Platform::Mac => Some(AppleSystem::Mac),
        Platform::Windows | Platform::Android | Platform::Linux => None,
    }
}

/// The tunnel as a part of a profile: up whenever the machine has a network.
pub fn tunnel_of<'a>(
    system: AppleSystem,
    name: &'a str,
    text: &'a str,
    server: &'a str,
) -> Tunnel<'a> {
    Tunnel { system, name, quick_config: text, server, on_demand: OnDemand::Always }
}

/// A picture that the app on another screen reads: the file's text, and nothing else.
pub fn qr_of(file: &QuickConfig) -> Result<minijinja::Value, Failure> {
    let svg = qr_svg(&file.text()).ok_or(Failure::TooLarge)?;
    Ok(minijinja::Value::from_safe_string(svg))
}

/// How a file goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parcel {
    Conf,
    /// For Windows: the file, and a script that installs it.
    Zip,
    /// For a program or a page's script that holds the private key itself.
    Json,
    /// For Apple's machines: the file within a signed profile of its own.
    Profile,
    /// On the page, for another screen.
    Qr,
}

/// Whose tunnel a file holds.
#[derive(Clone, Copy)]
pub struct Machine<'a> {
    pub device: Id<Device>,
    pub name: &'a str,
    pub platform: Platform,
}

impl Parcel {
    pub fn of_key(key: &str) -> Self {
        match key {
            "zip" => Self::Zip,
            "json" => Self::Json,
            "profile" => Self::Profile,
            "qr" => Self::Qr,
            _ => Self::Conf,
        }
    }

    /// Who makes the key: whoever sends a public one has made it.
    pub fn key(self, platform: Platform, public: &str) -> Result<NewKey, Failure> {
        match self {
            // Before there is a key that nobody could take.
            Self::Profile if apple_system(platform).is_none() => Err(Failure::NotFound),
            Self::Json => {
                PublicKey::parse(public).map(NewKey::Device).map_err(|_| Failure::StaleForm)
            }
            Self::Conf | Self::Zip | Self::Profile | Self::Qr => Ok(NewKey::Server),
        }
    }
}

/// The answer that carries the file, for all but a picture.
pub async fn answer(
    app: &App,
    parcel: Parcel,
    machine: Machine<'_>,
    file: &QuickConfig,
) -> Result<Response, Failure> {
    let name = tunnel_name(&app.network.domain);
    match parcel {
        Parcel::Json => {
            let text = file.text();
            let answer = serde_json::json!({
                "name": format!("{name}.conf"),
                "text": &*text,
                "place": QuickConfig::KEY_PLACE,
            });
            Ok(axum::Json(answer).into_response())
        }
        Parcel::Zip => {
            let bytes = zip(app, &name, file).await?;
            Ok(download("application/zip", &format!("{name}-vpn.zip"), bytes))
        }
        Parcel::Profile => {
            let bytes = profile(app, machine, file)?;
            let name = format!("{name}-vpn.mobileconfig");
            Ok(download("application/x-apple-aspen-config", &name, bytes))
        }
        Parcel::Conf | Parcel::Qr => {
            let bytes = file.text().as_bytes().to_vec();
            // No browser knows what this is, and none must guess.
            Ok(download("application/octet-stream", &format!("{name}.conf"), bytes))
        }
    }
}

/// Beside the profile that enrolled the machine; the next one of this kind takes its place. The
/// list of the app may hold both tunnels, so this one's name says when it was made.
fn profile(app: &App, machine: Machine<'_>, file: &QuickConfig) -> Result<Vec<u8>, Failure> {
    let system = apple_system(machine.platform).ok_or(Failure::NotFound)?;
    let network = &app.network.name;
    let name = format!("{} {network}", mark(app.now()));
    let (text, server) = (file.text(), file.endpoint.to_string());
    let profile = Profile {
        device: machine.device.bytes(),
        domain: &app.network.domain,
        network,
        title: &profile_title(network, machine.name),
        description: &profile_description(network),
        content: Content::TunnelAlone(tunnel_of(system, &name, &text, &server)),
    };
    signed(app, &profile)
}

/// In the enrolment host's name, which the machine trusts.
pub fn signed(app: &App, profile: &Profile<'_>) -> Result<Vec<u8>, Failure> {
    let plist = profile.plist().map_err(|error| Failure::Internal(Box::new(error)))?;
    let signed = app.tls.sign_file(&plist, app.now());
    signed.map_err(|error| Failure::Internal(Box::new(error)))
}

async fn zip(app: &App, name: &str, file: &QuickConfig) -> Result<Vec<u8>, Failure> {
    let setup = Setup {
        network: &app.network.name,
        tunnel: name,
        inner: &file.allowed.v4.to_string(),
        app: &app.tunnel_address(),
    };
    let entries = [
        (format!("{name}.conf"), Zeroizing::new(file.text().as_bytes().to_vec())),
        ("tokinet-vpn.cmd".to_owned(), Zeroizing::new(setup.cmd())),
        ("tokinet-vpn.ps1".to_owned(), Zeroizing::new(setup.ps1())),
    ];
    let mut bytes = Vec::new();
    let mut zip = ZipFileWriter::with_tokio(&mut bytes);
    let internal = |error: async_zip::error::ZipError| Failure::Internal(Box::new(error));
    for (name, content) in entries {
        let builder = ZipEntryBuilder::new(name.into(), Compression::Stored);
        let mut writer = zip.write_entry_stream(builder).await.map_err(internal)?;
        writer.write_all(&content).await?;
        writer.close().await.map_err(internal)?;
    }
    zip.close().await.map_err(internal)?;
    Ok(bytes)
}

fn download(kind: &'static str, name: &str, bytes: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, bytes).into_response()
}
