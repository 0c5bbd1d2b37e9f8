//! Giving back the rights with which a privileged start came.

use std::fs;

use rustix::io::Errno;
use rustix::thread::{self, CapabilitySet, CapabilitySets};

use super::problem::Warning;

/// What making a network namespace and an interface in it takes, where the user has no
/// namespace of its own.
const OF_THE_START: CapabilitySet = CapabilitySet::SYS_ADMIN.union(CapabilitySet::NET_ADMIN);

/// Whether the two rights were handed down by the one who started this (`AmbientCapabilities=`).
pub(super) fn are_ambient() -> bool {
    [CapabilitySet::SYS_ADMIN, CapabilitySet::NET_ADMIN]
        .into_iter()
        .any(|right| thread::capability_is_in_ambient_set(right).unwrap_or(false))
}

/// Whether this thread has one of them.
pub(super) fn are_held() -> bool {
    thread::capabilities(None).is_ok_and(|held| held.permitted.intersects(OF_THE_START))
}

/// Drops all rights that were handed down to an ordinary user, and of root's those of the start:
/// for good, and for this thread and all that it starts. So call it before the second thread, and
/// after all that needs a right: a low port outside, and the [`super::Helper`].
pub fn drop_rights() -> Option<Warning> {
    let is_root = rustix::process::geteuid().is_root();
    drop_for_good(if is_root { OF_THE_START } else { CapabilitySet::all() })
}

/// Drops both rights for good, with everything that could bring them back but a program that
/// root executes. Rights belong to threads: this must run before there is a second one.
pub(super) fn drop_those_of_the_start() -> Option<Warning> {
    drop_for_good(OF_THE_START)
}

fn drop_for_good(rights: CapabilitySet) -> Option<Warning> {
    let dropped = keep_only(|held| held.difference(rights));
    let why = match (dropped, fs::read_dir("/proc/self/task").map(Iterator::count)) {
        (Err(error), _) => error.to_string(),
        (Ok(()), Ok(1)) => return None,
        (Ok(()), _) => "other threads were running already".to_owned(),
    };
    Some(Warning::RightsKept { why })
}

/// For the process that stays inside to end connections.
pub(super) fn keep_only_net_admin() -> Result<(), Errno> {
    keep_only(|held| held.intersection(CapabilitySet::NET_ADMIN))
}

fn keep_only(wanted: impl Fn(CapabilitySet) -> CapabilitySet) -> Result<(), Errno> {
    thread::clear_ambient_capability_set()?;
    let held = thread::capabilities(None)?;
    let effective = wanted(held.effective);
    let permitted = wanted(held.permitted);
    for right in held.permitted.difference(permitted).iter() {
        // Needs CAP_SETPCAP, which ambient rights don't bring; without it, `no_new_privs` or
        // an ordinary user id keeps the way back shut.
        let _ = thread::remove_capability_from_bounding_set(right);
    }
    let sets = CapabilitySets { effective, permitted, inheritable: CapabilitySet::empty() };
    thread::set_capabilities(None, sets)
}
