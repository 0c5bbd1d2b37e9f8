//! The operator's commands, as words: `facility add`, `member list`, `card issue`, …

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::Value;
use store::{Clock, Store};
use webui::office::import::{Kind, Tell};

use super::{lists, say};
use crate::config::Config;
use crate::desk::{MemberAdd, Request, perform};
use crate::migrations::MIGRATIONS;
use crate::{control, master};

#[derive(Subcommand)]
pub enum DeskCommand {
    /// How the network is
    Status(Common),
    #[command(subcommand)]
    Facility(Facility),
    #[command(subcommand)]
    Member(Member),
    #[command(subcommand)]
    Card(Card),
    #[command(subcommand)]
    Device(Device),
    #[command(subcommand)]
    Trail(Trail),
    /// Write the list of revoked certificates, signed, for auditors and proxies
    Crl {
        #[command(flatten)]
        common: Common,
        /// The file to make
        to: PathBuf,
    },
    /// Write an encrypted, verified backup
    Backup {
        #[command(flatten)]
        common: Common,
        /// The file to make
        to: PathBuf,
    },
}

#[derive(Clone, clap::Args)]
pub struct Common {
    #[arg(long, default_value = "tokinet.toml")]
    config: PathBuf,
    /// One line of JSON for scripts
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Subcommand)]
pub enum Facility {
    /// Register a facility
    Add {
        #[command(flatten)]
        common: Common,
        /// Ten digits
        code: String,
        /// hospital, clinic, pharmacy, home_nursing, care_management, …
        kind: String,
        name: String,
        /// The name's reading in katakana
        kana: String,
        #[arg(long, default_value = "")]
        phone: String,
    },
    List(Common),
    /// Take a list in, all of it or nothing: CSV (UTF-8, CP932) or XLSX
    Import(lists::Import),
    /// Give all facilities out as a file that can be taken in again
    Export(lists::Export),
}

#[derive(Subcommand)]
pub enum Member {
    /// Register a member
    Add {
        #[command(flatten)]
        common: Common,
        /// The facility's code
        facility: String,
        login: String,
        #[arg(long, num_args = 2, required = true, value_names = ["FAMILY", "GIVEN"])]
        name: Vec<String>,
        #[arg(long, num_args = 2, required = true, value_names = ["FAMILY", "GIVEN"])]
        kana: Vec<String>,
        /// nurse, doctor, pharmacist, care_manager, clerk, …
        #[arg(long)]
        job: String,
        #[arg(long, default_value = "staff")]
        role: Vec<String>,
    },
    List(Common),
    /// Take a list in, all of it or nothing: CSV (UTF-8, CP932) or XLSX
    Import(lists::Import),
    /// Give all members out as a file that can be taken in again
    Export(lists::Export),
    /// Stop a member's log-ins at once
    Suspend {
        #[command(flatten)]
        common: Common,
        facility: String,
        login: String,
    },
    /// Take a member's passkeys and recovery codes away: the next log-in is by password alone
    ResetPasskey {
        #[command(flatten)]
        common: Common,
        facility: String,
        login: String,
    },
}

#[derive(Subcommand)]
pub enum Card {
    /// Make a card; its secrets are shown once
    Issue {
        #[command(flatten)]
        common: Common,
        facility: String,
        login: String,
        /// For machines that stand here: no six digits to compare
        #[arg(long)]
        without_approval: bool,
    },
}

#[derive(Subcommand)]
pub enum Device {
    List(Common),
    /// Cut a lost device off
    Revoke {
        #[command(flatten)]
        common: Common,
        device: String,
    },
}

#[derive(Subcommand)]
pub enum Trail {
    Show {
        #[command(flatten)]
        common: Common,
        #[arg(long, default_value_t = 50)]
        rows: usize,
    },
    /// Follow the chain from the first row to the last
    Verify(Common),
    Export(Common),
}

pub fn run(command: DeskCommand) -> anyhow::Result<()> {
    let (common, request) = match way(command)? {
        Way::Asked(common, request) => (common, request),
        Way::Import(args, kind) => return args.run(kind),
        Way::Export(args, kind) => return args.run(kind),
    };
    let answer = answer(&common, request, &Tell::nobody())?;
    if common.json {
        say(&answer)
    } else {
        show(&answer)
    }
    Ok(())
}

