//! The office's desk: facilities, members, cards, devices and their enrolments.
//!
//! Start at `desk`; the others follow the way of a facility from its form to its devices.

pub mod counts;

mod desk;

mod facilities;
pub mod import;
mod members;

mod cards;
mod devices;

mod alarms;
mod manuals;
mod passkeys;
mod server;
mod setup;
mod stand_ins;
mod stock;
mod tunnel;
mod unused;

mod lists;
pub mod rows;
mod say;
mod seen;
mod text;

#[cfg(test)]
mod tests;

use crate::kit::routes::Routes;

pub fn routes() -> Routes {
    Routes::default()
        .join(desk::routes())
        .join(facilities::routes())
        .join(import::routes())
        .join(members::routes())
        .join(cards::routes())
        .join(devices::routes())
        .join(alarms::routes())
        .join(manuals::routes())
        .join(setup::routes())
        .join(stand_ins::routes())
        .join(stock::routes())
        .join(unused::routes())
        .join(server::routes())
        .join(tunnel::routes())
        .join(passkeys::routes())
}
