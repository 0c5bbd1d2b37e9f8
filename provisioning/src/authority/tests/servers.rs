//! The server's certificate before a client that trusts the root.

use std::sync::Arc;
use std::time::Duration;

use rcgen::{ExtendedKeyUsagePurpose, SanType};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{Error, RootCertStore};

use super::openssl::OpenSsl;
use super::*;

#[test]
fn a_browser_that_trusts_the_root_accepts_the_server() {
    let authority = authority();
    let server = authority.issue_server(&["app.tokinet.example"], now()).unwrap();
    assert_eq!(visit(&authority, &server.chain, "app.tokinet.example"), Ok(()));
    assert!(visit(&authority, &server.chain, "touroku.tokinet.example").is_err());
    let seconds = server.not_after.duration_since(now()).as_secs();
    assert!(seconds <= 397 * 24 * 3600 && seconds > 396 * 24 * 3600);
}

#[test]
fn each_issue_has_a_key_of_its_own() {
    let authority = authority();
    let issue = || authority.issue_server(&["app.tokinet.example"], now()).unwrap();
    assert_ne!(issue().key, issue().key);
}

#[test]
fn hosts_outside_the_domain_are_refused() {
    let authority = authority();
    for host in [
        "",
        ".",
        "example",
        "other.example",
        "eviltokinet.example",
        ".tokinet.example",
        "*.tokinet.example",
        "APP.tokinet.example",
        "a..tokinet.example",
        "a\0.tokinet.example",
        "app.tokinet.example.",
        "app.tokinet.example.evil.test",
        "192.0.2.1",
    ] {
        let refused = authority.issue_server(&["app.tokinet.example", host], now());
        assert!(matches!(refused, Err(AuthorityError::HostOutside(_))), "{host:?}");
    }
    let refused = authority.issue_server(&[], now());
    assert!(matches!(refused, Err(AuthorityError::HostCount)));
    let refused = authority.issue_server(&["app.tokinet.example"; 17], now());
    assert!(matches!(refused, Err(AuthorityError::HostCount)));
}

#[test]
fn a_stolen_server_ca_cannot_speak_for_other_names() {
    let authority = authority();
    let chain_for = |name: SanType| {
        let key = DeviceKey::generate().unwrap().public_key();
        let leaf = forged(&authority.server_ca, &key, |params| {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            params.subject_alt_names = vec![name];
        });
        vec![leaf, authority.server_ca_certificate().to_vec()]
    };
    let bank = chain_for(SanType::DnsName("bank.example".try_into().unwrap()));
    let address = chain_for(SanType::IpAddress("192.0.2.1".parse().unwrap()));
    let address_6 = chain_for(SanType::IpAddress("2001:db8::1".parse().unwrap()));
    assert!(visit(&authority, &bank, "bank.example").is_err());
    assert!(visit(&authority, &address, "192.0.2.1").is_err());
    assert!(visit(&authority, &address_6, "2001:db8::1").is_err());

    let openssl = OpenSsl::new();
    openssl.put_certificates("root.pem", &[authority.root_certificate()]);
    openssl.put_certificates("ca.pem", &[authority.server_ca_certificate()]);
    for chain in [&bank, &address, &address_6] {
        openssl.put_certificates("leaf.pem", &[&chain[0]]);
        let why = openssl.refused(
            "verify -attime 1788300000 -x509_strict -CAfile root.pem -untrusted ca.pem leaf.pem",
        );
        assert!(why.contains("subtree violation"), "{why}");
    }
}

#[test]
fn the_device_ca_cannot_make_a_server() {
    let authority = authority();
    let key = DeviceKey::generate().unwrap().public_key();
    let leaf = forged(&authority.device_ca, &key, |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let host = "app.tokinet.example".try_into().unwrap();
        params.subject_alt_names = vec![SanType::DnsName(host)];
    });
    let chain = [leaf, authority.device_ca.certificate.clone()];
    assert!(visit(&authority, &chain, "app.tokinet.example").is_err());
}

