//! What the two processes tell each other over their socket: one order, one answer.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::problem::{StartProblem, Warning};

/// Of one message; the longest is an answer with all warnings, far below this.
const MESSAGE_BYTES_MAX: usize = 16 * 1024;
/// The handles of one answer, at two listeners a service and family.
const HANDLES_MAX: usize = 16;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) v4: Ipv4Addr,
    pub(super) v6: Ipv6Addr,
    pub(super) v4_prefix: u8,
    pub(super) v6_prefix: u8,
    pub(super) mtu: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Report {
    /// What the handles are that come with this answer, in their order.
    pub(super) handles: Vec<Handle>,
    pub(super) takes_udp_segments: bool,
    pub(super) warnings: Vec<Warning>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Handle {
    Tun,
    Https,
    Http,
    DnsUdp,
    DnsTcp,
    Connections,
    ResidentConnections,
    UserNamespace,
    NetNamespace,
}

impl Report {
    /// Whether the process that says this stays inside.
    pub(super) fn must_stay(&self) -> bool {
        self.handles.contains(&Handle::ResidentConnections)
    }
}

pub(super) type Answer = Result<Report, StartProblem>;

pub(super) fn send<T: Serialize>(
    socket: impl AsFd,
    message: &T,
    handles: &[BorrowedFd<'_>],
) -> Result<(), Errno> {
    let bytes = postcard::to_stdvec(message).map_err(|_| Errno::INVAL)?;
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(HANDLES_MAX))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !handles.is_empty() && !ancillary.push(SendAncillaryMessage::ScmRights(handles)) {
        return Err(Errno::TOOBIG);
    }
    // A reader that went away is an answer, not a signal.
    let flags = SendFlags::NOSIGNAL;
    rustix::net::sendmsg(socket, &[IoSlice::new(&bytes)], &mut ancillary, flags).map(drop)
}

/// `None` when the other side closed without a word.
pub(super) fn receive<T: DeserializeOwned>(
    socket: impl AsFd,
) -> Result<Option<(T, Vec<OwnedFd>)>, Errno> {
    let mut bytes = vec![0; MESSAGE_BYTES_MAX];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(HANDLES_MAX))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::CMSG_CLOEXEC;
    let mut slices = [IoSliceMut::new(&mut bytes)];
    let came = rustix::net::recvmsg(socket, &mut slices, &mut ancillary, flags)?;
    let mut handles = Vec::new();
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            handles.extend(rights);
        }
    }
    if came.bytes == 0 {
        return Ok(None);
    }
    if came.flags.intersects(ReturnFlags::TRUNC | ReturnFlags::CTRUNC) {
        return Err(Errno::MSGSIZE);
    }
    let bytes = bytes.get(..came.bytes).unwrap_or_default();
    match postcard::take_from_bytes(bytes) {
        Ok((message, [])) => Ok(Some((message, handles))),
        Ok(_) | Err(_) => Err(Errno::BADMSG),
    }
}
