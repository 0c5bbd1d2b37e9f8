//! `tokinet try`: the whole appliance in a scratch folder, behind one address on loopback.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use jiff::SignedDuration;
use provisioning::cards::{self, Approval};
use provisioning::devices::Certificate;
use provisioning::tunnel::{Endpoint, QuickConfig, Wanted};
use store::{Act, Actor, Clock, Layout, MasterKey, Store};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use webui::kit::tunnel::{NameWay, TunnelRules, TunnelState};

use super::enrol::{Enrolled, Place, redeem, tunnel_file, write, write_device};
use super::{runtime, say};
use crate::client::{Identity, Trust, tls};
use crate::config::MailRules;
use crate::demo::{self, DemoNetwork, Persona};
use crate::forward::{self, Guest};
use crate::migrations::MIGRATIONS;
use crate::outside::Ways;
use crate::{Choices, GatewayChoice, Running, start_with};

#[derive(clap::Args)]
pub struct Args {
    /// Keep the data in this folder; without it everything is gone with Ctrl-C
    #[arg(long)]
    keep: Option<PathBuf>,
    /// The port of the address to open; another one if it is taken
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// How long a mail waits for second thoughts after it was sent; 0 sends at once
    #[arg(long, default_value_t = MailRules::default().undo_seconds)]
    undo_seconds: u32,
    /// Print also where the real TLS doors are, for tests
    #[arg(long, hide = true)]
    doors: bool,
    /// A file with `[smtp]` and `[push]`, for tests
    #[arg(long, hide = true)]
    outside: Option<PathBuf>,
}

/// Reserved for tests and examples: no such domain exists.
const DOMAIN: &str = "tokinet.test";

const WIREGUARD_PORT: u16 = 51_820;

/// A scratch network is small.
const CACHE_BYTES: usize = 64 * 1024 * 1024;

pub fn run(args: Args) -> anyhow::Result<()> {
    let scratch = tempfile::tempdir().context("cannot make a scratch folder")?;
    let folder = args.keep.clone().unwrap_or_else(|| scratch.path().to_owned());
    runtime()?.block_on(try_out(args, folder, scratch.path()))
}

async fn try_out(args: Args, folder: PathBuf, scratch: &Path) -> anyhow::Result<()> {
    let layout = Layout { folder: folder.join("store"), cache_bytes: CACHE_BYTES };
    let rules = MailRules { undo_seconds: args.undo_seconds, ..MailRules::default() };
    let ways = args.outside.as_deref().map(Ways::read).transpose()?.unwrap_or_default();
    let outside = ways.outside()?;
    let data = DemoNetwork::read()?;
    let master_file = folder.join("master-key");
    let fresh = !layout.file().exists();
    let store = tokio::task::spawn_blocking(move || open(&layout, &master_file, fresh)).await??;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let gateway = Some(gateway_here()?);
    let choices = Choices { outside, gateway, ..Choices::usual(rules.rules()) };
    let running = start_with(store, listener, choices).await?;
    if fresh {
        demo::fill(&running.app, &data).await?;
    }
    let tunnels = scratch.join("tunnels");
    let guests = enrol_personas(&running, &data, &tunnels).await?;
    let forwarder = bind(args.port).await?;
    let address = forwarder.local_addr()?;
    let root = running.app.authority.root_certificate().to_vec();
    let doors = forward::Doors {
        address: running.address,
        app_host: running.app.app_host(),
        touroku_host: running.app.touroku_host(),
        touroku_tls: tls(&Trust::Root(root), None)?,
    };
    tell(&running, &guests, address);
    tell_tunnels(&running, &tunnels)?;
    if args.doors {
        say(format_args!("doors {}\ntunnels {}", running.address, tunnels.display()));
    }
    say("\nCtrl-C stops everything.");
    let network = running.app.network.name.clone();
    let forwarding = tokio::spawn(forward::serve(forwarder, doors, guests, network));
    // Either way the scratch folder goes.
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    forwarding.abort();
    running.stop().await;
    say("stopped");
    Ok(())
}

