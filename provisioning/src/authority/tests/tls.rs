//! Certificates before the verifier that the TLS listener uses, and before the gate behind it.

use std::sync::Arc;
use std::time::Duration;

use rcgen::{CustomExtension, ExtendedKeyUsagePurpose, PublicKeyData};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{CertificateError, Error, RootCertStore};

use super::*;

#[test]
fn a_device_is_accepted_with_its_leaf_alone_or_with_the_chain() {
    let authority = authority();
    let (_, issued) = device(&authority, now());
    assert_eq!(accepted(&authority, &[&issued.der]), Ok(()));
    let anchor = authority.device_anchors().next().unwrap();
    assert_eq!(accepted(&authority, &[&issued.der, anchor]), Ok(()));
    let root = authority.root_certificate();
    assert_eq!(accepted(&authority, &[&issued.der, anchor, root]), Ok(()));
}

#[test]
fn the_hints_name_the_device_ca_and_the_root() {
    let authority = authority();
    let verifier = verifier(authority.device_anchors());
    let hints = authority.client_hints().unwrap();
    assert_eq!(hints.len(), 2);
    assert_eq!(verifier.root_hint_subjects()[0].as_ref(), hints[0]);
    assert_ne!(hints[0], hints[1]);
}

#[test]
fn a_leaf_of_the_server_ca_is_no_device() {
    let authority = authority();
    let key = DeviceKey::generate().unwrap().public_key();
    let leaf = forged(&authority.server_ca, &key, |_| ());
    let server_ca = authority.server_ca_certificate();
    assert_eq!(refusal(&authority, &[&leaf]), CertificateError::UnknownIssuer);
    assert!(is_purpose(&refusal(&authority, &[&leaf, server_ca])));
    // Not even where the root is the anchor: the Server CA's own purpose forbids it.
    let verifier = verifier([authority.root_certificate()].into_iter());
    assert!(is_purpose(&why(verify(&verifier, &[&leaf, server_ca], now()))));
}

