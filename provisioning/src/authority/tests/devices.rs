//! What stands in a device's certificate, what can never stand there, and when it ends.

use std::collections::HashSet;

use x509_parser::prelude::{FromDer, X509Certificate};

use super::openssl::OpenSsl;
use super::*;

#[test]
fn a_device_certificate_says_what_it_must_and_no_more() {
    let authority = authority();
    let (key, issued) = device(&authority, now());
    let openssl = OpenSsl::new();
    openssl.put("device.der", &issued.der);
    let text = openssl.ok("x509 -inform DER -in device.der -noout -text -nameopt RFC2253");
    for line in [
        "Version: 3 (0x2)",
        "Signature Algorithm: ecdsa-with-SHA256",
        "Issuer: CN=Tokinet Device CA 1,O=Example Care Network,C=JP",
        "Subject: CN=1312345678-0042,OU=1312345678,O=Example Care Network,C=JP",
        "URI:urn:uuid:01990bc8-e441-7012-9a2f-6e5fc08e1123",
        "X509v3 Key Usage: critical\n                Digital Signature\n",
        "X509v3 Extended Key Usage: \n                TLS Web Client Authentication\n",
        "X509v3 Basic Constraints: critical\n                CA:FALSE\n",
        "X509v3 Authority Key Identifier:",
        "X509v3 Subject Key Identifier:",
        "NIST CURVE: P-256",
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
    let (_, x509) = X509Certificate::from_der(&issued.der).unwrap();
    assert_eq!(x509.extensions().len(), 6);
    assert_eq!(x509.public_key().raw, key.public_key().spki());
}

#[test]
fn the_country_is_a_printable_string_and_the_rest_utf_8() {
    let (_, issued) = device(&authority(), now());
    let openssl = OpenSsl::new();
    openssl.put("device.der", &issued.der);
    let text = openssl.ok("asn1parse -inform DER -in device.der");
    assert!(text.contains("PRINTABLESTRING   :JP"));
    assert!(text.contains("UTF8STRING        :1312345678"));
}

#[test]
fn what_is_issued_is_what_the_gate_reads() {
    let (_, issued) = device(&authority(), now());
    let leaf = read_leaf(&issued.der).unwrap();
    assert_eq!(leaf.serial, issued.serial);
    assert_eq!(leaf.spki_sha256, issued.spki_sha256);
    assert_eq!((leaf.not_before, leaf.not_after), (issued.not_before, issued.not_after));
    assert_eq!(leaf.device_id, DEVICE_ID);
}

#[test]
fn validity_starts_five_minutes_ago_and_ends_in_two_years_or_a_month_beside() {
    let authority = authority();
    let key = DeviceKey::generate().unwrap().public_key();
    let ends: HashSet<Timestamp> = (0..200)
        .map(|_| {
            let issued = authority.issue_device(&request(&key), now()).unwrap();
            assert_eq!(issued.not_before, "2026-09-01T00:25:00Z".parse().unwrap());
            assert!(issued.not_after >= later(700) - SignedDuration::from_secs(1));
            assert!(issued.not_after <= later(760));
            issued.not_after
        })
        .collect();
    assert!(ends.len() > 190, "only {} different ends", ends.len());
    let spread = ends.iter().max().unwrap().duration_since(*ends.iter().min().unwrap());
    assert!(spread > days(40), "all ends within {spread}");
}

#[test]
fn a_device_certificate_never_outlives_its_ca() {
    let authority = authority();
    let ends_at = authority.ends_at();
    let (_, issued) = device(&authority, ends_at - days(100));
    assert_eq!(issued.not_after, ends_at);

    let key = DeviceKey::generate().unwrap().public_key();
    let late = authority.issue_device(&request(&key), ends_at);
    assert!(matches!(late, Err(AuthorityError::IssuerEnded(at)) if at == ends_at), "{late:?}");
}

#[test]
fn serials_never_repeat_even_for_one_key() {
    let authority = authority();
    let key = DeviceKey::generate().unwrap().public_key();
    let mut serials = HashSet::new();
    for _ in 0..20_000 {
        let issued = authority.issue_device(&request(&key), now()).unwrap();
        assert!(issued.serial.as_bytes()[0] < 0x80);
        serials.insert(issued.serial);
    }
    assert_eq!(serials.len(), 20_000);
    // 127 bits of chance: each of them is set in about half of the numbers.
    for bit in 0..127 {
        let set =
            serials.iter().filter(|s| u128::from_be_bytes(*s.as_bytes()) >> bit & 1 == 1).count();
        assert!((9_000..11_000).contains(&set), "bit {bit} is set in {set} serials");
    }
}

#[test]
fn a_short_serial_reads_back_as_it_was_given() {
    let authority = authority();
    let key = DeviceKey::generate().unwrap().public_key();
    for first in [0x00, 0x7f] {
        let mut bytes = [0x9a; 16];
        bytes[0] = first;
        let serial = Serial::from_bytes(bytes);
        let der = forged(&authority.device_ca, &key, |p| p.serial_number = Some(serial.to_rcgen()));
        assert_eq!(read_leaf(&der).unwrap().serial, serial);
    }
}

#[test]
fn codes_and_numbers_leave_no_room_for_a_persons_name_or_a_trick() {
    let authority = authority();
    let key = DeviceKey::generate().unwrap().public_key();
    let long = "1".repeat(65);
    for text in ["", " ", "a b", "\0", "a\0b", "a,CN=b", "a/b", "\u{5c71}\u{7530}", "é", &long] {
        let code = DeviceRequest { facility_code: text, ..request(&key) };
        let refused = authority.issue_device(&code, now());
        assert!(matches!(refused, Err(AuthorityError::Code("the facility code"))), "{text:?}");
        let number = DeviceRequest { device_number: text, ..request(&key) };
        let refused = authority.issue_device(&number, now());
        assert!(matches!(refused, Err(AuthorityError::Code("the device number"))), "{text:?}");
    }
}

#[test]
fn only_a_plain_p_256_point_is_a_devices_key() {
    let spki = DeviceKey::generate().unwrap().public_key().spki().to_vec();
    assert!(PublicKey::parse(&spki).is_ok());

    let mut off_the_curve = spki.clone();
    off_the_curve[90] ^= 1;
    assert_eq!(PublicKey::parse(&off_the_curve), Err(KeyProblem::Point));
    assert_eq!(PublicKey::parse(&[&spki[..], &[0]].concat()), Err(KeyProblem::Point));
    assert_eq!(PublicKey::parse(&spki[..90]), Err(KeyProblem::Point));
    assert_eq!(PublicKey::parse(&spki[..26]), Err(KeyProblem::NotP256));
    assert_eq!(PublicKey::parse(b""), Err(KeyProblem::NotP256));

    let mut compressed = spki.clone();
    compressed[26] = 0x02;
    assert_eq!(PublicKey::parse(&compressed), Err(KeyProblem::NotP256));
}

#[test]
fn a_time_outside_the_calendar_is_refused() {
    let authority = authority();
    let key = DeviceKey::generate().unwrap().public_key();
    let refused = authority.issue_device(&request(&key), Timestamp::MAX);
    assert!(matches!(refused, Err(AuthorityError::IssuerEnded(_))), "{refused:?}");
    let founded = Authority::with_open_root(&names(), Timestamp::MAX);
    assert!(matches!(founded, Err(AuthorityError::Time(_))));
    assert!(matches!(authority.crl(&[], 1, Timestamp::MAX), Err(AuthorityError::Time(_))));
}
