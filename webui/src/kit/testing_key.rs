//! For tests: a security key in software, which can also lie.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use super::testing::{Answer, PASSWORD, Visitor};

/// Under which the tests' browsers opened the page.
pub const ORIGIN: &str = "https://app.aoba.example";

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const ATTESTED: u8 = 0x40;

pub struct SoftKey {
    pub pair: EcdsaKeyPair,
    pub id: Vec<u8>,
    pub counter: u32,
    pub verified: bool,
    pub origin: &'static str,
    /// Signed in place of what was asked.
    pub challenge: Option<&'static str>,
}

impl SoftKey {
    pub fn new(mark: u8) -> Self {
        Self {
            pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(),
            id: vec![mark; 32],
            counter: 0,
            verified: true,
            origin: ORIGIN,
            challenge: None,
        }
    }

    fn client_data(&self, kind: &str, asked: &Value) -> Vec<u8> {
        let challenge = self.challenge.map_or(asked["challenge"].clone(), |one| json!(one));
        let data = json!({
            "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false,
        });
        serde_json::to_vec(&data).unwrap()
    }

    fn head(&self, host: &str, flags: u8) -> Vec<u8> {
        let verified = if self.verified { VERIFIED } else { 0 };
        let mut data = digest(&SHA256, host.as_bytes()).as_ref().to_vec();
        data.push(PRESENT | verified | flags);
        data.extend_from_slice(&self.counter.to_be_bytes());
        data
    }

    pub fn make(&self, asked: &Value) -> String {
        let mut data = self.head(asked["rp"]["id"].as_str().unwrap(), ATTESTED);
        data.extend_from_slice(&[0; 16]);
        data.extend_from_slice(&[0, u8::try_from(self.id.len()).unwrap()]);
        data.extend_from_slice(&self.id);
        let point = self.pair.public_key().as_ref();
        data.extend_from_slice(&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32]);
        data.extend_from_slice(&point[1..33]);
        data.extend_from_slice(&[0x22, 0x58, 32]);
        data.extend_from_slice(&point[33..]);
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        object.push(u8::try_from(data.len()).unwrap());
        object.extend_from_slice(&data);
        let response = json!({
            "clientDataJSON": BASE64URL_NOPAD.encode(&self.client_data("webauthn.create", asked)),
            "attestationObject": BASE64URL_NOPAD.encode(&object),
            "transports": ["usb"],
        });
        self.answer(response)
    }

    pub fn prove(&mut self, asked: &Value) -> String {
        self.counter += 1;
        let data = self.head(asked["rpId"].as_str().unwrap(), 0);
        let client = self.client_data("webauthn.get", asked);
        let signed = [data.as_slice(), digest(&SHA256, &client).as_ref()].concat();
        let signature = self.pair.sign(&SystemRandom::new(), &signed).unwrap();
        let response = json!({
            "clientDataJSON": BASE64URL_NOPAD.encode(&client),
            "authenticatorData": BASE64URL_NOPAD.encode(&data),
            "signature": BASE64URL_NOPAD.encode(signature.as_ref()),
            "userHandle": null,
        });
        self.answer(response)
    }

    fn answer(&self, response: Value) -> String {
        let id = BASE64URL_NOPAD.encode(&self.id);
        let answer = json!({
            "id": id, "rawId": id, "type": "public-key", "response": response,
            "clientExtensionResults": {},
        });
        answer.to_string()
    }
}

/// What a page asks the browser.
pub fn asked(page: &str) -> Value {
    let (_, rest) = page.split_once("data-asked=\"").unwrap();
    let text = rest.split('"').next().unwrap();
    let text = text.replace("&quot;", "\"").replace("&#x27;", "'").replace("&amp;", "&");
    serde_json::from_str(&text).unwrap()
}

/// Registers as a member would; answers the last page.
pub async fn register(visitor: &Visitor<'_>, key: &SoftKey) -> Answer {
    let fields = [("name", "青いキー"), ("password", PASSWORD)];
    let started = visitor.post("/me/passkeys/start", &fields).await;
    assert_eq!(started.location, "/me/passkeys/new", "{}", started.body);
    let page = visitor.get("/me/passkeys/new").await.body;
    assert!(page.contains("data-asked"), "{page}");
    visitor.post("/me/passkeys", &[("answer", &key.make(&asked(&page)))]).await
}

/// The codes of the page that shows them.
pub fn codes(page: &str) -> Vec<String> {
    let codes = page.split("<li class=\"code-symbols nums\">").skip(1);
    codes.map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}
