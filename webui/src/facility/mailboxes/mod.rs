//! A facility's shared mailboxes and its second contact, in its manager's or the office's hands.

mod form;
pub mod pages;

#[cfg(test)]
mod tests;

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    let office = "/office/facilities/{facility}/mailboxes";
    let contact = "/office/facilities/{facility}/second-contact";
    Routes::default()
        .get(Access::Manager, "/facility/mailboxes", pages::show_own)
        .post(Access::Manager, "/facility/mailboxes", pages::post_own)
        .post(Access::Manager, "/facility/second-contact", pages::post_own_contact)
        .get(Access::Office, office, pages::show_any)
        .post(Access::Office, office, pages::post_any)
        .post(Access::Office, contact, pages::post_any_contact)
}
