//! Who may pass which door: every route with every persona, from the list of routes itself.

use std::fmt::Write as _;

mod typed;

use axum::http::StatusCode;
use jiff::SignedDuration;
use provisioning::cards::{self, Approval, Printed, Purpose, Shown, Wanted};
use provisioning::devices::{
    self, AlarmKind, Certificate, CertificateState, Device, DeviceNews, DeviceState, Due, NewsKind,
    Platform, StandIn, Told, grant_stand_in, raise,
};
use provisioning::enrolment::{
    self, Enrolment, Form, Redemption, ReplaceNews, SessionToken, SetupWindow,
};
use provisioning::facilities::Facility;
use provisioning::mailboxes::{self, Mailbox, MailboxDetails};
use provisioning::members::Member;
use provisioning::passkeys::{self, KeyName, NoticeKind, Passkey};
use provisioning::renewal::{self, Renewal};
use provisioning::stock;
use store::{Id, StoreError};

use crate::kit::routes::{Access, Route, Verb};
use crate::kit::testing::{Answer, HOSTILE, Net, Persona, act};
use crate::mail::chase::Escalation;
use crate::mail::delivery;
use crate::mail::drafts::{self, Draft, Upload};
use crate::mail::groups::{self, Group, GroupDetails};
use crate::mail::keepers::{Keeper, SeenBy};
use crate::mail::model::{Importance, Mail, Owner, Person};
use crate::mail::phrases::{self, PhraseDetails};

/// A network in which every kind of thing exists once, with its ids.
struct Scene {
    net: Net,
    mailbox: Mailbox,
    mail: Mail,
    draft: Draft,
    upload: Upload,
    enrolment: Enrolment,
    card: Printed,
    /// The nurse's own: a code shown at the station's device, and a tablet elsewhere.
    own: Enrolment,
    mine: Device,
    /// The clinic's: one that waits, and a spare device.
    ours: Enrolment,
    spare: Device,
    window: SetupWindow,
    stand_in: StandIn,
    /// Of the nurse, the clinic and the network.
    groups: [Id<Group>; 3],
    renewal: Renewal,
    passkey: Passkey,
}

impl Scene {
    fn new(mark: &str) -> Self {
        let net = Net::with_names(mark);
        let mailbox = mailbox(&net, mark);
        let mail = mail(&net, &mailbox, mark);
        let draft = draft(&net, mark);
        let upload = upload(&net, &draft);
        let (enrolment, card) = cards_of(&net, mark);
        let (own, mine) = (own_code(&net, mark), own_device(&net, mark));
        let (ours, spare, window, stand_in) = elsewhere(&net, mark);
        let keepers = [Keeper::Own(net.nurse.id), Keeper::Facility(net.clinic.id), Keeper::Network];
        let groups = keepers.map(|keeper| kept_for_all(&net, keeper, mark));
        let renewal = renewal(&net);
        let passkey = passkey(&net, mark);
        Self {
            groups,
            net,
            mailbox,
            mail,
            draft,
            upload,
            enrolment,
            card,
            own,
            mine,
            ours,
            spare,
            window,
            stand_in,
            renewal,
            passkey,
        }
    }

    /// The route's path with ids of things that exist.
    fn path(&self, route: &Route) -> String {
        route
            .path
            .replace("{mail}", &self.mail.id.to_string())
            .replace("{draft}", &self.draft.id.to_string())
            .replace("{upload}", &self.upload.id.to_string())
            .replace("{n}", "0")
            .replace("{guide}", "ipad")
            .replace("{facility}", &self.net.station.id.to_string())
            .replace("{member}", &self.net.doctor.id.to_string())
            .replace("{device}", &self.net.station_device.id.to_string())
            .replace("{enrolment}", &self.enrolment.id.to_string())
            .replace("{number}", &self.card.card.number.to_string())
            .replace("{ours}", &self.ours.id.to_string())
            .replace("{spare}", &self.spare.id.to_string())
            .replace("{replaced}", &self.spare.id.to_string())
            .replace("{window}", &self.window.id.to_string())
            .replace("{stand_in}", &self.stand_in.id.to_string())
            .replace("{passkey}", &self.passkey.id.to_string())
            .replace("{own}", &self.own.id.to_string())
            .replace("{mine}", &self.mine.id.to_string())
            .replace("{group}", &self.groups[0].to_string())
            .replace("{our_group}", &self.groups[1].to_string())
            .replace("{network_group}", &self.groups[2].to_string())
            .replace("{session}", &self.session_of_nurse())
    }

