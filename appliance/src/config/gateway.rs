//! `[gateway]`: the WireGuard endpoint. Without the section a box has none.

use anyhow::{Context as _, bail, ensure};
use provisioning::tunnel::{Block, Endpoint, Prefix, QuickConfig, Wanted};
use serde::{Deserialize, Serialize};
use webui::kit::tunnel::{NameWay, TunnelRules};

use crate::GatewayChoice;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayRules {
    /// Whether the gateway runs; `false` keeps the rest of the section for later.
    pub on: bool,
    /// UDP, outside. It stands in every device's file.
    #[serde(default = "usual_port")]
    pub port: u16,
    /// A second port that is answered, too, for guest networks that let only some through.
    pub second_port: Option<u16>,
    /// The name or address at which devices reach the gateway; `vpn.<domain>` without it.
    pub endpoint: Option<String>,
    /// The devices' inner IPv4 addresses, e.g. `100.81.128.0/17`; drawn at random without it.
    pub inner_v4: Option<String>,
    /// The same for IPv6, a /64 in fc00::/7.
    pub inner_v6: Option<String>,
    #[serde(default = "usual_mtu")]
    pub mtu: u16,
    /// How `app.<domain>` is reached through the tunnel. A name leads every device to the same
    /// place, so with neither of these two the public record decides for all: with an outer
    /// address no device ever comes by VPN, with the inner ones none comes without.
    ///
    /// This gives the product a second name, `inside.app.<domain>`, whose public records hold the
    /// inner addresses: a device may then come both ways. The usual choice.
    #[serde(default)]
    pub inside_name: bool,
    /// Whether devices' files name the box as their name server: only for a name that no public
    /// name server knows. Apple's and Android's apps then ask it for every name.
    #[serde(default)]
    pub dns: bool,
}

const fn usual_port() -> u16 {
    51_820
}

const fn usual_mtu() -> u16 {
    QuickConfig::MTU
}

/// What IPv6 needs, and what Ethernet has.
const MTU_MIN: u16 = 1280;
const MTU_MAX: u16 = 1500;

impl GatewayRules {
    /// `None` where it is off. Said before anything starts: a wrong value would be in every file.
    pub fn choice(&self, domain: &str) -> anyhow::Result<Option<GatewayChoice>> {
        ensure!(self.port > 0, "[gateway] the port must be above 0");
        ensure!(
            self.second_port.is_none_or(|second| second > 0 && second != self.port),
            "[gateway] the second port must be above 0 and another than the first"
        );
        ensure!(
            (MTU_MIN..=MTU_MAX).contains(&self.mtu),
            "[gateway] the mtu must be from {MTU_MIN} to {MTU_MAX}"
        );
        let host = self.endpoint.clone().unwrap_or_else(|| format!("vpn.{domain}"));
        let endpoint = Endpoint::new(&host, self.port).with_context(|| {
            format!("[gateway] the endpoint {host:?} is no name and no address without a port")
        })?;
        let block = |text: &String| text.parse::<Block>().context("[gateway] inner_v4");
        let prefix = |text: &String| text.parse::<Prefix>().context("[gateway] inner_v6");
        let wanted = Wanted {
            v4: self.inner_v4.as_ref().map(block).transpose()?,
            v6: self.inner_v6.as_ref().map(prefix).transpose()?,
        };
        let way = match (self.inside_name, self.dns) {
            (false, false) => NameWay::One,
            (true, false) => NameWay::Second,
            (false, true) => NameWay::OwnServer,
            (true, true) => bail!("[gateway] choose inside_name or dns, not both"),
        };
        let (second_port, mtu) = (self.second_port, self.mtu);
        let rules = TunnelRules { endpoint, second_port, mtu, way };
        Ok(self.on.then_some(GatewayChoice { rules, wanted, sessions: None }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> anyhow::Result<Option<GatewayChoice>> {
        toml::from_str::<GatewayRules>(text)?.choice("aoba.example")
    }

    #[test]
    fn one_line_is_enough() {
        let choice = read("on = true").unwrap().unwrap();
        assert_eq!(choice.rules.endpoint.to_string(), "vpn.aoba.example:51820");
        assert_eq!((choice.rules.mtu, choice.rules.way), (1280, NameWay::One));
        assert_eq!(choice.wanted, Wanted::default());
        assert_eq!(read("on = false").unwrap(), None);
    }

    #[test]
    fn everything_may_be_decided() {
        let text = "on = true\nport = 443\nsecond_port = 51820\nendpoint = \"203.0.113.7\"\n\
             inner_v4 = \"10.20.0.0/16\"\ninner_v6 = \"fd12:3456:789a:1::/64\"\nmtu = 1400\n\
             dns = true";
        let choice = read(text).unwrap().unwrap();
        assert_eq!(choice.rules.endpoint.to_string(), "203.0.113.7:443");
        assert_eq!(choice.rules.second_port, Some(51_820));
        assert_eq!(choice.rules.way, NameWay::OwnServer);
        let second = read("on = true\ninside_name = true").unwrap().unwrap();
        assert_eq!(second.rules.way, NameWay::Second);
        assert_eq!(choice.wanted.v4.unwrap().to_string(), "10.20.0.0/16");
    }

    #[test]
    fn what_would_shut_devices_out_is_refused() {
        for wrong in [
            "",
            "on = true\nprot = 1",
            "on = true\nport = 0",
            "on = true\nport = 99999",
            "on = true\nsecond_port = 51820",
            "on = true\nmtu = 1200",
            "on = true\ninside_name = true\ndns = true",
            "on = true\nmtu = 9000",
            "on = true\nendpoint = \"vpn.aoba.example:51820\"",
            "on = true\nendpoint = \"http://vpn\"",
            "on = true\ninner_v4 = \"8.8.8.0/24\"",
            "on = true\ninner_v6 = \"2001:db8::/64\"",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
