//! Apple's configuration profiles: everything that an iPad needs, in one file.
//!
//! `Profile` says what goes in, `payloads.rs` writes it as Apple's schema wants it. Identifiers
//! and UUIDs come of the device alone, so that a profile installed again replaces the first.

mod payloads;
#[cfg(test)]
mod tests;
mod tunnel;

use std::io::Cursor;

use plist::{Dictionary, Value};
use zeroize::Zeroizing;

pub use tunnel::{AppleSystem, OnDemand, Tunnel};

/// What `com.apple.webClip.managed` shows an icon of.
const ICON_BYTES_MAX: usize = 100 * 1024;

pub struct Profile<'a> {
    pub device: [u8; 16],
    /// Of the network, e.g. `aoba.example`; turned round it begins every identifier.
    pub domain: &'a str,
    /// The network, in a person's words.
    pub network: &'a str,
    /// What the settings list shows: the network and the device.
    pub title: &'a str,
    pub description: &'a str,
    pub content: Content<'a>,
}

/// A profile takes the place of the one with its identifier, and takes out whatever of that one it
/// does not hold itself. So the two kinds have identifiers of their own: a later tunnel must leave
/// the certificate where it is.
pub enum Content<'a> {
    Device(Whole<'a>),
    TunnelAlone(Tunnel<'a>),
}

/// All that makes a machine a device.
pub struct Whole<'a> {
    pub identity: Identity<'a>,
    pub web_clip: WebClip<'a>,
    /// Only where the server's certificate comes from the network's own authority. DER.
    pub root: Option<&'a [u8]>,
    pub tunnel: Option<Tunnel<'a>>,
}

/// A PKCS#12 file in the form that the system's version reads, and its password.
pub struct Identity<'a> {
    pub pkcs12: &'a [u8],
    pub password: &'a str,
    pub title: &'a str,
    pub file_name: &'a str,
}

/// An icon on the home screen that opens Safari, which alone can show the certificate.
pub struct WebClip<'a> {
    pub url: &'a str,
    pub label: &'a str,
    /// PNG, square.
    pub icon: &'a [u8],
}

#[derive(Debug, thiserror::Error)]
pub enum ProfileProblem {
    #[error("a web clip leads to an https address")]
    Url,
    #[error("a web clip's icon is a PNG of at most {ICON_BYTES_MAX} bytes")]
    Icon,
    #[error("a tunnel has a configuration and a server")]
    Tunnel,
    #[error("cannot write the profile")]
    Write(#[from] plist::Error),
}

impl Profile<'_> {
    /// The property list, not signed yet. It holds a private key and its password.
    pub fn plist(&self) -> Result<Zeroizing<Vec<u8>>, ProfileProblem> {
        let mut bytes = Cursor::new(Vec::new());
        Value::Dictionary(self.dictionary()?).to_writer_xml(&mut bytes)?;
        Ok(Zeroizing::new(bytes.into_inner()))
    }

    fn dictionary(&self) -> Result<Dictionary, ProfileProblem> {
        let (part, payloads) = match &self.content {
            Content::Device(whole) => ("profile", self.whole(whole)?),
            Content::TunnelAlone(tunnel) => {
                ("tunnel-profile", vec![self.tunnel_payload(tunnel, "tunnel-alone")?])
            }
        };
        let mut profile = self.envelope("Configuration", part, self.title);
        profile.insert("PayloadDescription".to_owned(), self.description.into());
        profile.insert("PayloadRemovalDisallowed".to_owned(), false.into());
        let payloads = payloads.into_iter().map(Value::Dictionary).collect();
        profile.insert("PayloadContent".to_owned(), Value::Array(payloads));
        Ok(profile)
    }

    fn whole(&self, whole: &Whole<'_>) -> Result<Vec<Dictionary>, ProfileProblem> {
        let mut payloads = Vec::new();
        if let Some(root) = whole.root {
            payloads.push(self.root_payload(root));
        }
        payloads.push(self.identity_payload(&whole.identity));
        payloads.push(self.web_clip_payload(&whole.web_clip)?);
        if let Some(tunnel) = &whole.tunnel {
            payloads.push(self.tunnel_payload(tunnel, "tunnel")?);
        }
        Ok(payloads)
    }
}
