//! The binary `tokinet`: reads the command, does it.

use std::process::ExitCode;

fn main() -> ExitCode {
    appliance::commands::main()
}
