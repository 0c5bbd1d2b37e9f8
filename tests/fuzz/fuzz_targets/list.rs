//! Lists of facilities and members as offices bring them.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| webui::fuzz::list(bytes));
