//! Films: boxes that lie about their length and point anywhere.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| webui::fuzz::film(bytes));
