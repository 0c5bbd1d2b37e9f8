//! The town that is measured: a store on the disk with a network of a real one's size.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use provisioning::authority::{Authority, Names};
use provisioning::credentials::{
    Credential, CredentialState, Password, PasswordHash, PasswordRules,
};
use provisioning::facilities::{
    self, Facility, FacilityCode, FacilityDetails, FacilityKind, FacilityProblem,
};
use provisioning::members::{self, Login, Member, MemberDetails, PersonName, Role, Roles};
use provisioning::network::{self, Network, OfficeContact};
use store::{Act, Actor, Clock, Id, Layout, Store, StoreError};
use webui::kit::app::{App, Config as WebConfig, Rules};
use webui::kit::connections::Limits;
use webui::kit::japanese;
use webui::mail::model::Person;
use webui::notices::outside::Outside;

use super::device::BenchDevice;
use crate::config::{Config, MailRules};
use crate::demo::{DemoNetwork, PASSWORD};
use crate::migrations::MIGRATIONS;
use crate::outside::Push;
use crate::running::this_program;
use crate::{demo, master};

/// The office of the leaflet's network registers about so many.
const FACILITIES: u16 = 200;
const MEMBERS_OF_FACILITY: usize = 25;

/// What `tokinet init` writes.
const CACHE_MIB: usize = 256;

/// Reserved for tests and examples.
const DOMAIN: &str = "bench.test";

/// Everybody in it, and where its files lie; the store itself is opened for each measurement.
pub struct Town {
    folder: PathBuf,
    pub people: Vec<Resident>,
    pub devices: Vec<BenchDevice>,
    pub sample: Vec<(String, String)>,
}

#[derive(Clone)]
pub struct Resident {
    pub member: Id<Member>,
    pub person: Person,
    pub login: Login,
    pub facility_code: FacilityCode,
    /// Place of the facility's device among the town's.
    pub device: usize,
}

