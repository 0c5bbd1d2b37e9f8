//! What the system allows, read before anything is tried, so that a refusal can be explained.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use rustix::io::Errno;
use rustix::thread::CapabilitySet;

use super::problem::StartProblem;

pub(super) const TUN: &str = "/dev/net/tun";

/// `seccomp` in `/proc/self/status` when a filter is at work.
const SECCOMP_FILTER: &str = "2";

/// A number is `None` where the kernel has no such setting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Surroundings {
    pub(super) has_user_namespaces: bool,
    pub(super) max_user_namespaces: Option<u64>,
    pub(super) max_net_namespaces: Option<u64>,
    pub(super) unprivileged_userns_clone: Option<u64>,
    pub(super) apparmor_restrict: Option<u64>,
    /// Under a profile that is enforced.
    pub(super) has_profile: bool,
    pub(super) is_filtered: bool,
    pub(super) may_make_network: bool,
    /// As seen from outside; inside, owners have no number.
    pub(super) tun: Option<Owned>,
}

/// Whose a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Owned {
    pub(super) mode: u32,
    pub(super) user: u32,
    pub(super) group: u32,
}

impl Surroundings {
    pub(super) fn read() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let seccomp = status.lines().find_map(|line| line.strip_prefix("Seccomp:"));
        // What SELinux says there has another form.
        let label = fs::read_to_string("/proc/self/attr/current").unwrap_or_default();
        let effective = rustix::thread::capabilities(None).map(|sets| sets.effective);
        let needed = CapabilitySet::SYS_ADMIN | CapabilitySet::NET_ADMIN;
        Self {
            has_user_namespaces: fs::exists("/proc/self/ns/user").unwrap_or(true),
            max_user_namespaces: setting("user/max_user_namespaces"),
            max_net_namespaces: setting("user/max_net_namespaces"),
            unprivileged_userns_clone: setting("kernel/unprivileged_userns_clone"),
            apparmor_restrict: setting("kernel/apparmor_restrict_unprivileged_userns"),
            has_profile: is_enforced(&label),
            is_filtered: seccomp.is_some_and(|mode| mode.trim() == SECCOMP_FILTER),
            may_make_network: effective.is_ok_and(|rights| rights.contains(needed)),
            tun: fs::metadata(TUN).ok().map(|found| Owned {
                mode: found.mode() & 0o7777,
                user: found.uid(),
                group: found.gid(),
            }),
        }
    }

    /// Why `unshare` of a user and a network namespace failed.
    pub(super) fn explain_unshare(&self, error: Errno) -> StartProblem {
        let errno = error.raw_os_error();
        match error {
            _ if !self.has_user_namespaces => StartProblem::UserNamespacesAbsent,
            Errno::NOSPC if self.max_user_namespaces == Some(0) => StartProblem::UserNamespacesOff,
            Errno::NOSPC if self.max_net_namespaces == Some(0) => StartProblem::NetNamespacesOff,
            Errno::NOSPC => {
                let limit = self.max_user_namespaces.unwrap_or_default();
                StartProblem::UserNamespacesUsedUp { limit }
            }
            Errno::PERM | Errno::ACCESS if self.unprivileged_userns_clone == Some(0) => {
                StartProblem::UserNamespacesDebian
            }
            Errno::PERM | Errno::ACCESS if self.is_confined() => {
                StartProblem::UserNamespacesAppArmor
            }
            // Filters say it in another way.
            Errno::ACCESS if self.has_profile => StartProblem::UserNamespacesAppArmor,
            Errno::PERM | Errno::ACCESS | Errno::NOSYS if self.is_filtered => {
                StartProblem::UserNamespacesFiltered
            }
            _ => StartProblem::NamespaceRefused { errno },
        }
    }

    /// Ubuntu lets the namespace be made and takes the rights inside away.
    fn is_confined(&self) -> bool {
        self.apparmor_restrict.is_some_and(|value| value != 0)
    }

    /// Why `/dev/net/tun` did not open.
    pub(super) fn explain_tun(&self, error: Errno) -> StartProblem {
        match (error, self.tun) {
            (Errno::NOENT | Errno::NOTDIR, _) => StartProblem::TunMissing,
            (Errno::ACCESS, Some(Owned { mode, user, group })) => {
                StartProblem::TunNotAllowed { mode, user, group }
            }
            (Errno::PERM, _) => StartProblem::TunBlocked,
            (Errno::NODEV | Errno::NXIO, _) => StartProblem::TunWithoutDriver,
            _ => StartProblem::TunUnusable { errno: error.raw_os_error() },
        }
    }

    /// Why `TUNSETIFF` said no inside.
    pub(super) fn explain_refusal(&self, error: Errno) -> StartProblem {
        match error {
            Errno::PERM | Errno::ACCESS if self.is_confined() => {
                StartProblem::UserNamespacesAppArmor
            }
            _ => StartProblem::TunRefused { errno: error.raw_os_error() },
        }
    }
}

/// As AppArmor writes a label: `tokinet (enforce)`.
pub(super) fn is_enforced(label: &str) -> bool {
    label.trim_end().ends_with(" (enforce)")
}

fn setting(name: &str) -> Option<u64> {
    fs::read_to_string(format!("/proc/sys/{name}")).ok()?.trim().parse().ok()
}
