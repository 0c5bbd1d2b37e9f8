//! The worker's script, and what a browser says about its subscription.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use super::model::read_subscription;
use super::tables::subscribe;
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::form::Fields;
use crate::kit::frame::redirect_saying;
use crate::kit::gate::Admitted;
use crate::kit::member::SignedIn;
use crate::notices::outside::{Holder, To, forget, ways_of};
use crate::notices::settings::note_refusal;

const SETTINGS: &str = "/me/notices";

/// At the root, because a worker may only look after what lies beneath it.
pub async fn show_worker(_: Admitted) -> Response {
    const WORKER: &str = include_str!("../../../assets/worker.js");
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, WORKER).into_response()
}

pub async fn post_subscription(
    asked: SignedIn,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let words = ["endpoint", "key", "secret"].map(|name| fields.text(name));
    let [endpoint, key, secret] = words;
    let member = asked.id();
    let act = asked.act("push.subscribe").on("member", member);
    let read = app
        .outside
        .push
        .as_ref()
        .and_then(|rules| read_subscription(rules, endpoint, key, secret, asked.device().id));
    let Some(subscription) = read else {
        note_refusal(&app, act).await?;
        let words = "このブラウザーの通知サービスには、送れません。別のブラウザーでお試しください";
        return Ok(redirect_saying(SETTINGS, words));
    };
    let clock = app.store.clock().clone();
    app.store.write(act, move |write| subscribe(write, &clock, member, subscription)).await?;
    Ok(redirect_saying(SETTINGS, "この端末に通知を表示します"))
}

/// At this device, whichever browser it was.
pub async fn post_end(
    asked: SignedIn,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let (member, here) = (asked.id(), asked.device().id);
    let all = fields.text("which") == "all";
    let act = asked.act("push.end").on("member", member);
    let ended = app.store.write(act, move |write| {
        for way in ways_of(write, Holder::Member(member))? {
            let ends = matches!(&way.to, To::Push(found) if all || found.device == here);
            if ends {
                forget(write, way)?;
            }
        }
        Ok::<_, store::StoreError>(())
    });
    ended.await?;
    Ok(redirect_saying(SETTINGS, "端末への通知を止めました"))
}
