//! Whose groups they are, whom they bring into a letter, and whom they leave out.

use provisioning::members::Member;
use store::Id;

use super::{Group, GroupDetails, found};
use crate::kit::testing::{Answer, Net, Persona, Visitor, act};
use crate::mail::keepers::{Keeper, SeenBy};
use crate::mail::model::Owner;

fn make(net: &Net, keeper: Keeper, name: &str, people: &[Id<Member>]) -> Group {
    seen_by(net, keeper, name, people, SeenBy::Circle)
}

fn seen_by(net: &Net, keeper: Keeper, name: &str, people: &[Id<Member>], seen_by: SeenBy) -> Group {
    let people = people.iter().map(|one| Owner::member(*one)).collect();
    let details = GroupDetails { name: name.to_owned(), people, seen_by };
    let (clock, by) = (net.app.store.clock().clone(), net.clerk.id);
    act(&net.app.store, move |write| found(write, &clock, keeper, details, by).unwrap())
}

fn retire(net: &Net, member: &Member) {
    let mut left = member.clone();
    left.details.retires = Some(jiff::civil::date(2026, 3, 31));
    act(&net.app.store, move |write| write.put(&left).unwrap());
}

async fn choose(visitor: &Visitor<'_>, group: &Group) -> (String, Answer) {
    let at = visitor.post("/mail/drafts", &[]).await.location;
    let id = group.id.to_string();
    let fields = [("version", "1"), ("subject", "件"), ("body", "文"), ("group", id.as_str())];
    let answer = visitor.post(&at, &fields).await;
    (at, answer)
}

fn chosen(page: &str) -> usize {
    page.matches("name=\"remove\"").count()
}

#[tokio::test]
async fn a_group_becomes_its_people_each_of_whom_may_be_taken_out() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let all = [net.nurse.id, net.doctor.id, net.clerk.id];
    let group = make(&net, Keeper::Own(net.nurse.id), "山田様の会議", &all);
    let (at, _) = choose(&nurse, &group).await;
    let page = nurse.get(&at).await.body;
    assert_eq!(chosen(&page), 2, "all but the one who writes");
    assert!(page.contains("2人"));
    let doctor = net.doctor.id.to_string();
    let fields = [("version", "2"), ("subject", "件"), ("body", "文"), ("remove", &*doctor)];
    nurse.post(&at, &fields).await;
    assert_eq!(chosen(&nurse.get(&at).await.body), 1);
    let confirm = nurse.get(&format!("{at}/confirm")).await.body;
    assert!(confirm.contains("宛先グループ「山田様の会議」"), "the last look names it");
    nurse.post(&format!("{at}/send"), &[("version", "3")]).await;
    assert!(net.visitor(Persona::Office).get("/mail/inbox").await.body.contains('件'));
}

#[tokio::test]
async fn whoever_left_is_named_and_left_out() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let group = make(&net, Keeper::Network, "部会", &[net.doctor.id, net.clerk.id]);
    retire(&net, &net.doctor);
    let (at, _) = choose(&nurse, &group).await;
    for page in [at.clone(), format!("{at}/confirm")] {
        let page = nurse.get(&page).await.body;
        assert!(page.contains("部会") && page.contains("佐藤 doctor"), "named");
        assert!(page.contains("送れ"));
    }
    nurse.post(&format!("{at}/send"), &[("version", "2")]).await;
    let sent = nurse.get("/mail/sent").await.body;
    assert!(sent.contains("佐藤 clerk") && !sent.contains("佐藤 doctor"));
    let office = net.visitor(Persona::Office);
    let page = office.get(&format!("/office/groups/{}", group.id)).await.body;
    assert!(page.contains("退職・停止のため送れません"), "its keeper is told, too");
}

#[tokio::test]
async fn a_group_that_does_not_fit_says_so_and_nothing_typed_is_lost() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    // Names of nobody take up room as well as anybody's: who they are is looked up at sending.
    let (draft, station) = (nurse.post("/mail/drafts", &[]).await.location, net.station.id);
    let clock = net.app.store.clock().clone();
    let mut like = net.doctor.clone();
    like.facility = station;
    let many: Vec<Id<Member>> = act(&net.app.store, move |write| {
        let mut all = Vec::new();
        for _ in 0..99 {
            let member = Member { id: clock.id(), ..like.clone() };
            write.put(&member).unwrap();
            all.push(member.id);
        }
        all
    });
    let first = make(&net, Keeper::Own(net.nurse.id), "九十九人", &many);
    let second = make(&net, Keeper::Own(net.nurse.id), "二人", &[net.doctor.id, net.clerk.id]);
    let (one, two) = (first.id.to_string(), second.id.to_string());
    let fields = |version, group| [("version", version), ("subject", "長い"), ("group", group)];
    nurse.post(&draft, &fields("1", &one)).await;
    let answer = nurse.post(&draft, &fields("2", &two)).await;
    assert_eq!(answer.status.as_u16(), 422);
    assert!(answer.body.contains("いまの99人に「二人」の2人は加えられません"));
    assert!(answer.body.contains("長い"));
    assert_eq!(chosen(&nurse.get(&draft).await.body), 99);
}

