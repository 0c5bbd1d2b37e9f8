//! What the office types about a member, and which roles a clerk may give or take.

use jiff::civil::Date;
use provisioning::members::{
    Job, Login, LoginProblem, Member, MemberDetails, MemberProblem, PersonName, Role, Roles,
    Standing,
};
use serde::Serialize;
use store::StoreError;

use crate::kit::japanese::{era_date, job_of};
use crate::office::text::{DayProblem, LineProblem, day, kana, needed_line};

/// A part of a name; a card shows both parts in one line.
const NAME_CHARS_MAX: usize = 20;
const KANA_CHARS_MAX: usize = 30;

/// The form as it was typed; roles by their keys.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Typed {
    pub user_id: String,
    pub family: String,
    pub given: String,
    pub family_kana: String,
    pub given_kana: String,
    pub job: String,
    pub roles: Vec<String>,
    pub starts: String,
    pub retires: String,
}

impl Typed {
    pub fn of(login: &Login, details: &MemberDetails) -> Self {
        let name = details.name.clone();
        let date = |date: Option<Date>| date.map(era_date).unwrap_or_default();
        Self {
            user_id: login.as_str().to_owned(),
            family: name.family,
            given: name.given,
            family_kana: name.family_kana,
            given_kana: name.given_kana,
            job: details.job.key().to_owned(),
            roles: details.roles.iter().map(|role| role.key().to_owned()).collect(),
            starts: date(details.starts),
            retires: date(details.retires),
        }
    }

    /// What a new member mostly is.
    pub fn fresh() -> Self {
        Self { roles: vec![Role::Staff.key().to_owned()], ..Self::default() }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wanted {
    pub login: Login,
    pub details: MemberDetails,
}

/// What is wrong with each field.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Problems {
    pub user_id: Option<LoginProblem>,
    pub family: Option<LineProblem>,
    pub given: Option<LineProblem>,
    pub family_kana: Option<LineProblem>,
    pub given_kana: Option<LineProblem>,
    pub no_job: bool,
    pub roles: Option<RolesProblem>,
    pub starts: Option<DayProblem>,
    pub retires: Option<DayProblem>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RolesProblem {
    Missing,
    /// Roles of the office and of the auditor are an administrator's to give and to take.
    AdministratorsOnly,
    /// Nobody may take the own key to the desk.
    Own,
}

pub fn parse(typed: &Typed) -> Result<Wanted, Problems> {
    let login = Login::parse(&typed.user_id);
    let family = needed_line(&typed.family, NAME_CHARS_MAX);
    let given = needed_line(&typed.given, NAME_CHARS_MAX);
    let family_kana = kana(&typed.family_kana, KANA_CHARS_MAX);
    let given_kana = kana(&typed.given_kana, KANA_CHARS_MAX);
    let job = Job::of_key(&typed.job).or_else(|| job_of(&typed.job));
    let roles = roles(&typed.roles);
    let starts = day(&typed.starts);
    let retires = day(&typed.retires).and_then(|retires| after(retires, starts.ok().flatten()));
    match (login, family, given, family_kana, given_kana, job, roles, starts, retires) {
        (
            Ok(login),
            Ok(family),
            Ok(given),
            Ok(family_kana),
            Ok(given_kana),
            Some(job),
            Ok(roles),
            Ok(starts),
            Ok(retires),
        ) => {
            let name = PersonName { family, given, family_kana, given_kana };
            Ok(Wanted { login, details: MemberDetails { name, job, roles, starts, retires } })
        }
        (login, family, given, family_kana, given_kana, job, roles, starts, retires) => {
            Err(Problems {
                user_id: login.err(),
                family: family.err(),
                given: given.err(),
                family_kana: family_kana.err(),
                given_kana: given_kana.err(),
                no_job: job.is_none(),
                roles: roles.err(),
                starts: starts.err(),
                retires: retires.err(),
            })
        }
    }
}

fn roles(keys: &[String]) -> Result<Roles, RolesProblem> {
    let roles: Vec<Role> = keys.iter().filter_map(|key| Role::of_key(key)).collect();
    if roles.is_empty() { Err(RolesProblem::Missing) } else { Ok(Roles::of(roles)) }
}

fn after(retires: Option<Date>, starts: Option<Date>) -> Result<Option<Date>, DayProblem> {
    let ends_first = retires.is_some_and(|last| starts.is_some_and(|first| last < first));
    if ends_first { Err(DayProblem::EndsBeforeItStarts) } else { Ok(retires) }
}

/// What opens the desk or the trail.
const GUARDED: [Role; 3] = [Role::Office, Role::OfficeAdministrator, Role::Auditor];

fn is_administrator(clerk: &Member) -> bool {
    clerk.details.roles.has(Role::OfficeAdministrator)
}

/// Whether a clerk may lock a member or make a card for one: whoever holds the card is that
/// member, so those who keep the desk and the trail are an administrator's matter.
pub fn may_act_on(clerk: &Member, other: &Member) -> bool {
    let is_guarded = GUARDED.iter().any(|role| other.details.roles.has(*role));
    is_administrator(clerk) || clerk.id == other.id || !is_guarded
}

/// The rules of a change, looked at inside the act.
pub fn judge(
    clerk: &Member,
    before: Option<&Member>,
    wanted: &Wanted,
    today: Date,
) -> Result<(), Refused> {
    let had = |role| before.is_some_and(|before| before.details.roles.has(role));
    let has = |role| wanted.details.roles.has(role);
    let moved = GUARDED.into_iter().any(|role| had(role) != has(role));
    if moved && !is_administrator(clerk) {
        return Err(Refused::Roles(RolesProblem::AdministratorsOnly));
    }
    let Some(before) = before else { return Ok(()) };
    let renamed = before.login != wanted.login || before.details.retires != wanted.details.retires;
    if renamed && !may_act_on(clerk, before) {
        return Err(Refused::Roles(RolesProblem::AdministratorsOnly));
    }
    if before.id != clerk.id {
        return Ok(());
    }
    if GUARDED.into_iter().any(|role| had(role) && !has(role)) {
        return Err(Refused::Roles(RolesProblem::Own));
    }
    let after = Member { details: wanted.details.clone(), ..before.clone() };
    match after.standing(today) {
        Standing::Welcome => Ok(()),
        Standing::NotStarted | Standing::Retired | Standing::Locked => Err(Refused::OwnTerm),
    }
}

/// Members of the same facility who sound the same.
pub fn sounds_like(one: &PersonName, other: &PersonName) -> bool {
    use provisioning::japanese::fold;
    fold(&one.kana()) == fold(&other.kana())
}

/// Why a change of a member was refused.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("the roles are not this clerk's to give or take")]
    Roles(RolesProblem),
    #[error("nobody may end the own time")]
    OwnTerm,
    #[error("somebody changed the member since the form was opened")]
    Changed,
    #[error(transparent)]
    Member(#[from] MemberProblem),
    #[error(transparent)]
    Store(#[from] StoreError),
}
