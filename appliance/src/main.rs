//! The binary `tokinet`: reads the command, does it.

use std::process::ExitCode;

/// A page and a commit are thousands of small pieces of memory each; the C library's allocator took
/// a quarter of their time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    appliance::commands::main()
}
