//! The binary `tokinet`: reads the command, does it.

use std::process::ExitCode;

/// A send turns over some sixty kilobytes of pages, which took the system's allocator a fifth of
/// its time. Without huge pages, because an idle box and an upload shall stay small.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    appliance::commands::main()
}