/// From the running product, else from the closed store.
pub(super) fn answer(common: &Common, request: Request, tell: &Tell) -> anyhow::Result<Value> {
    let config = Config::read(&common.config)?;
    if let Some(answer) = control::ask(&config.control_socket(), &request, tell)? {
        return Ok(answer);
    }
    let master = master::read(config.master_key.as_deref())
        .with_context(|| format!("no product answers at {}", config.control_socket().display()))?;
    let store = Store::open(&config.layout(), &master, Clock::system(), MIGRATIONS)?;
    let answer = perform(&config, &store, None, request, tell)?;
    store.close();
    Ok(answer)
}

enum Way {
    Asked(Common, Request),
    Import(lists::Import, Kind),
    Export(lists::Export, Kind),
}

fn way(command: DeskCommand) -> anyhow::Result<Way> {
    let (common, request) = match command {
        DeskCommand::Facility(Facility::Import(args)) => {
            return Ok(Way::Import(args, Kind::Facilities));
        }
        DeskCommand::Facility(Facility::Export(args)) => {
            return Ok(Way::Export(args, Kind::Facilities));
        }
        DeskCommand::Member(Member::Import(args)) => return Ok(Way::Import(args, Kind::Members)),
        DeskCommand::Member(Member::Export(args)) => return Ok(Way::Export(args, Kind::Members)),
        DeskCommand::Status(common) => (common, Request::Status),
        DeskCommand::Facility(Facility::Add { common, code, kind, name, kana, phone }) => {
            (common, Request::FacilityAdd { code, kind, name, kana, phone })
        }
        DeskCommand::Facility(Facility::List(common)) => (common, Request::FacilityList),
        DeskCommand::Member(Member::Add { common, facility, login, name, kana, job, role }) => {
            let two = |names: Vec<String>| {
                <[String; 2]>::try_from(names).map_err(|_| anyhow::anyhow!("two names are needed"))
            };
            let add =
                MemberAdd { facility, login, name: two(name)?, kana: two(kana)?, job, roles: role };
            (common, Request::MemberAdd(add))
        }
        DeskCommand::Member(Member::List(common)) => (common, Request::MemberList),
        DeskCommand::Member(Member::Suspend { common, facility, login }) => {
            (common, Request::MemberSuspend { facility, login })
        }
        DeskCommand::Member(Member::ResetPasskey { common, facility, login }) => {
            (common, Request::MemberResetPasskey { facility, login })
        }
        DeskCommand::Card(Card::Issue { common, facility, login, without_approval }) => {
            (common, Request::CardIssue { facility, login, approval_waived: without_approval })
        }
        DeskCommand::Device(Device::List(common)) => (common, Request::DeviceList),
        DeskCommand::Device(Device::Revoke { common, device }) => {
            (common, Request::DeviceRevoke { device })
        }
        DeskCommand::Trail(Trail::Show { common, rows }) => (common, Request::TrailShow { rows }),
        DeskCommand::Trail(Trail::Verify(common)) => (common, Request::TrailVerify),
        DeskCommand::Trail(Trail::Export(common)) => (common, Request::TrailExport),
        DeskCommand::Crl { common, to } => (common, Request::Crl { to: std::path::absolute(to)? }),
        DeskCommand::Backup { common, to } => {
            (common, Request::Backup { to: std::path::absolute(to)? })
        }
    };
    Ok(Way::Asked(common, request))
}

/// A row a line, a field a word: for eyes.
fn show(answer: &Value) {
    match answer {
        Value::Array(rows) => rows.iter().for_each(|row| say(line(row))),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            if value.is_object() {
                return say(format_args!("{name}: {}", named(value)));
            }
            let Some(rows) = value.as_array() else {
                return say(format_args!("{name}: {}", word(value)));
            };
            say(format_args!("{name}:"));
            rows.iter().for_each(|row| say(format_args!("  {}", named(row))));
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => say(word(answer)),
    }
}

fn line(row: &Value) -> String {
    let Some(fields) = row.as_object() else { return word(row) };
    fields.values().map(word).collect::<Vec<_>>().join("\t")
}

/// What is said of one thing, without what there is nothing to say about.
fn named(row: &Value) -> String {
    let Some(fields) = row.as_object() else { return word(row) };
    let said = fields.iter().filter(|(_, value)| !value.is_null());
    said.map(|(name, value)| format!("{name} {}", word(value))).collect::<Vec<_>>().join(", ")
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
