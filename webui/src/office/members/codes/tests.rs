//! A code that the office reads out.

use crate::kit::testing::{Net, Persona};

#[tokio::test]
async fn a_code_is_shown_once_and_for_those_who_come() {
    let net = Net::new();
    let clerk = net.visitor(Persona::Office);
    let at = format!("/office/members/{}/code", net.doctor.id);
    let form = [("for", "add"), ("once", "7")];
    let shown = clerk.post(&at, &form).await;
    assert_eq!(shown.status.as_u16(), 200);
    assert!(shown.body.contains("touroku.aoba.example/e") && shown.body.contains("<svg viewBox"));
    let again = clerk.post(&at, &form).await;
    assert_eq!(again.status.as_u16(), 422, "a reload shows no second one");
    let other = [("for", "replace:00000000-0000-7000-8000-000000000000"), ("once", "8")];
    assert_eq!(clerk.post(&at, &other).await.status.as_u16(), 404, "no such device");
    clerk.post(&format!("/office/members/{}/lock", net.doctor.id), &[]).await;
    let locked = clerk.post(&at, &[("for", "add"), ("once", "9")]).await;
    assert_eq!(locked.status.as_u16(), 422);
}
