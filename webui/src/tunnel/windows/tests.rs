//! The files of the ZIP; what a parser of PowerShell says of the script is in `tests/it/script.rs`.

use super::*;

fn setup<'a>(network: &'a str) -> Setup<'a> {
    Setup { network, tunnel: "aoba", inner: "100.81.128.1", app: "https://app.aoba.example/" }
}

#[test]
fn every_value_stands_in_the_script_once_and_no_name_is_left() {
    let text = setup("あおばネット").text();
    for line in [
        "$Network = 'あおばネット'\r\n",
        "$Tunnel = 'aoba'\r\n",
        "$Inner = '100.81.128.1'\r\n",
        "$App = 'https://app.aoba.example/'\r\n",
    ] {
        assert_eq!(text.matches(line).count(), 1, "{line}");
    }
    assert!(!text.contains("@@"));
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    assert!(setup("x").ps1().starts_with(BOM), "PowerShell 5.1 needs the mark");
    let cmd = setup("x").cmd();
    assert!(cmd.is_ascii() && cmd.starts_with(b"@echo off\r\n"), "cmd.exe wants no mark");
}

#[test]
fn no_name_breaks_out_of_its_quotes() {
    let text = setup("a'; Remove-Item C:\\ #@@app@@").text();
    assert!(text.contains("$Network = 'a''; Remove-Item C:\\ #@@app@@'\r\n"));
}
