//! Where the product's names lead, looked up as a device would: a wrong record keeps devices out,
//! and nothing on the box itself would show it.

use std::net::IpAddr;
use std::time::Duration;

use provisioning::public::Host;
use provisioning::tunnel::home;
use store::StoreError;
use webui::kit::app::App;
use webui::kit::tunnel::{Leads, NameTrouble, NameWay, Named};

/// Whoever mends a record wants to see it the same day; a name server does not notice it.
const LOOK_EVERY: Duration = Duration::from_secs(10 * 60);

/// Looks, tells the office's page and the log, and looks again, until it is aborted.
pub async fn watch(app: App) {
    loop {
        match look(&app).await {
            Ok(Some(named)) => tell(&app, named),
            Ok(None) => return,
            Err(error) => log::error!(error:% = error; "cannot look where the names lead"),
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// `None` where no record decides: without a gateway, and where devices ask the box itself.
async fn look(app: &App) -> Result<Option<Named>, StoreError> {
    let second = match app.tunnel.rules().map(|rules| rules.way) {
        None | Some(NameWay::OwnServer) => return Ok(None),
        Some(NameWay::One) => None,
        Some(NameWay::Second) => Some(app.tls.name(Host::Inside).to_owned()),
    };
    let Some(home) = app.store.read(home)? else { return Ok(None) };
    let server = home.inside.server();
    let inside: [IpAddr; 2] = [server.v4.into(), server.v6.into()];
    let first = Leads::of(&addresses(&app.app_host()).await, &inside);
    let second = match second {
        Some(name) => Some(Leads::of(&addresses(&name).await, &inside)),
        None => None,
    };
    Ok(Some(Named { app: first, second }))
}

/// Empty where nobody knows the name, or nobody answers.
async fn addresses(name: &str) -> Vec<IpAddr> {
    let found = tokio::net::lookup_host((name, 443)).await;
    found.map_or_else(|_| Vec::new(), |all| all.map(|address| address.ip()).collect())
}

fn tell(app: &App, named: Named) {
    if !app.tunnel.tell_named(named) {
        return;
    }
    let (name, inside) = (app.app_host(), app.tunnel_host());
    match app.tunnel.name_trouble() {
        None => log::info!(app:% = name, inside:% = inside; "the names lead where they should"),
        Some(trouble) => log::warn!(app:% = name, inside:% = inside; "{}", words(trouble)),
    }
}

const fn words(trouble: NameTrouble) -> &'static str {
    match trouble {
        NameTrouble::OutsideOnly => {
            "the product's name leads outside, so no device comes by VPN; see inside_name in \
             [gateway]"
        }
        NameTrouble::InsideOnly => {
            "the product's name leads into the tunnel, so no device comes without it; see \
             inside_name in [gateway]"
        }
        NameTrouble::SecondAstray => {
            "the second name leads elsewhere, not into the tunnel: mend it"
        }
        NameTrouble::FirstInside => {
            "the first name leads into the tunnel, so no device comes without: mend its records"
        }
        NameTrouble::Nowhere => "no name server knows the product's name",
    }
}