    fn session_of_nurse(&self) -> String {
        let (app, nurse) = (&self.net.app, self.net.nurse.id);
        let own = app.store.read(|read| crate::kit::session::of_member(read, nurse)).unwrap();
        own.first().map_or_else(|| nurse.to_string(), |session| session.id.to_string())
    }

    async fn knock(&self, route: &Route, persona: Persona) -> Answer {
        if route.path.contains("/stock") && !route.path.ends_with("/start") {
            stock_take(&self.net);
        }
        let visitor = self.net.visitor(persona);
        let path = self.path(route);
        match route.method {
            Verb::Get => visitor.get(&path).await,
            Verb::Post if route.path.ends_with("/files") => {
                visitor.upload(&path, "note.txt", b"a note").await
            }
            Verb::Post => {
                let fields = self.fields(route);
                let fields: Vec<_> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
                visitor.post(&path, &fields).await
            }
            Verb::Put => visitor.put(&format!("{path}?name=note.txt"), b"a note").await,
        }
    }
}

/// Whether a persona may pass; whose things lie behind it is part of the rule.
fn may_pass(route: &Route, persona: Persona) -> bool {
    // The mail went from the manager to the member; the draft and the session are the member's.
    let behind = |ids: &[&str]| ids.iter().any(|id| route.path.contains(id));
    let reads =
        ["/later", "/done", "/charge", "/urgent"].iter().any(|end| route.path.ends_with(end));
    let sent = ["/withdraw", "/remind"].iter().any(|end| route.path.ends_with(end));
    let is_of_mail = route.path.starts_with("/mail/{mail}");
    let owns = match persona {
        Persona::Member if is_of_mail && sent => false,
        Persona::Manager if is_of_mail && reads => false,
        Persona::Member => true,
        Persona::Manager => {
            !behind(&["{draft}", "{session}", "{own}", "{mine}", "{passkey}", "{group}"])
        }
        Persona::Stranger
        | Persona::Device
        | Persona::Office
        | Persona::OfficeElsewhere
        | Persona::Auditor => {
            let mails = ["{mail}", "/mail/export", "{draft}", "{group}"];
            !behind(&mails) && !behind(&["{session}", "{own}", "{mine}", "{passkey}"])
        }
    };
    let signed_in =
        !matches!(persona, Persona::Stranger | Persona::Device | Persona::OfficeElsewhere);
    match route.access {
        Access::Stranger => true,
        Access::Device => persona != Persona::Stranger,
        Access::Session => signed_in,
        Access::Member => signed_in && owns,
        Access::Manager => persona == Persona::Manager,
        Access::Office => persona == Persona::Office,
        Access::Auditor => persona == Persona::Auditor,
    }
}

fn was_refused(answer: &Answer) -> bool {
    let to_login = answer.location.starts_with("/login?");
    to_login || matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::NOT_FOUND)
}

fn product_routes() -> Vec<Route> {
    crate::routes().list().to_vec()
}

