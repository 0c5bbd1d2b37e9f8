//! A network of its own for the service: one TUN, a few listeners, and no way out.
//!
//! A [`Helper`] is the program, executed again. Asked by [`make`], that process leaves its user and
//! network namespaces, makes everything inside, passes the handles out and ends; the namespace
//! lives as long as they do. Nothing needs a privilege, neither outside nor afterwards.
//!
//! Start with `helper.rs` and `inside.rs`. An administrator enters with
//! `nsenter --preserve-credentials --user=/proc/PID/fd/U --net=/proc/PID/fd/N`, where
//! [`Made::user_namespace`] is U and [`Made::net_namespace`] is N: both are logged at the start.

mod connections;
mod helper;
mod inside;
mod link;
mod listen;
mod message;
mod netlink;
mod problem;
mod rights;
mod surroundings;
#[cfg(test)]
mod tests;
mod tunables;

use std::net::{Ipv4Addr, Ipv6Addr, TcpListener, UdpSocket};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::process::Child;

pub use connections::Connections;
pub use helper::Helper;
pub use inside::run_hidden;
pub use problem::{StartProblem, Step, Warning};
pub use rights::drop_rights;

use connections::Way;
use message::{Handle, Order, Report};

/// The TUN's name inside, where nobody meets it but an administrator.
const INTERFACE: &str = "tunnel";

/// The oldest long-term kernel with UDP_GRO (5.0) and UDP_SEGMENT (4.18).
const KERNEL_MIN: (u32, u32) = (5, 4);

/// IPv6 asks for this much.
const MTU_MIN: u16 = 1280;
/// Above this no network between clinics goes, and a full packet still fits one UDP datagram.
const MTU_MAX: u16 = 9000;

/// What there is to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The service's own addresses inside; with their prefixes they span all peers' addresses.
    pub v4: Ipv4Addr,
    pub v6: Ipv6Addr,
    pub v4_prefix: u8,
    pub v6_prefix: u8,
    /// 1280 to 9000 bytes.
    pub mtu: u16,
}

/// Everything of the namespace that is worth holding. It ends when all of this is dropped.
#[derive(Debug)]
pub struct Made {
    /// Up and non-blocking; one packet a read or write, behind a virtio header of 10 bytes.
    pub tun: OwnedFd,
    /// Whether the TUN also carries unsegmented UDP.
    pub takes_udp_segments: bool,
    /// Port 443: IPv4, and IPv6 where the kernel has it. Non-blocking, as `http`.
    pub https: Vec<TcpListener>,
    pub http: Vec<TcpListener>,
    /// Port 53, non-blocking.
    pub dns_udp: Vec<UdpSocket>,
    pub dns_tcp: Vec<TcpListener>,
    /// Where the kernel can end connections; else there was a warning.
    pub connections: Option<Connections>,
    /// None after a privileged start.
    pub user_namespace: Option<OwnedFd>,
    pub net_namespace: OwnedFd,
    pub warnings: Vec<Warning>,
}

/// Makes the namespace and what is in it; takes some ten milliseconds.
///
/// With rights of the start (`CAP_SYS_ADMIN`, `CAP_NET_ADMIN`) start the helper and call
/// [`drop_rights`] before there is a second thread. What is still held here is dropped for the
/// calling thread only.
///
/// # Errors
///
/// By what there is to do about it; nothing is left behind.
pub fn make(plan: &Plan, helper: Helper) -> Result<Made, StartProblem> {
    check_kernel(&rustix::system::uname().release().to_string_lossy())?;
    let (report, handles, child) = helper.ask(&plan.order()?)?;
    let mut made = Made::collect(report, handles, child)?;
    let is_privileged =
        made.warnings.iter().any(|warning| matches!(warning, Warning::Privileged { .. }));
    if rights::are_ambient() || is_privileged && rights::are_held() {
        made.warnings.extend(rights::drop_those_of_the_start());
    }
    made.log();
    Ok(made)
}

