//! Buttons beside a mail.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use store::Id;

use super::doing::{Doing, back_to, do_to, wakes_at};
use crate::kit::app::App;
use crate::kit::failure::{Failure, Said};
use crate::kit::form::Fields;
use crate::kit::frame::{Frame, redirect_saying};
use crate::kit::japanese;
use crate::kit::member::SignedIn;
use crate::kit::path::Path;
use crate::mail::boxes::Boxes;
use crate::mail::model::{Mail, Owner};
use crate::mail::reading::letter;
use crate::mail::tables::MailProblem;
use crate::mail::{acts, moment, reminding};

/// Which boxes a form means.
fn owners(app: &App, asked: &SignedIn, fields: &Fields) -> Result<Vec<Id<Owner>>, Failure> {
    Boxes::of(app, asked)?.choose(fields.text("box")).ok_or(Failure::NotFound)
}

async fn put(
    app: &App,
    asked: &SignedIn,
    id: Id<Mail>,
    fields: &Fields,
    doing: Doing,
    said: &str,
) -> Result<Response, Failure> {
    let owners = owners(app, asked, fields)?;
    do_to(app, asked, owners, id, doing).await.map_err(problem)?;
    Ok(redirect_saying(&back_to(fields), said))
}

pub async fn post_bin(
    Path(id): Path<Id<Mail>>,
    asked: SignedIn,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let said = "メールをごみ箱へ移しました。30日のあいだ、ごみ箱から元に戻せます";
    put(&app, &asked, id, &fields, Doing::Bin, said).await
}

pub async fn post_restore(
    Path(id): Path<Id<Mail>>,
    asked: SignedIn,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    put(&app, &asked, id, &fields, Doing::Restore, "メールを元に戻しました").await
}

pub async fn post_star(
    Path(id): Path<Id<Mail>>,
    asked: SignedIn,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let on = fields.text("on") == "yes";
    let said = if on { "星を付けました" } else { "星を外しました" };
    put(&app, &asked, id, &fields, Doing::Star(on), said).await
}

pub async fn post_later(
    Path(id): Path<Id<Mail>>,
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let at = match wakes_at(fields.text("until"), asked.now()) {
        Some(at) => Ok(at),
        None => moment::read(&fields, asked.now()),
    };
    let at = match at {
        Ok(at) => at,
        Err(typed) => {
            let page = letter(&app, &asked, frame, id, fields.text("box"), Some(typed)).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let said = format!("{} に受信箱へ戻します", japanese::short(at, asked.now()));
    put(&app, &asked, id, &fields, Doing::Later(at), &said).await
}

pub async fn post_done(
    Path(id): Path<Id<Mail>>,
    asked: SignedIn,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let on = fields.text("on") == "yes";
    let said = if on { "対応済にしました" } else { "受信箱に戻しました" };
    put(&app, &asked, id, &fields, Doing::Done(on), said).await
}

/// Takes a mailbox's mail in hand, or gives it back.
pub async fn post_charge(
    Path(id): Path<Id<Mail>>,
    asked: SignedIn,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let boxes = Boxes::of(&app, &asked)?;
    let owner = boxes.one(fields.text("box")).ok_or(Failure::NotFound)?;
    let mailbox = boxes.mailbox(owner).ok_or(Failure::NotFound)?.mailbox.clone();
    let (member, now, take) = (asked.member().clone(), asked.now(), fields.text("on") == "yes");
    let act = asked.act("mail.charge").on("mail", id);
    let taken = app
        .store
        .write(act, move |write| acts::take_charge(write, &mailbox, &member, id, take, now));
    taken.await.map_err(problem)?;
    let said = if take { "担当になりました" } else { "担当をやめました" };
    Ok(redirect_saying(&format!("/mail/{id}?box={owner}"), said))
}

pub async fn post_withdraw(
    Path(id): Path<Id<Mail>>,
    asked: SignedIn,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let owners = owners(&app, &asked, &fields)?;
    let now = asked.now();
    let act = asked.act("mail.withdraw").on("mail", id);
    let back = app.store.write(act, move |write| {
        let owner = acts::holder(write, &owners, id)?;
        acts::withdraw(write, owner, id, now)
    });
    let count = back.await.map_err(problem)?;
    let said = format!("まだ開かれていない{count}件の宛先から取り消しました");
    Ok(redirect_saying(&back_to(&fields), &said))
}

pub async fn post_remind(
    Path(id): Path<Id<Mail>>,
    asked: SignedIn,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let owners = owners(&app, &asked, &fields)?;
    let now = asked.now();
    let act = asked.act("mail.remind").on("mail", id);
    let reminded = app.store.write(act, move |write| {
        let owner = acts::holder(write, &owners, id)?;
        reminding::remind(write, owner, id, now)
    });
    let count = reminded.await.map_err(problem)?;
    Ok(redirect_saying(
        &back_to(&fields),
        &format!("未開封の{count}件の宛先にもう一度知らせました"),
    ))
}

pub fn said_of_many(doing: Doing, done: usize) -> String {
    match doing {
        Doing::Bin => format!("{done}件をごみ箱へ移しました"),
        Doing::Restore => format!("{done}件を元に戻しました"),
        Doing::Star(true) => format!("{done}件に星を付けました"),
        Doing::Star(false) => format!("{done}件の星を外しました"),
        Doing::Later(_) => format!("{done}件を明日の朝に受信箱へ戻します"),
        Doing::Done(_) => format!("{done}件を対応済にしました"),
    }
}

pub fn problem(problem: MailProblem) -> Failure {
    match problem {
        MailProblem::Unknown => Failure::NotFound,
        MailProblem::AllOpened => Failure::from(Said {
            status: StatusCode::CONFLICT,
            what: "できませんでした",
            why: "すべての宛先がもう開いているか、取り消してあります。".to_owned(),
            next: "開封の様子を確かめてください。",
            link: Some(("/mail/sent".to_owned(), "送信済へ戻る")),
        }),
        MailProblem::JustReminded => Failure::from(Said {
            status: StatusCode::CONFLICT,
            what: "もう一度は知らせませんでした",
            why: "未開封の方には、10分以内に知らせたばかりです。".to_owned(),
            next: "しばらく待つか、お急ぎのときはお電話ください。",
            link: Some(("/mail/sent".to_owned(), "送信済へ戻る")),
        }),
        MailProblem::Store(error) => error.into(),
    }
}
