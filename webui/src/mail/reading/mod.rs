//! Reading one mail: its words, its files, its conversation, and on paper.

pub mod pages;
mod paper;
mod view;

pub use pages::letter;
pub use view::MailView;

#[cfg(test)]
mod tests;

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default()
        .get(Access::Member, "/mail/{mail}", pages::show_mail)
        .get(Access::Member, "/mail/{mail}/print", paper::show_print)
        .get(Access::Member, "/mail/{mail}/files/{n}", pages::show_file)
        .get(Access::Member, "/mail/{mail}/files/{n}/thumb", pages::show_thumb)
}
