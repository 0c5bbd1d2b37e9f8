//! The own account: a new password, and who else is logged in.

use crate::kit::session::{Session, SessionState};
use crate::kit::testing::{Answer, Net, PASSWORD, Persona, Visitor, act};

const NEW: &str = "another horse battery";

async fn change(visitor: &Visitor<'_>, current: &str, new: &str, again: &str) -> Answer {
    visitor.post("/me/password", &[("current", current), ("new", new), ("again", again)]).await
}

#[tokio::test]
async fn a_new_password_ends_the_sessions_elsewhere() {
    let net = Net::new();
    let (here, elsewhere) = (net.visitor(Persona::Member), net.visitor(Persona::Member));
    assert_eq!(change(&here, PASSWORD, NEW, NEW).await.location, "/");
    assert_eq!(here.get("/").await.status.as_u16(), 200);
    assert!(elsewhere.get("/").await.location.starts_with("/login"));
}

#[tokio::test]
async fn what_is_wrong_stands_at_its_field() {
    let net = Net::new();
    let visitor = net.visitor(Persona::Member);
    for (current, new, again, said) in [
        ("wrong", NEW, NEW, "いまのパスワードが違います"),
        (PASSWORD, "short", "short", "12文字以上"),
        (PASSWORD, NEW, "something else", "2つの新しいパスワードが違います"),
        (PASSWORD, PASSWORD, PASSWORD, "最近の5回と同じ"),
    ] {
        let answer = change(&visitor, current, new, again).await;
        assert_eq!(answer.status.as_u16(), 422);
        assert!(answer.body.contains(said), "{said}");
    }
}

#[tokio::test]
async fn a_first_log_in_goes_nowhere_before_a_new_password() {
    let net = Net::new();
    let visitor = net.visitor(Persona::Member);
    let own = net.app.store.read(|read| crate::kit::session::of_member(read, net.nurse.id));
    let session = own.unwrap().pop().unwrap();
    let state = SessionState::PasswordFirst(crate::kit::session::PasswordFirst::FirstLogin);
    act(&net.app.store, move |write| write.put(&Session { state, ..session }).unwrap());
    assert_eq!(visitor.get("/mail/inbox").await.location, "/me/password");
    assert!(visitor.get("/me/password").await.body.contains("はじめてのログインです"));
    assert_eq!(change(&visitor, PASSWORD, NEW, NEW).await.location, "/");
    assert_eq!(visitor.get("/mail/inbox").await.status.as_u16(), 200);
}

#[tokio::test]
async fn the_size_of_letters_is_remembered_on_the_device() {
    let net = Net::new();
    let visitor = net.visitor(Persona::Member);
    let answer = visitor.post("/me/size", &[("size", "larger"), ("back", "/me")]).await;
    assert!(answer.cookies.iter().any(|cookie| cookie.starts_with("size=larger")));
    let odd = visitor.post("/me/size", &[("size", "\" onload="), ("back", "//evil")]).await;
    assert!(odd.cookies.iter().any(|cookie| cookie.starts_with("size=standard")));
    assert_eq!(odd.location, "/");
}
