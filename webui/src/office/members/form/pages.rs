//! The form of a member: new at a facility, or changed.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use provisioning::facilities::Facility;
use provisioning::members::{self, Job, Member, MemberProblem, PersonName, Role};
use serde::Serialize;
use store::{Id, StoreError};

use super::model::{Problems, Refused, RolesProblem, Typed, Wanted, judge, parse, sounds_like};
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::form::Fields;
use crate::kit::frame::{Frame, Nav, redirect_saying};
use crate::kit::japanese;
use crate::kit::member::OfficeMember;
use crate::kit::page::Page;
use crate::kit::path::Path;
use crate::office::counts::{Office, office};
use crate::office::rows::{facility_href, member_href};
use crate::office::say;
use crate::office::seen::{Now, differing, is_old, seen, told};
use crate::office::text::DayProblem;

#[derive(Serialize)]
struct FormPage {
    office: Office,
    form: Form,
}

impl Page for FormPage {
    const TEMPLATE: &'static str = "office/members/form.html";
}

#[derive(Serialize)]
struct Form {
    id: Option<Id<Member>>,
    action: String,
    back: String,
    facility: Place,
    values: Typed,
    /// What the form was opened on.
    seen: String,
    now: Vec<Now>,
    twins: Vec<Twin>,
    errors: Errors,
    jobs: Vec<Choice>,
    roles: Vec<RoleChoice>,
}

#[derive(Serialize)]
struct Place {
    name: String,
    code: String,
}

#[derive(Serialize)]
struct Twin {
    name: String,
    job: &'static str,
    user_id: String,
}

#[derive(Default, Serialize)]
struct Errors {
    form: Option<String>,
    user_id: Option<String>,
    family: Option<String>,
    given: Option<String>,
    family_kana: Option<String>,
    given_kana: Option<String>,
    job: Option<String>,
    roles: Option<String>,
    starts: Option<String>,
    retires: Option<String>,
}

#[derive(Serialize)]
struct Choice {
    key: &'static str,
    name: &'static str,
}

#[derive(Serialize)]
struct RoleChoice {
    key: &'static str,
    name: &'static str,
    note: &'static str,
}

/// Whom the form is about, and where.
struct About {
    facility: Facility,
    before: Option<Member>,
}

impl About {
    fn newcomer(app: &App, facility: Id<Facility>) -> Result<Self, Failure> {
        let facility = app.store.read(|read| read.get::<Facility>(&facility))?;
        Ok(Self { facility: facility.ok_or(Failure::NotFound)?, before: None })
    }

    fn member(app: &App, id: Id<Member>) -> Result<Self, Failure> {
        let member = app.store.read(|read| read.get::<Member>(&id))?.ok_or(Failure::NotFound)?;
        let about = Self::newcomer(app, member.facility)?;
        Ok(Self { before: Some(member), ..about })
    }

    fn form(&self, values: Typed) -> Form {
        let href = match &self.before {
            Some(member) => member_href(member.id),
            None => facility_href(self.facility.id),
        };
        let action = if self.before.is_some() { href.clone() } else { format!("{href}/members") };
        let job = |job: &Job| Choice { key: job.key(), name: japanese::job(*job) };
        let role = |role: &Role| RoleChoice {
            key: role.key(),
            name: japanese::role(*role),
            note: note(*role),
        };
        Form {
            id: self.before.as_ref().map(|member| member.id),
            action,
            back: href,
            facility: Place {
                name: self.facility.details.name.clone(),
                code: self.facility.code.as_str().to_owned(),
            },
            values,
            seen: self.seen(),
            now: Vec::new(),
            twins: Vec::new(),
            errors: Errors::default(),
            jobs: Job::ALL.iter().map(job).collect(),
            roles: Role::ALL.iter().map(role).collect(),
        }
    }

    fn seen(&self) -> String {
        let before = self.before.as_ref();
        before.map_or_else(String::new, |before| seen(&Typed::of(&before.login, &before.details)))
    }

    /// As it was typed, and still opened when it was.
    fn again(&self, fields: &Fields) -> Form {
        let form = self.form(typed(fields));
        Form { seen: told(fields).unwrap_or_else(|| form.seen.clone()), ..form }
    }

    /// The form on what there is now, beside what was typed.
    fn changed(&self, fields: &Fields) -> Form {
        let form = self.form(typed(fields));
        let now = self.before.as_ref().map_or_else(Vec::new, |is| now(is, &form.values));
        let errors = Errors { form: Some(say::CHANGED.to_owned()), ..Errors::default() };
        Form { now, errors, ..form }
    }

