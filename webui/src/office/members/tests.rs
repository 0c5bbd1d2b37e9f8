//! A member at the desk: locking ends the sessions, unlocking lets back in.

use crate::kit::testing::{Net, Persona};

#[tokio::test]
async fn a_locked_member_is_out_at_once_and_may_come_back() {
    let net = Net::new();
    let (clerk, nurse) = (net.visitor(Persona::Office), net.visitor(Persona::Member));
    assert_eq!(nurse.get("/").await.status.as_u16(), 200);
    let at = format!("/office/members/{}", net.nurse.id);
    clerk.post(&format!("{at}/lock"), &[]).await;
    assert!(nurse.get("/").await.location.starts_with("/login"));
    assert!(clerk.get(&at).await.body.contains("ロックを解除する"));
    clerk.post(&format!("{at}/unlock"), &[]).await;
    assert_eq!(net.visitor(Persona::Member).get("/").await.status.as_u16(), 200);
}

#[tokio::test]
async fn the_list_is_searched_by_part_of_a_name() {
    let net = Net::new();
    let clerk = net.visitor(Persona::Office);
    let page = clerk.get("/office/members?q=doctor").await.body;
    assert!(page.contains("佐藤 doctor") && !page.contains("佐藤 nurse"));
}
