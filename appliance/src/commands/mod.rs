//! What `tokinet` can be told to do; each command is a file.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod bench;
mod desk;
mod enrol;
mod init;
mod lists;
mod restore;
mod run;
mod try_out;
mod verify;

#[derive(Parser)]
#[command(name = "tokinet", version, about = "A regional medical and care network in one box")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the whole appliance with a fictional network, to look at it
    Try(try_out::Args),
    /// Make a new network: store, keys, office, and the first administrator's card
    Init(init::Args),
    /// Serve the network
    Run(run::Args),
    /// Check every row, the trail and every attachment
    Verify(verify::Args),
    /// Bring a backup back into an empty place
    Restore(restore::Args),
    /// Turn this machine into a device, with a card
    Enrol(enrol::Args),
    /// Measure the product on this machine
    Bench(bench::Args),
    #[command(flatten)]
    Desk(desk::DeskCommand),
    #[command(hide = true)]
    PictureWorker,
    #[command(hide = true, name = crate::tunnel::NAMESPACE_COMMAND)]
    Namespace,
}

pub fn main() -> ExitCode {
    let cli = Cli::parse();
    // Before threads and logging: it gives up files and processes.
    if let Command::PictureWorker = cli.command {
        return webui::pictures::run_worker();
    }
    // Before threads, too: it leaves the network.
    if let Command::Namespace = cli.command {
        return gateway::namespace::run_hidden();
    }
    start_logging();
    let outcome = match cli.command {
        Command::Try(args) => try_out::run(args),
        Command::Init(args) => init::run(args),
        Command::Run(args) => run::run(args),
        Command::Verify(args) => verify::run(&args),
        Command::Restore(args) => restore::run(&args),
        Command::Enrol(args) => enrol::run(args),
        Command::Bench(args) => bench::run(&args),
        Command::Desk(command) => desk::run(command),
        Command::PictureWorker | Command::Namespace => Ok(()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tokinet: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// To the journal with its fields, where it listens; else to the terminal.
fn start_logging() {
    if systemd_journal_logger::connected_to_journal() {
        let installed = systemd_journal_logger::JournalLog::new()
            .and_then(|log| log.install().map_err(std::io::Error::other));
        if installed.is_ok() {
            log::set_max_level(log::LevelFilter::Info);
            return;
        }
    }
    env_logger::Builder::new().filter_level(log::LevelFilter::Warn).parse_default_env().init();
}

/// Blocking reads are microseconds; two more threads than cores ride over the ones that are not.
pub fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    Ok(tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores + 2)
        .enable_all()
        .build()?)
}

/// What a command has to say.
pub fn say(text: impl std::fmt::Display) {
    #[expect(clippy::print_stdout, reason = "answering is what a command is for")]
    {
        println!("{text}");
    }
}
