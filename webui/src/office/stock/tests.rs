//! The office's view of the stock-take.

use crate::kit::testing::{Net, Persona};

#[tokio::test]
async fn the_office_sees_who_has_not_answered_and_answers_for_them() {
    let net = Net::new();
    let clerk = net.visitor(Persona::Office);
    assert!(clerk.get("/office/stock").await.body.contains("棚卸しを始める"));
    assert_eq!(clerk.post("/office/stock/start", &[]).await.location, "/office/stock");
    let page = clerk.get("/office/stock").await.body;
    assert!(page.contains("みどり訪問看護") && page.contains("未回答 1台"));
    let at = format!("/office/stock/{}", net.station.id);
    let device = net.station_device.id.to_string();
    let field = format!("there-{device}");
    let fields = [("device", device.as_str()), (field.as_str(), "missing")];
    assert_eq!(clerk.post(&at, &fields).await.location, at);
    assert!(clerk.get(&at).await.body.contains("紛失の手続きへ"));
    assert!(clerk.get("/office/stock").await.body.contains("回答済み"));
    clerk.post("/office/stock/close", &[]).await;
    let over = clerk.get("/office/stock").await.body;
    assert!(over.contains("これまでの棚卸し") && over.contains("棚卸しを始める"));
    assert_eq!(clerk.get(&at).await.location, "/office/stock");
}
