//! The pages: what members, the office and strangers see.
//!
//! `routes()` is the whole product on one page. A feature is a folder: `mod.rs` says what it is,
//! `model.rs` holds its rules, `tables.rs` its rows, `pages.rs` its handlers in the order in
//! which a person meets them. `kit` is what they are all made of.

pub mod acme;
pub mod fuzz;
pub mod index;
pub mod kit;
pub mod pictures;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use kit::app::App;
use kit::inside::{self, InsideListeners};
use kit::jobs::{self, Job};
use kit::listen::{self, Doors};
use kit::routes::{Access, Routes};
use kit::{assets, failure, gate, live, origin};

pub mod connected;
pub mod login;
pub mod me;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub mod home;
pub mod mail;

pub mod directory;
pub mod notices;

pub mod facility;
pub mod office;
pub mod touroku;

pub mod trail;
pub mod tunnel;

#[cfg(test)]
mod tests;

/// Every door of the product, and who may pass it.
pub fn routes() -> Routes {
    let features = [
        login::routes(),
        connected::routes(),
        me::routes(),
        home::routes(),
        mail::routes(),
        directory::routes(),
        notices::routes(),
        facility::routes(),
        office::routes(),
        trail::routes(),
        tunnel::routes(),
    ];
    let all = features.into_iter().fold(Routes::default(), Routes::join);
    all.get(Access::Member, "/live", live::show_live)
}

/// What the box does by itself.
pub const JOBS: &[Job] = &[
    mail::WAKE,
    mail::PURGE,
    mail::chase::CHASE,
    mail::drafts::UPLOADS_JOB,
    me::devices::CHORES,
    notices::FILL,
];

/// Serves both hosts on one listener until `stop`; open requests may end.
pub async fn serve(app: App, listener: TcpListener, stop: CancellationToken) {
    let doors = doors(&app);
    let signals = tokio::spawn(live::Live::run(app.clone()));
    jobs::start(&app, JOBS, &stop);
    tokio::spawn(mail::outbox::run(app.clone(), stop.clone()));
    tokio::spawn(notices::outside::run(app.clone(), stop.clone()));
    let renewal = tokio::spawn(acme::run(app.clone(), stop.clone()));
    let indexing = tokio::spawn(mail::search::run(app.clone(), stop.clone()));
    listen::serve(app, listener, doors, stop).await;
    signals.abort();
    acme::wait(renewal).await;
    // The store is closed after this, and the index reads from it.
    drop(indexing.await);
}

/// Serves the product, and nothing else, on what the gateway listens on inside of the tunnel.
/// `whose` says which device's key an inner address belongs to; no header is asked.
pub async fn serve_inside(
    app: App,
    listeners: InsideListeners,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let doors = doors(&app);
    inside::serve(app, listeners, doors, stop).await
}

/// Both hosts, each with its layers: what is outside comes last.
pub fn doors(app: &App) -> Doors {
    let product = routes()
        .into_router()
        .fallback(|| async { failure::Failure::NotFound })
        // Uploads and forms bound their own bodies.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn(origin::same_origin))
        .layer(from_fn_with_state(app.clone(), gate::gate));
    let enrolment = touroku::routes().into_router().layer(from_fn(origin::same_origin));
    Doors { app: dress(product, app), touroku: dress(enrolment, app) }
}

/// Assets for everybody, failures as pages, headers on all.
fn dress(router: Router<App>, app: &App) -> Router {
    router
        .route("/assets/{hash}/{name}", get(assets::show_asset))
        .layer(from_fn_with_state(app.clone(), failure::show_failures))
        .layer(from_fn(origin::secure))
        .with_state(app.clone())
}
