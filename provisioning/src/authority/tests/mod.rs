//! Each file breaks one part of the authority; here is what they all start from.

mod cards;
mod devices;
mod files;
mod keeping;
mod openssl;
mod public;
mod requests;
mod servers;
mod signed_files;
mod tls;

use jiff::{SignedDuration, Timestamp};
use rcgen::CertificateParams;

use super::profile::{Issuing, Validity, days, profile, subject};
use super::*;

const PASSPHRASE: &str = "seven quiet rivers under the snow";
const FACILITY: &str = "1312345678";
const DEVICE_ID: [u8; 16] = *b"\x01\x99\x0b\xc8\xe4\x41\x70\x12\x9a\x2f\x6e\x5f\xc0\x8e\x11\x23";

fn now() -> Timestamp {
    "2026-09-01T09:30:00.25+09:00".parse().unwrap()
}

fn later(days_later: i64) -> Timestamp {
    now() + days(days_later)
}

fn names() -> Names {
    Names::parse("Example Care Network", "tokinet.example").unwrap()
}

/// Without the passphrase, whose many rounds would slow each test down.
fn authority() -> Authority {
    Authority::with_open_root(&names(), now()).unwrap().0
}

fn request(public_key: &PublicKey) -> DeviceRequest<'_> {
    DeviceRequest {
        public_key,
        facility_code: FACILITY,
        device_number: "1312345678-0042",
        device_id: DEVICE_ID,
    }
}

fn device(authority: &Authority, now: Timestamp) -> (DeviceKey, DeviceCertificate) {
    let key = DeviceKey::generate().unwrap();
    let certificate = authority.issue_device(&request(&key.public_key()), now).unwrap();
    (key, certificate)
}

/// A certificate that the product would not issue, by a CA of the product.
fn forged(
    issuing: &Issuing,
    key: &PublicKey,
    twist: impl FnOnce(&mut CertificateParams),
) -> Vec<u8> {
    let validity = Validity::starting(now(), days(730)).unwrap();
    let subject = subject(&names(), Some(FACILITY), "1312345678-0042").unwrap();
    let mut params = profile(subject, validity, Serial::random().unwrap()).unwrap();
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    let urn = uuid::Uuid::from_bytes(DEVICE_ID).urn().to_string();
    params.subject_alt_names = vec![rcgen::SanType::URI(urn.as_str().try_into().unwrap())];
    twist(&mut params);
    params.signed_by(key, &issuing.issuer).unwrap().der().to_vec()
}
