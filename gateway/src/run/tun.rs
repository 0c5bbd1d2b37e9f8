//! The inner end: packets of up to 64 KB, behind their virtio headers.

use std::io::IoSlice;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;

use crate::offload::{HEADER_BYTES, Large, PIECES_MAX, SPARE_BYTES};

/// The largest packet, and room for its padding.
pub const READ_BYTES: usize = HEADER_BYTES + 65_535 + SPARE_BYTES;

pub struct Tun {
    handle: OwnedFd,
    pub mtu: usize,
}

impl Tun {
    pub fn new(handle: OwnedFd, mtu: usize) -> Self {
        Self { handle, mtu }
    }

    pub fn handle(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }

    /// `None` where nothing waits.
    pub fn read(&self, buffer: &mut [u8]) -> Option<usize> {
        let room = buffer.len().checked_sub(SPARE_BYTES)?;
        rustix::io::read(&self.handle, buffer.get_mut(..room)?).ok().filter(|bytes| *bytes > 0)
    }

    /// # Errors
    ///
    /// When the kernel would not have it.
    pub fn write(&self, large: &Large<'_>) -> Result<usize, Errno> {
        let mut slices = [IoSlice::new(&[]); PIECES_MAX];
        let pieces = slices.iter_mut().zip(large.pieces());
        let count = pieces.map(|(slice, piece)| *slice = IoSlice::new(piece)).count();
        rustix::io::writev(&self.handle, slices.get(..count).unwrap_or_default())
    }
}
