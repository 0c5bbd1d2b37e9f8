//! The payloads, key by key as Apple's device management schema names them.

use plist::{Dictionary, Value};
use uuid::Uuid;

use super::{ICON_BYTES_MAX, Identity, Profile, ProfileProblem, WebClip};

/// The first bytes of every PNG.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

impl Profile<'_> {
    /// What every payload has; `part` keeps those of one profile apart.
    pub(super) fn envelope(&self, kind: &str, part: &str, title: &str) -> Dictionary {
        let mut payload = Dictionary::new();
        let mut put = |key: &str, value: Value| payload.insert(key.to_owned(), value);
        put("PayloadType", kind.into());
        put("PayloadVersion", Value::Integer(1.into()));
        put("PayloadIdentifier", self.identifier(part).into());
        put("PayloadUUID", self.uuid(part).into());
        put("PayloadDisplayName", title.into());
        put("PayloadOrganization", self.network.into());
        payload
    }

    /// `example.aoba.tokinet.<device>.identity`
    fn identifier(&self, part: &str) -> String {
        let labels: Vec<&str> = self.domain.rsplit('.').collect();
        let device = Uuid::from_bytes(self.device).hyphenated();
        format!("{}.tokinet.{device}.{part}", labels.join("."))
    }

    /// The same for the same device and part, today and in two years.
    fn uuid(&self, part: &str) -> String {
        let word = [self.device.as_slice(), part.as_bytes()].concat();
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &word);
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(hash.as_ref()).for_each(|(byte, drawn)| *byte = *drawn);
        let uuid = uuid::Builder::from_custom_bytes(bytes).into_uuid();
        uuid.hyphenated().to_string().to_uppercase()
    }

    pub(super) fn root_payload(&self, root: &[u8]) -> Dictionary {
        let mut payload = self.envelope("com.apple.security.root", "root", self.network);
        payload.insert("PayloadContent".to_owned(), Value::Data(root.to_vec()));
        payload.insert("PayloadCertificateFileName".to_owned(), "tokinet-root.cer".into());
        payload
    }

    pub(super) fn identity_payload(&self, own: &Identity<'_>) -> Dictionary {
        let mut payload = self.envelope("com.apple.security.pkcs12", "identity", own.title);
        payload.insert("PayloadContent".to_owned(), Value::Data(own.pkcs12.to_vec()));
        payload.insert("PayloadCertificateFileName".to_owned(), own.file_name.into());
        payload.insert("Password".to_owned(), own.password.into());
        payload
    }

    pub(super) fn web_clip_payload(
        &self,
        clip: &WebClip<'_>,
    ) -> Result<Dictionary, ProfileProblem> {
        if !clip.url.starts_with("https://") {
            return Err(ProfileProblem::Url);
        }
        if !clip.icon.starts_with(PNG) || clip.icon.len() > ICON_BYTES_MAX {
            return Err(ProfileProblem::Icon);
        }
        let mut payload = self.envelope("com.apple.webClip.managed", "clip", clip.label);
        payload.insert("URL".to_owned(), clip.url.into());
        payload.insert("Label".to_owned(), clip.label.into());
        payload.insert("Icon".to_owned(), Value::Data(clip.icon.to_vec()));
        payload.insert("IsRemovable".to_owned(), true.into());
        payload.insert("Precomposed".to_owned(), true.into());
        payload.insert("FullScreen".to_owned(), false.into());
        Ok(payload)
    }
}
