//! What the owner of a box decides about public certificates.

use std::path::PathBuf;
use std::time::Duration;

/// Where certificates come from when the owner names nobody else.
pub const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

#[derive(Clone, Debug)]
pub struct Settings {
    /// The authority's directory; https only.
    pub directory: String,
    /// Where the authority may write to.
    pub contact: Option<String>,
    pub challenge: Challenge,
    /// PEM of the root that signs for the authority's own web server, if no public one does.
    pub root: Option<PathBuf>,
    pub external: Option<External>,
}

/// How it is shown that a name is ours.
#[derive(Clone, Debug)]
pub enum Challenge {
    /// On the product's own port: the authority must reach it at port 443.
    TlsAlpn,
    /// By a record in the DNS: also for boxes that nobody outside reaches.
    Dns(Hook),
}

/// The operator's program: `PROGRAM add|remove NAME VALUE`.
#[derive(Clone, Debug)]
pub struct Hook {
    pub program: PathBuf,
    /// It is killed after this.
    pub limit: Duration,
    /// How long the record takes to be seen everywhere, after the program said that it is there.
    pub propagation: Duration,
}

/// An account that the operator has at the authority (external account binding).
#[derive(Clone, Debug)]
pub struct External {
    pub id: String,
    /// The file that holds the binding's key as base64url.
    pub key_file: PathBuf,
}
