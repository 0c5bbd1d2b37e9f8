//! Filling an empty store with the fictional network, through the product's own acts.

use std::collections::BTreeMap;

use anyhow::{Context as _, anyhow};
use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp};
use provisioning::authority::{Authority, Names, RootKey};
use provisioning::credentials::{Credential, CredentialState, Password, PasswordRules};
use provisioning::facilities::{self, Facility, FacilityCode, FacilityDetails, FacilityKind};
use provisioning::mailboxes::{self, MailboxDetails};
use provisioning::members::{self, Login, Member, MemberDetails, PersonName, Role, Roles};
use provisioning::network::{self, Network, OfficeContact};
use store::{Act, Actor, Id, Store, StoreError};
use webui::kit::app::App;
use webui::kit::japanese;
use webui::mail::drafts::{self, Draft};
use webui::mail::model::{File, Importance, Mail, Owner, Person};
use webui::mail::tables::MailProblem;
use webui::mail::{acts, delivery};

use super::at_hand;
use super::data::{DemoNetwork, DraftData, FacilityData, MailData, Mails, MemberData};
use super::pictures;

/// Everybody's password in the fictional network.
pub const PASSWORD: &str = "aoba-no-midori-2026";

/// Of the demo's `.p12` files, which hold keys of fictional devices only.
pub const P12_PASSWORD: &str = "aoba-no-kagi-2026";

/// The office's row, its authority, every facility and member. The root key is the caller's.
pub fn found(store: &Store, data: &DemoNetwork, domain: &str) -> anyhow::Result<RootKey> {
    let names = Names::parse(&data.network.short, domain)?;
    let clock = store.clock();
    let passphrase = data_encoding::HEXLOWER.encode(&clock.random::<16>());
    let (authority, root) = Authority::found(&names, &passphrase, clock.now())?;
    let office = data.facility.iter().find(|one| one.kind == FacilityKind::Office.key());
    let office = office.context("the demo network has no office")?;
    let network = Network {
        name: data.network.name.clone(),
        domain: domain.to_owned(),
        contact: OfficeContact {
            name: office.short.clone(),
            phone: office.phone.clone(),
            hours: "9:00-16:00".to_owned(),
            address: office.address.clone(),
        },
        passwords: PasswordRules::default(),
    };
    let password = Password::parse(PASSWORD, "").map_err(|why| anyhow!("password: {why:?}"))?;
    let hash = password.hash(clock);
    let facilities: Vec<_> = data.facility.iter().map(facility).collect::<Result<_, _>>()?;
    let people: Vec<_> = data.member.iter().map(person).collect::<Result<_, _>>()?;
    let (clock, keys) = (clock.clone(), facility_keys(data));
    store.write_and_wait(act(store, "demo.found"), move |write| {
        network::found(write, &network, &authority)?;
        let mut ids = BTreeMap::new();
        for ((code, details), key) in facilities.into_iter().zip(keys) {
            ids.insert(key, facilities::register(write, &clock, code, details)?.id);
        }
        for (key, login, details) in people {
            let Some(facility) = ids.get(&key) else { continue };
            let member = members::register(write, &clock, *facility, login, details)?;
            let set_at = clock.now() - SignedDuration::from_hours(24 * 20);
            let state = CredentialState::Chosen { hash: hash.clone(), set_at };
            write.put(&Credential { member: member.id, state, earlier: Vec::new() })?;
        }
        Ok::<_, DemoProblem>(())
    })?;
    Ok(root)
}

