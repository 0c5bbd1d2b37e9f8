//! `[smtp]` and `[push]` of the config: where notices may go beyond the box.

use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use webui::notices::outside::{Address, Outside, PushRules, Smtp, SmtpAccess, SmtpTls};

/// The password, where systemd hands it over.
const CREDENTIAL: &str = "tokinet-smtp-password";

/// A working day: whoever bundles longer wants no notices.
const BUNDLE_MINUTES_MAX: u32 = 8 * 60;

/// The two sections, also as a file of their own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ways {
    pub smtp: Option<SmtpServer>,
    #[serde(default)]
    pub push: Push,
}

/// The mail server that takes plain notices. Without it there are none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpServer {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    /// With a user there is a password: a systemd credential, or `password_file`.
    pub user: Option<String>,
    /// Mode 0600, one line.
    pub password_file: Option<PathBuf>,
    /// The address in whose name notices come.
    pub from: String,
    /// A PEM file, where the server's certificate is signed by an authority of one's own.
    pub ca: Option<PathBuf>,
    /// One address is told once in this time, until its member was seen.
    #[serde(default = "bundle_minutes")]
    pub bundle_minutes: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    StartTls,
    Tls,
    /// Only for a server on the box itself.
    None,
}

/// Web Push through the browsers' services. Off, unless the council decided for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Push {
    pub enabled: bool,
    /// Instead of the known services, as `host:port`: for tests.
    pub only_hosts: Option<Vec<String>>,
    /// Instead of the system's authorities, a PEM file: for tests.
    pub ca: Option<PathBuf>,
}

const fn bundle_minutes() -> u32 {
    30
}

impl Ways {
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("{} is wrong", path.display()))
    }

    /// Checked whole at the start, so that a mistake is not found at the first notice.
    pub fn outside(&self) -> anyhow::Result<Outside> {
        let smtp = self.smtp.as_ref().map(SmtpServer::checked).transpose()?;
        let push = self
            .push
            .enabled
            .then(|| PushRules { hosts: self.push.only_hosts.clone(), ca: self.push.ca.clone() });
        Ok(Outside { smtp, push })
    }
}

impl SmtpServer {
    fn checked(&self) -> anyhow::Result<Smtp> {
        if self.host.trim().is_empty() || self.port == 0 {
            bail!("[smtp] needs a host and a port");
        }
        if Address::parse(&self.from).is_none() {
            bail!("[smtp] from is no e-mail address: {}", self.from);
        }
        if self.bundle_minutes > BUNDLE_MINUTES_MAX {
            bail!("[smtp] bundle_minutes may be {BUNDLE_MINUTES_MAX} at most");
        }
        if self.tls == Tls::None && !is_loopback(&self.host) {
            bail!("[smtp] tls = \"none\" is only for a server on this box, not {}", self.host);
        }
        if let Some(ca) = &self.ca {
            std::fs::metadata(ca).with_context(|| format!("[smtp] ca {}", ca.display()))?;
        }
        Ok(Smtp {
            host: self.host.clone(),
            port: self.port,
            tls: match self.tls {
                Tls::StartTls => SmtpTls::StartTls,
                Tls::Tls => SmtpTls::Tls,
                Tls::None => SmtpTls::None,
            },
            access: self.access()?,
            from: self.from.clone(),
            ca: self.ca.clone(),
            bundle: SignedDuration::from_mins(self.bundle_minutes.into()),
        })
    }

    fn access(&self) -> anyhow::Result<Option<SmtpAccess>> {
        let credential = std::env::var_os("CREDENTIALS_DIRECTORY")
            .map(|folder| PathBuf::from(folder).join(CREDENTIAL))
            .filter(|path| path.exists());
        let path = match (&self.user, credential, &self.password_file) {
            (None, _, None) => return Ok(None),
            (None, _, Some(_)) => bail!("[smtp] has a password_file and no user"),
            (Some(_), Some(path), _) => path,
            (Some(_), None, Some(path)) => {
                refuse_if_open(path)?;
                path.clone()
            }
            (Some(_), None, None) => {
                bail!("[smtp] has a user and no password: neither {CREDENTIAL} nor password_file")
            }
        };
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read the password {}", path.display()))?;
        let password = text.trim_end_matches(['\r', '\n']).to_owned();
        if password.is_empty() {
            bail!("the password {} is empty", path.display());
        }
        let user = self.user.clone().unwrap_or_default();
        Ok(Some(SmtpAccess { user, password }))
    }
}

fn is_loopback(host: &str) -> bool {
    let plain = host.trim_start_matches('[').trim_end_matches(']');
    plain == "localhost" || plain.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn refuse_if_open(path: &Path) -> anyhow::Result<()> {
    let found = std::fs::metadata(path);
    let found = found.with_context(|| format!("cannot find the password {}", path.display()))?;
    if found.permissions().mode() & 0o077 != 0 {
        bail!("the password {} may be read by others: set its mode to 0600", path.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        [smtp]
        host = "mail.aoba.example"
        port = 587
        tls = "starttls"
        from = "tsuchi@aoba.example"
    "#;

    fn read(text: &str) -> anyhow::Result<Outside> {
        toml::from_str::<Ways>(text).map_err(anyhow::Error::from)?.outside()
    }

    #[test]
    fn without_a_word_nothing_goes_out() {
        let outside = read("").unwrap();
        assert!(outside.smtp.is_none() && outside.push.is_none());
    }

    #[test]
    fn a_server_is_read_whole() {
        let smtp = read(GOOD).unwrap().smtp.unwrap();
        assert_eq!((smtp.port, smtp.tls), (587, SmtpTls::StartTls));
        assert_eq!(smtp.bundle, SignedDuration::from_mins(30));
    }

    #[test]
    fn mistakes_are_found_at_the_start() {
        for (from, to) in [
            ("starttls", "plain"),
            ("starttls", "none"),
            ("tsuchi@aoba.example", "tsuchi"),
            ("port = 587", "port = 587\nprot = 1"),
            ("port = 587", "port = 0"),
            ("port = 587", "port = 587\nuser = \"a\""),
            ("port = 587", "port = 587\npassword_file = \"a\""),
            ("port = 587", "port = 587\nbundle_minutes = 100000"),
            ("port = 587", "port = 587\nca = \"nowhere.pem\""),
        ] {
            assert!(read(&GOOD.replace(from, to)).is_err(), "{to}");
        }
        let here = GOOD.replace("starttls", "none").replace("mail.aoba.example", "127.0.0.1");
        assert!(read(&here).is_ok());
    }

    #[test]
    fn a_password_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, "himitsu\n").unwrap();
        let named = format!("port = 587\nuser = \"a\"\npassword_file = \"{}\"", file.display());
        let text = GOOD.replace("port = 587", &named);
        for (mode, good) in [(0o644, false), (0o600, true)] {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(read(&text).is_ok(), good, "{mode:o}");
        }
        assert_eq!(read(&text).unwrap().smtp.unwrap().access.unwrap().password, "himitsu");
    }
}
