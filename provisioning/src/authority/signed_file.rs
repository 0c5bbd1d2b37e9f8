//! A file with its sender's name on it: CMS SignedData around the content (RFC 5652).
//!
//! Apple calls a configuration profile verified when a trusted server's key signed it, so it is
//! the web server's certificate that signs and not a key of its own.

use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use jiff::Timestamp;
use x509_cert::Certificate;
use x509_cert::attr::Attribute;
use x509_cert::der::asn1::{ObjectIdentifier, OctetString, OctetStringRef, SetOfVec, UtcTime};
use x509_cert::der::oid::db::rfc5911::{
    ID_CONTENT_TYPE, ID_DATA, ID_MESSAGE_DIGEST, ID_SIGNED_DATA, ID_SIGNING_TIME,
};
use x509_cert::der::oid::db::rfc5912::{ECDSA_WITH_SHA_256, ID_SHA_256};
use x509_cert::der::{Any, Decode, Encode, Error, Tagged};
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::key::{Curve, Key, sha256};
use super::{AuthorityError, ServerCertificate};

impl ServerCertificate {
    /// The content, signed by this server: attached, SHA-256 and ECDSA P-256, its chain along.
    pub fn sign_file(&self, content: &[u8], now: Timestamp) -> Result<Vec<u8>, AuthorityError> {
        let key = Key::from_pkcs8(Curve::P256, self.key.clone())?;
        let attributes = attributes(content, now).map_err(AuthorityError::SignedFile)?;
        let signature = key.sign(&attributes.to_der().map_err(AuthorityError::SignedFile)?)?;
        wrap(&self.chain, content, attributes, &signature).map_err(AuthorityError::SignedFile)
    }
}

/// What the signature covers: the content by its hash, what it is, and when.
fn attributes(content: &[u8], now: Timestamp) -> Result<SetOfVec<Attribute>, Error> {
    let since_epoch = std::time::Duration::from_secs(now.as_second().try_into().unwrap_or(0));
    let time = UtcTime::from_unix_duration(since_epoch)?;
    SetOfVec::try_from(vec![
        attribute(ID_CONTENT_TYPE, &ID_DATA)?,
        attribute(ID_SIGNING_TIME, &time)?,
        attribute(ID_MESSAGE_DIGEST, &OctetStringRef::new(&sha256(content))?)?,
    ])
}

fn attribute<T: Encode + Tagged>(oid: ObjectIdentifier, value: &T) -> Result<Attribute, Error> {
    let values = SetOfVec::try_from(vec![any(value)?])?;
    Ok(Attribute { oid, values })
}

fn any<T: Encode>(value: &T) -> Result<Any, Error> {
    Any::from_der(&value.to_der()?)
}

fn wrap(
    chain: &[Vec<u8>],
    content: &[u8],
    attributes: SetOfVec<Attribute>,
    signature: &[u8],
) -> Result<Vec<u8>, Error> {
    let chain: Vec<Certificate> =
        chain.iter().map(|der| Certificate::from_der(der)).collect::<Result<_, _>>()?;
    let leaf = chain.first().ok_or_else(|| Error::incomplete(0u8.into()))?.tbs_certificate();
    let signer = IssuerAndSerialNumber {
        issuer: leaf.issuer().clone(),
        serial_number: leaf.serial_number().clone(),
    };
    let signer = SignerInfo {
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(signer),
        digest_alg: algorithm(ID_SHA_256),
        signed_attrs: Some(attributes),
        signature_algorithm: algorithm(ECDSA_WITH_SHA_256),
        signature: OctetString::new(signature)?,
        unsigned_attrs: None,
    };
    let certificates: Vec<_> = chain.into_iter().map(CertificateChoices::Certificate).collect();
    let signed = SignedData {
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::try_from(vec![algorithm(ID_SHA_256)])?,
        encap_content_info: EncapsulatedContentInfo {
            econtent_type: ID_DATA,
            econtent: Some(any(&OctetStringRef::new(content)?)?),
        },
        certificates: Some(CertificateSet(SetOfVec::try_from(certificates)?)),
        crls: None,
        signer_infos: SignerInfos(SetOfVec::try_from(vec![signer])?),
    };
    ContentInfo { content_type: ID_SIGNED_DATA, content: any(&signed)? }.to_der()
}

fn algorithm(oid: ObjectIdentifier) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned { oid, parameters: None }
}