#[tokio::test]
async fn every_door_opens_for_whom_it_should_and_for_nobody_else() {
    let mut wrong = String::new();
    for route in product_routes() {
        for persona in Persona::ALL {
            let scene = Scene::new("");
            let answer = scene.knock(&route, persona).await;
            // These files do not exist in the scene, so that even their owner is told so.
            let files = route.path.contains("/files/{n}");
            if was_refused(&answer) == may_pass(&route, persona) && !files {
                let (verb, path, status) = (route.method.name(), route.path, answer.status);
                writeln!(wrong, "{verb} {path} as {persona:?}: {status}").unwrap();
            }
            assert!(answer.status != StatusCode::FORBIDDEN, "no 403 on this host");
            let broke = answer.status == StatusCode::INTERNAL_SERVER_ERROR;
            assert!(!broke, "{} {} as {persona:?}", route.method.name(), route.path);
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[tokio::test]
async fn every_change_leaves_a_row_in_the_trail() {
    for route in product_routes() {
        // The size of letters on a device concerns nobody.
        if route.method == Verb::Get || route.path == "/me/size" {
            continue;
        }
        let persona = match route.access {
            Access::Manager => Persona::Manager,
            Access::Office => Persona::Office,
            Access::Auditor => Persona::Auditor,
            _ if !may_pass(&route, Persona::Member) => Persona::Manager,
            Access::Stranger | Access::Device | Access::Session | Access::Member => Persona::Member,
        };
        let scene = Scene::new("");
        let before = last_action(&scene.net);
        let answer = scene.knock(&route, persona).await;
        let after = last_action(&scene.net);
        let (path, status) = (route.path, answer.status);
        assert_ne!(before, after, "{path} left no row in the trail, answer {status}");
    }
}

/// Number and action of the newest row that is not a look at something.
fn last_action(net: &Net) -> Option<(u64, String)> {
    const LOOKS: [&str; 11] = [
        "mail.list",
        "mail.read",
        "mail.thumb",
        "draft.list",
        "draft.read",
        "draft.file",
        "group.list",
        "group.read",
        "phrase.list",
        "phrase.read",
        "test",
    ];
    let looks = |action: &str| LOOKS.contains(&action);
    let rows = net.app.store.read(|read| read.trail(None, 50)).unwrap();
    let newest = rows.into_iter().find(|row| !looks(&row.action))?;
    Some((newest.number, newest.action))
}

#[tokio::test]
async fn no_page_lets_what_people_typed_become_markup() {
    let scene = Scene::new(HOSTILE);
    // What is saved as a file is no page: it holds what was typed as it was typed.
    let is_file = |path: &str| path.ends_with("/eml") || path == "/office/export";
    let is_page = |route: &&Route| route.method == Verb::Get && !is_file(route.path);
    for route in product_routes().iter().filter(is_page) {
        for persona in [Persona::Member, Persona::Office, Persona::Auditor] {
            let body = scene.knock(route, persona).await.body;
            assert!(!body.contains("<svg onload"), "{} as {persona:?}", route.path);
            assert!(!body.contains("'49"), "{} as {persona:?}", route.path);
        }
    }
}

#[test]
fn the_list_of_doors_is_the_one_that_was_reviewed() {
    let mut found = String::new();
    let mut all = product_routes();
    all.extend(crate::touroku::routes().list().iter().cloned());
    all.sort();
    for route in &all {
        writeln!(found, "{:<4} {:<50} {:?}", route.method.name(), route.path, route.access)
            .unwrap();
    }
    if std::env::var_os("TOKINET_GOLDEN").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/routes.txt"), &found).unwrap();
    }
    assert_eq!(found, include_str!("../../routes.txt"), "write it anew with TOKINET_GOLDEN=1");
}

fn mailbox(net: &Net, mark: &str) -> Mailbox {
    let details = MailboxDetails {
        name: format!("連携室{mark}"),
        kana: "レンケイシツ".to_owned(),
        members: vec![net.nurse.id],
        open: true,
    };
    let (clock, station) = (net.app.store.clock().clone(), net.station.id);
    act(&net.app.store, move |write| mailboxes::found(write, &clock, station, details).unwrap())
}

fn mail(net: &Net, mailbox: &Mailbox, mark: &str) -> Mail {
    let (id, nurse) = (net.app.store.clock().id(), Person::new(&net.nurse, &net.station));
    let (doctor, now) = (Person::new(&net.doctor, &net.clinic), net.app.now());
    let subject = format!("山田　太郎様について{mark}");
    let body = format!("お世話になっております。{mark}");
    let to = [nurse.clone(), Person::mailbox(mailbox, &net.station)];
    let mail = Mail::plain(id, doctor, to, subject, body, now);
    let mail = Mail { importance: Importance::Important, ..mail };
    let id = net.app.store.clock().id();
    let kept = Mail { id, thread: id, sender: nurse, ..mail.clone() };
    let delivered = mail.clone();
    let escalation = Escalation {
        contact: net.nurse.id,
        mail: mail.id,
        reader: Owner::member(net.nurse.id),
        sender: net.doctor.id,
        sent_at: now,
        told_at: now,
    };
    act(&net.app.store, move |write| {
        write.put(&escalation).unwrap();
        delivery::deliver(write, &delivered).unwrap();
        delivery::deliver(write, &kept).unwrap();
    });
    // The doctor's own copy would let the doctor in; the office and the nurse are what counts.
    mail
}

fn draft(net: &Net, mark: &str) -> Draft {
    let draft = Draft {
        version: 3,
        recipients: vec![Owner::member(net.doctor.id)],
        subject: format!("下書き{mark}"),
        body: format!("本文{mark}"),
        ..Draft::blank(net.app.store.clock().id(), net.nurse.id, net.app.now())
    };
    let kept = draft.clone();
    act(&net.app.store, move |write| drafts::start(write, &kept).unwrap());
    draft
}

/// A group, and a phrase, of each keeper.
fn kept_for_all(net: &Net, keeper: Keeper, mark: &str) -> Id<Group> {
    let (clock, by) = (net.app.store.clock().clone(), net.clerk.id);
    let people = vec![Owner::member(net.doctor.id), Owner::member(net.clerk.id)];
    let (seen_by, mark) = (SeenBy::Circle, mark.to_owned());
    act(&net.app.store, move |write| {
        let details = PhraseDetails {
            title: format!("あいさつ{mark}"),
            category: "分類".to_owned(),
            text: format!("お世話になっております。{mark}"),
            seen_by,
        };
        phrases::found(write, &clock, keeper, details, by).unwrap();
        let details = GroupDetails { name: format!("部会{mark}"), people, seen_by };
        groups::found(write, &clock, keeper, details, by).unwrap().id
    })
}

/// The note that every `PUT` brings, begun.
fn upload(net: &Net, draft: &Draft) -> Upload {
    let upload = Upload {
        id: net.app.store.clock().id(),
        member: net.nurse.id,
        device: net.station_device.id,
        draft: draft.id,
        bytes: 6,
        mark: [0; 16],
        kept: store::KeptName::random(),
        at: net.app.now(),
    };
    let begun = upload.clone();
    act(&net.app.store, move |write| drafts::begin_upload(write, begun).unwrap())
}

/// A card that was redeemed and waits for approval, and one that is open.
fn cards_of(net: &Net, mark: &str) -> (Enrolment, Printed) {
    let (app, nurse, doctor) = (net.app.clone(), net.nurse.id, net.doctor.id);
    let device_name = format!("iPad 2{mark}");
    act(&net.app.store, move |write| {
        let clock = app.store.clock().clone();
        let mut issue = |member| {
            cards::issue(write, &clock, &app.authority, member, Approval::Needed, None).unwrap()
        };
        let (first, open) = (issue(nurse), issue(doctor));
        let asked = Redemption {
            device_name,
            platform: Platform::Ipad,
            form: Form::Pkcs12,
            address: "192.0.2.7".to_owned(),
        };
        let token = SessionToken::random(&clock);
        let number = first.card.number;
        let redeemed: Result<_, StoreError> =
            enrolment::redeem(write, &clock, number, &first.secret, &token, asked);
        // Cards bring initial passwords; the personas keep the ones they log in with.
        for member in [nurse, doctor] {
            let mut credential: provisioning::credentials::Credential =
                write.get(&member).unwrap().unwrap();
            let hash = credential.earlier.first().unwrap().clone();
            let state =
                provisioning::credentials::CredentialState::Chosen { hash, set_at: clock.now() };
            credential.state = state;
            write.put(&credential).unwrap();
        }
        (redeemed.unwrap().unwrap(), open)
    })
}

/// A code that the nurse shows at the station's device, redeemed and waiting there.
fn own_code(net: &Net, mark: &str) -> Enrolment {
    let here = Shown::OwnDevice(net.station_device.id);
    waiting(net, net.nurse.id, Purpose::AddDevice, here, format!("iPad 3{mark}"))
}

fn waiting(
    net: &Net,
    member: Id<Member>,
    purpose: Purpose,
    shown: Shown,
    device_name: String,
) -> Enrolment {
    let app = net.app.clone();
    act(&net.app.store, move |write| {
        let clock = app.store.clock().clone();
        let approval = Approval::Needed;
        let wanted = Wanted { member, purpose, shown, approval, issued_by: Some(member) };
        let made = cards::make(write, &clock, &app.authority, wanted).unwrap();
        let (platform, form) = (Platform::Ipad, Form::Pkcs12);
        let asked = Redemption { device_name, platform, form, address: "192.0.2.8".to_owned() };
        let token = SessionToken::random(&clock);
        let number = made.card.number;
        let done: Result<_, StoreError> =
            enrolment::redeem(write, &clock, number, &made.secret, &token, asked);
        done.unwrap().unwrap()
    })
}

/// A tablet that the nurse enrolled and has not been asked about.
fn own_device(net: &Net, mark: &str) -> Device {
    let now = net.app.now();
    let device = device(net, net.station.id, net.nurse.id, format!("iPad 4{mark}"));
    let (kept, member) = (device.id, net.nurse.id);
    act(&net.app.store, move |write| {
        let kind = NewsKind::Enrolled;
        write.put(&DeviceNews { member, device: kept, kind, at: now }).unwrap();
    });
    remind(net, &device);
    device
}

/// The nurse hears that the tablet's certificate ends.
fn remind(net: &Net, device: &Device) {
    let (now, nurse) = (net.app.now(), net.nurse.id);
    let ends_at = now + SignedDuration::from_hours(24 * 20);
    let due = Due { device: device.clone(), ends_at, days: 30 };
    act(&net.app.store, move |write| {
        let certificate = Certificate {
            spki: [40; 32],
            device: due.device.id,
            serial: vec![40],
            not_before: now,
            not_after: ends_at,
            state: CertificateState::Active,
        };
        write.put(&certificate).unwrap();
        devices::remind(write, &due, &[(nurse, Told::User)], now).unwrap();
    });
}

/// One is going on, for all doors but the one that begins it.
fn stock_take(net: &Net) {
    let (clock, by) = (net.app.store.clock().clone(), net.clerk.id);
    act(&net.app.store, move |write| drop(stock::start(write, &clock, by)));
}

/// The station's device is near its end, and the nurse has begun to renew it.
fn renewal(net: &Net) -> Renewal {
    let (device, member, clock) =
        (net.station_device.id, net.nurse.id, net.app.store.clock().clone());
    let kept = net.app.store.read(|read| devices::certificates_of(read, device)).unwrap().remove(0);
    let not_after = clock.now() + SignedDuration::from_hours(24 * 42);
    act(&net.app.store, move |write| {
        let asked = renewal::Asked { member, device, spki: kept.spki };
        write.put(&Certificate { not_after, ..kept }).unwrap();
        renewal::begin(write, &clock, asked, Form::Pkcs12).unwrap()
    })
}

/// What the clinic's manager and the office find.
fn elsewhere(net: &Net, mark: &str) -> (Enrolment, Device, SetupWindow, StandIn) {
    let code = (Purpose::AddDevice, Shown::OfficeScreen);
    let ours = waiting(net, net.doctor.id, code.0, code.1, format!("PC 5{mark}"));
    let spare = device(net, net.clinic.id, net.doctor.id, format!("PC 6{mark}"));
    let (clock, by, mark) = (net.app.store.clock().clone(), net.clerk.id, mark.to_owned());
    let (guest, place, clinic) = (net.doctor.id, net.station_device.id, net.clinic.id);
    let replaced = spare.id;
    let (window, stand_in) = act(&net.app.store, move |write| {
        let window = enrolment::open_window(write, &clock, Some(clinic), 1, by).unwrap();
        let reason = format!("故障{mark}");
        let stand_in = grant_stand_in(write, &clock, guest, place, reason, by).unwrap();
        let addresses = ["192.0.2.1".to_owned(), "198.51.100.7".to_owned()];
        raise(write, place, AlarmKind::TwoPlaces { addresses }, clock.now()).unwrap();
        let (facility, at) = (clinic, clock.now());
        write.put(&ReplaceNews { facility, device: replaced, by: guest, at }).unwrap();
        (window, stand_in)
    });
    (ours, spare, window, stand_in)
}

/// The nurse's own, with everything that is told about it.
fn passkey(net: &Net, mark: &str) -> Passkey {
    let passkey = Passkey {
        id: net.app.store.clock().id(),
        member: net.nurse.id,
        name: KeyName::parse(&format!("PC{mark}").chars().take(30).collect::<String>()).unwrap(),
        credential: vec![7; 16],
        mark: [7; 16],
        public_key: Vec::new(),
        algorithm: -7,
        counter: 0,
        transports: vec!["internal".to_owned()],
        made_at: net.app.now(),
        used_at: None,
    };
    let (kept, clock) = (passkey.clone(), net.app.store.clock().clone());
    act(&net.app.store, move |write| {
        passkeys::add(write, &kept).unwrap();
        passkeys::make_codes(write, &clock, kept.member).unwrap();
        passkeys::tell(write, kept.member, NoticeKind::CodeUsed, clock.now()).unwrap();
    });
    passkey
}

fn device(net: &Net, facility: Id<Facility>, by: Id<Member>, name: String) -> Device {
    let now = net.app.now();
    let device = Device {
        id: net.app.store.clock().id(),
        facility,
        name,
        platform: Platform::Ipad,
        office: false,
        state: DeviceState::Active,
        enrolled_by: by,
        enrolled_at: now,
        first_seen_at: Some(now),
    };
    let kept = device.clone();
    act(&net.app.store, move |write| write.put(&kept).unwrap());
    device
}
