//! What is taken from a certificate signing request: its public key, and nothing else.
//!
//! Never rcgen's `CertificateSigningRequestParams::signed_by`: it signs what the requester asked
//! for, a CA of its own included.

use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::pem::parse_x509_pem;
use x509_parser::prelude::FromDer;

use super::{KeyProblem, PublicKey};

/// A P-256 request of certreq has about 1 KiB.
const CSR_BYTES_MAX: usize = 16 * 1024;

/// RFC 7468, and what certreq writes.
const PEM_LABELS: [&str; 2] = ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"];

/// DER or PEM. The requester has shown that it holds the private key.
pub fn public_key_of_csr(csr: &[u8]) -> Result<PublicKey, CsrProblem> {
    if csr.len() > CSR_BYTES_MAX {
        return Err(CsrProblem::TooLong);
    }
    if !csr.trim_ascii_start().starts_with(b"-----") {
        return public_key_of_der(csr);
    }
    let (_, pem) = parse_x509_pem(csr).map_err(|_| CsrProblem::Unreadable)?;
    if !PEM_LABELS.contains(&pem.label.as_str()) {
        return Err(CsrProblem::Unreadable);
    }
    public_key_of_der(&pem.contents)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CsrProblem {
    #[error("the signing request has more than {CSR_BYTES_MAX} bytes")]
    TooLong,
    #[error("cannot read the signing request")]
    Unreadable,
    #[error("the signing request's key cannot be taken")]
    Key(#[source] KeyProblem),
    #[error("the signing request is not signed by its own key")]
    Signature,
}

fn public_key_of_der(der: &[u8]) -> Result<PublicKey, CsrProblem> {
    let Ok(([], csr)) = X509CertificationRequest::from_der(der) else {
        return Err(CsrProblem::Unreadable);
    };
    // The key first: no signature of a huge RSA key is ever computed.
    let key = PublicKey::parse(csr.certification_request_info.subject_pki.raw)
        .map_err(CsrProblem::Key)?;
    csr.verify_signature().map_err(|_| CsrProblem::Signature)?;
    Ok(key)
}
