//! Against the vectors of RFC 7748, and what no honest client sends.

use data_encoding::{BASE64, HEXLOWER};
use jiff::Timestamp;
use store::Clock;

use crate::tunnel::{KeyProblem, PresharedKey, PrivateKey, PublicKey};

fn base64(hex: &str) -> String {
    BASE64.encode(&HEXLOWER.decode(hex.as_bytes()).unwrap())
}

#[test]
fn public_keys_are_those_of_the_standard() {
    for (private, public) in [
        // Section 6.1.
        (
            base64("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"),
            base64("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"),
        ),
        // Of the manual of wg(8).
        (
            "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=".to_owned(),
            "HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw=".to_owned(),
        ),
    ] {
        let found = PrivateKey::parse(&private).unwrap().public().unwrap();
        assert_eq!(found.text(), public);
        assert_eq!(PublicKey::parse(&public), Ok(found));
    }
}

#[test]
fn a_new_key_is_as_wireguards_tools_write_it() {
    let clock = Clock::fixed(Timestamp::UNIX_EPOCH, 5);
    let (one, other) = (PrivateKey::random(&clock), PrivateKey::random(&clock));
    assert_ne!(one, other);
    for key in [&one, &other] {
        let [first, .., last] = *key.bytes();
        assert_eq!((first & 7, last & 0xc0), (0, 0x40));
        assert_eq!(PrivateKey::parse(&key.text()).unwrap(), *key);
        assert_eq!(key.text().len(), 44);
    }
    assert_eq!(format!("{one:?} {:?}", PresharedKey::random(&clock)), "PrivateKey PresharedKey");
}

#[test]
fn points_with_which_every_secret_is_zero_are_refused() {
    for low in [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ] {
        assert_eq!(PublicKey::parse(&base64(low)), Err(KeyProblem::Point), "{low}");
    }
}

#[test]
fn a_second_spelling_of_a_key_is_refused() {
    for other in [
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882bcf",
    ] {
        assert_eq!(PublicKey::parse(&base64(other)), Err(KeyProblem::Point), "{other}");
    }
    for wrong in ["", "AAAA", &"A".repeat(44), &format!("{}=", "A".repeat(42)), "é"] {
        assert_eq!(PublicKey::parse(wrong), Err(KeyProblem::Length), "{wrong}");
    }
}
