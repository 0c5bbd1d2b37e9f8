//! Forms with files.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| webui::fuzz::multipart(bytes));
