//! The fictional network that `tokinet try` shows: its people, mails and memos are data files
//! in this folder, its pictures are drawn.

pub mod pictures;
