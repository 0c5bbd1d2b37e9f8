//! The file that turns a Windows PC into a device: a script with its ticket inside.
//!
//! `Script` is all that it needs to know; enrolment fills it, and so can a renewal in session.
//! The key is made on the PC (in its TPM where there is one) and never leaves it.

#[cfg(test)]
mod tests;

use provisioning::enrolment::TicketToken;

const SCRIPT: &str = include_str!("script.ps1");

/// Where the script begins inside of the file that a double click starts.
const MARK: &str = "#TOKINET-SCRIPT";

/// What `cmd.exe` reads: it has PowerShell take the rest of the same file as a script. Plain
/// ASCII, because `cmd.exe` reads in the code page of the country.
const STARTER: &str = "@echo off\r\n\
    setlocal\r\n\
    set \"TOKINET_FILE=%~f0\"\r\n\
    powershell.exe -NoLogo -NoProfile -ExecutionPolicy Bypass -Command \
    \"$t=[IO.File]::ReadAllText($env:TOKINET_FILE,[Text.Encoding]::UTF8); \
    $m='#TOKINET'+'-SCRIPT'; & ([ScriptBlock]::Create($t.Substring($t.IndexOf($m))))\"\r\n\
    exit /b %ERRORLEVEL%\r\n";

/// UTF-8's mark, without which Windows PowerShell 5.1 reads a file in the country's code page.
pub const BOM: &[u8] = b"\xef\xbb\xbf";

/// What a script is to do, and with whom it speaks.
pub struct Script<'a> {
    pub network: &'a str,
    pub device: &'a str,
    /// Where the signing request goes: a whole https address.
    pub url: &'a str,
    pub ticket: &'a TicketToken,
    /// SHA-256 of our root, where the server's certificate comes from our own authority.
    pub pin: Option<[u8; 32]>,
    /// The product's origin, e.g. `https://app.aoba.example`.
    pub app: &'a str,
    /// The Device CA's common name: browsers choose the certificate by it.
    pub issuer: &'a str,
    pub mode: Mode,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A first certificate, by a card.
    Enrol,
    /// Another one for a device that has one; the old one stays until it ends.
    Renew,
}

impl Script<'_> {
    /// A `.ps1` file.
    pub fn ps1(&self) -> Vec<u8> {
        [BOM, self.text().as_bytes()].concat()
    }

    /// A `.cmd` file that a double click starts.
    pub fn cmd(&self) -> Vec<u8> {
        [STARTER.as_bytes(), MARK.as_bytes(), b"\r\n", self.text().as_bytes()].concat()
    }

    /// With the line ends of Windows.
    pub fn text(&self) -> String {
        let pin = self.pin.map_or_else(String::new, |pin| data_encoding::HEXLOWER.encode(&pin));
        let ticket = self.ticket.text();
        let mode = match self.mode {
            Mode::Enrol => "enrol",
            Mode::Renew => "renew",
        };
        fill(SCRIPT, |name| match name {
            "network" => Some(self.network),
            "device" => Some(self.device),
            "url" => Some(self.url),
            "ticket" => Some(&ticket),
            "pin" => Some(&pin),
            "app" => Some(self.app),
            "issuer" => Some(self.issuer),
            "mode" => Some(mode),
            _ => None,
        })
    }
}

/// A script with a literal in the place of each `@@name@@`, and the line ends of Windows. One
/// pass, so that no value can name another; a name without a value stays as it is.
pub fn fill<'a>(script: &str, value: impl Fn(&str) -> Option<&'a str>) -> String {
    let parts = script.split("@@").enumerate();
    let filled = parts.map(|(at, part)| match value(part).filter(|_| at % 2 == 1) {
        Some(value) => quoted(value),
        None => part.to_owned(),
    });
    filled.collect::<String>().replace("\r\n", "\n").replace('\n', "\r\n")
}

/// A literal that PowerShell takes as it is. It takes four curly quotes for the straight one, and
/// what cannot be seen has no place in a name.
fn quoted(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('\'');
    for c in text.chars().filter(|c| !c.is_control() && *c != '"') {
        if matches!(c, '\'' | '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}') {
            literal.push(c);
        }
        literal.push(c);
    }
    literal.push('\'');
    literal
}