    /// What the form wants, or the form again.
    fn read(&self, app: &App, fields: &Fields) -> Result<Result<Wanted, Form>, StoreError> {
        let wanted = match parse(&typed(fields)) {
            Ok(wanted) => wanted,
            Err(problems) => {
                return Ok(Err(Form { errors: errors(problems), ..self.again(fields) }));
            }
        };
        let twins = self.twins(app, &wanted.details.name)?;
        if twins.is_empty() || fields.has("twin_ok") {
            return Ok(Ok(wanted));
        }
        Ok(Err(Form { twins, ..self.again(fields) }))
    }

    /// Members of the facility whose name sounds the same, unless it stays what it was.
    fn twins(&self, app: &App, name: &PersonName) -> Result<Vec<Twin>, StoreError> {
        let before = self.before.as_ref();
        if before.is_some_and(|before| sounds_like(&before.details.name, name)) {
            return Ok(Vec::new());
        }
        let others = app.store.read(|read| members::of_facility(read, self.facility.id))?;
        let others = others.iter().filter(|other| {
            before.is_none_or(|before| before.id != other.id)
                && sounds_like(&other.details.name, name)
        });
        let twin = |other: &Member| Twin {
            name: other.details.name.full(),
            job: japanese::job(other.details.job),
            user_id: other.login.as_str().to_owned(),
        };
        Ok(others.map(twin).collect())
    }
}

impl Form {
    fn show(self, app: &App, frame: Frame) -> Result<Response, Failure> {
        let title = if self.id.is_none() { "職員の登録" } else { "職員の変更" };
        frame.show(Nav::Office, title, &FormPage { office: office(app)?, form: self })
    }

    /// Everything typed comes back, with what is wrong.
    fn show_again(self, app: &App, frame: Frame) -> Result<Response, Failure> {
        Ok((StatusCode::UNPROCESSABLE_ENTITY, self.show(app, frame)?).into_response())
    }
}

fn note(role: Role) -> &'static str {
    match role {
        Role::Staff => "メールの送受信",
        Role::FacilityManager => "自分の施設の職員と端末を見る",
        Role::Office => "施設・職員・カード・端末の管理",
        Role::OfficeAdministrator => "事務室の仕事と、事務室・監査の役割を決める",
        Role::Auditor => "操作記録を見る",
        Role::EmergencyViewer => "緊急時に救急医療情報を見る",
    }
}

fn typed(fields: &Fields) -> Typed {
    let text = |name| fields.text(name).to_owned();
    Typed {
        user_id: text("user_id"),
        family: text("family"),
        given: text("given"),
        family_kana: text("family_kana"),
        given_kana: text("given_kana"),
        job: text("job"),
        roles: fields.all("role").map(str::to_owned).collect(),
        starts: text("starts"),
        retires: text("retires"),
    }
}

fn now(is: &Member, typed: &Typed) -> Vec<Now> {
    let is = Typed::of(&is.login, &is.details);
    let job = |key: &str| Job::of_key(key).map_or("", japanese::job).to_owned();
    let roles = |keys: &[String]| {
        let roles = keys.iter().filter_map(|key| Role::of_key(key));
        roles.map(japanese::role).collect::<Vec<_>>().join("・")
    };
    differing([
        ("利用者ID", is.user_id, typed.user_id.clone()),
        ("姓", is.family, typed.family.clone()),
        ("名", is.given, typed.given.clone()),
        ("セイ", is.family_kana, typed.family_kana.clone()),
        ("メイ", is.given_kana, typed.given_kana.clone()),
        ("職種", job(&is.job), job(&typed.job)),
        ("役割", roles(&is.roles), roles(&typed.roles)),
        ("利用開始日", is.starts, typed.starts.clone()),
        ("最終利用日", is.retires, typed.retires.clone()),
    ])
}

fn errors(problems: Problems) -> Errors {
    let line = |what, problem: Option<_>| problem.map(|problem| say::line(what, problem));
    Errors {
        form: None,
        user_id: problems.user_id.map(|problem| japanese::login_problem(problem).to_owned()),
        family: line("姓", problems.family),
        given: line("名", problems.given),
        family_kana: line("セイ", problems.family_kana),
        given_kana: line("メイ", problems.given_kana),
        job: problems.no_job.then(|| "職種を選んでください".to_owned()),
        roles: problems.roles.map(say_roles),
        starts: problems.starts.map(say::day),
        retires: problems.retires.map(say::day),
    }
}

