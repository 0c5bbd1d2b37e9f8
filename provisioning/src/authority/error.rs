//! Why an authority could not do what it was asked.

use aws_lc_rs::error::{KeyRejected, Unspecified};
use jiff::Timestamp;

use super::names::{DN_CHARS_MAX, NameProblem};
use super::root_key::{PASSPHRASE_BYTES_MAX, PASSPHRASE_BYTES_MIN};
use super::server::SERVER_HOSTS_MAX;

#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    #[error("the system gave no random numbers")]
    Random(#[source] Unspecified),
    #[error("cannot make a key")]
    NewKey(#[source] Unspecified),
    #[error("cannot read a kept key")]
    KeptKey(#[source] KeyRejected),
    #[error("cannot read a certificate of the authority")]
    KeptCertificate,
    #[error("cannot read the kept names of the authority")]
    KeptNames(#[source] NameProblem),
    #[error("a certificate of the authority does not belong to its key")]
    OtherKey,
    #[error("a certificate of the authority is not signed by its root")]
    NotSignedByRoot,
    #[error("cannot write a certificate")]
    Write(#[source] rcgen::Error),
    #[error("cannot sign")]
    Sign(#[source] Unspecified),
    #[error("cannot write a signed file")]
    SignedFile(#[source] x509_cert::der::Error),
    #[error("the time {0} does not fit into a certificate")]
    Time(Timestamp),
    #[error("the issuing certificate ended at {0}")]
    IssuerEnded(Timestamp),
    #[error("{0} must have 1 to {DN_CHARS_MAX} of the characters A-Z, a-z, 0-9 and hyphen")]
    Code(&'static str),
    #[error("a server certificate needs 1 to {SERVER_HOSTS_MAX} host names")]
    HostCount,
    #[error("the host {0} is not within the network's domain")]
    HostOutside(String),
    #[error("a revocation list cannot have {0} entries")]
    CrlTooLong(usize),
    #[error(
        "the passphrase must have {PASSPHRASE_BYTES_MIN} to {PASSPHRASE_BYTES_MAX} \
         printable ASCII characters"
    )]
    PassphraseForm,
    #[error("cannot seal the root key")]
    SealRootKey(#[source] pkcs8::Error),
    #[error("the root key does not open with this passphrase")]
    WrongPassphrase,
    #[error("cannot read the root key")]
    RootKeyForm,
    #[error("the root key belongs to another root certificate")]
    OtherRoot,
}
