//! The stock-take of the own facility's devices: what is there, what is not.

mod pages;
#[cfg(test)]
mod tests;

pub use pages::{StockRow, answers, keep, stock_rows};

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default().get(Access::Manager, "/facility/stock", pages::show_stock).post(
        Access::Manager,
        "/facility/stock",
        pages::post_stock,
    )
}
