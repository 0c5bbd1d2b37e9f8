//! What the office may type about a member, and whose roles a clerk may touch.

use jiff::Timestamp;
use jiff::civil::{Date, date};
use provisioning::members::{Job, Login, LoginProblem, Member, Role, Roles};
use store::Id;

use super::model::{Problems, Refused, RolesProblem, Typed, Wanted, judge, may_act_on, parse};
use crate::office::text::{DayProblem, LineProblem};

const TODAY: Date = date(2026, 5, 1);

fn typed() -> Typed {
    Typed {
        user_id: "ＳＡＴＯ．Ｈ".to_owned(),
        family: "佐藤".to_owned(),
        given: "はるか".to_owned(),
        family_kana: "さとう".to_owned(),
        given_kana: "ﾊﾙｶ".to_owned(),
        job: "nurse".to_owned(),
        roles: vec!["staff".to_owned(), "facility_manager".to_owned()],
        starts: "R8.4.1".to_owned(),
        retires: String::new(),
    }
}

fn member(id: u8, roles: &[Role]) -> Member {
    let Wanted { login, mut details } = parse(&typed()).unwrap();
    details.roles = Roles::of(roles.iter().copied());
    let (id, facility) = (Id::from_bytes([id; 16]), Id::from_bytes([0; 16]));
    let registered_at = Timestamp::UNIX_EPOCH;
    Member { id, facility, login, details, locked: false, registered_at }
}

fn wanted(of: &Member, roles: &[Role]) -> Wanted {
    let mut details = of.details.clone();
    details.roles = Roles::of(roles.iter().copied());
    Wanted { login: of.login.clone(), details }
}

#[test]
fn a_member_is_read_as_it_is_typed() {
    let Wanted { login, details } = parse(&typed()).unwrap();
    assert_eq!(login.as_str(), "sato.h");
    assert_eq!(details.name.kana(), "サトウ ハルカ");
    assert_eq!(details.job, Job::Nurse);
    assert_eq!(details.roles, Roles::of([Role::Staff, Role::FacilityManager]));
    assert_eq!((details.starts, details.retires), (Some(date(2026, 4, 1)), None));
}

#[test]
fn what_was_typed_comes_back_from_what_is_kept() {
    let wanted = parse(&Typed { retires: "2027/3/31".to_owned(), ..typed() }).unwrap();
    assert_eq!(parse(&Typed::of(&wanted.login, &wanted.details)), Ok(wanted));
}

#[test]
fn every_field_has_its_own_problem() {
    let check = |typed: Typed, expected: Problems| assert_eq!(parse(&typed), Err(expected));
    check(
        Typed { user_id: "佐藤".to_owned(), given: String::new(), ..typed() },
        Problems {
            user_id: Some(LoginProblem::NotPlain),
            given: Some(LineProblem::Empty),
            ..Problems::default()
        },
    );
    check(
        Typed { family_kana: "佐藤".to_owned(), job: "king".to_owned(), ..typed() },
        Problems { family_kana: Some(LineProblem::NotKana), no_job: true, ..Problems::default() },
    );
    check(
        Typed { roles: Vec::new(), starts: "いつか".to_owned(), ..typed() },
        Problems {
            roles: Some(RolesProblem::Missing),
            starts: Some(DayProblem::NotADay),
            ..Problems::default()
        },
    );
    check(
        Typed { retires: "R8.3.31".to_owned(), ..typed() },
        Problems { retires: Some(DayProblem::EndsBeforeItStarts), ..Problems::default() },
    );
}

