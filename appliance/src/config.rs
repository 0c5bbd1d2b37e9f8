//! The config file: one TOML, strict, parsed once.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use store::Layout;

/// What the owner of a box decides. Unknown names are refused, so that a typing error is found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The folder of the store, its keyring and the attachments.
    pub data: PathBuf,
    /// Where `app` and `touroku` listen.
    pub listen: SocketAddr,
    /// The engine's cache; a quarter of a box's memory is a good choice.
    pub cache_mib: usize,
    /// The file with the master key (32 bytes as hex, mode 0600), where systemd hands over none.
    pub master_key: Option<PathBuf>,
    /// The age recipient that backups are encrypted to.
    pub backup_recipient: Option<String>,
}

impl Config {
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the config {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("the config {} is wrong", path.display()))
    }

    pub fn layout(&self) -> Layout {
        Layout {
            folder: self.data.clone(),
            cache_bytes: self.cache_mib.saturating_mul(1024 * 1024),
        }
    }

    /// Beside the store's folder, so that a restore may replace that as one.
    pub fn control_socket(&self) -> PathBuf {
        self.data.with_extension("control")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        data = "/var/lib/tokinet/store"
        listen = "0.0.0.0:443"
        cache_mib = 256
    "#;

    #[test]
    fn a_config_is_read_whole() {
        let config: Config = toml::from_str(GOOD).unwrap();
        assert_eq!(config.layout().cache_bytes, 256 * 1024 * 1024);
    }

    #[test]
    fn an_unknown_name_is_refused() {
        let typo = format!("{GOOD}\nlissten = 1");
        assert!(toml::from_str::<Config>(&typo).is_err());
    }
}
