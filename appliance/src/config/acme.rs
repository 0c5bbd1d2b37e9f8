//! `[acme]`: public certificates. Nothing of it is assumed: a box speaks to no authority unless
//! its owner wrote this section.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{bail, ensure};
use serde::{Deserialize, Serialize};
use webui::acme::{Challenge, External, Hook, LETS_ENCRYPT, Settings};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcmeRules {
    /// That the authority's terms were read and agreed to. Must be written, and true.
    pub terms_agreed: bool,
    pub challenge: ChallengeKind,
    /// The authority's directory; Let's Encrypt without it.
    #[serde(default = "lets_encrypt")]
    pub directory: String,
    /// The address that the authority writes to.
    pub contact: Option<String>,
    /// PEM of the root behind the authority's own web server, for a private one.
    pub root: Option<PathBuf>,
    /// The program for `dns-01`: `PROGRAM add|remove NAME VALUE`.
    pub hook: Option<PathBuf>,
    /// It is killed after so long.
    #[serde(default = "hook_seconds")]
    pub hook_seconds: u64,
    /// How long a new record takes to be seen everywhere.
    #[serde(default = "propagation_seconds")]
    pub propagation_seconds: u64,
    pub external_account: Option<ExternalAccount>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChallengeKind {
    #[serde(rename = "tls-alpn-01")]
    TlsAlpn,
    #[serde(rename = "dns-01")]
    Dns,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExternalAccount {
    pub id: String,
    /// The file with the key, base64url; mode 0600.
    pub key_file: PathBuf,
}

/// Beyond ten minutes an authority has given the order up.
const SECONDS_MAX: u64 = 600;

fn lets_encrypt() -> String {
    LETS_ENCRYPT.to_owned()
}

const fn hook_seconds() -> u64 {
    60
}

const fn propagation_seconds() -> u64 {
    30
}

impl AcmeRules {
    pub fn settings(&self) -> anyhow::Result<Settings> {
        ensure!(
            self.terms_agreed,
            "[acme] read the authority's terms of service, then write terms_agreed = true"
        );
        ensure!(
            self.directory.starts_with("https://"),
            "[acme] the directory must be an https address"
        );
        if let Some(contact) = &self.contact {
            let is_address = contact.contains('@') && !contact.contains([' ', ':', ',']);
            ensure!(is_address, "[acme] the contact must be one mail address");
        }
        Ok(Settings {
            directory: self.directory.clone(),
            contact: self.contact.clone(),
            challenge: self.challenge()?,
            root: self.root.clone(),
            external: self.external_account.as_ref().map(|account| External {
                id: account.id.clone(),
                key_file: account.key_file.clone(),
            }),
        })
    }

    fn challenge(&self) -> anyhow::Result<Challenge> {
        match (self.challenge, &self.hook) {
            (ChallengeKind::TlsAlpn, None) => Ok(Challenge::TlsAlpn),
            (ChallengeKind::TlsAlpn, Some(_)) => bail!("[acme] a hook is for dns-01"),
            (ChallengeKind::Dns, None) => bail!("[acme] dns-01 needs a hook"),
            (ChallengeKind::Dns, Some(hook)) => {
                ensure!(hook.is_absolute(), "[acme] the hook must be a whole path");
                ensure!(
                    (1..=SECONDS_MAX).contains(&self.hook_seconds)
                        && self.propagation_seconds <= SECONDS_MAX,
                    "[acme] hook_seconds is 1 to {SECONDS_MAX}, propagation_seconds up to that"
                );
                Ok(Challenge::Dns(Hook {
                    program: hook.clone(),
                    limit: Duration::from_secs(self.hook_seconds),
                    propagation: Duration::from_secs(self.propagation_seconds),
                }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> anyhow::Result<Settings> {
        toml::from_str::<AcmeRules>(text)?.settings()
    }

    const AGREED: &str = "terms_agreed = true\n";

    #[test]
    fn two_lines_are_enough_and_mean_lets_encrypt() {
        let settings = settings(&format!("{AGREED}challenge = \"tls-alpn-01\"")).unwrap();
        assert_eq!(settings.directory, LETS_ENCRYPT);
        assert!(matches!(settings.challenge, Challenge::TlsAlpn));
    }

    #[test]
    fn nobody_agrees_to_terms_by_leaving_a_line_out() {
        assert!(settings("challenge = \"tls-alpn-01\"").is_err());
        let refused = settings("terms_agreed = false\nchallenge = \"tls-alpn-01\"").unwrap_err();
        assert!(refused.to_string().contains("terms_agreed = true"));
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        for wrong in [
            "challenge = \"http-01\"",
            "challenge = \"dns-01\"",
            "challenge = \"dns-01\"\nhook = \"hook\"",
            "challenge = \"dns-01\"\nhook = \"/hook\"\nhook_seconds = 0",
            "challenge = \"dns-01\"\nhook = \"/hook\"\npropagation_seconds = 9000",
            "challenge = \"tls-alpn-01\"\nhook = \"/hook\"",
            "challenge = \"tls-alpn-01\"\ndirectory = \"http://acme.example/dir\"",
            "challenge = \"tls-alpn-01\"\ncontact = \"mailto:a@b.example\"",
            "challenge = \"tls-alpn-01\"\nchalenge = 1",
        ] {
            assert!(settings(&format!("{AGREED}{wrong}")).is_err(), "{wrong}");
        }
        let dns = "challenge = \"dns-01\"\nhook = \"/usr/local/lib/tokinet/dns\"";
        assert!(settings(&format!("{AGREED}{dns}")).is_ok());
    }
}
