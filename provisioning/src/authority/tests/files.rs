//! Files that other programs must read: PKCS#12 and the revocation list.

use super::openssl::OpenSsl;
use super::*;

const PASSWORD: &str = "K7P2M9XQ4RTV6WYZ";

#[test]
fn openssl_reads_both_forms_of_pkcs12() {
    let authority = authority();
    let (key, issued) = device(&authority, now());
    let chain = [issued.der.clone(), authority.device_ca.certificate.clone()];
    let openssl = OpenSsl::new();
    openssl.put("password", PASSWORD.as_bytes());
    openssl.put("wrong", b"K7P2M9XQ4RTV6WYY");
    for (form, parts) in [
        (
            Pkcs12Form::Aes256,
            ["MAC: sha256, Iteration 100000", "AES-256-CBC, Iteration 100000, PRF hmacWithSHA256"],
        ),
        (
            Pkcs12Form::TripleDes,
            ["MAC: sha1, Iteration 2048", "pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 2048"],
        ),
    ] {
        let file = pkcs12(&key, &chain, PASSWORD, form, "\u{7aef}\u{672b} 42").unwrap();
        openssl.put("device.p12", &file);
        let text = openssl.ok("pkcs12 -in device.p12 -info -passin file:password -nodes");
        for part in parts {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        assert_eq!(text.matches("BEGIN CERTIFICATE").count(), 2);
        // Key and leaf carry the same id, which is how Apple matches them.
        assert_eq!(text.matches("localKeyID").count(), 2);
        openssl.put("key.pem", text.as_bytes());
        openssl.ok("pkey -in key.pem -pubout -outform DER -out public.der");
        assert_eq!(openssl.read("public.der"), key.public_key().spki());
        openssl.refused("pkcs12 -in device.p12 -passin file:wrong -nodes");
    }
}

#[test]
fn a_pkcs12_file_may_hold_the_leaf_alone() {
    let (key, issued) = device(&authority(), now());
    let file = pkcs12(&key, &[issued.der], PASSWORD, Pkcs12Form::Aes256, "device 42").unwrap();
    let openssl = OpenSsl::new();
    openssl.put("password", PASSWORD.as_bytes());
    openssl.put("device.p12", &file);
    let text = openssl.ok("pkcs12 -in device.p12 -passin file:password -nodes");
    assert!(text.contains("friendlyName: device 42"), "{text}");
    assert_eq!(text.matches("BEGIN CERTIFICATE").count(), 1);
}

#[test]
fn a_pkcs12_file_is_for_one_key_and_a_strong_password() {
    let authority = authority();
    let (key, issued) = device(&authority, now());
    let (_, other) = device(&authority, now());
    let write = |chain: &[Vec<u8>], password: &str, name: &str| {
        pkcs12(&key, chain, password, Pkcs12Form::Aes256, name).map(|_| ())
    };
    let chain = [issued.der];
    assert!(matches!(write(&[], PASSWORD, "x"), Err(Pkcs12Problem::OtherKey)));
    assert!(matches!(write(&[other.der], PASSWORD, "x"), Err(Pkcs12Problem::OtherKey)));
    for password in
        ["", "thirteen-char", "with a space in it", "\u{ff4b}\u{ff4b}\u{ff4b}\u{ff4b}\u{ff4b}"]
    {
        assert!(matches!(write(&chain, password, "x"), Err(Pkcs12Problem::Password)));
    }
    for name in ["", "a\0", "\u{20bb7}", &"x".repeat(65)] {
        assert!(matches!(write(&chain, PASSWORD, name), Err(Pkcs12Problem::FriendlyName)));
    }
    let broken = [chain[0].clone(), b"not a certificate".to_vec()];
    assert!(matches!(write(&broken, PASSWORD, "x"), Err(Pkcs12Problem::Write(_))));
}

#[test]
fn openssl_finds_the_revoked_device_in_the_list() {
    let authority = authority();
    let (_, kept) = device(&authority, now());
    let (_, lost) = device(&authority, now());
    let crl = authority.crl(&[Revoked { serial: lost.serial, at: now() }], 7, now()).unwrap();

    let openssl = OpenSsl::new();
    openssl.put("device.crl", &crl);
    let text = openssl.ok("crl -inform DER -in device.crl -noout -text");
    let serial = lost.serial.to_string();
    assert!(text.contains(&format!("Serial Number: {}", serial.trim_start_matches("00"))));
    assert!(!text.contains(&kept.serial.to_string()));
    assert!(text.contains("Next Update: Sep  8 00:30:00 2026 GMT"), "{text}");
    assert!(text.contains("X509v3 CRL Number: \n                7\n"), "{text}");

    let anchors = [authority.root_certificate(), &authority.device_ca.certificate];
    openssl.put_certificates("anchors.pem", &anchors);
    openssl.put_certificates("kept.pem", &[&kept.der]);
    openssl.put_certificates("lost.pem", &[&lost.der]);
    openssl.ok("crl -inform DER -in device.crl -CAfile anchors.pem -noout");
    openssl.ok("crl -inform DER -in device.crl -out crl.pem");
    let verify = "verify -attime 1788300000 -crl_check -CRLfile crl.pem -CAfile anchors.pem";
    openssl.ok(&format!("{verify} kept.pem"));
    let why = openssl.refused(&format!("{verify} lost.pem"));
    assert!(why.contains("certificate revoked"), "{why}");
}

#[test]
fn an_empty_list_parses_and_an_endless_one_is_refused() {
    let authority = authority();
    let openssl = OpenSsl::new();
    openssl.put("device.crl", &authority.crl(&[], 1, now()).unwrap());
    let text = openssl.ok("crl -inform DER -in device.crl -noout -text");
    assert!(text.contains("No Revoked Certificates."), "{text}");

    let entry = Revoked { serial: Serial::from_bytes([1; 16]), at: now() };
    let refused = authority.crl(&vec![entry; 100_001], 2, now());
    assert!(matches!(refused, Err(AuthorityError::CrlTooLong(100_001))));
}
