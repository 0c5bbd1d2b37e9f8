//! What a question is answered with, after RFC 1035, 2308 (no such data) and 6891 (EDNS).

use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr as _;

use domain::base::iana::{Class, Opcode, OptRcode, Rcode, Rtype};
use domain::base::message_builder::{AdditionalBuilder, PushError};
use domain::base::name::{Name, ToName as _};
use domain::base::{Message, MessageBuilder, ParsedName, Question, Serial, StaticCompressor, Ttl};
use domain::rdata::{A, Aaaa, Soa};
use thiserror::Error;

use super::{ANSWER_BYTES_MAX, QUESTION_BYTES_MAX};

/// Addresses stay for years; a changed one is noticed within minutes all the same.
const TTL: Ttl = Ttl::from_secs(300);
/// That a name has no data of some kind.
const TTL_OF_NOTHING: Ttl = Ttl::from_secs(60);

/// No secondary server ever reads these; the format wants them.
const SOA_REFRESH: Ttl = Ttl::from_secs(86_400);
const SOA_RETRY: Ttl = Ttl::from_secs(7_200);
const SOA_EXPIRE: Ttl = Ttl::from_secs(3_600_000);
/// Nobody reads mail about this zone.
const SOA_MAILBOX: &str = "nobody.invalid";

/// A product has a name or two, not a zone file.
const NAMES_MAX: usize = 8;

/// Our own names, all with the same two addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    names: Vec<Name<Vec<u8>>>,
    v4: Ipv4Addr,
    v6: Option<Ipv6Addr>,
    mailbox: Name<Vec<u8>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ZoneProblem {
    #[error("{0:?} is not a name")]
    Name(String),
    #[error("not between 1 and {NAMES_MAX} names")]
    Count,
}

impl Zone {
    /// The names in full, without a final dot; `v6` is `None` where the tunnel is IPv4 only.
    pub fn new(names: &[&str], v4: Ipv4Addr, v6: Option<Ipv6Addr>) -> Result<Self, ZoneProblem> {
        if names.is_empty() || names.len() > NAMES_MAX {
            return Err(ZoneProblem::Count);
        }
        let parse = |name: &&str| {
            let wrong = || ZoneProblem::Name((*name).to_owned());
            let parsed = Name::<Vec<u8>>::from_str(name).map_err(|_| wrong())?;
            if parsed.is_root() { Err(wrong()) } else { Ok(parsed) }
        };
        let names = names.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
        let mailbox =
            Name::from_str(SOA_MAILBOX).map_err(|_| ZoneProblem::Name(SOA_MAILBOX.to_owned()))?;
        Ok(Self { names, v4, v6, mailbox })
    }
}

/// The bytes that go back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer(Vec<u8>);

impl Answer {
    /// At most [`ANSWER_BYTES_MAX`].
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

type Asked<'a> = Question<ParsedName<&'a [u8]>>;

/// Whether and which version of EDNS the question speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edns {
    Absent,
    Spoken,
    /// A version that nobody has defined yet.
    TooNew,
}

/// The answer to one question without its length prefix; `None` for what must stay unanswered,
/// because it is no question or too short to name one.
pub fn answer(question: &[u8], zone: &Zone) -> Option<Answer> {
    let question = question.get(..question.len().min(QUESTION_BYTES_MAX))?;
    let message = Message::from_octets(question).ok()?;
    if message.header().qr() {
        return None;
    }
    let edns = match message.opt() {
        None => Edns::Absent,
        Some(opt) if opt.version() == 0 => Edns::Spoken,
        Some(_) => Edns::TooNew,
    };
    let asked = message.sole_question();
    let built = if message.header().opcode() != Opcode::QUERY {
        plain(&message, None, edns, Rcode::NOTIMP)
    } else {
        match &asked {
            Err(_) => plain(&message, None, edns, Rcode::FORMERR),
            Ok(asked) if edns == Edns::TooNew => plain(&message, Some(asked), edns, Rcode::NOERROR),
            Ok(asked) if !zone.holds(asked) => plain(&message, Some(asked), edns, Rcode::REFUSED),
            Ok(asked) => zone.tell(&message, asked, edns),
        }
    };
    let bytes = built.ok()?;
    debug_assert!(bytes.len() <= ANSWER_BYTES_MAX);
    (bytes.len() <= ANSWER_BYTES_MAX).then_some(Answer(bytes))
}

