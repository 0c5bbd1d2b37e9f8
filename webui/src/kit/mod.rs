//! What every page is made of. Features use the kit; the kit knows no feature.
//!
//! `listen` takes connections, `gate` asks for the device, `member` for the person, `page` and
//! `frame` answer, `failure` says what could not be done.

pub mod app;
pub mod routes;

pub mod connections;
mod greeting;
pub mod inside;
pub mod listen;
pub mod pace;
pub mod places;
mod stream;
pub mod tls;
pub mod tunnel;
pub mod turns;

pub mod contact;
pub mod cutting;
pub mod gate;
pub mod member;
pub mod party;
pub mod session;

pub mod banners;
pub mod bell;
pub mod form;
pub mod frame;
pub mod page;
pub mod path;

pub mod failure;
pub mod origin;
pub mod outward;

pub mod answers;
pub mod assets;
pub mod code;
pub mod files;
pub mod japanese;
pub mod jobs;
pub mod live;
pub mod quiet;
pub mod waiting;

#[cfg(test)]
pub mod testing;
#[cfg(test)]
pub mod testing_key;
