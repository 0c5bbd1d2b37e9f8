//! The config file: one TOML, strict, parsed once.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use store::Layout;
use webui::kit::app::Rules;

pub use acme::AcmeRules;
pub use gateway::GatewayRules;

mod acme;
mod gateway;
use crate::outside::{Push, SmtpServer, Ways};

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
    #[serde(default)]
    pub mail: MailRules,
    /// Public certificates for a network with a domain; see `acme`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acme: Option<AcmeRules>,
    /// The WireGuard endpoint; see `gateway`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<GatewayRules>,
    pub smtp: Option<SmtpServer>,
    #[serde(default)]
    pub push: Push,
}

/// How mail behaves on this box.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailRules {
    /// How long a mail waits for second thoughts after it was sent; 0 sends at once.
    pub undo_seconds: u32,
    /// Minutes until somebody who has not opened an urgent mail is reminded.
    pub urgent_reminder_minutes: u32,
    /// Minutes until the second contact of that facility is told.
    pub urgent_escalation_minutes: u32,
}

impl Default for MailRules {
    fn default() -> Self {
        let rules = Rules::default();
        let whole = |count: i64| u32::try_from(count).unwrap_or_default();
        Self {
            undo_seconds: whole(rules.undo.as_secs()),
            urgent_reminder_minutes: whole(rules.urgent_reminder.as_mins()),
            urgent_escalation_minutes: whole(rules.urgent_escalation.as_mins()),
        }
    }
}

impl MailRules {
    pub fn rules(&self) -> Rules {
        Rules {
            undo: SignedDuration::from_secs(self.undo_seconds.into()),
            urgent_reminder: SignedDuration::from_mins(self.urgent_reminder_minutes.into()),
            urgent_escalation: SignedDuration::from_mins(self.urgent_escalation_minutes.into()),
        }
    }
}

impl Config {
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the config {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("the config {} is wrong", path.display()))
    }

    /// Where notices may go beyond the box.
    pub fn ways(&self) -> Ways {
        Ways { smtp: self.smtp.clone(), push: self.push.clone() }
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

    /// In memory where systemd gives a folder for what outlives a restart and not the machine's.
    pub fn sessions_file(&self) -> PathBuf {
        let beside = self.data.with_extension("sessions");
        let volatile = std::env::var_os("RUNTIME_DIRECTORY").map(PathBuf::from);
        match (volatile, beside.file_name()) {
            (Some(folder), Some(name)) => folder.join(name),
            (_, _) => beside,
        }
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
    fn what_is_said_of_mail_replaces_the_usual() {
        let config: Config = toml::from_str(&format!("{GOOD}\n[mail]\nundo_seconds = 0")).unwrap();
        assert!(config.mail.rules().undo.is_zero());
        assert_eq!(config.mail.rules().urgent_reminder, Rules::default().urgent_reminder);
    }

    #[test]
    fn an_unknown_name_is_refused() {
        let typo = format!("{GOOD}\nlissten = 1");
        assert!(toml::from_str::<Config>(&typo).is_err());
    }
}
