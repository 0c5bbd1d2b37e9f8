//! Reads of the TUN whose virtio headers lie.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gateway::fuzz::large(bytes));