#[test]
fn openssl_accepts_every_chain() {
    let authority = authority();
    let (_, issued) = device(&authority, now());
    let server = authority.issue_server(&["app.tokinet.example"], now()).unwrap();
    let openssl = OpenSsl::new();
    openssl.put_certificates("root.pem", &[authority.root_certificate()]);
    let cas = [&*authority.device_ca.certificate, authority.server_ca_certificate()];
    openssl.put_certificates("cas.pem", &cas);
    openssl.put_certificates("device.pem", &[&issued.der]);
    openssl.put_certificates("server.pem", &[&server.chain[0]]);
    openssl.put_certificates("card.pem", &[&authority.card.certificate]);
    // 2026-09-01 22:00 UTC.
    let verify = "verify -attime 1788300000 -x509_strict -CAfile root.pem -untrusted cas.pem";
    openssl.ok(&format!("{verify} -purpose sslclient device.pem"));
    openssl.ok(&format!("{verify} -purpose sslserver server.pem"));
    openssl.ok(&format!("{verify} card.pem"));
    openssl.refused(&format!("{verify} -purpose sslserver device.pem"));
    openssl.refused(&format!("{verify} -purpose sslclient server.pem"));
    openssl.refused(&format!("{verify} -purpose sslclient card.pem"));
}

#[test]
fn the_cas_have_their_shape() {
    let authority = authority();
    let openssl = OpenSsl::new();
    let text = |der: &[u8]| {
        openssl.put("ca.der", der);
        openssl.ok("x509 -inform DER -in ca.der -noout -text")
    };
    let check = |text: String, lines: &[&str]| {
        for line in lines {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    };
    let sign = "X509v3 Key Usage: critical\n                Certificate Sign, CRL Sign\n";
    let root = text(authority.root_certificate());
    check(root, &[sign, "CA:TRUE, pathlen:1", "NIST CURVE: P-384", "ecdsa-with-SHA384"]);
    let device_ca = text(&authority.device_ca.certificate);
    check(device_ca, &[sign, "CA:TRUE, pathlen:0", "P-256", "TLS Web Client Authentication\n"]);
    let server_ca = text(authority.server_ca_certificate());
    check(server_ca, &[sign, "CA:TRUE, pathlen:0", "P-256", "TLS Web Server Authentication\n"]);
    let constraints = text(authority.server_ca_certificate());
    check(constraints, &["Name Constraints: critical", "Permitted:\n", "DNS:tokinet.example\n"]);
    let twenty_years = later(20 * 365).duration_since(now());
    let ends = CertificateView::parse(authority.root_certificate()).unwrap().not_after().unwrap();
    assert_eq!(ends.duration_since(now()).as_hours(), twenty_years.as_hours() - 1);
    assert!(authority.ends_at() > later(6 * 365 - 1));
}

#[test]
fn names_that_could_mislead_are_refused() {
    let parse = |network: &str, domain: &str| Names::parse(network, domain).map(|_| ());
    assert_eq!(parse(&"\u{5727}".repeat(64), "localhost"), Ok(()));
    for network in ["", "  ", &"x".repeat(65)] {
        assert_eq!(parse(network, "tokinet.example"), Err(NameProblem::NetworkLength));
    }
    for network in ["a\0b", "a\nb", "a\u{202e}b", "a\u{200b}b", "a\u{feff}b"] {
        assert_eq!(parse(network, "tokinet.example"), Err(NameProblem::NetworkInvisible));
    }
    let long = format!("{}.example", ["a".repeat(63), "b".repeat(63)].join(".").repeat(2));
    let wide = format!("{}.example", "a".repeat(64));
    for domain in ["", ".", "a.", ".a", "A.b", "a b", "-a.b", "a-.b", "192.0.2.1", &long, &wide] {
        assert_eq!(parse("x", domain), Err(NameProblem::Domain), "{domain:?}");
    }
}

fn visit(authority: &Authority, chain: &[Vec<u8>], host: &str) -> Result<(), Error> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(authority.root_certificate().to_vec())).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
    let chain: Vec<CertificateDer<'_>> = chain.iter().map(|der| der.as_slice().into()).collect();
    let name = ServerName::try_from(host).unwrap();
    let at = Duration::from_secs(now().as_second().try_into().unwrap());
    let at = UnixTime::since_unix_epoch(at);
    verifier.verify_server_cert(&chain[0], &chain[1..], &name, &[], at).map(|_| ())
}
