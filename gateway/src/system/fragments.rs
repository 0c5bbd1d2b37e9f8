//! Fragments of what is sent: allowed where a path is narrower than thought.

use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd};

/// The kernel's own way (`IP_PMTUDISC_DONT`): sent as large as the interface takes it, and
/// fragmented on the way where it must.
///
/// # Errors
///
/// When the handle is no such socket.
pub(crate) fn allow(socket: BorrowedFd<'_>, is_v6: bool) -> io::Result<()> {
    set(socket, libc::IPPROTO_IP, libc::IP_MTU_DISCOVER, libc::IP_PMTUDISC_DONT)?;
    if is_v6 {
        set(socket, libc::IPPROTO_IPV6, libc::IPV6_MTU_DISCOVER, libc::IPV6_PMTUDISC_DONT)?;
        set(socket, libc::IPPROTO_IPV6, libc::IPV6_DONTFRAG, 0)?;
    }
    Ok(())
}

#[expect(unsafe_code, reason = "no safe crate sets these options")]
fn set(
    socket: BorrowedFd<'_>,
    level: libc::c_int,
    name: libc::c_int,
    value: libc::c_int,
) -> io::Result<()> {
    let length = libc::socklen_t::try_from(size_of_val(&value)).unwrap_or_default();
    // SAFETY: the descriptor is open while it is borrowed, and the kernel only reads `length`
    // bytes at the address of a value that lives across the call.
    let set = unsafe {
        libc::setsockopt(socket.as_raw_fd(), level, name, (&raw const value).cast(), length)
    };
    if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