#[test]
fn only_administrators_give_and_take_the_keys_of_the_desk() {
    let administrator = member(1, &[Role::OfficeAdministrator]);
    let clerk = member(2, &[Role::Office]);
    let refused = |clerk: &Member, before: &Member, roles: &[Role]| {
        judge(clerk, Some(before), &wanted(before, roles), TODAY).is_err()
    };
    let staff = member(3, &[Role::Staff]);
    for role in [Role::Office, Role::OfficeAdministrator, Role::Auditor] {
        let holder = member(4, &[Role::Staff, role]);
        assert!(refused(&clerk, &staff, &[Role::Staff, role]), "{role:?} is given");
        assert!(refused(&clerk, &holder, &[Role::Staff]), "{role:?} is taken");
        assert!(!refused(&clerk, &holder, &[Role::Staff, role]), "{role:?} stays");
        assert!(!refused(&administrator, &staff, &[Role::Staff, role]));
        assert!(!refused(&administrator, &holder, &[Role::Staff]));
        assert!(judge(&clerk, None, &wanted(&staff, &[role]), TODAY).is_err());
    }
    assert!(!refused(&clerk, &staff, &[Role::FacilityManager, Role::EmergencyViewer]));
}

#[test]
fn nobody_shuts_the_own_door() {
    let administrator = member(1, &[Role::OfficeAdministrator, Role::Auditor]);
    let judged = |wanted: &Wanted| judge(&administrator, Some(&administrator), wanted, TODAY);
    let fewer = wanted(&administrator, &[Role::Staff, Role::Auditor]);
    assert!(matches!(judged(&fewer), Err(Refused::Roles(RolesProblem::Own))));
    let mut over = wanted(&administrator, &[Role::OfficeAdministrator, Role::Auditor]);
    assert!(judged(&over).is_ok());
    over.details.retires = Some(date(2026, 4, 30));
    assert!(matches!(judged(&over), Err(Refused::OwnTerm)));
}

#[test]
fn a_clerk_makes_no_card_for_those_who_keep_the_desk() {
    let clerk = member(2, &[Role::Office]);
    let administrator = member(1, &[Role::OfficeAdministrator]);
    assert!(!may_act_on(&clerk, &administrator));
    assert!(!may_act_on(&clerk, &member(3, &[Role::Auditor])));
    assert!(may_act_on(&clerk, &member(3, &[Role::FacilityManager])));
    assert!(may_act_on(&clerk, &clerk));
    assert!(may_act_on(&administrator, &clerk));
    let mut renamed = wanted(&administrator, &[Role::OfficeAdministrator]);
    renamed.login = Login::parse("other").unwrap();
    assert!(judge(&clerk, Some(&administrator), &renamed, TODAY).is_err());
}

/// Two clerks have the same member open.
#[tokio::test]
async fn the_second_to_save_is_told_and_loses_nothing() {
    use crate::kit::testing::{Net, Persona};
    let net = Net::new();
    let clerk = net.visitor(Persona::Office);
    let at = format!("/office/members/{}", net.doctor.id);
    let opened_on = |page: &str| {
        let (_, rest) = page.split_once("name=\"seen\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let seen = opened_on(&clerk.get(&format!("{at}/edit")).await.body);
    let fields = |family: &'static str, seen: &str| {
        let fields = [
            ("seen", seen),
            ("user_id", "doctor"),
            ("family", family),
            ("given", "次郎"),
            ("family_kana", "サトウ"),
            ("given_kana", "ジロウ"),
            ("job", "doctor"),
            ("role", "staff"),
        ];
        fields.map(|(name, value)| (name, value.to_owned()))
    };
    let post = async |family, seen: &str| {
        let fields = fields(family, seen);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, &**value)).collect();
        clerk.post(&at, &fields).await
    };
    assert_eq!(post("田中", &seen).await.location, at);
    let late = post("中田", &seen).await;
    assert_eq!(late.status.as_u16(), 422);
    assert!(late.body.contains("ほかの人が変更") && late.body.contains("value=\"中田\""));
    assert!(late.body.contains("<dd>田中</dd>"), "what there is now");
    let kept = || net.app.store.read(|read| read.get::<Member>(&net.doctor.id)).unwrap().unwrap();
    assert_eq!(kept().details.name.family, "田中");
    assert_eq!(post("中田", &opened_on(&late.body)).await.location, at);
    assert_eq!(kept().details.name.family, "中田");
}
