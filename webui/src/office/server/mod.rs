//! The server's certificates: how both hosts are, and the button that renews them now.

mod pages;
#[cfg(test)]
mod tests;

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default().get(Access::Office, "/office/server", pages::show_server).post(
        Access::Office,
        "/office/server/renew",
        pages::post_renew,
    )
}
