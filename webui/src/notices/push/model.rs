//! What a subscription must be, and where pushes may go.

use provisioning::devices::Device;
use serde::{Deserialize, Serialize};
use store::Id;

use crate::notices::outside::{PushRules, Subscription};

/// The services of the browsers that people use; nothing else is ever spoken to. One that opens
/// with a point is an ending.
const SERVICES: [&str; 5] = [
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "web.push.apple.com",
    ".push.apple.com",
    ".notify.windows.com",
];

const ENDPOINT_BYTES_MAX: usize = 1_000;

/// An uncompressed point on P-256.
pub const KEY_BYTES: usize = 65;
pub const SECRET_BYTES: usize = 16;

/// What proves to the push services that it is us; sealed like every row.
#[derive(Clone, Serialize, Deserialize)]
pub struct PushKey {
    pub pkcs8: Vec<u8>,
}

/// Whether a push may go to this host.
pub fn may_be_sent_to(rules: &PushRules, authority: &str) -> bool {
    if let Some(hosts) = &rules.hosts {
        return hosts.iter().any(|host| host == authority);
    }
    SERVICES.iter().any(|service| match service.strip_prefix('.') {
        Some(_) => authority.ends_with(service),
        None => authority == *service,
    })
}

impl Subscription {
    /// Apple ends the right to push after some pushes that showed nothing.
    pub fn must_show(&self) -> bool {
        let rest = self.endpoint.strip_prefix("https://").unwrap_or_default();
        rest.split('/').next().is_some_and(|host| host.ends_with("push.apple.com"))
    }
}

/// As the browser gives it: the address and two words of base64url.
pub fn read_subscription(
    rules: &PushRules,
    endpoint: &str,
    key: &str,
    secret: &str,
    device: Id<Device>,
) -> Option<Subscription> {
    let rest = endpoint.strip_prefix("https://")?;
    let (authority, path) = rest.split_once('/')?;
    let plain = endpoint.bytes().all(|byte| byte.is_ascii_graphic());
    let allowed = may_be_sent_to(rules, authority) && !path.is_empty() && plain;
    let bytes = |text: &str| {
        let text = text.trim_end_matches('=');
        data_encoding::BASE64URL_NOPAD.decode(text.as_bytes()).ok()
    };
    let (key, secret) = (bytes(key)?, bytes(secret)?);
    let point = key.len() == KEY_BYTES && key.first() == Some(&4);
    let sound =
        allowed && endpoint.len() <= ENDPOINT_BYTES_MAX && point && secret.len() == SECRET_BYTES;
    sound.then(|| Subscription { endpoint: endpoint.to_owned(), key, secret, device })
}
