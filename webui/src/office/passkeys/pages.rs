//! The rule, the notices, and the reset.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::{SignedDuration, Timestamp};
use provisioning::directory::Directory;
use provisioning::members::{Member, Role, Standing};
use provisioning::passkeys::{
    self, NoticeKind, PasskeyNotice, PasskeyRule, codes_left, notices_for_office, of_member, rule,
};
use serde::Serialize;
use store::{Id, Read, StoreError};

use crate::kit::app::App;
use crate::kit::failure::{Failure, Said};
use crate::kit::form::{Fields, number};
use crate::kit::frame::{Frame, Nav, redirect_saying};
use crate::kit::japanese;
use crate::kit::member::OfficeMember;
use crate::kit::page::Page;
use crate::kit::path::Path;
use crate::kit::session::{self, SessionState};
use crate::login::{Again, prove_again};
use crate::office::counts::{Office, office};
use crate::office::rows::{day, member_href, member_words};

const PAGE: &str = "/office/passkeys";

#[derive(Serialize)]
struct PasskeysPage {
    office: Office,
    rule: Rule,
    people: Vec<Person>,
    notices: Vec<NoticeRow>,
}

impl Page for PasskeysPage {
    const TEMPLATE: &'static str = "office/passkeys/passkeys.html";
}

#[derive(Serialize)]
struct Rule {
    required: bool,
    /// The day from which it holds, while that is to come.
    from: Option<String>,
    since: Option<String>,
    by: Option<String>,
    may_change: bool,
    has_own: bool,
    grace: [u8; 4],
}

#[derive(Serialize)]
struct Person {
    name: String,
    href: String,
    role: &'static str,
    keys: usize,
    codes: usize,
    used: Option<String>,
}

#[derive(Serialize)]
struct NoticeRow {
    member: Id<Member>,
    kind: u8,
    /// When it happened, in microseconds: what came after it was not shown.
    at: i64,
    name: String,
    href: String,
    words: String,
    when: String,
}

pub async fn show_passkeys(
    asked: OfficeMember,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let (directory, now) = (app.directory()?, asked.now());
    let (rule, people, notices) = app.store.read(|read| {
        let notices = notices_for_office(read)?.into_iter();
        let notices = notices.map(|one| notice_row(&one, &directory, now)).collect();
        let rule = rule_words(read, &asked, &directory)?;
        Ok::<_, StoreError>((rule, people(read, &app, &directory, now)?, notices))
    })?;
    let page = PasskeysPage { office: office(&app)?, rule, people, notices };
    frame.show(Nav::Office, "パスキー", &page)
}

fn rule_words(
    read: &Read<'_>,
    asked: &OfficeMember,
    directory: &Directory,
) -> Result<Rule, StoreError> {
    let set = rule(read)?;
    let from = set.as_ref().and_then(|rule| rule.from);
    let to_come = from.filter(|from| asked.now() < *from);
    Ok(Rule {
        required: from.is_some(),
        from: to_come.map(day),
        since: set.as_ref().map(|rule| day(rule.set_at)),
        by: set.map(|rule| member_words(directory, rule.set_by).0),
        may_change: is_administrator(asked.member()),
        has_own: passkeys::has_any(read, asked.id())?,
        grace: PasskeyRule::GRACE_DAYS,
    })
}

fn is_administrator(member: &Member) -> bool {
    member.details.roles.has(Role::OfficeAdministrator)
}

/// Those whom the rule concerns, without a key first.
fn people(
    read: &Read<'_>,
    app: &App,
    directory: &Directory,
    now: Timestamp,
) -> Result<Vec<Person>, StoreError> {
    let concerned = directory.entries().filter(|entry| {
        entry.member.details.roles.is_office()
            && entry.member.standing(app.today()) != Standing::Retired
    });
    let mut rows = Vec::new();
    for entry in concerned {
        let facts = facts_of(read, entry.member.id, now)?;
        let administers = is_administrator(&entry.member);
        let role = if administers { Role::OfficeAdministrator } else { Role::Office };
        rows.push(Person {
            name: entry.member.details.name.full(),
            href: member_href(entry.member.id),
            role: japanese::role(role),
            keys: facts.count,
            codes: facts.codes.unwrap_or_default(),
            used: facts.used,
        });
    }
    rows.sort_by_key(|row| row.keys > 0);
    Ok(rows)
}

fn notice_row(one: &PasskeyNotice, directory: &Directory, now: Timestamp) -> NoticeRow {
    let words = match one.kind {
        NoticeKind::Reset { by: Some(by) } => {
            format!("{} さんがパスキーを取り消しました", member_words(directory, by).0)
        }
        NoticeKind::Reset { by: None } => "管理者の端末でパスキーを取り消しました".to_owned(),
        NoticeKind::CounterBack => {
            "パスキーの使用回数が戻りました。写しが使われたおそれがあります".to_owned()
        }
        NoticeKind::CodeUsed => "回復コードでログインしました".to_owned(),
    };
    NoticeRow {
        member: one.member,
        kind: one.kind.number(),
        at: one.at.as_microsecond(),
        name: member_words(directory, one.member).0,
        href: member_href(one.member),
        words,
        when: japanese::short(one.at, now),
    }
}

/// What a member's page tells of passkeys.
#[derive(Serialize)]
pub struct KeyFacts {
    count: usize,
    codes: Option<usize>,
    used: Option<String>,
    may_reset: bool,
}

