//! Several mails at once: each its own act, as if they had been dealt with one by one.

use axum::extract::State;
use axum::response::Response;
use futures_util::future::join_all;
use store::Id;

use super::pages::ROWS_A_PAGE;
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::form::Fields;
use crate::kit::frame::redirect_saying;
use crate::kit::member::SignedIn;
use crate::mail::boxes::Boxes;
use crate::mail::marks::{Doing, back_to, do_to, pages};
use crate::mail::model::Mail;
use crate::mail::tables::MailProblem;

pub async fn post_many(
    asked: SignedIn,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let boxes = Boxes::of(&app, &asked)?;
    let owners = boxes.choose(fields.text("box")).ok_or(Failure::NotFound)?;
    let doing = Doing::of_key(fields.text("do"), asked.now()).ok_or(Failure::NotFound)?;
    let chosen: Vec<Id<Mail>> =
        fields.all("mail").filter_map(|one| one.parse().ok()).take(ROWS_A_PAGE).collect();
    let acts = chosen.iter().map(|id| do_to(&app, &asked, owners.clone(), *id, doing));
    let mut done = 0;
    for outcome in join_all(acts).await {
        match outcome {
            Ok(()) => done += 1,
            // Gone in another window meanwhile: what was wanted of it is so already.
            Err(MailProblem::Unknown | MailProblem::AllOpened | MailProblem::JustReminded) => {}
            Err(MailProblem::Store(error)) => return Err(error.into()),
        }
    }
    Ok(redirect_saying(&back_to(&fields), &pages::said_of_many(doing, done)))
}
