//! Why a gateway could not start, and what it does without: for the log and for screens.
//!
//! Each variant has a code that never changes; the words for visitors hang on it elsewhere.

use std::io;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A start that failed, by what there is to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum StartProblem {
    #[error("linux {found} is older than {needed}")]
    KernelTooOld { found: String, needed: String },
    #[error("the plan of the tunnel cannot be: {why}")]
    PlanWrong { why: String },

    #[error("/dev/net/tun does not exist")]
    TunMissing,
    #[error("/dev/net/tun has mode {mode:04o} and owner {user}:{group}, and may not be opened")]
    TunNotAllowed { mode: u32, user: u32, group: u32 },
    #[error("/dev/net/tun is kept from this process by a device rule of its container or unit")]
    TunBlocked,
    #[error("/dev/net/tun exists, but the kernel has no tun driver behind it")]
    TunWithoutDriver,
    #[error("/dev/net/tun cannot be opened: {}", reason(*.errno))]
    TunUnusable { errno: i32 },
    #[error("the kernel refused to make a TUN device (TUNSETIFF): {}", reason(*.errno))]
    TunRefused { errno: i32 },

    #[error("this kernel has no user namespaces")]
    UserNamespacesAbsent,
    #[error("user.max_user_namespaces is 0")]
    UserNamespacesOff,
    #[error("kernel.unprivileged_userns_clone is 0")]
    UserNamespacesDebian,
    #[error("AppArmor keeps user namespaces, or the rights inside, from this program")]
    UserNamespacesAppArmor,
    #[error("a system call filter refuses user namespaces")]
    UserNamespacesFiltered,
    #[error("all {limit} user namespaces are in use")]
    UserNamespacesUsedUp { limit: u64 },
    #[error("user.max_net_namespaces is 0")]
    NetNamespacesOff,
    #[error("the kernel refused a namespace: {}", reason(*.errno))]
    NamespaceRefused { errno: i32 },

    #[error("inside the namespace, {step} failed: {}", reason(*.errno))]
    Interface { step: Step, errno: i32 },
    #[error("the namespace would forward packets")]
    WouldForward,
    #[error("cannot listen on {address} inside the namespace: {}", reason(*.errno))]
    Listen { address: SocketAddr, errno: i32 },
    #[error("port {address} is in use by another program")]
    PortTaken { address: SocketAddr },
    #[error("cannot use {address} for the outside port: {}", reason(*.errno))]
    Outside { address: SocketAddr, errno: i32 },
    #[error("the threads of the gateway cannot start: {}", reason(*.errno))]
    Threads { errno: i32 },

    #[error("the process for the namespace {what}")]
    Helper { what: String },
}

/// What was being done inside when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    Routing,
    Loopback,
    Offload,
    Interface,
    Address,
    Raise,
    Forwarding,
    Handles,
}

impl std::fmt::Display for Step {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(match self {
            Self::Routing => "opening a routing socket",
            Self::Loopback => "raising loopback",
            Self::Offload => "switching the offloads on",
            Self::Interface => "setting the TUN up",
            Self::Address => "adding an address",
            Self::Raise => "raising the TUN",
            Self::Forwarding => "looking at forwarding",
            Self::Handles => "opening the handles of the namespaces",
        })
    }
}

