//! Stars stay until they are taken off; the last recipients keep themselves, and stay few.

use proptest::prelude::*;
use provisioning::members::Member;
use store::Id;

use super::model::OF_ONE_MAIL_MAX;
use super::{FAVOURITES_MAX, Favourite, RECENT_MAX, Recent, recent};
use crate::kit::testing::{Net, Persona, Visitor, act};
use crate::mail::model::Owner;

async fn sent(net: &Net, nurse: &Visitor<'_>, to: &[Id<Member>]) {
    let at = nurse.post("/mail/drafts", &[]).await.location;
    let to: Vec<_> = to.iter().map(ToString::to_string).collect();
    let mut fields = vec![("version", "1"), ("subject", "件"), ("body", "文")];
    fields.extend(to.iter().map(|one| ("add", one.as_str())));
    nurse.post(&at, &fields).await;
    let sent = nurse.post(&format!("{at}/send"), &[("version", "2")]).await;
    assert_eq!(sent.location, "/mail/sent");
    net.app.store.clock().advance(jiff::SignedDuration::from_mins(1));
}

async fn blank(nurse: &Visitor<'_>) -> String {
    let at = nurse.post("/mail/drafts", &[]).await.location;
    nurse.get(&at).await.body
}

#[tokio::test]
async fn who_was_written_to_is_offered_first_the_next_time() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    assert!(!blank(&nurse).await.contains("最近の宛先"));
    sent(&net, &nurse, &[net.doctor.id]).await;
    sent(&net, &nurse, &[net.clerk.id]).await;
    let page = blank(&nurse).await;
    let (_, offered) = page.split_once("最近の宛先").unwrap();
    let place = |name: &str| offered.find(name).unwrap();
    assert!(place("佐藤 clerk") < place("佐藤 doctor"), "the last first");
    assert!(!offered.contains("佐藤 nurse"), "not oneself");
}

#[tokio::test]
async fn whoever_left_is_offered_no_more() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    sent(&net, &nurse, &[net.doctor.id]).await;
    let doctor = net.doctor.id.to_string();
    let star = [("owner", &*doctor), ("on", "yes"), ("back", "/directory")];
    assert_eq!(nurse.post("/me/favourites", &star).await.location, "/directory");
    let page = blank(&nurse).await;
    assert!(page.contains("よく使う宛先") && page.contains("佐藤 doctor"));
    let mut left: Member = net.doctor.clone();
    left.details.retires = Some(jiff::civil::date(2026, 3, 31));
    act(&net.app.store, move |write| write.put(&left).unwrap());
    let page = blank(&nurse).await;
    assert!(!page.contains("佐藤 doctor") && !page.contains("data-picks"), "{page}");
}

#[tokio::test]
async fn a_star_is_shown_where_the_person_is() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let doctor = net.doctor.id.to_string();
    let pressed = |page: &str| page.matches("aria-pressed=\"true\" data-star").count();
    let found = "/directory?q=%E5%8C%BB%E5%B8%AB";
    assert_eq!(pressed(&nurse.get(found).await.body), 0);
    nurse.post("/me/favourites", &[("owner", &doctor), ("on", "yes")]).await;
    assert_eq!(pressed(&nurse.get(found).await.body), 1);
    let mail = crate::mail::tests::send(&net);
    let letter = nurse.get(&format!("/mail/{}", mail.id)).await.body;
    assert!(letter.contains("差出人を「よく使う宛先」から外す"), "{letter}");
    nurse.post("/me/favourites", &[("owner", &doctor), ("on", "no")]).await;
    assert_eq!(pressed(&nurse.get(found).await.body), 0);
}

#[tokio::test]
async fn stars_are_for_those_who_exist_and_not_without_end() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let nobody = Id::<Member>::from_bytes([9; 16]).to_string();
    let answer = nurse.post("/me/favourites", &[("owner", &nobody), ("on", "yes")]).await;
    assert_eq!(answer.status.as_u16(), 404);
    let member = net.nurse.id;
    act(&net.app.store, move |write| {
        for n in 0..FAVOURITES_MAX {
            let owner = Id::from_bytes([u8::try_from(n).unwrap(); 16]);
            write.put(&Favourite { member, owner }).unwrap();
        }
    });
    let doctor = net.doctor.id.to_string();
    let answer = nurse.post("/me/favourites", &[("owner", &doctor), ("on", "yes")]).await;
    assert_eq!(answer.status.as_u16(), 409);
    assert!(answer.body.contains("60件まで"));
}

#[tokio::test]
async fn a_form_leads_back_to_our_own_pages_only() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let doctor = net.doctor.id.to_string();
    for back in ["//evil.example/", "https://evil.example/", "/\\evil"] {
        let fields = [("owner", &*doctor), ("on", "yes"), ("back", back)];
        let answer = nurse.post("/me/favourites", &fields).await;
        assert_eq!(answer.location, "/directory", "{back}");
    }
}

fn somebody() -> impl Strategy<Value = Id<Owner>> {
    (0u8..30).prop_map(|n| Id::from_bytes([n; 16]))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_last_recipients_are_few_different_and_in_order(
        mails in prop::collection::vec(prop::collection::vec(somebody(), 1..40), 0..40),
    ) {
        let mut list = Recent::nobody(Id::from_bytes([77; 16]));
        for mail in &mails {
            list = list.after(mail).unwrap_or(list);
            prop_assert!(list.owners.len() <= RECENT_MAX);
            let front = mail.get(..OF_ONE_MAIL_MAX).unwrap_or(mail);
            prop_assert!(front.iter().all(|one| list.owners.contains(one)));
            prop_assert_eq!(list.owners.first(), mail.first());
            let mut seen = std::collections::HashSet::new();
            prop_assert!(list.owners.iter().all(|one| seen.insert(one.bytes())));
            prop_assert!(list.after(mail).is_none(), "the same again changes nothing");
        }
    }
}

#[tokio::test]
async fn the_list_is_ones_own() {
    let net = Net::new();
    sent(&net, &net.visitor(Persona::Member), &[net.doctor.id]).await;
    let of = |member| net.app.store.read(|read| recent(read, member)).unwrap();
    assert_eq!(of(net.nurse.id), [Owner::member(net.doctor.id)]);
    assert!(of(net.doctor.id).is_empty());
}
