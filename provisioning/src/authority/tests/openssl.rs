//! A second opinion: the `openssl` command, on files in a folder that vanishes.

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

pub(super) struct OpenSsl {
    folder: TempDir,
}

impl OpenSsl {
    pub(super) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(super) fn put(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.folder.path().join(name), bytes).unwrap();
    }

    pub(super) fn put_certificates(&self, name: &str, certificates: &[&[u8]]) {
        let pem: String = certificates.iter().map(|der| pem("CERTIFICATE", der)).collect();
        self.put(name, pem.as_bytes());
    }

    pub(super) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.folder.path().join(name)).unwrap()
    }

    /// The arguments are split at spaces.
    pub(super) fn ok(&self, arguments: &str) -> String {
        let (succeeded, text) = outcome(run(self.folder.path(), arguments));
        assert!(succeeded, "openssl {arguments}:\n{text}");
        text
    }

    pub(super) fn refused(&self, arguments: &str) -> String {
        let (succeeded, text) = outcome(run(self.folder.path(), arguments));
        assert!(!succeeded, "openssl {arguments} should have failed:\n{text}");
        text
    }
}

pub(super) fn pem(label: &str, der: &[u8]) -> String {
    let text = data_encoding::BASE64.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn run(folder: &Path, arguments: &str) -> Output {
    Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(folder)
        .output()
        .expect("these tests need the `openssl` command: apt install openssl")
}

fn outcome(output: Output) -> (bool, String) {
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}
