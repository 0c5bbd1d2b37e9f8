//! Devices by expiry, and codes for many of them.

use jiff::SignedDuration;
use provisioning::cards::{self, CardState, Purpose};

use crate::kit::testing::{Net, Persona};

#[tokio::test]
async fn devices_are_listed_by_the_end_of_their_certificates() {
    let net = Net::new();
    let clerk = net.visitor(Persona::Office);
    assert!(clerk.get("/office/devices/ending").await.body.contains("切れる端末はありません"));
    net.app.store.clock().advance(SignedDuration::from_hours(24 * 340));
    let clerk = net.visitor(Persona::Office);
    let soon = clerk.get("/office/devices/ending").await.body;
    assert!(soon.contains("みどり訪問看護") && soon.contains("あと25日"));
    let over = clerk.get("/office/devices/ending?which=over").await.body;
    assert!(over.contains("期限の切れた端末はありません"));
}

#[tokio::test]
async fn codes_for_several_devices_of_one_member_are_all_good() {
    let net = Net::new();
    let clerk = net.visitor(Persona::Office);
    let all = net.app.store.read(provisioning::devices::list).unwrap();
    let ids: Vec<String> = all.iter().map(|device| device.id.to_string()).collect();
    // All of one facility, so that one member holds them.
    let station = net.station.id;
    crate::kit::testing::act(&net.app.store, move |write| {
        for mut device in all {
            if !device.office {
                device.facility = station;
                write.put(&device).unwrap();
            }
        }
    });
    let mut fields: Vec<_> = ids.iter().map(|id| ("device", id.as_str())).collect();
    fields.extend([("once", "1"), ("format", "letter")]);
    let paper = clerk.post("/office/devices/ending", &fields).await;
    assert_eq!(paper.status.as_u16(), 200);
    assert!(paper.body.contains("端末の入れ替え") && paper.body.contains("「PC 1」を使いつづける"));
    let of_nurse = net.app.store.read(|read| cards::of_member(read, net.nurse.id)).unwrap();
    let open = of_nurse.iter().filter(|card| card.state == CardState::Open).count();
    assert_eq!(open, 2, "one letter does not end the other");
    for card in &of_nurse {
        let terms = net.app.store.read(|read| cards::terms(read, card.number)).unwrap();
        assert!(matches!(terms.purpose, Purpose::Replace(_)));
    }
    let again = clerk.post("/office/devices/ending", &fields).await;
    assert_eq!(again.status.as_u16(), 422, "a reload makes no second paper");
    let none = clerk.post("/office/devices/ending", &[("once", "2")]).await;
    assert!(none.body.contains("端末を選んでいません"));
}
