//! The process that goes inside, makes everything there, hands it out and ends.
//!
//! It is the same program, executed again for a command that no document names. It must come
//! here before any second thread: the kernel gives a user namespace to single threads only.

use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::ExitCode;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType};
use socket2::Socket;

use super::link::{Family, Links};
use super::message::{self, Answer, Handle, Order, Report};
use super::problem::{StartProblem, Step, Warning};
use super::surroundings::{Surroundings, TUN};
use super::{INTERFACE, connections, listen, rights, tunables};
use crate::system::namespace_tun::{self, Offloads};
use crate::system::namespace_unshare;

/// Somebody called the hidden command by hand.
const NOBODY_ASKED: u8 = 2;

/// What the program does for its hidden command: takes its order from the socket on standard
/// input and answers there.
pub fn run_hidden() -> ExitCode {
    let socket = io::stdin();
    let Ok(Some((order, _))) = message::receive::<Order>(&socket) else {
        return ExitCode::from(NOBODY_ASKED);
    };
    let built = Inside::build(&order);
    let (answer, handles): (Answer, Vec<BorrowedFd<'_>>) = match &built {
        Ok(inside) => {
            let handles = inside.handles.iter().map(|(_, handle)| handle.as_fd()).collect();
            (Ok(inside.report()), handles)
        }
        Err(problem) => (Err(problem.clone()), Vec::new()),
    };
    if message::send(&socket, &answer, &handles).is_err() {
        return ExitCode::FAILURE;
    }
    let Ok(Inside { resident: Some((orders, diagnosis)), handles, .. }) = built else {
        return ExitCode::SUCCESS;
    };
    drop(handles);
    match connections::serve(&orders, &diagnosis) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

struct Inside {
    handles: Vec<(Handle, OwnedFd)>,
    takes_udp_segments: bool,
    warnings: Vec<Warning>,
    /// Its orders and its socket for diagnosis, when this process is to stay.
    resident: Option<(OwnedFd, OwnedFd)>,
}

/// How this process left its namespaces.
enum Left {
    WithUser,
    /// Because of this, with rights of the start.
    NetworkOnly(StartProblem),
}

impl Inside {
    fn report(&self) -> Report {
        Report {
            handles: self.handles.iter().map(|(kind, _)| *kind).collect(),
            takes_udp_segments: self.takes_udp_segments,
            warnings: self.warnings.clone(),
        }
    }

    fn build(order: &Order) -> Result<Self, StartProblem> {
        let around = Surroundings::read();
        let left = leave(&around)?;
        let (tun, takes_udp_segments) = make_tun(&around)?;
        let has_ipv6 = listen::has_ipv6();
        let mut inside =
            Self { handles: Vec::new(), takes_udp_segments, warnings: Vec::new(), resident: None };
        inside.handles.push((Handle::Tun, tun));
        if !has_ipv6 {
            inside.warnings.push(Warning::NoIpv6);
        }
        if let Left::NetworkOnly(_) = left {
            tunables::open_low_ports();
        }
        let names = tunables::set_all(has_ipv6);
        if !names.is_empty() {
            inside.warnings.push(Warning::Tunables { names });
        }
        raise(order, has_ipv6)?;
        inside.listen(order, has_ipv6)?;
        inside.prepare_ends(&left)?;
        inside.open_namespaces(&left)?;
        if let Left::NetworkOnly(why) = left {
            inside.warnings.push(Warning::Privileged { why: why.code().to_owned() });
        }
        Ok(inside)
    }

    fn listen(&mut self, order: &Order, has_ipv6: bool) -> Result<(), StartProblem> {
        let mut pages: Vec<(Handle, Socket)> = Vec::new();
        let addresses = [Some(IpAddr::V4(order.v4)), has_ipv6.then_some(IpAddr::V6(order.v6))];
        for address in addresses.into_iter().flatten() {
            pages.push((Handle::Https, listen::pages(address, listen::HTTPS)?));
            pages.push((Handle::Http, listen::pages(address, listen::HTTP)?));
            self.handles.push((Handle::DnsUdp, listen::names_udp(address)?.into()));
            self.handles.push((Handle::DnsTcp, listen::names_tcp(address)?.into()));
        }
        let listeners: Vec<&Socket> = pages.iter().map(|(_, listener)| listener).collect();
        self.warnings.extend(listen::choose_congestion(&listeners, &listen::CONGESTION));
        self.handles.extend(pages.into_iter().map(|(kind, listener)| (kind, listener.into())));
        Ok(())
    }

    /// The way to end connections: a socket for the one outside, or this process itself.
    fn prepare_ends(&mut self, left: &Left) -> Result<(), StartProblem> {
        let diagnosis = match connections::open() {
            Ok(socket) => socket,
            Err(error) => {
                self.warnings.push(Warning::NoDestroy { why: error.to_string() });
                return Ok(());
            }
        };
        if let Err(error) = connections::probe(diagnosis.as_fd()) {
            self.warnings.push(Warning::NoDestroy { why: error.to_string() });
        }
        match left {
            Left::WithUser => self.handles.push((Handle::Connections, diagnosis)),
            Left::NetworkOnly(_) => {
                let (orders, theirs) = pair().map_err(failed(Step::Handles))?;
                rights::keep_only_net_admin().map_err(failed(Step::Handles))?;
                self.handles.push((Handle::ResidentConnections, theirs));
                self.resident = Some((orders, diagnosis));
            }
        }
        Ok(())
    }

    fn open_namespaces(&mut self, left: &Left) -> Result<(), StartProblem> {
        let open = |name: &str| {
            let file = File::open(format!("/proc/self/ns/{name}"));
            file.map(OwnedFd::from).map_err(|error| step(Step::Handles, &error))
        };
        self.handles.push((Handle::NetNamespace, open("net")?));
        if let Left::WithUser = left {
            self.handles.push((Handle::UserNamespace, open("user")?));
        }
        Ok(())
    }
}

pub(super) fn pair() -> Result<(OwnedFd, OwnedFd), Errno> {
    let flags = SocketFlags::CLOEXEC;
    rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)
}

