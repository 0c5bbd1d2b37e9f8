//! Which crate may know which: arrows point down, and a foreign crate has one home.
//!
//! The picture is in `appliance/ARCHITECTURE.md`; `KNOWS` and `HOMES` are that picture as data.

use crate::tidy::tree::{File, is_word};
use crate::tidy::{check, offences};

/// A crate's folder, its name, and those of our own crates that it may know.
const KNOWS: &[(&str, &str, &[&str])] = &[
    ("appliance/store/", "store", &[]),
    ("provisioning/", "provisioning", &["store"]),
    ("gateway/", "gateway", &[]),
    ("webui/", "webui", &["provisioning", "store"]),
    ("appliance/", "appliance", &["gateway", "provisioning", "store", "webui"]),
    ("scripts/", "scripts", &[]),
    ("tests/", "tests", &["appliance", "gateway", "provisioning", "store", "webui"]),
];

/// Foreign crates and the only places that may name them; a place that opens with `*` is an ending.
const HOMES: &[(&[&str], &[&str])] = &[
    // The baseline measures the bare libraries, to say what the product adds to them.
    (&["redb"], &["appliance/store/", "tests/baseline/"]),
    (&["axum", "minijinja"], &["webui/", "tests/baseline/"]),
    (&["boringtun"], &["gateway/"]),
    // The tests forge what the authority would never sign.
    (&["rcgen"], &["provisioning/src/authority/", "tests/src/"]),
    (&["cms", "p12_keystore", "x509_cert", "x509_parser"], &["provisioning/src/authority/"]),
    (&["plist"], &["provisioning/src/mobileconfig/"]),
    // A parser for the one script that cannot run here.
    (&["tree_sitter", "tree_sitter_powershell"], &["tests/"]),
    (&["tantivy"], &["webui/src/index/"]),
    (&["mimalloc"], &["appliance/src/main.rs"]),
    (&["instant_acme"], &["webui/src/acme/"]),
    (&["webpki_roots"], &["webui/src/acme/", "appliance/src/client.rs"]),
    (&["passki"], &["provisioning/src/passkeys/ceremony.rs"]),
    (&["lettre"], &["webui/src/notices/outside/"]),
    (&["clap"], &["appliance/src/", "scripts/"]),
    (
        &["rustls", "tokio_rustls"],
        &[
            "webui/src/kit/",
            "webui/src/acme/",
            "provisioning/",
            "appliance/src/client.rs",
            "appliance/src/forward.rs",
            "appliance/src/commands/",
            "appliance/src/demo/",
            "tests/",
            "*/tests.rs",
            "*_test.rs",
        ],
    ),
];

#[test]
fn no_arrow_points_upwards() {
    for (path, text) in [
        ("gateway/Cargo.toml", "[dependencies]\nstore.workspace = true"),
        ("provisioning/Cargo.toml", "[dependencies.webui]\npath = \"../webui\""),
        ("provisioning/Cargo.toml", "[target.'cfg(unix)'.dependencies]\nwebui = { a = 1 }"),
        ("appliance/store/Cargo.toml", "[dev-dependencies]\na = { package = \"webui\" }"),
        ("appliance/store/src/lib.rs", "use appliance::Config;"),
        ("webui/src/lib.rs", "fn a(b: gateway::Peer) {}"),
        ("new/Cargo.toml", "[package]\nname = \"new\""),
    ] {
        assert_eq!(offences(upward_arrows, &[(path, text)]).len(), 1, "{path}: {text}");
    }
    let allowed = [
        ("webui/Cargo.toml", "[dependencies]\nstore.workspace = true\n[lints]\ngateway = 1"),
        ("webui/src/a.rs", "use store::Record;\n// use appliance::A;\nuse crate::gateway::B;"),
        ("Cargo.toml", "[workspace.dependencies]\nwebui = { path = \"webui\" }"),
    ];
    assert!(offences(upward_arrows, &allowed).is_empty());
    check(upward_arrows);
}

