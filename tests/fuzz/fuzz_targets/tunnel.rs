//! Files for WireGuard as somebody may have changed them.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| webui::fuzz::tunnel(bytes));
