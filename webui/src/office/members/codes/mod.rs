//! A code on the office's screen, to be read out on the telephone.

mod pages;
#[cfg(test)]
mod tests;

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default().post(Access::Office, "/office/members/{member}/code", pages::post_code)
}
