//! The office's rule and the fresh start.

use jiff::SignedDuration;
use provisioning::members::{self, Job, Login, Member, Role, Roles};
use provisioning::passkeys::{NoticeKind, has_any, notices_for_office, of_member};

use crate::kit::testing::{Net, PASSWORD, Persona, act};
use crate::kit::testing_key::{SoftKey, register};

const OFFICE_KEY: [u8; 32] = [3; 32];

/// A second clerk, no administrator.
fn second(net: &Net) -> Member {
    let (clock, office) = (net.app.store.clock().clone(), net.office.id);
    let details = provisioning::members::MemberDetails {
        job: Job::Clerk,
        roles: Roles::of([Role::Office]),
        ..net.clerk.details.clone()
    };
    let of = net.clerk.id;
    act(&net.app.store, move |write| {
        let login = Login::parse("second").unwrap();
        let member = members::register(write, &clock, office, login, details).unwrap();
        let own: provisioning::credentials::Credential = write.get(&of).unwrap().unwrap();
        write.put(&provisioning::credentials::Credential { member: member.id, ..own }).unwrap();
        member
    })
}

#[tokio::test]
async fn who_has_no_key_cannot_demand_one_and_who_is_no_administrator_neither() {
    let net = Net::new();
    let clerk = net.visitor(Persona::Office);
    let on = [("required", "on"), ("grace", "0"), ("password", PASSWORD)];
    let answer = clerk.post("/office/passkeys/rule", &on).await;
    assert_eq!(answer.status.as_u16(), 422);
    let other = second(&net);
    let other = net.visitor_at(&other, OFFICE_KEY);
    register(&other, &SoftKey::new(2)).await;
    assert_eq!(other.post("/office/passkeys/rule", &on).await.status.as_u16(), 422);
    assert_eq!(clerk.get("/office").await.status.as_u16(), 200, "the rule is not on");
}

#[tokio::test]
async fn a_rule_leads_to_the_key_first_and_a_key_leads_back() {
    let net = Net::new();
    let other = second(&net);
    let other = net.visitor_at(&other, OFFICE_KEY);
    let clerk = net.visitor(Persona::Office);
    register(&clerk, &SoftKey::new(1)).await;
    let on = [("required", "on"), ("grace", "7"), ("password", PASSWORD)];
    assert_eq!(clerk.post("/office/passkeys/rule", &on).await.location, "/office/passkeys");
    assert!(other.get("/office").await.body.contains("4月8日"), "told in time");
    net.app.store.clock().advance(SignedDuration::from_hours(7 * 24));
    // The sessions of before are over after a week; these are the same people's.
    let clerk = net.visitor(Persona::Office);
    let member =
        net.app.directory().unwrap().entries().find_map(|entry| {
            (entry.member.login.as_str() == "second").then(|| entry.member.clone())
        });
    let other = net.visitor_at(&member.unwrap(), OFFICE_KEY);
    assert_eq!(other.get("/office").await.location, "/me/passkeys");
    assert_eq!(other.get("/mail/inbox").await.location, "/me/passkeys");
    assert_eq!(other.get("/me/passkeys").await.status.as_u16(), 200);
    assert_eq!(net.visitor(Persona::Member).get("/").await.status.as_u16(), 200, "no office role");
    register(&other, &SoftKey::new(2)).await;
    assert_eq!(other.get("/office").await.status.as_u16(), 200);
    let own = net.app.store.read(|read| of_member(read, net.clerk.id)).unwrap()[0].id;
    let at = format!("/me/passkeys/{own}/remove");
    let kept = clerk.post(&at, &[("password", PASSWORD)]).await;
    assert!(kept.status.as_u16() == 422 && kept.body.contains("1個は必要"), "{}", kept.body);
    assert!(net.app.store.read(|read| has_any(read, net.clerk.id)).unwrap());
}

#[tokio::test]
async fn a_log_in_of_who_owes_a_key_ends_at_the_keys() {
    let net = Net::new();
    second(&net);
    let clerk = net.visitor(Persona::Office);
    register(&clerk, &SoftKey::new(1)).await;
    let on = [("required", "on"), ("grace", "30"), ("password", PASSWORD)];
    clerk.post("/office/passkeys/rule", &on).await;
    let mut fresh = net.visitor(Persona::Office);
    fresh.cookie = None;
    let fields = [
        ("facility_code", net.office.code.as_str()),
        ("user_id", "second"),
        ("password", PASSWORD),
    ];
    assert_eq!(fresh.post("/login", &fields).await.location, "/me/passkeys");
}

#[tokio::test]
async fn a_reset_ends_sessions_begins_anew_and_tells_both() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    register(&nurse, &SoftKey::new(1)).await;
    let at = format!("/office/members/{}/passkeys/reset", net.nurse.id);
    let other = second(&net);
    let typed = [("password", PASSWORD)];
    let by_clerk = net.visitor_at(&other, OFFICE_KEY).post(&at, &typed).await;
    assert_eq!(by_clerk.status.as_u16(), 422, "no administrator");
    let clerk = net.visitor(Persona::Office);
    let wrong = clerk.post(&at, &[("password", "somebody at a forgotten screen")]).await;
    assert!(wrong.status.as_u16() == 422 && wrong.body.contains("パスワードが違います"));
    assert_eq!(nurse.get("/").await.status.as_u16(), 200, "nothing was taken away");
    assert!(clerk.post(&at, &typed).await.location.starts_with("/office/members/"));
    assert!(nurse.get("/").await.location.starts_with("/login"));
    let told = net.app.store.read(notices_for_office).unwrap();
    assert_eq!(told[0].kind, NoticeKind::Reset { by: Some(net.clerk.id) });
    let nurse = net.visitor(Persona::Member);
    assert!(nurse.get("/").await.body.contains("事務室で取り消されました"));
    let own = nurse.get("/me/passkeys").await.body;
    assert!(own.contains("心当たりは") && own.contains("事務室で取り消されました"), "{own}");
    nurse.post("/me/passkeys/seen", &[]).await;
    assert!(!nurse.get("/").await.body.contains("事務室で取り消されました"));
    let settle = format!("/office/passkeys/{}/settle", net.nurse.id);
    let shown = |by: i64| (told[0].at.as_microsecond() + by).to_string();
    let (before, kind) = (shown(-1), told[0].kind.number().to_string());
    clerk.post(&settle, &[("kind", kind.as_str()), ("at", before.as_str())]).await;
    assert_eq!(net.app.store.read(notices_for_office).unwrap().len(), 1, "it came after the page");
    clerk.post(&settle, &[("kind", kind.as_str()), ("at", shown(0).as_str())]).await;
    assert!(net.app.store.read(notices_for_office).unwrap().is_empty());
    let own = format!("/office/members/{}/passkeys/reset", net.clerk.id);
    assert_eq!(clerk.post(&own, &typed).await.status.as_u16(), 422, "not one's own");
}
