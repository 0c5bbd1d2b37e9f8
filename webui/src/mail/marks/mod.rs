//! What a reader or a sender does to a mail: put away, mark, deal with, take back.

mod doing;
pub mod pages;

pub use doing::{Doing, back_to, do_to};

#[cfg(test)]
mod tests;

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default()
        .post(Access::Member, "/mail/{mail}/bin", pages::post_bin)
        .post(Access::Member, "/mail/{mail}/restore", pages::post_restore)
        .post(Access::Member, "/mail/{mail}/star", pages::post_star)
        .post(Access::Member, "/mail/{mail}/later", pages::post_later)
        .post(Access::Member, "/mail/{mail}/done", pages::post_done)
        .post(Access::Member, "/mail/{mail}/charge", pages::post_charge)
        .post(Access::Member, "/mail/{mail}/withdraw", pages::post_withdraw)
        .post(Access::Member, "/mail/{mail}/remind", pages::post_remind)
}
