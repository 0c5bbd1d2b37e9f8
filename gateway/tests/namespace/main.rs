//! The namespace on the real thing: what can be reached, and what a refusal is called.
//!
//! This program is also its own helper and its own victim: it executes itself inside, and under
//! conditions in which a start must fail. Where a condition takes root to make, a run without
//! root says that it was left out.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test ends where it fails")]
#![expect(clippy::print_stdout, reason = "what the executed program found is read from there")]

mod connections;
mod isolation;
mod packets;
mod probe;
mod startup;

use std::process::ExitCode;

use gateway::namespace::{self, Helper, Made, Plan, StartProblem};
use libtest_mimic::{Arguments, Trial};

/// The hidden command of this program.
const INSIDE: &str = "inside";

const SERVICE_V4: &str = "100.70.0.1";
const SERVICE_V6: &str = "fd12:3456:789a::1";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [INSIDE] => return namespace::run_hidden(),
        ["probe", filters @ ..] => return probe::start(filters),
        ["reach", address] => return probe::reach(address),
        ["end"] => {
            isolation::end();
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    let is_root = rustix::process::geteuid().is_root();
    let without_root = |(name, test): (&'static str, fn())| trial(name, test);
    let with_root = |case| without_root(case).with_ignored_flag(!is_root);
    let trials = isolation::TESTS.iter().chain(connections::TESTS).chain(startup::TESTS);
    let mut trials: Vec<Trial> = trials.copied().map(without_root).collect();
    trials.extend(startup::TESTS_OF_ROOT.iter().copied().map(with_root));
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    startup::clean_up();
    conclusion.exit_code()
}

fn trial(name: &'static str, test: fn()) -> Trial {
    Trial::test(name, move || {
        test();
        Ok(())
    })
}

fn plan() -> Plan {
    Plan {
        v4: SERVICE_V4.parse().unwrap(),
        v6: SERVICE_V6.parse().unwrap(),
        v4_prefix: 16,
        v6_prefix: 64,
        mtu: 1280,
    }
}

fn helper() -> Helper {
    Helper::start(&[std::env::current_exe().unwrap().into(), INSIDE.into()]).unwrap()
}

fn make() -> Result<Made, StartProblem> {
    namespace::make(&plan(), helper())
}
