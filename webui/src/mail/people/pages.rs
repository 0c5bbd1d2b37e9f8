//! The star beside a person: one press gives it, one takes it away.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use store::Id;

use super::{FAVOURITES_MAX, FavouriteProblem, set_favourite};
use crate::kit::app::App;
use crate::kit::failure::{Failure, Said};
use crate::kit::form::Fields;
use crate::kit::frame::redirect_saying;
use crate::kit::member::SignedIn;
use crate::mail::model::Owner;

/// Fields: `owner`, `on`, `back`.
pub async fn post_favourite(
    asked: SignedIn,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let owner = fields.id("owner").ok_or(Failure::NotFound)?;
    let on = fields.text("on") == "yes";
    give(&app, &asked, owner, on).await?;
    let back = fields.text("back");
    let is_ours = back.starts_with('/') && !back.starts_with("//") && !back.contains('\\');
    let to = if is_ours && !back.contains(['\r', '\n']) { back } else { "/directory" };
    Ok(redirect_saying(to, said(on)))
}

pub async fn give(
    app: &App,
    asked: &SignedIn,
    owner: Id<Owner>,
    starred: bool,
) -> Result<(), Failure> {
    let member = asked.id();
    let act = asked.act("people.star");
    let given = app.store.write(act, move |write| set_favourite(write, member, owner, starred));
    given.await.map_err(problem)
}

const fn said(on: bool) -> &'static str {
    if on {
        "よく使う宛先に加えました"
    } else {
        "よく使う宛先から外しました"
    }
}

fn problem(problem: FavouriteProblem) -> Failure {
    match problem {
        FavouriteProblem::Unknown => Failure::NotFound,
        FavouriteProblem::TooMany => Failure::from(Said {
            status: StatusCode::CONFLICT,
            what: "よく使う宛先に加えられませんでした",
            why: format!("よく使う宛先は{FAVOURITES_MAX}件までです。"),
            next: "使わなくなった宛先の星を外してください。まとめて送る相手は、宛先グループにできます。",
            link: Some(("/me/groups".to_owned(), "宛先グループを開く")),
        }),
        FavouriteProblem::Store(error) => error.into(),
    }
}
