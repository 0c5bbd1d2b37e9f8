//! Where people choose: quiet hours, sound, an address outside, devices that show pushes; and a
//! facility's usual hours and own address.

mod address;
mod facility;
mod hours;
pub mod pages;

#[cfg(test)]
mod tests;

pub use pages::{note_refusal, say_address, send_test};

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default()
        .get(Access::Member, "/me/notices", pages::show_own)
        .post(Access::Member, "/me/notices", pages::post_own)
        .post(Access::Member, "/me/notices/mail", pages::post_mail)
        .post(Access::Member, "/me/notices/mail/code", pages::post_code)
        .post(Access::Member, "/me/notices/mail/test", pages::post_test)
        .post(Access::Member, "/me/notices/mail/end", pages::post_end)
        .get(Access::Manager, "/facility/notices", facility::pages::show_facility)
        .post(Access::Manager, "/facility/notices", facility::pages::post_facility)
        .post(Access::Manager, "/facility/notices/mail", facility::pages::post_mail)
        .post(Access::Manager, "/facility/notices/mail/code", facility::pages::post_code)
        .post(Access::Manager, "/facility/notices/mail/end", facility::pages::post_end)
}
