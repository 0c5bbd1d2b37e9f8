//! Photos as the picture worker reads them.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| webui::fuzz::photo(bytes));
