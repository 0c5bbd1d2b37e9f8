//! The picture worker as a program of its own, for the tests of `pictures`.

use std::process::ExitCode;

fn main() -> ExitCode {
    webui::pictures::run_worker()
}