#[derive(Debug, thiserror::Error)]
enum DemoProblem {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Facility(#[from] facilities::FacilityProblem),
    #[error(transparent)]
    Member(#[from] members::MemberProblem),
}

fn facility_keys(data: &DemoNetwork) -> Vec<String> {
    data.facility.iter().map(|facility| facility.key.clone()).collect()
}

fn facility(data: &FacilityData) -> anyhow::Result<(FacilityCode, FacilityDetails)> {
    let code = FacilityCode::parse(&data.code).map_err(|why| anyhow!("{}: {why:?}", data.key))?;
    let kind = FacilityKind::of_key(&data.kind).with_context(|| data.kind.clone())?;
    let details = FacilityDetails {
        kind,
        name: data.name.clone(),
        kana: data.kana.clone(),
        short: data.short.clone(),
        postal: data.postal.clone(),
        address: data.address.clone(),
        phone: data.phone.clone(),
        fax: data.fax.clone(),
    };
    Ok((code, details))
}

fn person(data: &MemberData) -> anyhow::Result<(String, Login, MemberDetails)> {
    let login = Login::parse(&data.login).map_err(|why| anyhow!("{}: {why:?}", data.key))?;
    let roles: Option<Vec<Role>> = data.roles.iter().map(|role| Role::of_key(role)).collect();
    let date = |text: &Option<String>| -> anyhow::Result<Option<Date>> {
        text.as_deref().map(|text| text.parse().context("a date")).transpose()
    };
    let details = MemberDetails {
        name: PersonName {
            family: data.family.clone(),
            given: data.given.clone(),
            family_kana: data.family_kana.clone(),
            given_kana: data.given_kana.clone(),
        },
        job: japanese::job_of(&data.job).with_context(|| data.job.clone())?,
        roles: Roles::of(roles.context("an unknown role")?),
        starts: date(&data.starts)?,
        retires: date(&data.retires)?,
    };
    Ok((data.facility.clone(), login, details))
}

fn act(store: &Store, action: &'static str) -> Act {
    Act::new(Actor::System, action, store.clock().now())
}

/// Who stands behind the data files' keys.
pub struct Cast {
    people: BTreeMap<String, (Member, Facility)>,
    facilities: BTreeMap<String, Id<Facility>>,
    /// By their facility's key.
    boxes: BTreeMap<String, Person>,
}

impl Cast {
    fn of(store: &Store, data: &DemoNetwork) -> anyhow::Result<Self> {
        let (members, facilities) = store
            .read(|read| Ok::<_, StoreError>((members::list(read)?, facilities::list(read)?)))?;
        let (mut people, mut places) = (BTreeMap::new(), BTreeMap::new());
        for one in &data.member {
            let code = data.facility.iter().find(|f| f.key == one.facility).map(|f| &f.code);
            let facility = facilities.iter().find(|f| Some(f.code.as_str()) == code.map(|c| &**c));
            let facility = facility.with_context(|| one.facility.clone())?;
            let member = members.iter().find(|member| {
                member.facility == facility.id && member.login.as_str() == one.login
            });
            let member = member.with_context(|| one.key.clone())?;
            places.insert(one.facility.clone(), facility.id);
            people.insert(one.key.clone(), (member.clone(), facility.clone()));
        }
        Ok(Self { people, facilities: places, boxes: BTreeMap::new() })
    }

    async fn found_mailboxes(&mut self, app: &App, data: &DemoNetwork) -> anyhow::Result<()> {
        for one in &data.mailbox {
            let members: anyhow::Result<Vec<_>> =
                one.members.iter().map(|key| Ok(self.member(key)?.id)).collect();
            let somebody = one.members.first().context("nobody reads a mailbox")?;
            let (_, facility) = self.people.get(somebody).context("an unknown facility")?;
            let details = MailboxDetails {
                name: one.name.clone(),
                kana: one.kana.clone(),
                members: members?,
                open: true,
            };
            let (clock, id) = (app.store.clock().clone(), facility.id);
            let act = act(&app.store, "demo.mailbox");
            let found =
                app.store.write(act, move |write| mailboxes::found(write, &clock, id, details));
            self.boxes.insert(one.facility.clone(), Person::mailbox(&found.await?, facility));
        }
        Ok(())
    }

    pub fn facility(&self, key: &str) -> anyhow::Result<Id<Facility>> {
        self.facilities.get(key).copied().with_context(|| key.to_owned())
    }

    pub fn member(&self, key: &str) -> anyhow::Result<&Member> {
        self.people.get(key).map(|(member, _)| member).with_context(|| key.to_owned())
    }

    pub fn person(&self, key: &str) -> anyhow::Result<Person> {
        if let Some(facility) = key.strip_prefix("box:") {
            return self.boxes.get(facility).cloned().with_context(|| key.to_owned());
        }
        let (member, facility) = self.people.get(key).with_context(|| key.to_owned())?;
        Ok(Person::new(member, facility))
    }
}

/// The mails of several weeks, as if they had been sent and opened then.
pub async fn fill(app: &App, data: &DemoNetwork) -> anyhow::Result<()> {
    let mails = Mails::read()?;
    let mut cast = Cast::of(&app.store, data)?;
    cast.found_mailboxes(app, data).await?;
    let drawn = draw_all(app, &mails).await?;
    let mut sent: BTreeMap<&str, (Id<Mail>, Id<Mail>)> = BTreeMap::new();
    for one in &mails.mail {
        let at = moment(app, one.days_ago, &one.time)?;
        let mut mail = mail(app, &cast, &drawn, one, at)?;
        if let Some((answered, thread)) = one.reply_to.as_deref().and_then(|key| sent.get(key)) {
            (mail.answers, mail.thread) = (Some(*answered), *thread);
        }
        sent.insert(&one.key, (mail.id, mail.thread));
        deliver(app, &cast, mail, one).await?;
    }
    for one in &mails.draft {
        put_draft(app, &cast, one).await?;
    }
    at_hand::fill(app, &cast).await?;
    Ok(())
}

fn mail(
    app: &App,
    cast: &Cast,
    drawn: &BTreeMap<String, File>,
    data: &MailData,
    sent_at: Timestamp,
) -> anyhow::Result<Mail> {
    let files = data.pictures.iter().filter_map(|name| drawn.get(name));
    let numbered = (0u16..).zip(files).map(|(n, file)| File { n, ..file.clone() });
    let recipients: Result<Vec<_>, _> = data.to.iter().map(|key| cast.person(key)).collect();
    let (id, sender) = (app.store.clock().id(), cast.person(&data.from)?);
    let (subject, body) = (data.subject.clone(), data.body.trim().to_owned());
    let mail = Mail::plain(id, sender, recipients?, subject, body, sent_at);
    let importance = Importance::of_key(&data.importance);
    Ok(Mail { importance, files: numbered.collect(), ..mail })
}

async fn deliver(app: &App, cast: &Cast, mail: Mail, data: &MailData) -> anyhow::Result<()> {
    let now = app.now();
    let mut openings = Vec::new();
    for opened in &data.opened {
        let at = mail.sent_at + SignedDuration::from_mins(opened.after_minutes);
        openings.push((cast.member(&opened.by)?.id, at.min(now)));
    }
    let sender = cast.member(&data.from)?.id;
    app.store
        .write(act(&app.store, "demo.mail"), move |write| {
            delivery::deliver(write, &mail)?;
            for (member, at) in openings {
                let own = Owner::member(member);
                let shared = mail.recipients.iter().find(|one| one.person.is_mailbox());
                let reads_shared = shared.filter(|_| mail.recipient(own).is_none());
                let owner = reads_shared.map_or(own, |shared| shared.person.owner);
                acts::open(write, owner, member, mail.id, at)?;
            }
            if let Some(answered) = mail.answers {
                let owner = Owner::member(sender);
                acts::note_answer(write, answered, owner, sender, mail.sent_at)?;
            }
            Ok::<_, MailProblem>(())
        })
        .await?;
    Ok(())
}

async fn put_draft(app: &App, cast: &Cast, data: &DraftData) -> anyhow::Result<()> {
    let recipients = data.to.iter().map(|key| Ok(Owner::member(cast.member(key)?.id)));
    let (id, owner) = (app.store.clock().id(), cast.member(&data.from)?.id);
    let draft = Draft {
        version: 2,
        recipients: recipients.collect::<anyhow::Result<_>>()?,
        subject: data.subject.clone(),
        body: data.body.trim().to_owned(),
        ..Draft::blank(id, owner, app.now() - SignedDuration::from_mins(47))
    };
    let act = act(&app.store, "demo.draft");
    app.store.write(act, move |write| drafts::start(write, &draft)).await?;
    Ok(())
}

/// Every picture once, through the same cleaning as an upload.
async fn draw_all(app: &App, mails: &Mails) -> anyhow::Result<BTreeMap<String, File>> {
    let mut names: Vec<_> = mails.mail.iter().flat_map(|mail| mail.pictures.clone()).collect();
    names.sort();
    names.dedup();
    let mut drawing = Vec::new();
    for name in names {
        let app = app.clone();
        drawing.push(tokio::spawn(async move {
            let picture = name.clone();
            let drawn = tokio::task::spawn_blocking(move || pictures::draw(&picture)).await?;
            let bytes = drawn.with_context(|| format!("no picture is named {name}"))?;
            let mut writer = app.store.blobs().begin()?;
            writer.write(&bytes)?;
            let (blob, length) = writer.finish()?;
            let shown = format!("{name}.jpg");
            let file = drafts::attachment(&app, &shown, blob, length).await?;
            anyhow::Ok((name, file))
        }));
    }
    let mut drawn = BTreeMap::new();
    for one in drawing {
        let (name, file) = one.await??;
        drawn.insert(name, file);
    }
    Ok(drawn)
}

/// That day at that time in Japan, never later than now.
fn moment(app: &App, days_ago: i64, time: &str) -> anyhow::Result<Timestamp> {
    let now = app.now();
    let day = japanese::today(now).checked_sub(SignedDuration::from_hours(24 * days_ago))?;
    let time: Time = format!("{time}:00").parse().context("a time")?;
    let at = day.to_datetime(time).to_zoned(jiff::tz::TimeZone::get("Asia/Tokyo")?)?.timestamp();
    // Whoever tries the product before breakfast still sees this morning's mail.
    Ok(at.min(now - SignedDuration::from_mins(5)))
}