impl StartProblem {
    /// Stable: screens, documents and other programs hang their words on it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::KernelTooOld { .. } => "kernel-too-old",
            Self::PlanWrong { .. } => "plan-wrong",
            Self::TunMissing => "tun-missing",
            Self::TunNotAllowed { .. } => "tun-not-allowed",
            Self::TunBlocked => "tun-blocked",
            Self::TunWithoutDriver => "tun-without-driver",
            Self::TunUnusable { .. } => "tun-unusable",
            Self::TunRefused { .. } => "tun-refused",
            Self::UserNamespacesAbsent => "user-namespaces-absent",
            Self::UserNamespacesOff => "user-namespaces-off",
            Self::UserNamespacesDebian => "user-namespaces-debian",
            Self::UserNamespacesAppArmor => "user-namespaces-apparmor",
            Self::UserNamespacesFiltered => "user-namespaces-filtered",
            Self::UserNamespacesUsedUp { .. } => "user-namespaces-used-up",
            Self::NetNamespacesOff => "net-namespaces-off",
            Self::NamespaceRefused { .. } => "namespace-refused",
            Self::Interface { .. } => "interface",
            Self::WouldForward => "would-forward",
            Self::Listen { .. } => "listen",
            Self::PortTaken { .. } => "port-taken",
            Self::Outside { .. } => "outside",
            Self::Threads { .. } => "threads",
            Self::Helper { .. } => "helper",
        }
    }

    /// What the administrator does next, as one sentence for the log.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::KernelTooOld { .. } => "update the system",
            Self::PlanWrong { .. } => "correct the tunnel's addresses in the config",
            Self::TunMissing => {
                "load the driver (modprobe tun, and a line `tun` in /etc/modules-load.d); \
                 in a unit, no PrivateDevices=yes; in a container, pass the device in \
                 (--device /dev/net/tun)"
            }
            Self::TunNotAllowed { .. } => {
                "make it 0666 with a udev rule (KERNEL==\"tun\", MODE=\"0666\") or with chmod; \
                 the rights to networks do not come from this file"
            }
            Self::TunBlocked => {
                "allow it: DeviceAllow=/dev/net/tun rw and no PrivateDevices=yes in the unit, or \
                 --device /dev/net/tun for the container"
            }
            Self::TunWithoutDriver => {
                "load the driver (modprobe tun, and a line `tun` in /etc/modules-load.d)"
            }
            Self::TunUnusable { .. } => "look at /dev/net/tun and the kernel's log",
            Self::TunRefused { .. } => {
                "look for a security module (SELinux, AppArmor) in the kernel's log"
            }
            Self::UserNamespacesAbsent | Self::UserNamespacesUsedUp { .. } => PRIVILEGED,
            Self::UserNamespacesOff => {
                "set user.max_user_namespaces to 64 in /etc/sysctl.d, or start with \
                 AmbientCapabilities= and CapabilityBoundingSet=CAP_SYS_ADMIN CAP_NET_ADMIN, \
                 which are dropped at once"
            }
            Self::UserNamespacesDebian => {
                "set kernel.unprivileged_userns_clone to 1 in /etc/sysctl.d, or start with \
                 AmbientCapabilities= and CapabilityBoundingSet=CAP_SYS_ADMIN CAP_NET_ADMIN, \
                 which are dropped at once"
            }
            Self::UserNamespacesAppArmor => {
                "install the AppArmor profile with `userns,` for this program, or start with \
                 AmbientCapabilities= and CapabilityBoundingSet=CAP_SYS_ADMIN CAP_NET_ADMIN, \
                 which are dropped at once"
            }
            Self::UserNamespacesFiltered => {
                "allow them: RestrictNamespaces=user net and unshare in SystemCallFilter= in the \
                 unit, or a seccomp profile for the container that allows unshare"
            }
            Self::NetNamespacesOff => "set user.max_net_namespaces to 64 in /etc/sysctl.d",
            Self::NamespaceRefused { .. } => {
                "look whether the program runs in a chroot or under a security module; else start \
                 with AmbientCapabilities= and CapabilityBoundingSet=CAP_SYS_ADMIN \
                 CAP_NET_ADMIN, which are dropped at once"
            }
            Self::Interface { .. } => {
                "report this with the kernel's version: nothing outside can cause it"
            }
            Self::Listen { .. } => {
                "after a privileged start, also set ReadWritePaths=/proc/sys/net or give \
                 CAP_NET_BIND_SERVICE; else report this with the kernel's version"
            }
            Self::WouldForward => "set net.ipv6.conf.default.forwarding to 0",
            Self::PortTaken { .. } => {
                "find the program with `ss -lunp` and end it, or choose another port"
            }
            Self::Outside { .. } => "set an address that this machine has, and a port above 1023",
            Self::Threads { .. } => "raise the unit's limits of tasks and memory",
            Self::Helper { .. } => "look at the log around this line, and start again",
        }
    }
}

const PRIVILEGED: &str = "start with AmbientCapabilities= and CapabilityBoundingSet=CAP_SYS_ADMIN \
                          CAP_NET_ADMIN, which are dropped at once";

/// What is missing, though the gateway runs.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum Warning {
    #[error("the kernel has no bbr, so lossy lines are slow; {used} is used")]
    NoBbr { used: String },
    #[error("not writable, and left as they were: {}", .names.join(", "))]
    Tunables { names: Vec<String> },
    #[error("the kernel has no IPv6; the tunnel is IPv4 only")]
    NoIpv6,
    #[error("a revoked peer's connections cannot be destroyed at once: {why}")]
    NoDestroy { why: String },
    #[error("no user namespace ({why}), so rights of the start were used, and dropped")]
    Privileged { why: String },
    #[error("rights of the start could not be dropped: {why}")]
    RightsKept { why: String },
}

impl Warning {
    /// Stable, as [`StartProblem::code`].
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoBbr { .. } => "no-bbr",
            Self::Tunables { .. } => "tunables",
            Self::NoIpv6 => "no-ipv6",
            Self::NoDestroy { .. } => "no-destroy",
            Self::Privileged { .. } => "privileged",
            Self::RightsKept { .. } => "rights-kept",
        }
    }

    /// What the administrator may do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::NoBbr { .. } => "load it (a line `tcp_bbr` in /etc/modules-load.d)",
            Self::Tunables { .. } => "ReadWritePaths=/proc/sys/net in the unit",
            Self::NoIpv6 => "nothing, where IPv6 was switched off on purpose",
            Self::NoDestroy { .. } => {
                "load it (a line `tcp_diag` in /etc/modules-load.d), on a kernel with \
                 CONFIG_INET_DIAG_DESTROY"
            }
            Self::Privileged { .. } => "allow user namespaces to this program",
            Self::RightsKept { .. } => "end, and start without these rights",
        }
    }
}

fn reason(errno: i32) -> io::Error {
    io::Error::from_raw_os_error(errno)
}
