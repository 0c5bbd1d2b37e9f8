//! The gateway as it runs, unprivileged, with wireguard-go and boringtun-cli as its clients:
//! each in a network namespace of its own, joined by a cable of two virtual ends.
//!
//! Making namespaces takes root, and the clients and wireguard-tools have to be there; without
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
use net::App;

const NEEDED: [&str; 4] = ["ip", "ping", "wg", "wireguard-go"];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["inside"] => return gateway::namespace::run_hidden(),
        ["gateway"] => return service::run_gateway(),
        ["up", address, bytes] => return service::upload(address, bytes.parse().unwrap()),
        ["down", address, bytes] => return service::download(address, bytes.parse().unwrap()),
        ["hold", address] => return service::hold(address),
        ["stray", address] => return service::stray(address),
        ["ask", address, question] => return service::ask(address, question),
        _ => {}
    }
    let is_able = rustix::process::geteuid().is_root() && NEEDED.iter().all(|name| exists(name));
    let has_boringtun = exists(App::Boringtun.program());
    if !has_boringtun && !words.contains(&"--list") {
        println!("without boringtun-cli the tests with it as the client are left out");
    }
    let mut trials = Vec::new();
    let of_the_official_app = [cases::TESTS, cases::TESTS_OF_CHANGE, paths::TESTS, restart::TESTS];
    for (name, test) in of_the_official_app.concat() {
        trials.push(trial(name.to_owned(), test, App::WireguardGo, is_able));
    }
    for (name, test) in cases::TESTS {
        let with_boringtun = format!("{name}_with_boringtun");
        trials.push(trial(with_boringtun, *test, App::Boringtun, is_able && has_boringtun));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn trial(name: String, test: fn(App), app: App, is_able: bool) -> Trial {
    let run = move || {
        test(app);
        Ok(())
    };
    Trial::test(name, run).with_ignored_flag(!is_able)
}

fn exists(program: &str) -> bool {
    let found = Command::new("sh").args(["-c", "command -v \"$0\"", program]).output();
    found.is_ok_and(|output| output.status.success())
}
