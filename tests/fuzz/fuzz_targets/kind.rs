//! A file's name and its first bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| webui::fuzz::kind(bytes));
