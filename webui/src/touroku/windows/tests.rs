//! The script as a file; what a parser of PowerShell says of it stands in `tests/it/script.rs`.

use provisioning::enrolment::TicketToken;
use store::Clock;

use super::*;

fn ticket() -> TicketToken {
    TicketToken::random(&Clock::fixed(jiff::Timestamp::UNIX_EPOCH, 3))
}

fn text(network: &str, device: &str) -> String {
    let ticket = ticket();
    let script = Script {
        network,
        device,
        url: "https://touroku.aoba.example/e/certificate",
        ticket: &ticket,
        pin: Some([0xab; 32]),
        app: "https://app.aoba.example",
        issuer: "Tokinet Device CA 1",
        mode: Mode::Enrol,
    };
    script.text()
}

#[test]
fn every_value_stands_in_the_script_once_and_no_name_is_left() {
    let text = text("あおばネット", "受付のパソコン");
    for line in [
        "$Network = 'あおばネット'\r\n",
        "$Device = '受付のパソコン'\r\n",
        "$Url = 'https://touroku.aoba.example/e/certificate'\r\n",
        "$App = 'https://app.aoba.example'\r\n",
        "$Issuer = 'Tokinet Device CA 1'\r\n",
        "$Mode = 'enrol'\r\n",
    ] {
        assert_eq!(text.matches(line).count(), 1, "{line}");
    }
    assert!(text.contains(&format!("$Ticket = '{}'\r\n", ticket().text())));
    assert!(text.contains(&format!("$Pin = '{}'\r\n", "ab".repeat(32))));
    assert!(!text.contains("@@"));
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
}

#[test]
fn no_name_breaks_out_of_its_quotes() {
    for quote in ['\'', '\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}'] {
        let hostile = format!("a{quote}; Remove-Item C:\\ #");
        let expected = format!("$Device = 'a{quote}{quote}; Remove-Item C:\\ #'\r\n");
        assert!(text("n", &hostile).contains(&expected), "{quote}");
    }
    let lines = text("n", "a\r\n[NewRequest]\nExportable=TRUE\"");
    assert!(lines.contains("$Device = 'a[NewRequest]Exportable=TRUE'\r\n"));
    assert!(text("@@ticket@@", "x").contains("$Network = '@@ticket@@'\r\n"), "values name nothing");
}

#[test]
fn both_files_hold_the_same_script() {
    let ticket = ticket();
    let script = Script {
        network: "あおばネット",
        device: "PC",
        url: "https://touroku.aoba.example/e/certificate",
        ticket: &ticket,
        pin: None,
        app: "https://app.aoba.example",
        issuer: "Tokinet Device CA 1",
        mode: Mode::Renew,
    };
    let (ps1, cmd, text) = (script.ps1(), script.cmd(), script.text());
    assert_eq!(ps1.strip_prefix(BOM), Some(text.as_bytes()), "PowerShell 5.1 needs the mark");
    assert!(cmd.starts_with(b"@echo off\r\n"), "cmd.exe wants no mark");
    assert!(cmd.ends_with(text.as_bytes()));
    let head = cmd.strip_suffix(text.as_bytes()).unwrap();
    assert!(head.is_ascii());
    let head = std::str::from_utf8(head).unwrap();
    assert_eq!(head.matches(MARK).count(), 1, "the starter itself does not hold the mark");
    assert!(head.contains("exit /b"), "cmd.exe reads no further");
    assert!(text.contains("$Pin = ''\r\n") && text.contains("$Mode = 'renew'\r\n"));
}
