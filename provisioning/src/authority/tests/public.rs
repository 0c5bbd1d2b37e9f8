//! What is believed of a chain that came from outside.

use super::*;

const HOST: &str = "app.tokinet.example";

fn made(hosts: &[&str]) -> ServerCertificate {
    authority().issue_server(hosts, now()).unwrap()
}

#[test]
fn a_whole_chain_for_one_host_and_the_own_key_is_taken() {
    let one = made(&[HOST]);
    let leaf = PublicLeaf::check(&one.chain, HOST, &one.key, now()).unwrap();
    assert_eq!(leaf.not_after, one.not_after);
    assert!(leaf.issuer.contains("Example Care Network"), "{}", leaf.issuer);
    assert!(leaf.issuer_key.is_some() && !leaf.serial.is_empty());
}

#[test]
fn whatever_is_wrong_with_it_is_refused() {
    let one = made(&[HOST]);
    let check = |chain: &[Vec<u8>], at| PublicLeaf::check(chain, HOST, &one.key, at);
    assert_eq!(check(&[], now()), Err(ChainProblem::Size));
    assert_eq!(check(&vec![one.chain[0].clone(); 9], now()), Err(ChainProblem::Size));
    assert_eq!(check(&[vec![0; 50_000]], now()), Err(ChainProblem::Size));
    assert_eq!(check(&[b"nonsense".to_vec()], now()), Err(ChainProblem::Unreadable));
    assert_eq!(check(&made(&[HOST]).chain, now()), Err(ChainProblem::OtherKey));
    let other = [one.chain[0].clone(), made(&[HOST]).chain[1].clone()];
    assert_eq!(check(&other, now()), Err(ChainProblem::Broken));
    assert_eq!(check(&one.chain, later(400)), Err(ChainProblem::NotNow));
    let elsewhere = PublicLeaf::check(&one.chain, "touroku.tokinet.example", &one.key, now());
    assert_eq!(elsewhere, Err(ChainProblem::OtherHost));
    let both = made(&[HOST, "touroku.tokinet.example"]);
    let both = PublicLeaf::check(&both.chain, HOST, &both.key, now());
    assert_eq!(both, Err(ChainProblem::OtherHost), "a browser would carry requests across");
}

#[test]
fn a_request_asks_for_its_host_and_nothing_else() {
    let one = ServerRequest::make(HOST).unwrap();
    let key = public_key_of_csr(&one.request).unwrap();
    let again = ServerRequest::make(HOST).unwrap();
    assert_ne!(key.spki(), public_key_of_csr(&again.request).unwrap().spki(), "a new key each");
    assert!(one.request.windows(HOST.len()).any(|part| part == HOST.as_bytes()));
}

#[test]
fn the_answer_to_a_challenge_carries_it_in_the_one_critical_extension() {
    let one = challenge_certificate(HOST, &[0x5a; 32], now()).unwrap();
    let [leaf] = one.chain.as_slice() else { panic!("one certificate") };
    // OID 1.3.6.1.5.5.7.1.31, critical, an octet string in an octet string.
    let extension = b"\x06\x08\x2b\x06\x01\x05\x05\x07\x01\x1f\x01\x01\xff\x04\x22\x04\x20";
    let at = leaf.windows(extension.len()).position(|part| part == extension).unwrap();
    assert_eq!(leaf[at + extension.len()..][..32], [0x5a; 32]);
}