fn say_roles(problem: RolesProblem) -> String {
    let words = match problem {
        RolesProblem::Missing => "役割を1つ以上選んでください",
        RolesProblem::AdministratorsOnly => {
            "事務室・事務室管理者・監査の役割と、その役割を持つ職員の利用者ID・最終利用日は、\
             事務室管理者だけが変えられます"
        }
        RolesProblem::Own => {
            "自分の事務室・監査の役割は外せません。ほかの事務室管理者に頼んでください"
        }
    };
    words.to_owned()
}

fn refused(refused: Refused) -> Result<Errors, Failure> {
    let taken = "この利用者IDは、この施設のほかの職員が使っています。別のIDにしてください";
    match refused {
        Refused::Roles(problem) => {
            Ok(Errors { roles: Some(say_roles(problem)), ..Errors::default() })
        }
        Refused::OwnTerm => {
            Ok(Errors { retires: Some(say::day(DayProblem::Own)), ..Errors::default() })
        }
        Refused::Member(MemberProblem::LoginTaken) => {
            Ok(Errors { user_id: Some(taken.to_owned()), ..Errors::default() })
        }
        Refused::Changed => Ok(Errors { form: Some(say::CHANGED.to_owned()), ..Errors::default() }),
        Refused::Member(MemberProblem::NoFacility | MemberProblem::Unknown) => {
            Err(Failure::NotFound)
        }
        Refused::Member(MemberProblem::Store(error)) | Refused::Store(error) => Err(error.into()),
    }
}

pub async fn show_new(
    Path(facility): Path<Id<Facility>>,
    _: OfficeMember,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    About::newcomer(&app, facility)?.form(Typed::fresh()).show(&app, frame)
}

pub async fn post_new(
    Path(facility): Path<Id<Facility>>,
    asked: OfficeMember,
    frame: Frame,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let about = About::newcomer(&app, facility)?;
    let wanted = match about.read(&app, &fields)? {
        Ok(wanted) => wanted,
        Err(form) => return form.show_again(&app, frame),
    };
    let (clock, today, clerk) = (app.store.clock().clone(), app.today(), asked.member().clone());
    let id = clock.id();
    let act = asked.act("member.register").on("member", id);
    let registered = app.store.write(act, move |write| {
        judge(&clerk, None, &wanted, today)?;
        let Wanted { login, details } = wanted;
        Ok::<_, Refused>(members::register_as(write, &clock, id, facility, login, details)?)
    });
    if let Err(problem) = registered.await {
        let errors = refused(problem)?;
        return Form { errors, ..about.form(typed(&fields)) }.show_again(&app, frame);
    }
    if fields.text("next") == "another" {
        let to = format!("{}/members/new", facility_href(facility));
        return Ok(redirect_saying(&to, "登録しました。続けて次の職員を入力してください"));
    }
    Ok(redirect_saying(&member_href(id), "職員を登録しました。続けてカードを発行できます"))
}

pub async fn show_edit(
    Path(id): Path<Id<Member>>,
    _: OfficeMember,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let about = About::member(&app, id)?;
    let before = about.before.as_ref().ok_or(Failure::NotFound)?;
    about.form(Typed::of(&before.login, &before.details)).show(&app, frame)
}

pub async fn post_edit(
    Path(id): Path<Id<Member>>,
    asked: OfficeMember,
    frame: Frame,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let about = About::member(&app, id)?;
    let wanted = match about.read(&app, &fields)? {
        Ok(wanted) => wanted,
        Err(form) => return form.show_again(&app, frame),
    };
    let (today, clerk) = (app.today(), asked.member().clone());
    let opened_on = fields.text("seen").to_owned();
    let act = asked.act("member.change").on("member", id);
    let changed = app.store.write(act, move |write| {
        let before: Member = write.get(&id)?.ok_or(MemberProblem::Unknown)?;
        if is_old(&opened_on, &Typed::of(&before.login, &before.details)) {
            return Err(Refused::Changed);
        }
        judge(&clerk, Some(&before), &wanted, today)?;
        Ok::<_, Refused>(members::change(write, id, wanted.login, wanted.details)?)
    });
    match changed.await {
        Ok(_) => Ok(redirect_saying(&member_href(id), "変更を保存しました")),
        Err(Refused::Changed) => About::member(&app, id)?.changed(&fields).show_again(&app, frame),
        Err(problem) => {
            let errors = refused(problem)?;
            Form { errors, ..about.again(&fields) }.show_again(&app, frame)
        }
    }
}
