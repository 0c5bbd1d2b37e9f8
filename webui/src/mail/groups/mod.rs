//! Groups of recipients: a member's own, a facility's, and the network's.
//!
//! A group is a name for people, not an address: choosing it puts its people into the draft, one
//! by one, so that everybody sees to whom a letter goes.

mod model;
pub mod pages;
mod tables;
mod view;

#[cfg(test)]
mod tests;

pub use model::{Expanded, Group, GroupDetails};
pub use tables::{GroupProblem, expand, found, in_sight};
pub use view::{GroupPick, picks, takes_mail};

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default()
        .get(Access::Member, "/me/groups", pages::show_own)
        .post(Access::Member, "/me/groups", pages::post_own)
        .get(Access::Member, "/me/groups/{group}", pages::show_own_one)
        .post(Access::Member, "/me/groups/{group}", pages::post_own_one)
        .get(Access::Manager, "/facility/groups", pages::show_facility)
        .post(Access::Manager, "/facility/groups", pages::post_facility)
        .get(Access::Manager, "/facility/groups/{our_group}", pages::show_facility_one)
        .post(Access::Manager, "/facility/groups/{our_group}", pages::post_facility_one)
        .get(Access::Office, "/office/groups", pages::show_network)
        .post(Access::Office, "/office/groups", pages::post_network)
        .get(Access::Office, "/office/groups/{network_group}", pages::show_network_one)
        .post(Access::Office, "/office/groups/{network_group}", pages::post_network_one)
}