#[derive(Debug, thiserror::Error)]
enum FoundProblem {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Facility(#[from] FacilityProblem),
    #[error(transparent)]
    Member(#[from] members::MemberProblem),
}

impl Town {
    pub fn found(folder: PathBuf) -> anyhow::Result<Self> {
        let data = DemoNetwork::read()?;
        let mut town = Self { folder, people: Vec::new(), devices: Vec::new(), sample: sample()? };
        let config = town.config();
        let key_file = config.master_key.clone().context("the bench names a key file")?;
        let master = master::create(&key_file)?;
        let store = Store::create(&config.layout(), &master, Clock::system(), MIGRATIONS)?;
        std::fs::write(town.config_file(), toml::to_string(&config)?)?;
        let authority = found_network(&store, &data)?;
        let password = Password::parse(PASSWORD, "").map_err(|why| anyhow!("{why:?}"))?;
        let hash = password.hash(store.clock());
        for n in 0..FACILITIES {
            town.settle(&store, &authority, &data, &hash, n)?;
        }
        Ok(town)
    }

    pub fn config_file(&self) -> PathBuf {
        self.folder.join("tokinet.toml")
    }

    pub fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    /// Opens the store for this process. It closes with the last clone.
    pub fn open(&self) -> anyhow::Result<App> {
        Ok(App::new(
            self.open_store()?,
            &WebConfig {
                tunnel: None,
                picture_worker: this_program()?,
                rules: Rules::default(),
                limits: Limits::USUAL,
                acme: None,
                outside: Outside::default(),
            },
        )?)
    }

    pub fn open_store(&self) -> anyhow::Result<Store> {
        let config = self.config();
        let master = master::read(config.master_key.as_deref())?;
        Ok(Store::open(&config.layout(), &master, Clock::system(), MIGRATIONS)?)
    }

    pub fn layout(&self) -> Layout {
        self.config().layout()
    }

    fn config(&self) -> Config {
        Config {
            data: self.folder.join("store"),
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            cache_mib: CACHE_MIB,
            master_key: Some(self.folder.join("master-key")),
            backup_recipient: None,
            mail: MailRules::default(),
            acme: None,
            gateway: None,
            smtp: None,
            push: Push::default(),
        }
    }

    /// One facility with its people and its device, in one act.
    fn settle(
        &mut self,
        store: &Store,
        authority: &Authority,
        data: &DemoNetwork,
        hash: &PasswordHash,
        n: u16,
    ) -> anyhow::Result<()> {
        let (clock, hash) = (store.clock().clone(), hash.clone());
        let code = facility_code(n);
        let (details, people) = (facility(data, n)?, inhabitants(data, n)?);
        let act = act(store, "bench.settle");
        let (facility, people) = store.write_and_wait(act, move |write| {
            let facility = facilities::register(write, &clock, code, details)?;
            let mut registered = Vec::new();
            for (login, details) in people {
                let member = members::register(write, &clock, facility.id, login, details)?;
                let state = CredentialState::Chosen { hash: hash.clone(), set_at: clock.now() };
                write.put(&Credential { member: member.id, state, earlier: Vec::new() })?;
                registered.push(member);
            }
            Ok::<_, FoundProblem>((facility, registered))
        })?;
        let owner = people.first().context("a facility has people")?.id;
        let place = self.devices.len();
        self.devices.push(BenchDevice::enrol(store, authority, &facility, owner)?);
        self.people.extend(people.iter().map(|member| resident(member, &facility, place)));
        Ok(())
    }
}

fn resident(member: &Member, facility: &Facility, device: usize) -> Resident {
    Resident {
        member: member.id,
        person: Person::new(member, facility),
        login: member.login.clone(),
        facility_code: facility.code.clone(),
        device,
    }
}

pub fn act(store: &Store, action: &'static str) -> Act {
    Act::new(Actor::System, action, store.clock().now())
}

fn found_network(store: &Store, data: &DemoNetwork) -> anyhow::Result<Authority> {
    let names = Names::parse(&data.network.short, DOMAIN)?;
    let passphrase = data_encoding::HEXLOWER.encode(&store.clock().random::<16>());
    let found = || Authority::found(&names, &passphrase, store.clock().now());
    let (authority, _) = found()?;
    let network = Network {
        name: data.network.name.clone(),
        domain: DOMAIN.to_owned(),
        contact: OfficeContact::default(),
        passwords: PasswordRules::default(),
    };
    store.write_and_wait(act(store, "bench.found"), move |write| {
        network::found(write, &network, &authority)
    })?;
    store.read(network::authority)?.context("the network was founded")?.map_err(Into::into)
}

fn facility_code(n: u16) -> FacilityCode {
    let [thousands, hundreds, tens, ones] =
        [1_000, 100, 10, 1].map(|unit| u8::try_from(n / unit % 10).unwrap_or_default());
    FacilityCode::with_check_digit([1, 5, 1, 0, 0, thousands, hundreds, tens, ones])
}

fn facility(data: &DemoNetwork, n: u16) -> anyhow::Result<FacilityDetails> {
    let like = data.facility.iter().cycle().nth(usize::from(n)).context("the demo is empty")?;
    Ok(FacilityDetails {
        kind: FacilityKind::of_key(&like.kind).with_context(|| like.kind.clone())?,
        name: format!("{}{n}", like.name),
        kana: like.kana.clone(),
        short: like.short.clone(),
        postal: like.postal.clone(),
        address: like.address.clone(),
        phone: like.phone.clone(),
        fax: like.fax.clone(),
    })
}

fn inhabitants(data: &DemoNetwork, n: u16) -> anyhow::Result<Vec<(Login, MemberDetails)>> {
    let like = data.member.iter().cycle().skip(usize::from(n)).take(MEMBERS_OF_FACILITY);
    let details = |(place, like): (usize, &demo::MemberData)| {
        let login = Login::parse(&format!("user{place}")).map_err(|why| anyhow!("{why:?}"))?;
        let name = PersonName {
            family: like.family.clone(),
            given: like.given.clone(),
            family_kana: like.family_kana.clone(),
            given_kana: like.given_kana.clone(),
        };
        let job = japanese::job_of(&like.job).with_context(|| like.job.clone())?;
        let roles = Roles::of([Role::Staff]);
        Ok((login, MemberDetails { name, job, roles, starts: None, retires: None }))
    };
    like.enumerate().map(details).collect()
}

/// Subjects and bodies that people would write.
fn sample() -> anyhow::Result<Vec<(String, String)>> {
    let mails = demo::Mails::read()?.mail.into_iter();
    Ok(mails.map(|mail| (mail.subject, mail.body.trim().to_owned())).collect())
}