#[test]
fn a_server_certificate_is_no_device() {
    let authority = authority();
    let server = authority.issue_server(&["app.tokinet.example"], now()).unwrap();
    let chain: Vec<&[u8]> = server.chain.iter().map(Vec::as_slice).collect();
    assert!(is_purpose(&refusal(&authority, &chain)));
    let key = DeviceKey::generate().unwrap().public_key();
    let leaf = forged(&authority.device_ca, &key, |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    assert!(is_purpose(&refusal(&authority, &[&leaf])));
    assert_eq!(read_leaf(&leaf), Err(LeafProblem::Purpose));
}

#[test]
fn a_device_cannot_certify_another_device() {
    let authority = authority();
    let (device_key, issued) = device(&authority, now());
    let kept = key::Key::from_pkcs8(key::Curve::P256, device_key.pkcs8().clone()).unwrap();
    let rogue = Issuing::new(issued.der.clone(), kept).unwrap();
    let key = DeviceKey::generate().unwrap().public_key();
    let leaf = forged(&rogue, &key, |_| ());
    let refused = format!("{:?}", refusal(&authority, &[&leaf, &issued.der]));
    assert!(refused.contains("EndEntityUsedAsCa"), "{refused}");
}

#[test]
fn a_ca_certificate_is_no_device() {
    let authority = authority();
    assert!(accepted(&authority, &[&authority.device_ca.certificate]).is_err());
    let cas = [&*authority.device_ca.certificate, authority.server_ca_certificate()];
    for der in cas.into_iter().chain([authority.root_certificate()]) {
        assert_eq!(read_leaf(der), Err(LeafProblem::Ca));
    }
    assert_eq!(read_leaf(authority.card_certificates().next().unwrap()), Err(LeafProblem::Purpose));
}

#[test]
fn another_root_with_equal_names_is_refused() {
    let (ours, theirs) = (authority(), authority());
    let (_, issued) = device(&theirs, now());
    assert_eq!(refusal(&ours, &[&issued.der]), CertificateError::BadSignature);
    let anchor = theirs.device_anchors().next().unwrap();
    assert!(accepted(&ours, &[&issued.der, anchor]).is_err());
}

#[test]
fn a_device_is_refused_before_and_after_its_time() {
    let authority = authority();
    let (_, issued) = device(&authority, now());
    let verifier = verifier(authority.device_anchors());
    let at = |time| verify(&verifier, &[&issued.der], time);
    let second = SignedDuration::from_secs(1);
    assert_eq!(at(issued.not_before), Ok(()));
    assert_eq!(at(issued.not_after), Ok(()));
    let early = why(at(issued.not_before - second));
    assert!(matches!(early, CertificateError::NotValidYetContext { .. }), "{early:?}");
    let late = why(at(issued.not_after + second));
    assert!(matches!(late, CertificateError::ExpiredContext { .. }), "{late:?}");
}

#[test]
fn the_gate_refuses_what_the_verifier_lets_through() {
    let authority = authority();
    let key = DeviceKey::generate().unwrap().public_key();
    let check = |twist: &dyn Fn(&mut CertificateParams), problem| {
        let leaf = forged(&authority.device_ca, &key, twist);
        assert_eq!(accepted(&authority, &[&leaf]), Ok(()));
        assert_eq!(read_leaf(&leaf), Err(problem));
    };
    check(&|params| params.extended_key_usages.clear(), LeafProblem::Purpose);
    let more = ExtendedKeyUsagePurpose::ServerAuth;
    check(&|params| params.extended_key_usages.push(more.clone()), LeafProblem::Purpose);
    check(&|params| params.subject_alt_names.clear(), LeafProblem::DeviceId);
    let twin = rcgen::SanType::URI("urn:uuid:x".try_into().unwrap());
    check(&|params| params.subject_alt_names.push(twin.clone()), LeafProblem::DeviceId);
    let long = rcgen::SerialNumber::from_slice(&[0x7f; 17]);
    check(&|params| params.serial_number = Some(long.clone()), LeafProblem::Serial);
}

#[test]
fn a_leaf_with_another_kind_of_key_is_refused_by_the_gate() {
    let authority = authority();
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let mut params = CertificateParams::default();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let urn = "urn:uuid:01990bc8-e441-7012-9a2f-6e5fc08e1123";
    params.subject_alt_names = vec![rcgen::SanType::URI(urn.try_into().unwrap())];
    let leaf = params.signed_by(&key, &authority.device_ca.issuer).unwrap();
    assert_eq!(read_leaf(leaf.der()), Err(LeafProblem::Key(KeyProblem::NotP256)));
}

#[test]
fn a_purpose_given_twice_is_refused_by_both() {
    let authority = authority();
    let key = DeviceKey::generate().unwrap().public_key();
    let client_auth = b"\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02".to_vec();
    let leaf = forged(&authority.device_ca, &key, |params| {
        let twice = CustomExtension::from_oid_content(&[2, 5, 29, 37], client_auth);
        params.custom_extensions = vec![twice];
    });
    assert!(accepted(&authority, &[&leaf]).is_err());
    assert!(read_leaf(&leaf).is_err());
}

#[test]
fn a_huge_certificate_is_refused_unread() {
    let authority = authority();
    let key = DeviceKey::generate().unwrap().public_key();
    let leaf = forged(&authority.device_ca, &key, |params| {
        params.distinguished_name.push(rcgen::DnType::LocalityName, "x".repeat(64 * 1024));
    });
    assert_eq!(read_leaf(&leaf), Err(LeafProblem::TooLong(leaf.len())));
}

#[test]
fn a_broken_certificate_is_refused_without_a_panic() {
    let (_, issued) = device(&authority(), now());
    for length in 0..issued.der.len() {
        assert_eq!(read_leaf(&issued.der[..length]), Err(LeafProblem::Unreadable));
    }
    for place in 0..issued.der.len() {
        let mut bent = issued.der.clone();
        bent[place] ^= 0x80;
        drop(read_leaf(&bent));
    }
    assert_eq!(read_leaf(&[&issued.der[..], b"x"].concat()), Err(LeafProblem::Unreadable));
}

#[test]
fn devices_of_before_a_renewal_stay_welcome() {
    let (before, root_key) = Authority::found(&names(), PASSPHRASE, now()).unwrap();
    let (_, old) = device(&before, now());
    let after = before.renew(&names(), &root_key, PASSPHRASE, later(1)).unwrap();
    let (_, new) = device(&after, later(1));
    for der in [&old.der, &new.der] {
        assert_eq!(verify(&verifier(after.device_anchors()), &[der], later(2)), Ok(()));
    }
    assert!(verify(&verifier(before.device_anchors()), &[&new.der], later(2)).is_err());
    let hints = after.client_hints().unwrap();
    assert_eq!(hints.len(), 3);
    assert_ne!(hints[0], hints[1]);
    assert!(after.ends_at() > before.ends_at());
}

#[test]
fn a_ca_signs_with_the_key_of_its_certificate() {
    let authority = authority();
    for issuing in [&authority.device_ca, &authority.server_ca] {
        let view = CertificateView::parse(&issuing.certificate).unwrap();
        assert_eq!(view.spki(), issuing.issuer.key().subject_public_key_info());
    }
}

fn verifier<'a>(anchors: impl Iterator<Item = &'a [u8]>) -> Arc<dyn ClientCertVerifier> {
    let mut roots = RootCertStore::empty();
    for anchor in anchors {
        roots.add(CertificateDer::from(anchor.to_vec())).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap()
}

fn verify(
    verifier: &Arc<dyn ClientCertVerifier>,
    chain: &[&[u8]],
    at: Timestamp,
) -> Result<(), Error> {
    let chain: Vec<CertificateDer<'_>> = chain.iter().map(|der| (*der).into()).collect();
    let at = Duration::from_secs(at.as_second().try_into().unwrap());
    verifier.verify_client_cert(&chain[0], &chain[1..], UnixTime::since_unix_epoch(at)).map(|_| ())
}

fn accepted(authority: &Authority, chain: &[&[u8]]) -> Result<(), Error> {
    verify(&verifier(authority.device_anchors()), chain, now())
}

fn refusal(authority: &Authority, chain: &[&[u8]]) -> CertificateError {
    why(accepted(authority, chain))
}

fn why(result: Result<(), Error>) -> CertificateError {
    match result {
        Err(Error::InvalidCertificate(why)) => why,
        other => panic!("{other:?}"),
    }
}

fn is_purpose(why: &CertificateError) -> bool {
    matches!(why, CertificateError::InvalidPurposeContext { .. })
}
