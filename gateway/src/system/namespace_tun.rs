//! The two ioctls that make a TUN device, after `linux/if_tun.h`.

use std::ffi::{c_int, c_uint};
use std::os::fd::BorrowedFd;

use rustix::io::{Errno, Result};
use rustix::ioctl::{IntegerSetter, Opcode, Updater, opcode};

const TUNSETIFF: Opcode = opcode::write::<c_int>(b'T', 202);
const TUNSETOFFLOAD: Opcode = opcode::write::<c_uint>(b'T', 208);

const IFF_TUN: u16 = 0x0001;
const IFF_NO_PI: u16 = 0x1000;
const IFF_VNET_HDR: u16 = 0x4000;

/// `IFNAMSIZ`, the closing zero included.
const NAME_BYTES: usize = 16;

/// `struct ifreq` as `TUNSETIFF` reads it: a name, flags, and the rest of a 24-byte union.
#[repr(C)]
struct InterfaceRequest {
    name: [u8; NAME_BYTES],
    flags: u16,
    rest: [u8; 22],
}

/// Which packets the kernel may leave to the other end of the TUN: bits of `TUNSETOFFLOAD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offloads(c_uint);

impl Offloads {
    /// Checksums and TCP segmentation for both families.
    pub(crate) const TCP: Self = Self(0x01 | 0x02 | 0x04);
    /// As `TCP`, and UDP segmentation (Linux 6.2).
    pub(crate) const TCP_AND_UDP: Self = Self(Self::TCP.0 | 0x20 | 0x40);
}

/// Turns an open `/dev/net/tun` into an interface of this name, one packet a read, each behind
/// a virtio header of ten bytes.
#[expect(unsafe_code, reason = "an ioctl that no crate wraps for a descriptor that is passed on")]
pub(crate) fn attach(device: BorrowedFd<'_>, name: &str) -> Result<()> {
    let mut request = InterfaceRequest { name: [0; NAME_BYTES], flags: 0, rest: [0; 22] };
    let Some(place) = request.name.get_mut(..name.len()).filter(|_| name.len() < NAME_BYTES) else {
        return Err(Errno::NAMETOOLONG);
    };
    place.copy_from_slice(name.as_bytes());
    request.flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
    // SAFETY: TUNSETIFF reads and writes at most the 40 bytes of a `struct ifreq`, which
    // `InterfaceRequest` is (asserted below) and which outlives the call. The opcode names an
    // int for historical reasons; the driver copies an ifreq.
    unsafe { rustix::ioctl::ioctl(device, Updater::<TUNSETIFF, _>::new(&mut request)) }
}

const _: () = assert!(size_of::<InterfaceRequest>() == 40);

/// What the reader of this TUN takes over from the kernel.
#[expect(unsafe_code, reason = "an ioctl that no crate wraps for a descriptor that is passed on")]
pub(crate) fn offload(device: BorrowedFd<'_>, offloads: Offloads) -> Result<()> {
    let bits = usize::try_from(offloads.0).map_err(|_| Errno::INVAL)?;
    // SAFETY: TUNSETOFFLOAD takes its argument by value and touches no memory of ours.
    unsafe { rustix::ioctl::ioctl(device, IntegerSetter::<TUNSETOFFLOAD>::new_usize(bits)) }
}
