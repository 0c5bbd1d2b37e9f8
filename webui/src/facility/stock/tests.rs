//! A manager's part of the stock-take.

use provisioning::stock;

use crate::kit::testing::{Net, Persona, act};

fn begin(net: &Net) {
    let (clock, by) = (net.app.store.clock().clone(), net.clerk.id);
    act(&net.app.store, move |write| stock::start(write, &clock, by).unwrap());
}

#[tokio::test]
async fn a_manager_is_asked_until_all_devices_are_answered_for() {
    let net = Net::new();
    let told = "年に一度の端末の棚卸しです";
    let doctor = net.visitor(Persona::Manager);
    assert!(doctor.get("/facility/stock").await.body.contains("棚卸しはありません"));
    begin(&net);
    assert!(doctor.get("/").await.body.contains(told));
    assert!(!net.visitor(Persona::Member).get("/").await.body.contains(told), "no manager");
    let all = net.app.store.read(provisioning::devices::list).unwrap();
    let ours = all.iter().find(|one| one.facility == net.clinic.id).unwrap().id.to_string();
    let theirs = net.station_device.id.to_string();
    let field = |id: &str| format!("there-{id}");
    let none = doctor.post("/facility/stock", &[("device", &ours)]).await;
    assert_eq!(none.location, "/facility/stock", "nothing was chosen");
    assert!(doctor.get("/").await.body.contains(told));
    let other = [("device", theirs.as_str()), (&field(&theirs), "here")];
    doctor.post("/facility/stock", &other).await;
    let take = net.app.store.read(stock::current).unwrap().unwrap();
    let left = |of| net.app.store.read(|read| stock::left_of(read, &take, of)).unwrap();
    assert_eq!(left(net.station.id), 1, "another facility's answers for itself");
    doctor.post("/facility/stock", &[("device", &ours), (&field(&ours), "here")]).await;
    assert_eq!(left(net.clinic.id), 0);
    assert!(!doctor.get("/").await.body.contains(told));
    assert!(doctor.get("/facility/stock").await.body.contains("すべての端末に回答しました"));
}