fn open(layout: &Layout, master_file: &std::path::Path, fresh: bool) -> anyhow::Result<Store> {
    std::fs::create_dir_all(layout.folder.parent().unwrap_or(&layout.folder))?;
    if !fresh {
        let master = crate::master::read(Some(master_file))?;
        return Ok(Store::open(layout, &master, Clock::system(), MIGRATIONS)?);
    }
    let master: MasterKey = crate::master::create(master_file)?;
    let store = Store::create(layout, &master, Clock::system(), MIGRATIONS)?;
    demo::found(&store, &DemoNetwork::read()?, DOMAIN)?;
    Ok(store)
}

/// Each persona gets a real device, the way everybody does: a card, redeemed over TLS.
async fn enrol_personas(
    running: &Running,
    data: &DemoNetwork,
    tunnels: &Path,
) -> anyhow::Result<Vec<Guest>> {
    let app = &running.app;
    let root = app.authority.root_certificate().to_vec();
    let place = Place {
        host: app.touroku_host(),
        address: running.address.to_string(),
        tls: tls(&Trust::Root(root.clone()), None)?,
    };
    let mut guests = Vec::new();
    for (role, persona) in &data.personas {
        let member = find(running, data, persona)?;
        let (id, shared) = (member.member.id, app.clone());
        let act = Act::new(Actor::Operator, "card.issue", app.now()).on("member", id);
        let printed = app
            .store
            .write(act, move |write| {
                let clock = shared.store.clock().clone();
                cards::issue(write, &clock, &shared.authority, id, Approval::Waived, None)
            })
            .await?;
        restore_password(running, id).await?;
        let (number, secret) = (printed.card.number.plain(), printed.secret.plain());
        let enrolled = redeem(&place, &number, &secret, &persona.device, |_| {}).await?;
        write_files(tunnels, role, &place, &enrolled).await?;
        let identity = Identity {
            chain: vec![enrolled.certificate, enrolled.device_ca],
            pkcs8: enrolled.key.pkcs8().as_bytes().to_vec(),
        };
        if let Some(days) = persona.days_left {
            age(running, enrolled.key.public_key().sha256(), days).await?;
        }
        guests.push(Guest {
            role: role.clone(),
            name: member.member.details.name.full(),
            job: webui::kit::japanese::job(member.member.details.job),
            facility: member.facility.details.name.clone(),
            facility_code: member.facility.code.as_str().to_owned(),
            user_id: member.member.login.as_str().to_owned(),
            password: demo::PASSWORD,
            device: persona.device.clone(),
            tls: tls(&Trust::Root(root.clone()), Some(&identity))?,
        });
    }
    Ok(guests)
}

fn find(
    running: &Running,
    data: &DemoNetwork,
    persona: &Persona,
) -> anyhow::Result<std::sync::Arc<provisioning::directory::Entry>> {
    let wanted = data.member.iter().find(|one| one.key == persona.member);
    let wanted = wanted.with_context(|| persona.member.clone())?;
    let code = data.facility.iter().find(|one| one.key == wanted.facility).map(|one| &one.code);
    let directory = running.app.directory()?;
    let found = directory.entries().find(|entry| {
        entry.member.login.as_str() == wanted.login
            && Some(entry.facility.code.as_str()) == code.map(|code| &**code)
    });
    found.cloned().with_context(|| format!("{} is not in the network", persona.member))
}

/// A card brings an initial password; the demo's people keep the one that is printed below.
async fn restore_password(
    running: &Running,
    member: store::Id<provisioning::members::Member>,
) -> anyhow::Result<()> {
    use provisioning::credentials::{Credential, CredentialState};
    let app = &running.app;
    let act = Act::new(Actor::System, "demo.password", app.now());
    let now = app.now();
    let kept = app.store.write(act, move |write| {
        let Some(mut credential) = write.get::<Credential>(&member)? else { return Ok(false) };
        let Some(hash) = credential.earlier.first().cloned() else { return Ok(false) };
        credential.state = CredentialState::Chosen { hash, set_at: now };
        write.put(&credential)?;
        Ok::<_, store::StoreError>(true)
    });
    if !kept.await? {
        bail!("the demo's people have no passwords");
    }
    Ok(())
}

