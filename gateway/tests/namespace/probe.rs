//! What this program does when a test executed it: starts, and says on its output how that went.

use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use gateway::namespace;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};

use crate::connections;

const CLONE_NEWUSER: u64 = 0x1000_0000;
const IPPROTO_TCP: u64 = 6;
const TCP_CONGESTION: u64 = 13;
const AF_INET6: u64 = 10;

const EPERM: u32 = 1;
const ENOENT: u32 = 2;
const EAFNOSUPPORT: u32 = 97;

/// Inside, nothing is further away than this.
const REACH_WAIT: Duration = Duration::from_secs(2);

/// Starts under these filters and prints one line a fact.
pub fn start(filters: &[&str]) -> ExitCode {
    let (threads, filters) = match filters {
        ["many-threads", filters @ ..] => (true, filters),
        filters => (false, filters),
    };
    for filter in filters {
        apply(filter);
    }
    // As a service does: it takes what needs rights, drops them, and only then grows.
    let outcome = if threads {
        let waiting = crate::helper();
        if let Some(kept) = namespace::drop_rights() {
            println!("warning {} {kept}", kept.code());
        }
        let _others: Vec<_> = (0..3).map(|_| std::thread::spawn(std::thread::park)).collect();
        std::thread::spawn(move || namespace::make(&crate::plan(), waiting)).join().unwrap()
    } else {
        crate::make()
    };
    match outcome {
        Ok(made) => {
            println!("made user={}", made.user_namespace.is_some());
            for warning in &made.warnings {
                println!("warning {} {warning}", warning.code());
            }
            println!("families {}", made.https.len());
            connections::one_peer_is_cut(&made);
            println!("destroyed");
        }
        Err(problem) => {
            assert!(!problem.remedy().is_empty());
            println!("problem {} {problem}", problem.code());
        }
    }
    for thread in std::fs::read_dir("/proc/self/task").unwrap() {
        let status = std::fs::read_to_string(thread.unwrap().path().join("status")).unwrap();
        for line in status.lines().filter(|line| line.starts_with("Cap")) {
            println!("{}", line.replace(":\t", " "));
        }
    }
    ExitCode::SUCCESS
}

/// Answers one system call as a kernel or a container would that refuses it.
fn apply(filter: &str) {
    let new_user = vec![(0, SeccompCmpOp::MaskedEq(CLONE_NEWUSER), CLONE_NEWUSER)];
    let (call, conditions, refusal) = match filter {
        // Docker and RestrictNamespaces=.
        "no-user-namespaces" => (number("unshare"), new_user, SeccompAction::Errno(EPERM)),
        // SystemCallFilter=.
        "no-unshare" => (number("unshare"), new_user, SeccompAction::KillProcess),
        // A kernel without tcp_bbr.
        "no-congestion" => {
            let level = (1, SeccompCmpOp::Eq, IPPROTO_TCP);
            (
                number("setsockopt"),
                vec![level, (2, SeccompCmpOp::Eq, TCP_CONGESTION)],
                SeccompAction::Errno(ENOENT),
            )
        }
        // ipv6.disable=1.
        "no-ipv6" => (
            number("socket"),
            vec![(0, SeccompCmpOp::Eq, AF_INET6)],
            SeccompAction::Errno(EAFNOSUPPORT),
        ),
        _ => panic!("no filter {filter}"),
    };
    let condition = |(at, operator, value)| {
        SeccompCondition::new(at, SeccompCmpArgLen::Dword, operator, value).unwrap()
    };
    let rule = SeccompRule::new(conditions.into_iter().map(condition).collect()).unwrap();
    let rules = [(call, vec![rule])].into();
    let here = std::env::consts::ARCH.try_into().unwrap();
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refusal, here).unwrap();
    let program: BpfProgram = filter.try_into().unwrap();
    seccompiler::apply_filter(&program).unwrap();
}

#[cfg(target_arch = "x86_64")]
fn number(call: &str) -> i64 {
    match call {
        "unshare" => 272,
        "setsockopt" => 54,
        "socket" => 41,
        _ => panic!("no number for {call}"),
    }
}

#[cfg(target_arch = "aarch64")]
fn number(call: &str) -> i64 {
    match call {
        "unshare" => 97,
        "setsockopt" => 208,
        "socket" => 198,
        _ => panic!("no number for {call}"),
    }
}

/// Whether a TCP connection to this address can be made from here.
pub fn reach(address: &str) -> ExitCode {
    let address: SocketAddr = address.parse().unwrap();
    match TcpStream::connect_timeout(&address, REACH_WAIT) {
        Ok(_) => println!("reached"),
        Err(error) => println!("not reached: {error}"),
    }
    ExitCode::SUCCESS
}
