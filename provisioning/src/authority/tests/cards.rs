//! The signature on a user card: provable with the root, by nothing else.

use super::openssl::OpenSsl;
use super::*;

const CARD: &[u8] = b"card 4K7P-2M9X of member 0190 at facility 1312345678";

#[test]
fn an_auditor_proves_a_card_with_the_root_alone() {
    let authority = authority();
    let signature = authority.sign_card(CARD).unwrap();
    assert!(authority.verify_card(CARD, &signature, now()));

    let openssl = OpenSsl::new();
    openssl.put_certificates("root.pem", &[authority.root_certificate()]);
    openssl.put_certificates("card.pem", &[&authority.card.certificate]);
    openssl.put("message", CARD);
    openssl.put("signature", &signature);
    openssl.ok("verify -attime 1788300000 -x509_strict -CAfile root.pem card.pem");
    openssl.ok("x509 -in card.pem -noout -pubkey -out key.pem");
    openssl.ok("dgst -sha256 -verify key.pem -signature signature message");
    let text = openssl.ok("x509 -in card.pem -noout -text");
    assert!(text.contains("X509v3 Extended Key Usage: critical"), "{text}");
    assert!(text.contains("2.25.251440461077791482131906644527425941754"), "{text}");
    assert!(text.contains("CA:FALSE"), "{text}");
}

#[test]
fn a_changed_card_or_another_hand_proves_nothing() {
    let (ours, theirs) = (authority(), authority());
    let signature = ours.sign_card(CARD).unwrap();
    let root = ours.root_certificate();
    let certificate = &*ours.card.certificate;
    assert!(verify_card(root, certificate, CARD, &signature, now()));

    let longer = [CARD, b"!"].concat();
    assert!(!verify_card(root, certificate, &longer, &signature, now()));
    assert!(!verify_card(root, certificate, CARD, &signature[1..], now()));
    assert!(!verify_card(root, certificate, CARD, b"", now()));
    assert!(!verify_card(root, certificate, CARD, &signature, later(-1)));
    assert!(!verify_card(root, certificate, CARD, &signature, later(6 * 365 + 1)));
    assert!(!verify_card(b"", certificate, CARD, &signature, now()));
    assert!(!verify_card(root, b"", CARD, &signature, now()));

    let foreign = theirs.sign_card(CARD).unwrap();
    assert!(!verify_card(root, certificate, CARD, &foreign, now()));
    assert!(!verify_card(root, &theirs.card.certificate, CARD, &foreign, now()));
}

#[test]
fn no_other_key_of_the_network_signs_cards() {
    let authority = authority();
    let root = authority.root_certificate();
    for issuing in [&authority.device_ca, &authority.server_ca] {
        let signature = issuing.issuer.key().sign(CARD).unwrap();
        assert!(!verify_card(root, &issuing.certificate, CARD, &signature, now()));
    }
    // A device whose certificate claims the purpose is not directly below the root.
    let device_key = DeviceKey::generate().unwrap();
    let key = key::Key::from_pkcs8(key::Curve::P256, device_key.pkcs8().clone()).unwrap();
    let validity = Validity::starting(now(), days(1)).unwrap();
    let params = card::card_profile(&names(), "Tokinet Card Key 1", validity).unwrap();
    let claimed = params.signed_by(&key, &authority.device_ca.issuer).unwrap();
    let signature = key.sign(CARD).unwrap();
    assert!(!verify_card(root, claimed.der(), CARD, &signature, now()));
}

#[test]
fn cards_of_before_a_renewal_stay_provable() {
    let (before, root_key) = Authority::found(&names(), PASSPHRASE, now()).unwrap();
    let signature = before.sign_card(CARD).unwrap();
    let after = before.renew(&names(), &root_key, PASSPHRASE, later(1)).unwrap();
    assert!(after.verify_card(CARD, &signature, now()));
    assert!(!before.verify_card(CARD, &after.sign_card(CARD).unwrap(), later(1)));
}
