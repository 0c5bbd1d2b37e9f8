//! What there is in a scene: one of every kind.

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

use crate::kit::testing::{Net, act};
use crate::mail::chase::Escalation;
use crate::mail::delivery;
use crate::mail::drafts::{self, Draft, Upload};
use crate::mail::groups::{self, Group, GroupDetails};
use crate::mail::keepers::{Keeper, SeenBy};
use crate::mail::model::{Importance, Mail, Owner, Person};
use crate::mail::phrases::{self, PhraseDetails};

pub(super) fn mailbox(net: &Net, mark: &str) -> Mailbox {
    let details = MailboxDetails {
        name: format!("連携室{mark}"),
        kana: "レンケイシツ".to_owned(),
        members: vec![net.nurse.id],
        open: true,
    };
    let (clock, station) = (net.app.store.clock().clone(), net.station.id);
    act(&net.app.store, move |write| mailboxes::found(write, &clock, station, details).unwrap())
}

pub(super) fn mail(net: &Net, mailbox: &Mailbox, mark: &str) -> Mail {
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

pub(super) fn draft(net: &Net, mark: &str) -> Draft {
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
pub(super) fn kept_for_all(net: &Net, keeper: Keeper, mark: &str) -> Id<Group> {
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
pub(super) fn upload(net: &Net, draft: &Draft) -> Upload {
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
pub(super) fn cards_of(net: &Net, mark: &str) -> (Enrolment, Printed) {
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
pub(super) fn own_code(net: &Net, mark: &str) -> Enrolment {
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
pub(super) fn own_device(net: &Net, mark: &str) -> Device {
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
pub(super) fn stock_take(net: &Net) {
    let (clock, by) = (net.app.store.clock().clone(), net.clerk.id);
    act(&net.app.store, move |write| drop(stock::start(write, &clock, by)));
}

/// The station's device is near its end, and the nurse has begun to renew it.
pub(super) fn renewal(net: &Net) -> Renewal {
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
pub(super) fn elsewhere(net: &Net, mark: &str) -> (Enrolment, Device, SetupWindow, StandIn) {
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
pub(super) fn passkey(net: &Net, mark: &str) -> Passkey {
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
