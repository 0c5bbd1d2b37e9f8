//! The steps from older stores to this one. The array only grows; each step is a file with
//! frozen copies of the shapes that it reads and writes.

mod drafts;
mod mails;
mod notices;

use store::Migration;

pub const MIGRATIONS: &[Migration] = &[notices::NOTICES, mails::MAILS, drafts::DRAFTS];
