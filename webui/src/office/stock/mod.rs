//! The office's stock-take: it begins and ends here, and shows who has not answered.

mod pages;
#[cfg(test)]
mod tests;

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default()
        .get(Access::Office, "/office/stock", pages::show_stock)
        .post(Access::Office, "/office/stock/start", pages::post_start)
        .post(Access::Office, "/office/stock/close", pages::post_close)
        .get(Access::Office, "/office/stock/{facility}", pages::show_facility)
        .post(Access::Office, "/office/stock/{facility}", pages::post_facility)
}