type Builder = MessageBuilder<StaticCompressor<Vec<u8>>>;

/// The head of an answer: the asker's number, and that there is no recursion here.
fn start(message: &Message<&[u8]>, rcode: Rcode) -> Result<Builder, PushError> {
    let target = StaticCompressor::new(Vec::with_capacity(ANSWER_BYTES_MAX));
    let mut builder = MessageBuilder::from_target(target).map_err(|_| PushError::ShortBuf)?;
    let asked = message.header();
    let header = builder.header_mut();
    header.set_id(asked.id());
    header.set_qr(true);
    header.set_opcode(asked.opcode());
    header.set_rd(asked.rd());
    header.set_rcode(rcode);
    Ok(builder)
}

fn plain(
    message: &Message<&[u8]>,
    asked: Option<&Asked<'_>>,
    edns: Edns,
    rcode: Rcode,
) -> Result<Vec<u8>, PushError> {
    let mut builder = start(message, rcode)?.question();
    if let Some(asked) = asked {
        builder.push(asked)?;
    }
    finish(builder.additional(), edns)
}

fn finish(
    mut builder: AdditionalBuilder<StaticCompressor<Vec<u8>>>,
    edns: Edns,
) -> Result<Vec<u8>, PushError> {
    if edns != Edns::Absent {
        builder.opt(|opt| {
            opt.set_udp_payload_size(u16::try_from(QUESTION_BYTES_MAX).unwrap_or(u16::MAX));
            if edns == Edns::TooNew {
                opt.set_rcode(OptRcode::BADVERS);
            }
            Ok(())
        })?;
    }
    Ok(builder.finish().into_target())
}

impl Zone {
    fn holds(&self, asked: &Asked<'_>) -> bool {
        let is_transfer = [Rtype::AXFR, Rtype::IXFR].contains(&asked.qtype());
        let is_ours = self.names.iter().any(|name| name.name_eq(asked.qname()));
        asked.qclass() == Class::IN && is_ours && !is_transfer
    }

    fn tell(
        &self,
        message: &Message<&[u8]>,
        asked: &Asked<'_>,
        edns: Edns,
    ) -> Result<Vec<u8>, PushError> {
        let mut builder = start(message, Rcode::NOERROR)?;
        builder.header_mut().set_aa(true);
        let mut builder = builder.question();
        builder.push(asked)?;
        let mut builder = builder.answer();
        let wants = |kind| [kind, Rtype::ANY].contains(&asked.qtype());
        if wants(Rtype::A) {
            builder.push((asked.qname(), Class::IN, TTL, A::new(self.v4)))?;
        }
        if let Some(v6) = self.v6.filter(|_| wants(Rtype::AAAA)) {
            builder.push((asked.qname(), Class::IN, TTL, Aaaa::new(v6)))?;
        }
        if asked.qtype() == Rtype::SOA {
            builder.push((asked.qname(), Class::IN, TTL, self.soa(asked)))?;
        }
        let has_nothing = builder.counts().ancount() == 0;
        let mut builder = builder.authority();
        if has_nothing {
            // Without it, clients may not remember that there is nothing.
            builder.push((asked.qname(), Class::IN, TTL_OF_NOTHING, self.soa(asked)))?;
        }
        finish(builder.additional(), edns)
    }

    fn soa<'a>(&'a self, asked: &'a Asked<'_>) -> Soa<impl domain::base::name::ToName + 'a> {
        let name = asked.qname().to_name::<Vec<u8>>();
        let serial = Serial(1);
        Soa::new(
            name,
            self.mailbox.clone(),
            serial,
            SOA_REFRESH,
            SOA_RETRY,
            SOA_EXPIRE,
            TTL_OF_NOTHING,
        )
    }
}
