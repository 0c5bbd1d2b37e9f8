//! The Windows scripts, which cannot run here: a parser of PowerShell reads every form of them, and
//! what it must say and must not say stands below. On a Windows PC it is tried by hand (README).

use provisioning::enrolment::TicketToken;
use store::Clock;
use tree_sitter::{Node, Parser};
use webui::touroku::windows::{Mode, Script};
use webui::tunnel::windows::Setup;

fn text(mode: Mode, pin: Option<[u8; 32]>, name: &str) -> String {
    let ticket = TicketToken::random(&Clock::fixed(jiff::Timestamp::UNIX_EPOCH, 3));
    let script = Script {
        network: name,
        device: name,
        url: "https://touroku.aoba.example/e/certificate",
        ticket: &ticket,
        pin,
        app: "https://app.aoba.example",
        issuer: "Tokinet Device CA 1",
        mode,
    };
    script.text()
}

/// What the grammar could not read, with the lines.
fn mistakes(text: &str) -> Vec<String> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_powershell::LANGUAGE.into()).unwrap();
    let tree = parser.parse(text, None).unwrap();
    let mut found = Vec::new();
    gather(tree.root_node(), text, &mut found);
    found
}

fn gather(node: Node<'_>, text: &str, found: &mut Vec<String>) {
    if node.is_error() || node.is_missing() {
        let line = node.start_position().row + 1;
        found.push(format!("{line}: {}", text.lines().nth(line - 1).unwrap_or_default()));
    }
    for at in 0..node.child_count() {
        gather(node.child(at).unwrap(), text, found);
    }
}

/// All nodes of a kind, as text.
fn all(text: &str, kind: &str) -> Vec<String> {
    fn walk(node: Node<'_>, kind: &str, text: &str, found: &mut Vec<String>) {
        if node.kind() == kind {
            found.push(text[node.byte_range()].to_owned());
        }
        for at in 0..node.child_count() {
            walk(node.child(at).unwrap(), kind, text, found);
        }
    }
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_powershell::LANGUAGE.into()).unwrap();
    let tree = parser.parse(text, None).unwrap();
    let mut found = Vec::new();
    walk(tree.root_node(), kind, text, &mut found);
    found
}

#[test]
fn a_parser_of_powershell_reads_every_form_of_the_script() {
    assert!(!mistakes("if ($a { 'b' }").is_empty(), "the parser does find mistakes");
    let hostile = "a'; Remove-Item C:\\ \u{2019} $(calc) `\" @@ticket@@";
    for name in ["あおばネット", hostile] {
        for mode in [Mode::Enrol, Mode::Renew] {
            for pin in [None, Some([9; 32])] {
                let text = text(mode, pin, name);
                assert!(mistakes(&text).is_empty(), "{:#?}", mistakes(&text));
            }
        }
    }
}

#[test]
fn a_hostile_name_makes_no_command() {
    let commands = |name: &str| all(&text(Mode::Enrol, None, name), "command_name");
    assert_eq!(commands("'; Invoke-Evil; '"), commands("a"));
    assert_eq!(commands("\u{2019}; Invoke-Evil #"), commands("a"));
    assert!(commands("a").iter().any(|name| name == "certreq.exe"));
}

#[test]
fn every_function_of_its_own_exists_and_is_called() {
    let text = text(Mode::Enrol, Some([9; 32]), "a");
    let declared = all(&text, "function_name");
    assert!(declared.len() > 10, "{declared:?}");
    let called = all(&text, "command_name");
    for name in &declared {
        let used = called.contains(name) || text.contains(&format!("${{function:{name}}}"));
        assert!(used, "{name} is never called");
    }
    let own = ["Stop-", "Write-Step", "Send-", "Install-", "Request-", "Set-ServerTrust"];
    for name in called.iter().filter(|name| own.iter().any(|start| name.starts_with(start))) {
        assert!(declared.contains(name), "{name} is nowhere declared");
    }
}

#[test]
fn the_key_stays_on_the_pc_and_the_user_is_not_an_administrator() {
    let text = text(Mode::Enrol, None, "a");
    let tpm = text.find("'Microsoft Platform Crypto Provider'").unwrap();
    let software = text.find("'Microsoft Software Key Storage Provider'").unwrap();
    assert!(tpm < software, "the TPM first");
    for line in
        ["'KeyAlgorithm=ECDSA_P256'", "'Exportable=FALSE'", "'MachineKeySet=FALSE'", "-user -q"]
    {
        assert!(text.contains(line), "{line}");
    }
    for word in ["Invoke-Expression", "iex ", "DownloadString", "SkipCertificateCheck"] {
        assert!(!text.contains(word), "{word}");
    }
}

fn tunnel_text(name: &str) -> String {
    let setup = Setup {
        network: name,
        tunnel: "aoba",
        inner: "100.81.128.1",
        app: "https://app.aoba.example/",
    };
    setup.text()
}

#[test]
fn a_parser_of_powershell_reads_the_tunnels_script() {
    let hostile = "a'; Remove-Item C:\\ \u{2019} $(calc) `\" @@tunnel@@";
    for name in ["あおばネット", hostile] {
        let text = tunnel_text(name);
        assert!(mistakes(&text).is_empty(), "{:#?}", mistakes(&text));
        assert_eq!(all(&text, "command_name"), all(&tunnel_text("a"), "command_name"));
    }
    let text = tunnel_text("a");
    let (declared, called) = (all(&text, "function_name"), all(&text, "command_name"));
    assert!(declared.len() >= 5, "{declared:?}");
    for name in &declared {
        assert!(called.contains(name), "{name} is never called");
    }
}

#[test]
fn the_tunnels_script_leaves_no_key_behind_and_fetches_nothing() {
    let text = tunnel_text("a");
    let installed = text.find("'/installtunnelservice'").unwrap();
    let removed = text.find("Remove-Item -LiteralPath $Given").unwrap();
    assert!(installed < removed, "the file goes when WireGuard has sealed its own");
    assert!(text.contains("'LimitedOperatorUI' -Value 1"));
    for word in ["Invoke-Expression", "iex ", "DownloadString", "Invoke-WebRequest", "curl"] {
        assert!(!text.contains(word), "{word}");
    }
}
