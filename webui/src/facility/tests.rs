//! A manager looks after the own facility, and sees nothing of another.

use provisioning::cards::{self, Approval};
use provisioning::devices::{self, Device, DeviceState, Platform};
use provisioning::enrolment::{self, Enrolment, EnrolmentState, Form, Redemption, SessionToken};
use provisioning::members::Member;
use store::{Id, StoreError};

use crate::kit::testing::{Net, Persona, act};

fn waiting(net: &Net, member: &Member) -> Enrolment {
    let (app, member) = (net.app.clone(), member.id);
    act(&net.app.store, move |write| {
        let clock = app.store.clock().clone();
        let card = cards::issue(write, &clock, &app.authority, member, Approval::Needed, None);
        let card = card.unwrap();
        let asked = Redemption {
            device_name: "診察室PC".to_owned(),
            platform: Platform::Windows,
            form: Form::Pkcs12,
            address: "192.0.2.7".to_owned(),
        };
        let token = SessionToken::random(&clock);
        let number = card.card.number;
        let done: Result<_, StoreError> =
            enrolment::redeem(write, &clock, number, &card.secret, &token, asked);
        done.unwrap().unwrap()
    })
}

fn state(net: &Net, id: Id<Enrolment>) -> EnrolmentState {
    net.app.store.read(|read| read.get::<Enrolment>(&id)).unwrap().unwrap().state
}

fn spare(net: &Net) -> Device {
    let now = net.app.now();
    let device = Device {
        id: net.app.store.clock().id(),
        facility: net.clinic.id,
        name: "往診iPad".to_owned(),
        platform: Platform::Ipad,
        office: false,
        state: DeviceState::Active,
        enrolled_by: net.doctor.id,
        enrolled_at: now,
        first_seen_at: Some(now),
    };
    let kept = device.clone();
    act(&net.app.store, move |write| write.put(&kept).unwrap());
    device
}

#[tokio::test]
async fn a_manager_approves_for_the_own_facility_alone() {
    let net = Net::new();
    let (ours, theirs) = (waiting(&net, &net.doctor), waiting(&net, &net.nurse));
    let doctor = net.visitor(Persona::Manager);
    let page = doctor.get("/facility").await.body;
    assert!(page.contains(&ours.id.to_string()) && !page.contains(&theirs.id.to_string()));
    let post = |one: &Enrolment, what| {
        let at = format!("/facility/enrolments/{}/{what}", one.id);
        let digits = one.digits.clone();
        let doctor = &doctor;
        async move { doctor.post(&at, &[("digits", &digits)]).await.status.as_u16() }
    };
    assert_eq!(post(&theirs, "approve").await, 404);
    assert_eq!(post(&theirs, "refuse").await, 404);
    assert_eq!(state(&net, theirs.id), EnrolmentState::WaitingApproval);
    assert_eq!(post(&ours, "approve").await, 303);
    assert_eq!(state(&net, ours.id), EnrolmentState::Approved);
}

#[tokio::test]
async fn a_manager_ends_a_lost_device_and_the_office_hears_of_it() {
    let net = Net::new();
    let device = spare(&net);
    let doctor = net.visitor(Persona::Manager);
    let theirs = format!("/facility/devices/{}/lost", net.station_device.id);
    assert_eq!(doctor.get(&theirs).await.status.as_u16(), 404);
    assert_eq!(doctor.post(&theirs, &[]).await.status.as_u16(), 404);
    let at = format!("/facility/devices/{}/lost", device.id);
    assert!(doctor.get(&at).await.body.contains("往診iPad"));
    assert_eq!(doctor.post(&at, &[]).await.location, "/facility");
    let found: Option<Device> = net.app.store.read(|read| read.get(&device.id)).unwrap();
    assert!(matches!(found.unwrap().state, DeviceState::Revoked { .. }));
    assert_eq!(net.app.store.read(devices::open_alarms).unwrap().len(), 1);
    assert!(net.visitor(Persona::Office).get("/office").await.body.contains("往診iPad"));
}

#[tokio::test]
async fn the_page_is_for_managers_on_a_device_of_theirs() {
    let net = Net::new();
    assert_eq!(net.visitor(Persona::Member).get("/facility").await.status.as_u16(), 404);
    assert_eq!(net.visitor(Persona::Office).get("/facility").await.status.as_u16(), 404);
    let home = net.visitor(Persona::Manager).get("/").await.body;
    assert!(home.contains("施設の管理"));
    assert!(!net.visitor(Persona::Member).get("/").await.body.contains("施設の管理"));
}

#[tokio::test]
async fn a_manager_reads_that_a_device_of_others_is_replaced() {
    let net = Net::new();
    let clinic_device = net.app.store.read(devices::list).unwrap();
    let clinic_device = clinic_device.into_iter().find(|one| one.facility == net.clinic.id);
    let (device, facility) = (clinic_device.unwrap().id, net.clinic.id);
    let (by, at) = (net.doctor.id, net.app.now());
    act(&net.app.store, move |write| {
        write.put(&enrolment::ReplaceNews { facility, device, by, at }).unwrap();
    });
    let doctor = net.visitor(Persona::Manager);
    assert!(doctor.get("/").await.body.contains("入れ替えが始まりました"));
    assert!(doctor.get("/facility").await.body.contains("入れ替えのコードを出しました"));
    let noted = format!("/facility/devices/{device}/noted");
    assert_eq!(doctor.post(&noted, &[]).await.location, "/facility");
    assert_eq!(doctor.post(&noted, &[]).await.status.as_u16(), 404);
    assert!(!doctor.get("/").await.body.contains("入れ替えが始まりました"));
    assert!(!net.visitor(Persona::Member).get("/").await.body.contains("入れ替えが始まりました"));
}
