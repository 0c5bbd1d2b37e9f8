//! The data files' shapes.

use anyhow::Context as _;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoNetwork {
    pub network: NetworkData,
    pub facility: Vec<FacilityData>,
    pub member: Vec<MemberData>,
    #[serde(default)]
    pub mailbox: Vec<MailboxData>,
    pub personas: std::collections::BTreeMap<String, Persona>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkData {
    pub name: String,
    pub short: String,
    pub domain: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FacilityData {
    pub key: String,
    pub code: String,
    pub kind: String,
    pub name: String,
    pub kana: String,
    pub short: String,
    pub postal: String,
    pub address: String,
    pub phone: String,
    pub fax: String,
    #[serde(default)]
    pub area: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberData {
    pub key: String,
    pub facility: String,
    pub login: String,
    pub family: String,
    pub given: String,
    pub family_kana: String,
    pub given_kana: String,
    pub job: String,
    pub roles: Vec<String>,
    pub starts: Option<String>,
    pub retires: Option<String>,
}

/// A facility's shared mailbox.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailboxData {
    pub facility: String,
    pub name: String,
    pub kana: String,
    pub members: Vec<String>,
}

/// Somebody whom a newcomer can be.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Persona {
    pub member: String,
    pub device: String,
    /// Of a device that was enrolled long ago: days that its certificate still lasts.
    pub days_left: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mails {
    pub mail: Vec<MailData>,
    pub draft: Vec<DraftData>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailData {
    pub key: String,
    pub from: String,
    pub to: Vec<String>,
    pub days_ago: i64,
    pub time: String,
    pub importance: String,
    pub subject: String,
    pub body: String,
    pub reply_to: Option<String>,
    #[serde(default)]
    pub pictures: Vec<String>,
    pub opened: Vec<Opened>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    pub by: String,
    pub after_minutes: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DraftData {
    pub from: String,
    pub to: Vec<String>,
    pub subject: String,
    pub body: String,
}

impl DemoNetwork {
    pub fn read() -> anyhow::Result<Self> {
        toml::from_str(include_str!("network.toml")).context("the demo network's data is wrong")
    }
}

impl Mails {
    pub fn read() -> anyhow::Result<Self> {
        toml::from_str(include_str!("mails.toml")).context("the demo mails' data is wrong")
    }
}
