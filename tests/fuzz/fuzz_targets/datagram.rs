//! Datagrams of strangers, and of a client with a live session.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gateway::fuzz::datagram(bytes));
