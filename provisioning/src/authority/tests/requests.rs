//! Signing requests that ask for more than they may have.

use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    PublicKeyData, SanType,
};

use super::openssl::{OpenSsl, pem};
use super::*;

#[test]
fn a_request_gives_its_key_as_der_or_pem() {
    let key = DeviceKey::generate().unwrap();
    let der = key.signing_request().unwrap();
    assert_eq!(public_key_of_csr(&der), Ok(key.public_key()));
    for label in ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"] {
        let text = pem(label, &der);
        assert_eq!(public_key_of_csr(text.as_bytes()), Ok(key.public_key()));
        let windows = format!("\r\n{}\r\n", text.replace('\n', "\r\n"));
        assert_eq!(public_key_of_csr(windows.as_bytes()), Ok(key.public_key()));
    }
    let other = pem("CERTIFICATE", &der);
    assert_eq!(public_key_of_csr(other.as_bytes()), Err(CsrProblem::Unreadable));
}

#[test]
fn nothing_that_a_request_asks_for_reaches_the_certificate() {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(rcgen::DnType::CommonName, "app.tokinet.example");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::CodeSigning];
    params.subject_alt_names = vec![
        SanType::DnsName("app.tokinet.example".try_into().unwrap()),
        SanType::URI("urn:uuid:00000000-0000-7000-8000-000000000000".try_into().unwrap()),
    ];
    let csr = params.serialize_request(&key).unwrap();

    let public_key = public_key_of_csr(csr.der()).unwrap();
    assert_eq!(public_key.spki(), key.subject_public_key_info());
    let issued = authority().issue_device(&request(&public_key), now()).unwrap();

    let openssl = OpenSsl::new();
    openssl.put("device.der", &issued.der);
    let text = openssl.ok("x509 -inform DER -in device.der -noout -text");
    for absent in ["CA:TRUE", "Certificate Sign", "Server Auth", "Code Signing", "DNS:", "app."] {
        assert!(!text.contains(absent), "{absent} got into\n{text}");
    }
    assert_eq!(read_leaf(&issued.der).unwrap().device_id, DEVICE_ID);
    assert!(issued.not_before > later(-1) && issued.not_after < later(761));
}

#[test]
fn requests_of_openssl_are_taken_and_other_keys_are_refused() {
    let openssl = OpenSsl::new();
    let made = |key: &str| {
        openssl.ok(&format!("genpkey -algorithm {key} -out key.pem"));
        openssl.ok("req -new -key key.pem -subj /CN=x -out request.pem");
        public_key_of_csr(&openssl.read("request.pem"))
    };
    assert!(made("EC -pkeyopt ec_paramgen_curve:P-256").is_ok());
    for key in [
        "RSA -pkeyopt rsa_keygen_bits:1024",
        "RSA -pkeyopt rsa_keygen_bits:4096",
        "EC -pkeyopt ec_paramgen_curve:P-224",
        "EC -pkeyopt ec_paramgen_curve:P-384",
        "EC -pkeyopt ec_paramgen_curve:secp256k1",
        "EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit",
        "ED25519",
    ] {
        assert_eq!(made(key), Err(CsrProblem::Key(KeyProblem::NotP256)), "{key}");
    }
}

#[test]
fn a_request_that_its_key_did_not_sign_is_refused() {
    let mine = DeviceKey::generate().unwrap();
    let der = mine.signing_request().unwrap();

    let mut bent = der.clone();
    *bent.last_mut().unwrap() ^= 1;
    assert_eq!(public_key_of_csr(&bent), Err(CsrProblem::Signature));

    // Somebody else's key in my request: I cannot have it certified.
    let theirs = DeviceKey::generate().unwrap().public_key();
    let (mine, theirs) = (mine.public_key(), theirs.spki().to_vec());
    let at = der.windows(91).position(|window| window == mine.spki()).unwrap();
    let stolen = [&der[..at], &theirs, &der[at + 91..]].concat();
    assert_eq!(public_key_of_csr(&stolen), Err(CsrProblem::Signature));
}

#[test]
fn a_sha_1_signature_is_refused() {
    let openssl = OpenSsl::new();
    openssl.ok("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem");
    openssl.ok("req -new -sha1 -key key.pem -subj /CN=x -out request.pem");
    assert_eq!(public_key_of_csr(&openssl.read("request.pem")), Err(CsrProblem::Signature));
}

#[test]
fn broken_requests_are_refused_without_a_panic() {
    let key = DeviceKey::generate().unwrap();
    let der = key.signing_request().unwrap();
    for length in 0..der.len() {
        assert_eq!(public_key_of_csr(&der[..length]), Err(CsrProblem::Unreadable));
    }
    assert_eq!(public_key_of_csr(&[&der[..], b"x"].concat()), Err(CsrProblem::Unreadable));
    for place in 0..der.len() {
        let mut bent = der.clone();
        bent[place] ^= 0x20;
        // The parser lets some bits around the signed part differ; the key is never another one.
        if let Ok(read) = public_key_of_csr(&bent) {
            assert_eq!(read, key.public_key(), "a changed byte at {place}");
        }
    }
    for text in ["-----", "-----BEGIN CERTIFICATE REQUEST-----\n", "-----BEGIN \u{0}-----\n!"] {
        assert_eq!(public_key_of_csr(text.as_bytes()), Err(CsrProblem::Unreadable));
    }
    assert_eq!(public_key_of_csr(&[0x30; 16 * 1024 + 1]), Err(CsrProblem::TooLong));
}
