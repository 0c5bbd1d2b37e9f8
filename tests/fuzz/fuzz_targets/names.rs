//! Questions for names, as devices in the tunnel may send them.
#![no_main]

use std::sync::LazyLock;

use gateway::dns::{ANSWER_BYTES_MAX, Zone, answer};

static ZONE: LazyLock<Zone> = LazyLock::new(|| {
    let v6 = "fd12:3456:789a::1".parse().ok();
    Zone::new(&["app.aoba.example"], [100, 70, 0, 1].into(), v6).expect("a name")
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(answer) = answer(bytes, &ZONE) {
        assert!(answer.as_bytes().len() <= ANSWER_BYTES_MAX);
        assert_eq!(answer.as_bytes().get(..2), bytes.get(..2));
    }
});
