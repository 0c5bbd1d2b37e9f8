//! The WireGuard payload, as the WireGuard app reads it.

use plist::{Dictionary, Value};

use super::{Profile, ProfileProblem};

/// A tunnel of the WireGuard app. Its private key stands in `quick_config` in clear, until the
/// app is opened for the first time and takes it into the keychain.
pub struct Tunnel<'a> {
    pub system: AppleSystem,
    /// What the app lists.
    pub name: &'a str,
    /// In the form of `wg-quick`.
    pub quick_config: &'a str,
    /// `host:port`, for the settings to show.
    pub server: &'a str,
    pub on_demand: OnDemand<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppleSystem {
    Ios,
    Mac,
}

/// When the system brings the tunnel up by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDemand<'a> {
    Never,
    Always,
    /// Everywhere but in these Wi-Fi networks.
    ExceptAt(&'a [&'a str]),
}

impl Profile<'_> {
    pub(super) fn tunnel_payload(
        &self,
        tunnel: &Tunnel<'_>,
        part: &str,
    ) -> Result<Dictionary, ProfileProblem> {
        let has_peer = tunnel.quick_config.contains("[Peer]");
        if !tunnel.quick_config.contains("[Interface]") || !has_peer || tunnel.server.is_empty() {
            return Err(ProfileProblem::Tunnel);
        }
        let app = match tunnel.system {
            AppleSystem::Ios => "com.wireguard.ios",
            AppleSystem::Mac => "com.wireguard.macos",
        };
        let mut payload = self.envelope("com.apple.vpn.managed", part, tunnel.name);
        payload.insert("UserDefinedName".to_owned(), tunnel.name.into());
        payload.insert("VPNType".to_owned(), "VPN".into());
        payload.insert("VPNSubType".to_owned(), app.into());
        let mut vendor = Dictionary::new();
        vendor.insert("WgQuickConfig".to_owned(), tunnel.quick_config.into());
        payload.insert("VendorConfig".to_owned(), Value::Dictionary(vendor));
        payload.insert("VPN".to_owned(), Value::Dictionary(vpn(tunnel)));
        Ok(payload)
    }
}

fn vpn(tunnel: &Tunnel<'_>) -> Dictionary {
    let mut vpn = Dictionary::new();
    vpn.insert("RemoteAddress".to_owned(), tunnel.server.into());
    // The app has no use for a password; the schema wants a method.
    vpn.insert("AuthenticationMethod".to_owned(), "Password".into());
    let rules = rules(tunnel.on_demand);
    if !rules.is_empty() {
        vpn.insert("OnDemandEnabled".to_owned(), Value::Integer(1.into()));
        vpn.insert("OnDemandRules".to_owned(), Value::Array(rules));
    }
    vpn
}

fn rules(on_demand: OnDemand<'_>) -> Vec<Value> {
    let rule = |action: &str| {
        let mut rule = Dictionary::new();
        rule.insert("Action".to_owned(), action.into());
        rule
    };
    let connect = Value::Dictionary(rule("Connect"));
    match on_demand {
        OnDemand::Never => Vec::new(),
        OnDemand::Always => vec![connect],
        OnDemand::ExceptAt(networks) => {
            let mut home = rule("Disconnect");
            home.insert("InterfaceTypeMatch".to_owned(), "WiFi".into());
            let names = networks.iter().map(|name| (*name).into()).collect();
            home.insert("SSIDMatch".to_owned(), Value::Array(names));
            vec![Value::Dictionary(home), connect]
        }
    }
}
