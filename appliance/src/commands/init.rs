//! `tokinet init`: a new network.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use provisioning::authority::{Authority, Names};
use provisioning::cards::{self, Approval, Printed};
use provisioning::credentials::PasswordRules;
use provisioning::facilities::{self, FacilityCode, FacilityDetails, FacilityKind};
use provisioning::members::{self, Job, Login, MemberDetails, PersonName, Role, Roles};
use provisioning::network::{self, Network, OfficeContact};
use store::{Act, Actor, Clock, Store};

use super::say;
use crate::config::{Config, MailRules};
use crate::master;
use crate::migrations::MIGRATIONS;
use crate::outside::Push;

#[derive(clap::Args)]
pub struct Args {
    /// The config file to write; data and keys go beside it
    #[arg(long, default_value = "tokinet.toml")]
    config: PathBuf,
    /// The folder of the store
    #[arg(long, default_value = "tokinet-data")]
    data: PathBuf,
    /// The name that people see
    #[arg(long)]
    network: String,
    /// The domain: `app.` and `touroku.` go in front of it
    #[arg(long)]
    domain: String,
    #[arg(long, default_value = "0.0.0.0:443")]
    listen: SocketAddr,
    /// The telephone number on error pages and cards
    #[arg(long, default_value = "")]
    office_phone: String,
    /// When somebody answers it
    #[arg(long, default_value = "")]
    office_hours: String,
    /// The sender on letters
    #[arg(long, default_value = "")]
    office_address: String,
    /// The passphrase of the root key, 16 characters or more; asked for where it is not given
    #[arg(long, env = "TOKINET_ROOT_PASSPHRASE", hide_env_values = true)]
    root_passphrase: Option<String>,
    /// Where the encrypted root key goes: move it to two sticks, then delete it here
    #[arg(long, default_value = "root-key.pem")]
    root_key: PathBuf,
    /// Family and given name of the first administrator, as they should stand on the card
    #[arg(long, num_args = 2, required = true)]
    administrator: Vec<String>,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    if args.config.exists() {
        bail!("{} exists already", args.config.display());
    }
    let passphrase = match &args.root_passphrase {
        Some(passphrase) => passphrase.clone(),
        None => ask("Passphrase for the root key (16 characters or more): ")?,
    };
    let names = Names::parse(&args.network, &args.domain)?;
    let clock = Clock::system();
    let (authority, root) = Authority::found(&names, &passphrase, clock.now())?;
    let key_file = args.config.with_extension("master-key");
    let (recovery, recipient) = store::new_recovery_key();
    let config = Config {
        data: std::path::absolute(&args.data)?,
        listen: args.listen,
        cache_mib: 256,
        master_key: Some(std::path::absolute(&key_file)?),
        backup_recipient: Some(recipient),
        mail: MailRules::default(),
        acme: None,
        gateway: None,
        smtp: None,
        push: Push::default(),
    };
    let master = master::create(&key_file)?;
    let store = Store::create(&config.layout(), &master, clock, MIGRATIONS)?;
    let fingerprint = data_encoding::HEXLOWER.encode(&authority.root_fingerprint());
    let printed = found(&store, &args, authority)?;
    store.close();
    write_private(&args.root_key, root.pem.as_bytes())?;
    std::fs::write(&args.config, toml_of(&config)?)
        .with_context(|| format!("cannot write {}", args.config.display()))?;
    tell(&args, &printed, &fingerprint, &recovery);
    Ok(())
}

fn found(store: &Store, args: &Args, authority: Authority) -> anyhow::Result<Printed> {
    let clock = store.clock().clone();
    let network = Network {
        name: args.network.clone(),
        domain: args.domain.clone(),
        contact: OfficeContact {
            name: args.network.clone(),
            phone: args.office_phone.clone(),
            hours: args.office_hours.clone(),
            address: args.office_address.clone(),
        },
        passwords: PasswordRules::default(),
    };
    let details = FacilityDetails {
        kind: FacilityKind::Office,
        name: args.network.clone(),
        kana: String::new(),
        short: String::new(),
        postal: String::new(),
        address: args.office_address.clone(),
        phone: args.office_phone.clone(),
        fax: String::new(),
    };
    let [family, given] = args.administrator.as_slice() else { bail!("two names are needed") };
    let administrator = MemberDetails {
        name: PersonName {
            family: family.clone(),
            given: given.clone(),
            family_kana: String::new(),
            given_kana: String::new(),
        },
        job: Job::Clerk,
        roles: Roles::of([Role::Staff, Role::OfficeAdministrator]),
        starts: None,
        retires: None,
    };
    let act = Act::new(Actor::Operator, "network.found", clock.now());
    store
        .write_and_wait(act, move |write| -> anyhow::Result<Printed, FoundProblem> {
            network::found(write, &network, &authority)?;
            let code = FacilityCode::with_check_digit([9, 9, 0, 0, 0, 0, 0, 0, 1]);
            let office = facilities::register(write, &clock, code, details)?;
            let login = Login::parse("admin").map_err(|_| FoundProblem::Login)?;
            let member = members::register(write, &clock, office.id, login, administrator)?;
            // Whoever founds the network stands at the box.
            Ok(cards::issue(write, &clock, &authority, member.id, Approval::Waived, None)?)
        })
        .map_err(Into::into)
}

#[derive(Debug, thiserror::Error)]
enum FoundProblem {
    #[error(transparent)]
    Store(#[from] store::StoreError),
    #[error(transparent)]
    Facility(#[from] facilities::FacilityProblem),
    #[error(transparent)]
    Member(#[from] members::MemberProblem),
    #[error(transparent)]
    Card(#[from] cards::CardProblem),
    #[error("the login is not well-formed")]
    Login,
}

fn tell(args: &Args, printed: &Printed, fingerprint: &str, recovery: &str) {
    say(format_args!(
        "The network is made. Start it with `tokinet run --config {}`.\n\n\
         Enrol the office's first PC at https://touroku.{}/e within 14 days:\n\
         \x20 card number       {}\n\
         \x20 enrolment code    {}\n\
         \x20 root fingerprint  {fingerprint}\n\
         Log in there with:\n\
         \x20 facility code     9900000010\n\
         \x20 user id           admin\n\
         \x20 initial password  {}\n\n\
         Recovery key of backups (print it, put it into the safe, it is shown once):\n\
         \x20 {recovery}\n\n\
         The root key lies in {}: move it to two sticks and delete it here.",
        args.config.display(),
        args.domain,
        printed.card.number,
        printed.secret.grouped(),
        printed.initial_password.grouped(),
        args.root_key.display(),
    ));
}

fn toml_of(config: &Config) -> anyhow::Result<String> {
    Ok(toml::to_string(config)?)
}

fn write_private(path: &std::path::Path, bytes: &[u8]) -> anyhow::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;

    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot make {}", path.display()))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(())
}

fn ask(question: &str) -> anyhow::Result<String> {
    eprint!("{question}");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}
