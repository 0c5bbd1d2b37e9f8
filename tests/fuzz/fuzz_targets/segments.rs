//! Packets in a row: split again, what was coalesced is as much.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gateway::fuzz::segments(bytes));
