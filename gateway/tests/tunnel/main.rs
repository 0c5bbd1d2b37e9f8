//! The gateway as it runs, unprivileged, with Debian's wireguard-go as its client: each in a
//! network namespace of its own, joined by a cable of two virtual ends.
//!
//! Making namespaces takes root, and wireguard-go and wireguard-tools have to be there; without
//! them the tests are told as left out. This program is also the gateway, its service and the
//! client's half of it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test ends where it fails")]
#![expect(clippy::print_stdout, reason = "the gateway's process answers there")]

mod cases;
mod net;
mod paths;
mod restart;
mod service;

use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Trial};

const NEEDED: [&str; 4] = ["ip", "ping", "wg", "wireguard-go"];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["inside"] => return gateway::namespace::run_hidden(),
        ["gateway"] => return service::run_gateway(),
        ["up", address, bytes] => return service::upload(address, bytes.parse().unwrap()),
        ["down", address, bytes] => return service::download(address, bytes.parse().unwrap()),
        ["ask", address, question] => return service::ask(address, question),
        _ => {}
    }
    let is_able = rustix::process::geteuid().is_root() && NEEDED.iter().all(|name| exists(name));
    let tests = cases::TESTS.iter().chain(paths::TESTS).chain(restart::TESTS);
    let trials = tests.map(|(name, test)| {
        let run = move || {
            test();
            Ok(())
        };
        Trial::test(*name, run).with_ignored_flag(!is_able)
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

fn exists(program: &str) -> bool {
    let found = Command::new("sh").args(["-c", "command -v \"$0\"", program]).output();
    found.is_ok_and(|output| output.status.success())
}