pub fn key_facts(
    read: &Read<'_>,
    asked: &OfficeMember,
    member: Id<Member>,
) -> Result<KeyFacts, StoreError> {
    let may_reset = is_administrator(asked.member()) && asked.id() != member;
    Ok(KeyFacts { may_reset, ..facts_of(read, member, asked.now())? })
}

fn facts_of(read: &Read<'_>, member: Id<Member>, now: Timestamp) -> Result<KeyFacts, StoreError> {
    let keys = of_member(read, member)?;
    let used = keys.iter().filter_map(|key| key.used_at).max();
    Ok(KeyFacts {
        count: keys.len(),
        codes: codes_left(read, member)?,
        used: used.map(|at| japanese::short(at, now)),
        may_reset: false,
    })
}

/// Whoever turns the rule on has a key: an administrator who shut everybody out would be among
/// them.
pub async fn post_rule(
    asked: OfficeMember,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let required = fields.text("required") == "on";
    let has_own = app.store.read(|read| passkeys::has_any(read, asked.id()))?;
    let why = match (is_administrator(asked.member()), required && !has_own) {
        (false, _) => Some("この決まりは、事務室管理者だけが変えられます。"),
        (true, true) => Some("自分のパスキーがまだありません。"),
        (true, false) => None,
    };
    if let Some(why) = why {
        note_refused(&app, &asked).await?;
        let next = "「自分の設定」でパスキーを登録するか、事務室管理者に頼んでください。";
        return Err(refuse(why, next, PAGE.to_owned()).into());
    }
    if let Some(answer) = proven(&app, &asked, &fields, PAGE.to_owned()).await? {
        return Ok(answer);
    }
    let days: Option<u8> = number(fields.text("grace"));
    let days = days.filter(|days| PasskeyRule::GRACE_DAYS.contains(days)).unwrap_or(14);
    let grace = SignedDuration::from_hours(i64::from(days) * 24);
    let now = asked.now();
    let from = required.then(|| now.saturating_add(grace).unwrap_or(now));
    let decided = PasskeyRule { from, set_by: asked.id(), set_at: now };
    let act = asked.act("passkey.rule").on("member", asked.id());
    app.store.write(act, move |write| write.put(&decided)).await.map_err(Failure::from)?;
    let words = match (required, days) {
        (true, 0) => "いまから、事務室の職員にはパスキーが必要です",
        (true, _) => "期限の日から、事務室の職員にはパスキーが必要です",
        (false, _) => "パスキーを任意にしました",
    };
    Ok(redirect_saying(PAGE, words))
}

/// A forgotten screen must not change who is asked for a second proof: the password once more.
/// Answers what is shown instead, where the session has ended over it.
async fn proven(
    app: &App,
    asked: &OfficeMember,
    fields: &Fields,
    back: String,
) -> Result<Option<Response>, Failure> {
    let again = prove_again(app, asked.in_session(), fields.text("password")).await?;
    match again {
        Again::Right(SessionState::Open) => return Ok(None),
        Again::Right(_) => return Err(Failure::PasswordFirst),
        Again::Wrong | Again::Over => note_refused(app, asked).await?,
    }
    if let Again::Over = again {
        return Ok(Some(Redirect::to("/login").into_response()));
    }
    let next = "前の画面に戻り、もう一度入力してください。";
    Err(refuse("パスワードが違います。", next, back).into())
}

async fn note_refused(app: &App, asked: &OfficeMember) -> Result<(), Failure> {
    let act = asked.act("passkey.refused").on("member", asked.id());
    Ok(app.store.write(act, |_| Ok::<_, StoreError>(())).await?)
}

fn refuse(why: &str, next: &'static str, back: String) -> Said {
    Said {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        what: "変更できませんでした",
        why: why.to_owned(),
        next,
        link: Some((back, "戻る")),
    }
}

pub async fn post_settle(
    Path(id): Path<Id<Member>>,
    asked: OfficeMember,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let kind: u8 = number(fields.text("kind")).ok_or(Failure::StaleForm)?;
    let shown = number(fields.text("at")).and_then(|at| Timestamp::from_microsecond(at).ok());
    let shown = shown.ok_or(Failure::StaleForm)?;
    let act = asked.act("passkey.settle").on("member", id);
    app.store.write(act, move |write| passkeys::told_office(write, id, kind, shown)).await?;
    Ok(redirect_saying(PAGE, "対応済みにしました"))
}

/// Somebody lost the keys and the paper: the next log-in is by password, and begins anew.
pub async fn post_reset(
    Path(id): Path<Id<Member>>,
    asked: OfficeMember,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    if app.directory()?.member(id).is_none() {
        return Err(Failure::NotFound);
    }
    let why = match (is_administrator(asked.member()), asked.id() == id) {
        (false, _) => Some("パスキーの取り消しは、事務室管理者だけができます。"),
        (true, true) => Some("自分のパスキーは「自分の設定」で削除してください。"),
        (true, false) => None,
    };
    if let Some(why) = why {
        note_refused(&app, &asked).await?;
        let next = "必要なときは、ほかの事務室管理者に頼んでください。";
        return Err(refuse(why, next, member_href(id)).into());
    }
    if let Some(answer) = proven(&app, &asked, &fields, member_href(id)).await? {
        return Ok(answer);
    }
    let (by, now) = (asked.id(), asked.now());
    let act = asked.act("passkey.reset").on("member", id);
    let done = app.store.write(act, move |write| {
        session::end_of_member(write, id)?;
        passkeys::reset(write, id, Some(by), now)
    });
    done.await.map_err(|error: StoreError| Failure::from(error))?;
    Ok(redirect_saying(&member_href(id), "パスキーと回復コードを取り消し、本人に知らせます"))
}
