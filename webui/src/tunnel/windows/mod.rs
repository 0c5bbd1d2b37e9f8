//! The script beside the file for Windows: it puts the tunnel into WireGuard as a service.
//!
//! It asks for an administrator once. After that everybody on the PC has the tunnel, and
//! WireGuard's window lets them switch it without showing the keys.

#[cfg(test)]
mod tests;

use crate::touroku::windows::{BOM, fill};

const SCRIPT: &str = include_str!("script.ps1");

/// What a double click starts. Plain ASCII: `cmd.exe` reads in the code page of the country.
const STARTER: &str = "@echo off\r\n\
    powershell.exe -NoLogo -NoProfile -ExecutionPolicy Bypass -File \"%~dp0tokinet-vpn.ps1\"\r\n\
    exit /b %ERRORLEVEL%\r\n";

pub struct Setup<'a> {
    pub network: &'a str,
    /// The tunnel's name, and that of its file without the ending.
    pub tunnel: &'a str,
    /// The box's inner address.
    pub inner: &'a str,
    /// The product's address.
    pub app: &'a str,
}

impl Setup<'_> {
    pub fn ps1(&self) -> Vec<u8> {
        [BOM, self.text().as_bytes()].concat()
    }

    pub fn cmd(&self) -> Vec<u8> {
        STARTER.as_bytes().to_vec()
    }

    /// With the line ends of Windows.
    pub fn text(&self) -> String {
        fill(SCRIPT, |name| match name {
            "network" => Some(self.network),
            "tunnel" => Some(self.tunnel),
            "inner" => Some(self.inner),
            "app" => Some(self.app),
            _ => None,
        })
    }
}
