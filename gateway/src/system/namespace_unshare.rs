//! Leaving the namespaces of the one who called.

use rustix::io::Result;
use rustix::thread::UnshareFlags;

/// A user and a network namespace of one's own, with every capability inside and none outside.
pub(crate) fn leave_user_and_network() -> Result<()> {
    leave(UnshareFlags::NEWUSER | UnshareFlags::NEWNET)
}

/// A network namespace of one's own; needs `CAP_SYS_ADMIN`.
pub(crate) fn leave_network() -> Result<()> {
    leave(UnshareFlags::NEWNET)
}

#[expect(unsafe_code, reason = "unshare is unsafe because of one flag that is not used here")]
fn leave(flags: UnshareFlags) -> Result<()> {
    debug_assert!(!flags.contains(UnshareFlags::FILES));
    // SAFETY: only `FILES` can take descriptors away from other threads, and the callers above
    // never pass it.
    unsafe { rustix::thread::unshare_unsafe(flags) }
}