/// As if the device had been enrolled long ago: the store's word counts, not the certificate's.
async fn age(running: &Running, spki: [u8; 32], days: i64) -> anyhow::Result<()> {
    let app = &running.app;
    let act = Act::new(Actor::System, "demo.age", app.now());
    // A little more, so that the first pages show these days and not one less.
    let left = SignedDuration::from_hours(24 * days) + SignedDuration::from_mins(10);
    let not_after = app.now() + left;
    let aged = app.store.write(act, move |write| {
        let Some(row) = write.get::<Certificate>(&spki)? else { return Ok(false) };
        write.put(&Certificate { not_after, ..row })?;
        Ok::<_, store::StoreError>(true)
    });
    if !aged.await? {
        bail!("the demo's device has no certificate");
    }
    Ok(())
}

async fn bind(port: u16) -> anyhow::Result<TcpListener> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
        Ok(listener) => Ok(listener),
        Err(_) => Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?),
    }
}

/// Clients on this machine reach it on loopback; where the usual port is taken, on another one.
fn gateway_here() -> anyhow::Result<GatewayChoice> {
    let any = |port| UdpSocket::bind((Ipv6Addr::UNSPECIFIED, port));
    let any = |port| any(port).or_else(|_| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)));
    let port = any(WIREGUARD_PORT).or_else(|_| any(0))?.local_addr()?.port();
    let endpoint = Endpoint::new(&Ipv4Addr::LOCALHOST.to_string(), port)?;
    let rules =
        TunnelRules { endpoint, second_port: None, mtu: QuickConfig::MTU, way: NameWay::One };
    Ok(GatewayChoice { rules, wanted: Wanted::default(), sessions: None })
}

/// What a WireGuard client and a browser on this machine need to come through the tunnel.
async fn write_files(
    folder: &Path,
    role: &str,
    place: &Place,
    enrolled: &Enrolled,
) -> anyhow::Result<()> {
    write_device(&folder.join(role), role, Some(demo::P12_PASSWORD), enrolled)?;
    if let Some(file) = tunnel_file(place, enrolled).await? {
        write(&folder.join(role).join("tunnel.conf"), file.text.as_bytes())?;
    }
    Ok(())
}

fn tell_tunnels(running: &Running, folder: &Path) -> anyhow::Result<()> {
    if let TunnelState::Failed { detail, .. } = running.app.tunnel.status().state {
        say(format_args!("\nThe WireGuard endpoint did not start: {detail}"));
        return Ok(());
    }
    let Some(home) = running.app.store.read(provisioning::tunnel::home)? else { return Ok(()) };
    let (app, inside) = (running.app.app_host(), home.inside.server());
    say(format_args!(
        "\nThrough the tunnel: {}/ROLE/tunnel.conf is for a WireGuard client on this machine.\n\
         In it, https://{app}/ is at {} and {}; the browser needs ROLE/device.p12\n\
         (password {}) and trusts ROLE/root.pem.",
        folder.display(),
        inside.v4,
        inside.v6,
        demo::P12_PASSWORD,
    ));
    Ok(())
}

fn tell(running: &Running, guests: &[Guest], address: SocketAddr) {
    say(format_args!(
        "\nTokinet runs with a fictional network ({} members). Open\n\n    http://{address}/\n",
        running.app.directory().map_or(0, |directory| directory.entries().count()),
    ));
    for guest in guests {
        say(format_args!(
            "    {:<13} facility code {}  user id {:<14}  password {}",
            guest.role, guest.facility_code, guest.user_id, guest.password
        ));
    }
}