fn leave(around: &Surroundings) -> Result<Left, StartProblem> {
    let problem = match namespace_unshare::leave_user_and_network() {
        Ok(()) => return Ok(Left::WithUser),
        Err(error) => around.explain_unshare(error),
    };
    if !around.may_make_network {
        return Err(problem);
    }
    match namespace_unshare::leave_network() {
        Ok(()) => Ok(Left::NetworkOnly(problem)),
        // What kept the better way shut is not what has to be said about this one.
        Err(error) => Err(StartProblem::NamespaceRefused { errno: error.raw_os_error() }),
    }
}

/// A TUN belongs to the namespace in which its device file was opened: this one.
fn make_tun(around: &Surroundings) -> Result<(OwnedFd, bool), StartProblem> {
    let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let tun =
        rustix::fs::open(TUN, flags, Mode::empty()).map_err(|error| around.explain_tun(error))?;
    namespace_tun::attach(tun.as_fd(), INTERFACE).map_err(|error| around.explain_refusal(error))?;
    if namespace_tun::offload(tun.as_fd(), Offloads::TCP_AND_UDP).is_ok() {
        return Ok((tun, true));
    }
    namespace_tun::offload(tun.as_fd(), Offloads::TCP).map_err(failed(Step::Offload))?;
    Ok((tun, false))
}

fn raise(order: &Order, has_ipv6: bool) -> Result<(), StartProblem> {
    let links = Links::open().map_err(|error| step(Step::Routing, &error))?;
    links.raise_loopback().map_err(|error| step(Step::Loopback, &error))?;
    let interface = index()?;
    links.prepare(interface, order.mtu).map_err(|error| step(Step::Interface, &error))?;
    // Older kernels refuse it, and then a read may become two sends.
    drop(links.bound_segments(interface, order.mtu));
    let add = |address, prefix| {
        let added = links.add_address(interface, address, prefix);
        added.map_err(|error| step(Step::Address, &error))
    };
    add(IpAddr::V4(order.v4), order.v4_prefix)?;
    if has_ipv6 {
        add(IpAddr::V6(order.v6), order.v6_prefix)?;
    }
    match links.take_no_link_local(interface) {
        Err(error) if has_ipv6 => return Err(step(Step::Interface, &error)),
        // Without IPv6 there is nothing to be silenced.
        Ok(()) | Err(_) => {}
    }
    links.raise(interface).map_err(|error| step(Step::Raise, &error))?;
    if has_ipv6 {
        links.wait_for_v6(order.v6).map_err(|error| step(Step::Address, &error))?;
    }
    let families = [Some(Family::V4), has_ipv6.then_some(Family::V6)];
    for family in families.into_iter().flatten() {
        match links.forwards(interface, family) {
            Ok(false) => {}
            Ok(true) => return Err(StartProblem::WouldForward),
            Err(error) => return Err(step(Step::Forwarding, &error)),
        }
    }
    Ok(())
}

fn index() -> Result<u32, StartProblem> {
    let found =
        any_socket().and_then(|socket| rustix::net::netdevice::name_to_index(socket, INTERFACE));
    found.map_err(failed(Step::Interface))
}

/// Any socket will do to ask for an interface's number.
fn any_socket() -> Result<OwnedFd, Errno> {
    let flags = SocketFlags::CLOEXEC;
    rustix::net::socket_with(AddressFamily::UNIX, SocketType::DGRAM, flags, None)
}

fn failed(at: Step) -> impl Fn(Errno) -> StartProblem {
    move |error| StartProblem::Interface { step: at, errno: error.raw_os_error() }
}

fn step(at: Step, error: &io::Error) -> StartProblem {
    failed(at)(Errno::from_io_error(error).unwrap_or(Errno::IO))
}
