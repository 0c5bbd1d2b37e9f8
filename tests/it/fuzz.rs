//! What the fuzzer once learned is read again by every run of the tests.

use std::path::Path;

use webui::fuzz::TARGETS;

/// `cargo +nightly fuzz run --fuzz-dir tests/fuzz TARGET` adds to it.
const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus");

#[test]
fn the_corpus_of_every_target_is_read_without_a_panic() {
    for (name, target) in TARGETS {
        let target_file = Path::new(CORPUS).join(format!("../fuzz_targets/{name}.rs"));
        assert!(target_file.exists(), "{name} has no target");
        let mut count = 0;
        for entry in std::fs::read_dir(Path::new(CORPUS).join(name)).unwrap() {
            let path = entry.unwrap().path();
            println!("{}", path.display());
            target(&std::fs::read(&path).unwrap());
            count += 1;
        }
        assert!(count > 0, "{name} has no corpus");
    }
}