#[test]
fn every_foreign_crate_stays_at_home() {
    for (path, text) in [
        ("webui/Cargo.toml", "[dependencies]\nredb = \"4\""),
        ("appliance/Cargo.toml", "[dependencies]\nredb = \"4\""),
        ("webui/Cargo.toml", "[dependencies]\nx509-parser = \"4\""),
        ("webui/src/mail/tests.rs", "use redb::Database;"),
        ("provisioning/src/cards/mod.rs", "let key = rcgen::KeyPair::generate();"),
        ("webui/src/mail/pages.rs", "use rustls;"),
    ] {
        assert_eq!(offences(strays, &[(path, text)]).len(), 1, "{path}: {text}");
    }
    let allowed = [
        ("appliance/store/src/engine.rs", "use redb::Database;"),
        ("provisioning/src/authority/issue.rs", "use rcgen::KeyPair;"),
        ("provisioning/Cargo.toml", "[dependencies]\nrcgen = \"1\""),
        ("webui/src/mail/tests.rs", "use rustls::ClientConfig;"),
        ("webui/src/mail/pages.rs", "use crate::kit::rustls::A; // axum\nfn clap(clap: Clap) {}"),
    ];
    assert!(offences(strays, &allowed).is_empty());
    check(strays);
}

fn upward_arrows(files: &[File]) -> Vec<String> {
    let mut offences = Vec::new();
    for file in files {
        let Some((_, own, known)) = KNOWS.iter().find(|(home, ..)| file.path.starts_with(home))
        else {
            if file.path.ends_with("/Cargo.toml") {
                offences.push(file.offence(1, "a crate that KNOWS doesn't list"));
            }
            continue;
        };
        let names = KNOWS.iter().map(|(_, name, _)| *name);
        for name in names.filter(|name| name != own && !known.contains(name)) {
            let lines = mentions(file, name);
            let message = format!("{own} may not know {name}");
            offences.extend(lines.into_iter().map(|line| file.offence(line, &message)));
        }
    }
    offences
}

fn strays(files: &[File]) -> Vec<String> {
    let mut offences = Vec::new();
    for (crates, homes) in HOMES {
        for file in files.iter().filter(|file| !is_home(file, homes)) {
            for name in *crates {
                let message = format!("names {name}, which stays in {}", homes.join(", "));
                let lines = mentions(file, name).into_iter();
                offences.extend(lines.map(|line| file.offence(line, &message)));
            }
        }
    }
    offences
}

/// A manifest is at home when a place of the list lies in its crate.
fn is_home(file: &File, homes: &[&str]) -> bool {
    homes.iter().any(|home| match home.strip_prefix('*') {
        Some(ending) => file.path.ends_with(ending),
        None if file.name() == "Cargo.toml" => crate_of(home) == crate_of(&file.path),
        None => file.path.starts_with(home),
    })
}

fn crate_of(path: &str) -> Option<&str> {
    KNOWS.iter().find(|(home, ..)| path.starts_with(home)).map(|(_, name, _)| *name)
}

/// The lines of a crate's manifest or source that name another crate.
fn mentions(file: &File, name: &str) -> Vec<usize> {
    if file.path.ends_with("/Cargo.toml") {
        return dependency_lines(&file.text, name);
    }
    if !file.is_rust() {
        return Vec::new();
    }
    let lines = file.lines();
    let named = lines.iter().filter(|line| names_crate(&line.code, name));
    named.map(|line| line.number).collect()
}

fn dependency_lines(manifest: &str, name: &str) -> Vec<usize> {
    let mut lines = Vec::new();
    let mut in_dependencies = false;
    for (at, line) in manifest.lines().map(str::trim).enumerate() {
        let line = line.replace('-', "_").replace(' ', "");
        if let Some(header) = line.strip_prefix('[') {
            let header = header.trim_end_matches(']');
            in_dependencies = header.ends_with("dependencies");
            if header.ends_with(&format!("dependencies.{name}")) {
                lines.push(at + 1);
            }
            continue;
        }
        let key = line.split(['=', '.']).next().unwrap_or_default().trim_matches('"');
        let renamed = line.contains(&format!("package=\"{name}\""));
        if renamed || (in_dependencies && key == name) {
            lines.push(at + 1);
        }
    }
    lines
}

/// Whether a path in this code starts with the crate; a module or value of that name doesn't.
fn names_crate(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let before = code.get(..at).unwrap_or_default();
        let after = code.get(at + name.len()..).unwrap_or_default();
        let whole = !before.ends_with(is_word) && !after.starts_with(is_word);
        let first = !before.ends_with("::") && !before.ends_with('.');
        let used = before.trim_end().ends_with("use") || before.trim_end().ends_with("crate");
        let inner = after.starts_with("::");
        whole && first && (inner || used)
    })
}
