//! The bytes of an e-mail: the network's name and address, and nothing about anybody.

use mail_builder::MessageBuilder;
use mail_builder::headers::raw::Raw;

use super::model::Smtp;
use super::say;

/// One plain e-mail to one address.
#[derive(Clone, Debug)]
pub struct Letter {
    pub to: super::Address,
    pub bytes: Vec<u8>,
}

/// What may stand in it: the caller has nothing else to give.
pub struct Words {
    pub subject: String,
    pub body: String,
}

impl Letter {
    pub fn write(
        smtp: &Smtp,
        network: &str,
        to: &super::Address,
        words: &Words,
        number: &str,
        at: jiff::Timestamp,
    ) -> Option<Self> {
        let domain = smtp.from.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
        let message = MessageBuilder::new()
            .from((network, smtp.from.as_str()))
            .to(to.text())
            .subject(words.subject.as_str())
            .date(at.as_second())
            .message_id(format!("{number}@{domain}"))
            // Absence replies and mailing lists leave it alone.
            .header("Auto-Submitted", Raw::new("auto-generated"))
            .text_body(words.body.as_str());
        let bytes = message.write_to_vec().ok()?;
        Some(Self { to: to.clone(), bytes })
    }

    pub fn arrival(network: &str, address: &str) -> Words {
        say::arrival(network, address)
    }

    pub fn code(network: &str, address: &str, code: &str) -> Words {
        say::code(network, address, code)
    }

    pub fn test(network: &str, address: &str) -> Words {
        say::test(network, address)
    }
}