impl Plan {
    fn order(&self) -> Result<Order, StartProblem> {
        let wrong = |why: &str| StartProblem::PlanWrong { why: why.to_owned() };
        if !(MTU_MIN..=MTU_MAX).contains(&self.mtu) {
            return Err(wrong("the MTU is not between 1280 and 9000"));
        }
        if !(1..=30).contains(&self.v4_prefix) || !(1..=126).contains(&self.v6_prefix) {
            return Err(wrong("a prefix has no room for peers, or no end"));
        }
        let v4 = self.v4;
        if v4.is_unspecified() || v4.is_loopback() || v4.is_multicast() || v4.is_broadcast() {
            return Err(wrong("the IPv4 address cannot be a host's"));
        }
        let v6 = self.v6;
        if v6.is_unspecified() || v6.is_loopback() || v6.is_multicast() {
            return Err(wrong("the IPv6 address cannot be a host's"));
        }
        if v6.is_unicast_link_local() || v6.to_ipv4_mapped().is_some() {
            return Err(wrong("the IPv6 address is not routable"));
        }
        let &Self { v4_prefix, v6_prefix, mtu, .. } = self;
        Ok(Order { v4, v6, v4_prefix, v6_prefix, mtu })
    }
}

impl Made {
    fn collect(report: Report, handles: Vec<OwnedFd>, child: Child) -> Result<Self, StartProblem> {
        let wrong = || StartProblem::Helper { what: "handed out something else".to_owned() };
        if report.handles.len() != handles.len() {
            return Err(wrong());
        }
        let (mut tun, mut net_namespace, mut user_namespace) = (None, None, None);
        let (mut https, mut http) = (Vec::new(), Vec::new());
        let (mut dns_udp, mut dns_tcp) = (Vec::new(), Vec::new());
        let (mut connections, mut child) = (None, Some(child));
        for (kind, handle) in report.handles.into_iter().zip(handles) {
            match kind {
                Handle::Tun => tun = Some(handle),
                Handle::Https => https.push(handle.into()),
                Handle::Http => http.push(handle.into()),
                Handle::DnsUdp => dns_udp.push(handle.into()),
                Handle::DnsTcp => dns_tcp.push(handle.into()),
                Handle::Connections => connections = Some(Way::Direct(handle)),
                Handle::ResidentConnections => {
                    connections = child.take().map(|child| Way::Resident(handle, child));
                }
                Handle::UserNamespace => user_namespace = Some(handle),
                Handle::NetNamespace => net_namespace = Some(handle),
            }
        }
        Ok(Self {
            tun: tun.ok_or_else(wrong)?,
            takes_udp_segments: report.takes_udp_segments,
            https,
            http,
            dns_udp,
            dns_tcp,
            connections: connections.map(Connections::new),
            user_namespace,
            net_namespace: net_namespace.ok_or_else(wrong)?,
            warnings: report.warnings,
        })
    }

    fn log(&self) {
        let user = self.user_namespace.as_ref().map(OwnedFd::as_raw_fd);
        let net = self.net_namespace.as_raw_fd();
        log::info!("made the tunnel's namespace, handles: user {user:?}, net {net}");
        for warning in &self.warnings {
            let (code, remedy) = (warning.code(), warning.remedy());
            log::warn!(code = code, remedy = remedy; "the tunnel runs, but {warning}: {remedy}");
        }
    }
}

fn check_kernel(release: &str) -> Result<(), StartProblem> {
    let mut parts = release.split(|c: char| !c.is_ascii_digit()).map(str::parse::<u32>);
    let (Some(Ok(major)), Some(Ok(minor))) = (parts.next(), parts.next()) else {
        // A kernel that names itself in another way is not refused for that.
        return Ok(());
    };
    if (major, minor) >= KERNEL_MIN {
        return Ok(());
    }
    let needed = format!("{}.{}", KERNEL_MIN.0, KERNEL_MIN.1);
    Err(StartProblem::KernelTooOld { found: release.to_owned(), needed })
}
