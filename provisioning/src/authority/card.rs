//! The signature on a user card's record: the office issued this card, provable with the root.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use jiff::Timestamp;
use rcgen::{CertificateParams, CustomExtension};

use super::certificate::CertificateView;
use super::profile::{Validity, profile, subject};
use super::{Authority, AuthorityError, Names, Serial};

/// The purpose "signs user cards of Tokinet", which no other software knows:
/// 2.25.251440461077791482131906644527425941754, made from a UUID because rcgen's own purposes
/// hold 64-bit parts only. The content of a DER object identifier.
const CARD_PURPOSE: &[u8; 20] =
    b"\x69\x82\xfa\xa9\xd5\xf6\xf8\xa9\xfa\x95\xef\xa2\x83\xd6\xc4\xc3\x99\xc9\xe1\x7a";

/// SEQUENCE and OBJECT IDENTIFIER around the purpose, with their lengths.
const CARD_PURPOSE_HEADER: &[u8; 4] = b"\x30\x16\x06\x14";

/// id-ce-extKeyUsage.
const EXTENDED_KEY_USAGE: &[u64] = &[2, 5, 29, 37];

impl Authority {
    /// ECDSA P-256 with SHA-256 over the card's canonical bytes, as ASN.1.
    pub fn sign_card(&self, message: &[u8]) -> Result<Vec<u8>, AuthorityError> {
        self.card.key.sign(message)
    }

    /// With the card key of any generation; `issued_at` is the time that the card states.
    pub fn verify_card(&self, message: &[u8], signature: &[u8], issued_at: Timestamp) -> bool {
        self.card_certificates()
            .any(|der| verify_card(&self.root, der, message, signature, issued_at))
    }
}

/// What an auditor does, who has the root certificate and nothing of the box.
pub fn verify_card(
    root: &[u8],
    card_certificate: &[u8],
    message: &[u8],
    signature: &[u8],
    issued_at: Timestamp,
) -> bool {
    let (Ok(root), Ok(card)) =
        (CertificateView::parse(root), CertificateView::parse(card_certificate))
    else {
        return false;
    };
    let (Ok(not_before), Ok(not_after)) = (card.not_before(), card.not_after()) else {
        return false;
    };
    card.is_signed_by(&root)
        && signs_cards(&card)
        && (not_before..=not_after).contains(&issued_at)
        && UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, card.point())
            .verify(message, signature)
            .is_ok()
}

/// Directly below the root: the Device CA allows client authentication only.
pub(super) fn card_profile(
    names: &Names,
    common_name: &str,
    validity: Validity,
) -> Result<CertificateParams, AuthorityError> {
    let subject = subject(names, None, common_name)?;
    let mut params = profile(subject, validity, Serial::random()?)?;
    let content = [CARD_PURPOSE_HEADER.as_slice(), CARD_PURPOSE].concat();
    let mut usage = CustomExtension::from_oid_content(EXTENDED_KEY_USAGE, content);
    usage.set_criticality(true);
    params.custom_extensions = vec![usage];
    Ok(params)
}

fn signs_cards(card: &CertificateView<'_>) -> bool {
    let Some(purposes) = card.purposes() else { return false };
    !card.may_be_ca() && purposes.other.iter().any(|oid| oid.as_bytes() == CARD_PURPOSE)
}
