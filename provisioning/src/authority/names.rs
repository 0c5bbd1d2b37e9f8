//! What the network is called in its certificates.

/// X.520's upper bound for organization, unit and common names, counted in characters.
pub(super) const DN_CHARS_MAX: usize = 64;

/// A DNS name has at most 253 characters, and the longest host is `touroku.` before the domain.
const DOMAIN_CHARS_MAX: usize = 253 - "touroku.".len();

/// A label of a DNS name (RFC 1035).
const LABEL_CHARS_MAX: usize = 63;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    network: String,
    domain: String,
}

impl Names {
    pub fn parse(network: &str, domain: &str) -> Result<Self, NameProblem> {
        let network = network.trim();
        if network.is_empty() || network.chars().count() > DN_CHARS_MAX {
            return Err(NameProblem::NetworkLength);
        }
        if network.chars().any(is_invisible) {
            return Err(NameProblem::NetworkInvisible);
        }
        if !is_domain(domain) {
            return Err(NameProblem::Domain);
        }
        Ok(Self { network: network.to_owned(), domain: domain.to_owned() })
    }

    pub fn network(&self) -> &str {
        &self.network
    }

    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Whether the Server CA may speak for this host.
    pub(super) fn covers(&self, host: &str) -> bool {
        let below = host.strip_suffix(&self.domain).and_then(|rest| rest.strip_suffix('.'));
        host == self.domain || below.is_some_and(|labels| labels.split('.').all(is_label))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameProblem {
    #[error("the network's name must have 1 to {DN_CHARS_MAX} characters")]
    NetworkLength,
    #[error("the network's name has a character that cannot be seen")]
    NetworkInvisible,
    #[error("the domain must be a lower-case DNS name of at most {DOMAIN_CHARS_MAX} characters")]
    Domain,
}

/// Control characters, and those that make one name look like another one on the screen.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn is_domain(domain: &str) -> bool {
    // A last label of digits would read as an IP address, which the constraints exclude.
    let ends_in_digits =
        domain.rsplit('.').next().is_some_and(|label| label.bytes().all(|b| b.is_ascii_digit()));
    domain.len() <= DOMAIN_CHARS_MAX && !ends_in_digits && domain.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let is_inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=LABEL_CHARS_MAX).contains(&label.len())
        && label.bytes().all(is_inner)
        && !label.starts_with('-')
        && !label.ends_with('-')
}
