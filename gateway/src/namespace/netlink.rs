//! The few netlink messages that are needed, written and read by hand without `unsafe`.
//!
//! A crate for all of netlink is larger than the whole of this folder.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink::SocketAddrNetlink,
};

const NLM_F_REQUEST: u16 = 0x01;
const NLM_F_ACK: u16 = 0x04;
/// Replace nothing, make what is not there.
pub(super) const CREATE: u16 = 0x400 | 0x200;
/// Every row of the table.
pub(super) const DUMP: u16 = 0x300;

const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const HEADER_BYTES: usize = 16;
const ATTRIBUTE_NESTED: u16 = 0x8000;

/// As large as the kernel's own dump pages can get.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Of one dump; a gateway with five thousand peers has far fewer connections.
const ANSWERS_MAX: usize = 200_000;

static NUMBER: AtomicU32 = AtomicU32::new(1);

/// A message's body: fixed part first, attributes after it.
#[derive(Clone, Debug, Default)]
pub(super) struct Body(Vec<u8>);

impl Body {
    pub(super) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// In the order of the machine, as all of netlink.
    pub(super) fn number(self, number: u32) -> Self {
        self.bytes(&number.to_ne_bytes())
    }

    pub(super) fn short(self, number: u16) -> Self {
        self.bytes(&number.to_ne_bytes())
    }

    pub(super) fn attribute(mut self, kind: u16, value: &[u8]) -> Self {
        let length = u16::try_from(value.len() + 4).unwrap_or(u16::MAX);
        self = self.short(length).short(kind).bytes(value);
        let padded = self.0.len().next_multiple_of(4);
        self.0.resize(padded, 0);
        self
    }

    pub(super) fn nested(self, kind: u16, inner: Self) -> Self {
        self.attribute(kind | ATTRIBUTE_NESTED, &inner.0)
    }

    /// For a kind whose nesting older kernels know without its mark.
    pub(super) fn nested_unmarked(self, kind: u16, inner: Self) -> Self {
        self.attribute(kind, &inner.0)
    }
}

/// Kind and body of one message that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) kind: u16,
    pub(super) body: Vec<u8>,
}

/// `None` is the routing protocol, number 0.
pub(super) fn open(protocol: Option<rustix::net::Protocol>) -> Result<OwnedFd, Errno> {
    let flags = SocketFlags::CLOEXEC;
    let family = AddressFamily::NETLINK;
    rustix::net::socket_with(family, SocketType::RAW, flags, protocol)
}

/// Sends one request and reads until the kernel said that it is done with it.
///
/// The socket is blocking; the kernel answers a request before it returns from `send`, or
/// within the reads that follow. Two threads may not use one socket at the same time.
pub(super) fn request(
    socket: impl AsFd,
    kind: u16,
    flags: u16,
    body: &Body,
) -> io::Result<Vec<Message>> {
    // Never the same twice, so that what an earlier request left unread is not taken for an answer.
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let length = u32::try_from(HEADER_BYTES + body.0.len()).map_err(io::Error::other)?;
    let message = Body::default()
        .number(length)
        .short(kind)
        .short(flags | NLM_F_REQUEST | NLM_F_ACK)
        .number(number)
        .number(0)
        .bytes(&body.0);
    let kernel = SocketAddrNetlink::new(0, 0);
    rustix::net::sendto(&socket, &message.0, SendFlags::empty(), &kernel)?;
    let mut answers = Vec::new();
    let mut buffer = vec![0; ANSWER_BYTES_MAX];
    loop {
        let (_, length) = rustix::net::recv(&socket, buffer.as_mut_slice(), RecvFlags::TRUNC)?;
        let Some(datagram) = buffer.get(..length) else {
            return Err(io::Error::other("a netlink answer larger than the kernel's pages"));
        };
        if read(datagram, number, &mut answers)? == Reading::Finished {
            return Ok(answers);
        }
        if answers.len() > ANSWERS_MAX {
            return Err(io::Error::other("more netlink answers than there can be"));
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    Goes,
    Finished,
}

/// Takes the messages of one datagram that answer this request; an error message ends it.
pub(super) fn read(
    mut datagram: &[u8],
    number: u32,
    answers: &mut Vec<Message>,
) -> io::Result<Reading> {
    while let Some(header) = Header::read(datagram) {
        let length = usize::try_from(header.length).map_err(io::Error::other)?;
        let Some(body) = datagram.get(HEADER_BYTES..length) else {
            return Err(io::Error::other("a netlink message longer than its datagram"));
        };
        if header.number == number {
            match header.kind {
                NLMSG_ERROR => return acknowledged(body),
                NLMSG_DONE => return Ok(Reading::Finished),
                kind => answers.push(Message { kind, body: body.to_vec() }),
            }
        }
        datagram = datagram.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    Ok(Reading::Goes)
}

/// The body of an error message: zero is consent.
fn acknowledged(body: &[u8]) -> io::Result<Reading> {
    match word(body, 0).map(u32::cast_signed) {
        Some(0) => Ok(Reading::Finished),
        Some(code) => Err(io::Error::from_raw_os_error(code.saturating_neg())),
        None => Err(io::Error::other("a netlink error without a code")),
    }
}

struct Header {
    length: u32,
    kind: u16,
    number: u32,
}

impl Header {
    fn read(bytes: &[u8]) -> Option<Self> {
        let length = word(bytes, 0)?;
        let kind = u16::from_ne_bytes(bytes.get(4..6)?.try_into().ok()?);
        let number = word(bytes, 8)?;
        bytes.get(HEADER_BYTES - 1)?;
        (length >= 16).then_some(Self { length, kind, number })
    }
}

/// Four bytes as the machine's number.
pub(super) fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// The attribute of this kind in a list of attributes.
pub(super) fn find_attribute(mut list: &[u8], kind: u16) -> Option<&[u8]> {
    loop {
        let length = usize::from(u16::from_ne_bytes(list.get(0..2)?.try_into().ok()?));
        let found = u16::from_ne_bytes(list.get(2..4)?.try_into().ok()?);
        let value = list.get(4..length)?;
        if found & !ATTRIBUTE_NESTED == kind {
            return Some(value);
        }
        list = list.get(length.next_multiple_of(4)..)?;
    }
}
