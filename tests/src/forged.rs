//! Certificates that the authority would never sign, some of them with its own stolen key.

use jiff::Timestamp;
use provisioning::authority::{Authority, DeviceKey, DeviceRequest};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, SanType,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::line::Identity;

/// A device of this authority as of another day.
pub fn issued_at(authority: &Authority, at: Timestamp) -> Identity {
    let key = DeviceKey::generate().expect("a key");
    let request = DeviceRequest {
        public_key: &key.public_key(),
        facility_code: "9900000010",
        device_number: "forged",
        device_id: [7; 16],
    };
    let leaf = authority.issue_device(&request, at).expect("a leaf");
    let device_ca = authority.device_anchors().next().expect("a CA").to_vec();
    Identity { chain: vec![leaf.der, device_ca], pkcs8: key.pkcs8().as_bytes().to_vec() }
}

/// A leaf that the Device CA's own key signs, with these purposes.
pub fn with_purposes(authority: &Authority, purposes: &[ExtendedKeyUsagePurpose]) -> Identity {
    let (ca, ca_key) = device_ca(authority);
    let mut params = params("forged");
    params.extended_key_usages = purposes.to_vec();
    signed(params, &ca, &ca_key, Vec::new())
}

pub fn server_purpose() -> Vec<ExtendedKeyUsagePurpose> {
    vec![ExtendedKeyUsagePurpose::ServerAuth]
}

/// A leaf below somebody's own leaf.
pub fn below(device: &Identity) -> Identity {
    let mut params = params("below");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    signed(params, &device.chain[0], &device.pkcs8, device.chain.clone())
}

/// A signing request that asks to become a CA for other names; DER.
pub fn greedy_request() -> Vec<u8> {
    let key = KeyPair::generate().expect("a key");
    let mut params = params("greedy");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any];
    let name = SanType::DnsName("app.tokinet.test".try_into().expect("a name"));
    params.subject_alt_names = vec![name];
    params.serialize_request(&key).expect("a request").der().to_vec()
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    let urn = "urn:uuid:01990bc8-e441-7012-9a2f-6e5fc08e1123";
    params.subject_alt_names = vec![SanType::URI(urn.try_into().expect("a name"))];
    params
}

fn signed(
    params: CertificateParams,
    issuer: &[u8],
    issuer_key: &[u8],
    above: Vec<Vec<u8>>,
) -> Identity {
    let pkcs8 = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(issuer_key.to_vec()));
    let issuer_key = KeyPair::from_der_and_sign_algo(&pkcs8, &rcgen::PKCS_ECDSA_P256_SHA256);
    let der = CertificateDer::from(issuer.to_vec());
    let issuer = Issuer::from_ca_cert_der(&der, issuer_key.expect("a key")).expect("an issuer");
    let key = KeyPair::generate().expect("a key");
    let leaf = params.signed_by(&key, &issuer).expect("a leaf").der().to_vec();
    let chain = std::iter::once(leaf).chain(above).collect();
    Identity { chain, pkcs8: key.serialize_der() }
}

/// The Device CA and its key, as a thief of the whole box would read them.
fn device_ca(authority: &Authority) -> (Vec<u8>, Vec<u8>) {
    let kept = serde_json::to_value(authority.keys()).expect("the keys");
    let bytes = |name: &str| -> Vec<u8> {
        serde_json::from_value(kept["device_ca"][name].clone()).expect("bytes")
    };
    (bytes("certificate"), bytes("key"))
}