#[tokio::test]
async fn only_who_may_see_a_group_can_choose_it() {
    let net = Net::new();
    let (clinic, own) = (Keeper::Facility(net.clinic.id), Keeper::Own(net.doctor.id));
    let to = [net.clerk.id, net.auditor.id];
    for (group, nurse_may, doctor_may) in [
        (make(&net, own, "医師の", &to), false, true),
        (make(&net, clinic, "医院の", &to), false, true),
        (seen_by(&net, clinic, "管理者の", &to, SeenBy::Managers), false, true),
        (seen_by(&net, clinic, "みんなの", &to, SeenBy::Everybody), true, true),
        (make(&net, Keeper::Network, "全体の", &to), true, true),
        (seen_by(&net, Keeper::Network, "役員の", &to, SeenBy::Managers), false, true),
    ] {
        for (persona, may) in [(Persona::Member, nurse_may), (Persona::Manager, doctor_may)] {
            let visitor = net.visitor(persona);
            let (at, answer) = choose(&visitor, &group).await;
            let page = visitor.get(&at).await.body;
            assert_eq!(chosen(&page), if may { 2 } else { 0 }, "{} as {persona:?}", group.name);
            assert_eq!(answer.status.as_u16() == 422, !may, "{} as {persona:?}", group.name);
            let blank = visitor.post("/mail/drafts", &[]).await.location;
            let offered = visitor.get(&blank).await.body;
            assert_eq!(offered.contains(&group.name), may, "{} as {persona:?}", group.name);
        }
    }
}

#[tokio::test]
async fn each_page_keeps_its_own_keepers_groups_and_no_others() {
    let net = Net::new();
    let of_nurse = make(&net, Keeper::Own(net.nurse.id), "看護師の", &[net.clerk.id]);
    let of_clinic = make(&net, Keeper::Facility(net.clinic.id), "医院の", &[net.clerk.id]);
    let of_station = make(&net, Keeper::Facility(net.station.id), "訪看の", &[net.clerk.id]);
    let of_network = make(&net, Keeper::Network, "全体の", &[net.clerk.id]);
    let groups = [&of_nurse, &of_clinic, &of_station, &of_network];
    for (persona, base, expected) in [
        (Persona::Member, "/me", [true, false, false, false]),
        (Persona::Manager, "/me", [false, false, false, false]),
        (Persona::Manager, "/facility", [false, true, false, false]),
        (Persona::Office, "/office", [false, false, false, true]),
        (Persona::Member, "/facility", [false; 4]),
        (Persona::Member, "/office", [false; 4]),
        (Persona::Manager, "/office", [false; 4]),
        (Persona::Auditor, "/office", [false; 4]),
        (Persona::OfficeElsewhere, "/office", [false; 4]),
    ] {
        let visitor = net.visitor(persona);
        for (group, may) in groups.iter().zip(expected) {
            let at = format!("{base}/groups/{}", group.id);
            let name = (group.name.as_str(), persona, base);
            assert_eq!(visitor.get(&at).await.status.as_u16() == 200, may, "{name:?}");
            let fields = [("version", "1"), ("name", "変えた名前"), ("step", "save")];
            let changed = visitor.post(&at, &fields).await.location == at;
            assert_eq!(changed, may, "{name:?}");
        }
    }
}

#[tokio::test]
async fn a_member_makes_a_group_fills_it_and_deletes_it() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let at = nurse.post("/me/groups", &[("name", "訪問の相談")]).await.location;
    let found = [("version", "1"), ("name", "訪問の相談"), ("q", "医師"), ("step", "search")];
    let page = nurse.post(&at, &found).await.body;
    assert!(page.contains("佐藤 doctor"));
    let doctor = net.doctor.id.to_string();
    let fields = [("version", "2"), ("name", "訪問の相談"), ("add", doctor.as_str())];
    assert_eq!(nurse.post(&at, &fields).await.location, at);
    assert!(nurse.get(&at).await.body.contains("佐藤 doctor"));
    assert!(nurse.get("/me/groups").await.body.contains("訪問の相談"));
    let gone = nurse.post(&at, &[("step", "delete")]).await;
    assert_eq!(gone.location, "/me/groups");
    assert_eq!(nurse.get(&at).await.status.as_u16(), 404);
}

#[tokio::test]
async fn two_keepers_do_not_overwrite_each_other_unawares() {
    let net = Net::new();
    let group = make(&net, Keeper::Network, "部会", &[net.doctor.id]);
    let at = format!("/office/groups/{}", group.id);
    let office = net.visitor(Persona::Office);
    office.post(&at, &[("version", "1"), ("name", "先に変えた")]).await;
    let late = office.post(&at, &[("version", "1"), ("name", "あとから変えた")]).await;
    assert_eq!(late.status.as_u16(), 422);
    for said in ["佐藤 clerk さんが、このグループを変更しました", "あとから変えた"]
    {
        assert!(late.body.contains(said), "{said}");
    }
    assert!(office.get(&at).await.body.contains("先に変えた"));
    assert!(late.body.contains("name=\"version\" value=\"2\""), "saving again means it");
    office.post(&at, &[("version", "2"), ("name", "あとから変えた")]).await;
    assert!(office.get(&at).await.body.contains("あとから変えた"));
}

#[tokio::test]
async fn what_is_wrong_is_said_and_stays_typed() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    make(&net, Keeper::Own(net.nurse.id), "リハビリ会議", &[]);
    let long = "あ".repeat(41);
    for (name, said) in
        [("", "40文字以内"), (long.as_str(), "40文字以内"), ("ﾘﾊﾋﾞﾘ会議", "同じ名前")]
    {
        let answer = nurse.post("/me/groups", &[("name", name)]).await;
        assert_eq!(answer.status.as_u16(), 422, "{name}");
        assert!(answer.body.contains(said) && answer.body.contains(name), "{name}");
    }
}
