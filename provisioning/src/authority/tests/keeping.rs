//! The authority in the store, in a backup, and on the root's stick.

use super::openssl::OpenSsl;
use super::*;

#[test]
fn a_restored_authority_issues_and_accepts_as_before() {
    let before = authority();
    let bytes = postcard::to_stdvec(&before.keys()).unwrap();
    let kept: AuthorityKeys = postcard::from_bytes(&bytes).unwrap();
    let after = Authority::from_keys(kept).unwrap();
    assert_eq!(after.keys(), before.keys());
    assert_eq!(after.names(), before.names());
    assert_eq!(after.root_fingerprint(), before.root_fingerprint());
    let (_, issued) = device(&after, later(1));
    let view = CertificateView::parse(&issued.der).unwrap();
    let ca = CertificateView::parse(before.device_anchors().next().unwrap()).unwrap();
    assert!(view.is_signed_by(&ca));
}

#[test]
fn keys_and_certificates_that_do_not_belong_together_are_refused() {
    let (ours, theirs) = (authority(), authority());
    // The certificates of one, the keys of the other: found by their place in the bytes.
    let bytes = postcard::to_stdvec(&ours.keys()).unwrap();
    let swap = |old: &[u8], new: &[u8]| {
        let at = bytes.windows(old.len()).position(|window| window == old).unwrap();
        assert_eq!(old.len(), new.len());
        let mixed = [&bytes[..at], new, &bytes[at + old.len()..]].concat();
        Authority::from_keys(postcard::from_bytes(&mixed).unwrap())
    };
    let pkcs8 = |issuing: &Issuing| issuing.issuer.key().pkcs8().as_bytes().to_vec();
    let mixed = swap(&pkcs8(&ours.device_ca), &pkcs8(&theirs.device_ca));
    assert!(matches!(mixed, Err(AuthorityError::OtherKey)), "{mixed:?}");
    let mixed = swap(&pkcs8(&ours.server_ca), &pkcs8(&ours.device_ca));
    assert!(matches!(mixed, Err(AuthorityError::OtherKey)), "{mixed:?}");

    let mut bent = ours.root_certificate().to_vec();
    let place = bent.len() - 200;
    bent[place] ^= 1;
    assert!(swap(ours.root_certificate(), &bent).is_err());
    let tail = ours.device_ca.certificate.len() - 1;
    let mut bent = ours.device_ca.certificate.clone();
    bent[tail] ^= 1;
    let mixed = swap(&ours.device_ca.certificate, &bent);
    assert!(matches!(mixed, Err(AuthorityError::NotSignedByRoot)), "{mixed:?}");
}

#[test]
fn no_private_key_shows_in_debug() {
    let (authority, root_key) = Authority::with_open_root(&names(), now()).unwrap();
    let (key, _) = device(&authority, now());
    let server = authority.issue_server(&["app.tokinet.example"], now()).unwrap();
    let text = format!("{authority:?} {:?} {root_key:?} {key:?} {server:?}", authority.keys());
    for secret in [
        authority.device_ca.issuer.key().pkcs8(),
        authority.server_ca.issuer.key().pkcs8(),
        authority.card.key.pkcs8(),
        &root_key,
        key.pkcs8(),
        &server.key,
    ] {
        // The private number starts at byte 36 of a P-256 key and at byte 35 of the root's.
        let inner = &secret.as_bytes()[37..60];
        let list = format!("{inner:?}");
        assert!(!text.contains(list.trim_matches(['[', ']'])));
        assert!(!text.to_lowercase().contains(&data_encoding::HEXLOWER.encode(inner)));
    }
}

#[test]
fn openssl_opens_the_root_key_with_the_passphrase_only() {
    let (authority, root_key) = Authority::found(&names(), PASSPHRASE, now()).unwrap();
    let openssl = OpenSsl::new();
    openssl.put("root.pem", root_key.pem.as_bytes());
    openssl.put("right.txt", PASSPHRASE.as_bytes());
    openssl.put("wrong.txt", b"seven quiet rivers under the sand");
    let opened = openssl.ok("pkey -in root.pem -passin file:right.txt -pubout -outform DER -out p");
    assert_eq!(opened, "");
    let root = CertificateView::parse(authority.root_certificate()).unwrap();
    assert_eq!(openssl.read("p"), root.spki());
    openssl.refused("pkey -in root.pem -passin file:wrong.txt -noout");

    let form = openssl.ok("asn1parse -in root.pem");
    for part in ["PBES2", "PBKDF2", "hmacWithSHA256", "aes-256-cbc", "INTEGER           :0927C0"] {
        assert!(form.contains(part), "{part} is missing in\n{form}");
    }
}

#[test]
fn the_root_key_serves_only_who_has_its_passphrase_and_its_root() {
    let (ours, our_key) = Authority::found(&names(), PASSPHRASE, now()).unwrap();
    let renew = |key: &RootKey, passphrase: &str, at| ours.renew(&names(), key, passphrase, at);
    for wrong in ["", "seven quiet rivers under the sand", "Seven quiet rivers under the snow"] {
        let refused = renew(&our_key, wrong, later(1));
        assert!(matches!(refused, Err(AuthorityError::WrongPassphrase)), "{refused:?}");
    }
    let (_, their_key) = Authority::found(&names(), PASSPHRASE, now()).unwrap();
    let refused = renew(&their_key, PASSPHRASE, later(1));
    assert!(matches!(refused, Err(AuthorityError::OtherRoot)), "{refused:?}");
    for pem in ["", "x", "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n"] {
        let refused = renew(&RootKey { pem: pem.to_owned() }, PASSPHRASE, later(1));
        assert!(matches!(refused, Err(AuthorityError::RootKeyForm)), "{refused:?}");
    }
    let refused = renew(&our_key, PASSPHRASE, later(20 * 365));
    assert!(matches!(refused, Err(AuthorityError::IssuerEnded(_))), "{refused:?}");
    // The last generation ends with its root.
    let last = renew(&our_key, PASSPHRASE, later(19 * 365)).unwrap();
    assert!(last.ends_at() <= later(20 * 365));
}

#[test]
fn a_renewed_authority_survives_the_store_and_may_take_another_name() {
    let (first, root_key) = Authority::found(&names(), PASSPHRASE, now()).unwrap();
    let moved = Names::parse("Example Care Network", "care.example").unwrap();
    let second = first.renew(&moved, &root_key, PASSPHRASE, later(365)).unwrap();
    let third = second.renew(&moved, &root_key, PASSPHRASE, later(366)).unwrap();
    let kept = Authority::from_keys(third.keys()).unwrap();
    let anchors: Vec<_> = kept.device_anchors().collect();
    let expected = [&third, &second, &first].map(|a| a.device_ca.certificate.as_slice());
    assert_eq!(anchors, expected);
    assert_eq!(kept.card_certificates().count(), 3);
    assert!(kept.issue_server(&["app.care.example"], later(366)).is_ok());
    assert!(kept.issue_server(&["app.tokinet.example"], later(366)).is_err());
}

#[test]
fn a_weak_passphrase_founds_nothing() {
    let long = "x".repeat(257);
    for passphrase in ["", "fifteen letters", "kana \u{304b}\u{306a} are typed in two ways", &long]
    {
        let refused = Authority::found(&names(), passphrase, now());
        assert!(matches!(refused, Err(AuthorityError::PassphraseForm)), "{passphrase:?}");
    }
}
