//! A device's key for the tunnel, handed out once: as a file, a picture, a profile, or a ZIP for
//! Windows. The enrolment host and the device's own pages share what is here.

mod packing;
mod pages;
mod say;
#[cfg(test)]
pub(crate) mod tests;
pub mod windows;

pub use packing::{
    Machine, Made, NewKey, Parcel, answer, apple_system, make, qr_of, quick_config, signed,
    tunnel_of,
};

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default().get(Access::Member, "/me/devices/tunnel", pages::show_tunnel).post(
        Access::Member,
        "/me/devices/tunnel",
        pages::post_tunnel,
    )
}
