//! A facility's usual hours hold for whoever has chosen none.

use crate::kit::quiet::{FacilityQuiet, member_quiet_until};
use crate::kit::testing::{Net, Persona, act};

#[tokio::test]
async fn the_managers_hours_hold_for_the_facilitys_people() {
    let net = Net::new();
    let doctor = net.visitor(Persona::Manager);
    // It is Wednesday, two in the afternoon.
    let hours = [("day-0", "2"), ("from-0", "13:00"), ("until-0", "15:00")];
    assert_eq!(doctor.post("/facility/notices", &hours).await.location, "/facility/notices");
    assert!(doctor.get("/me/notices").await.body.contains("水 13:00〜15:00"));
    let until = |member: &provisioning::members::Member| {
        let (member, now) = (member.clone(), net.app.now());
        act(&net.app.store, move |write| member_quiet_until(write, &member, now).unwrap())
    };
    assert!(until(&net.doctor).is_some() && until(&net.nurse).is_none());
    doctor.post("/me/notices", &[("quiet", "never")]).await;
    assert!(until(&net.doctor).is_none());
}

#[tokio::test]
async fn wrong_hours_come_back_as_typed_and_empty_ones_end_them() {
    let net = Net::new();
    let doctor = net.visitor(Persona::Manager);
    let hours = [("day-0", "2"), ("from-0", "昼"), ("until-0", "15:00")];
    let answer = doctor.post("/facility/notices", &hours).await;
    assert_eq!(answer.status.as_u16(), 422);
    assert!(answer.body.contains("value=\"昼\""));
    doctor.post("/facility/notices", &[]).await;
    let kept: Option<FacilityQuiet> = net.app.store.read(|read| read.get(&net.clinic.id)).unwrap();
    assert!(kept.unwrap().rules.is_empty());
}
