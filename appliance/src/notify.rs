//! What systemd is told: that the start is over, and in one line how the product stands.
//!
//! `systemctl start` then ends when the product serves, and `systemctl status` says whether the
//! tunnel runs. Where nobody listens, nothing is said.

use std::ffi::OsString;
use std::io;
use std::net::SocketAddr as Address;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use webui::kit::tunnel::{TunnelState, TunnelStatus};

/// The end of the start.
pub fn ready(serving: Address, tunnel: &TunnelStatus) {
    tell(&format!("READY=1\nSTATUS=serves on {serving}; {}", said_of(tunnel)));
}

/// The beginning of the end: what is open may finish.
pub fn stopping() {
    tell("STOPPING=1\nSTATUS=ends what is open");
}

fn said_of(tunnel: &TunnelStatus) -> String {
    match &tunnel.state {
        TunnelState::Off => "there is no tunnel in the config".to_owned(),
        TunnelState::Starting => "the tunnel starts".to_owned(),
        TunnelState::Running { .. } if tunnel.warnings.is_empty() => "the tunnel runs".to_owned(),
        TunnelState::Running { .. } => {
            format!("the tunnel runs, but {}", tunnel.warnings.join(", "))
        }
        TunnelState::Failed { detail, .. } => format!("no tunnel, because {detail}"),
    }
}

fn tell(state: &str) {
    let Some(path) = std::env::var_os("NOTIFY_SOCKET") else { return };
    if let Err(error) = send(&path, state) {
        log::warn!(error:% = error; "systemd cannot be told how the product stands");
    }
}

fn send(path: &OsString, state: &str) -> io::Result<()> {
    let address = match path.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(path)?,
    };
    UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systemd_hears_it_on_both_kinds_of_sockets() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let name = format!("@{}", path.display());
        let abstract_name = SocketAddr::from_abstract_name(&name.as_bytes()[1..]).unwrap();
        for (told, listener) in [
            (path.clone().into_os_string(), UnixDatagram::bind(&path).unwrap()),
            (name.into(), UnixDatagram::bind_addr(&abstract_name).unwrap()),
        ] {
            send(&told, "READY=1").unwrap();
            let mut heard = [0; 32];
            let bytes = listener.recv(&mut heard).unwrap();
            assert_eq!(&heard[..bytes], b"READY=1");
        }
    }

    #[test]
    fn a_tunnel_that_did_not_start_says_why() {
        let trouble = webui::kit::tunnel::TunnelTrouble::PortTaken;
        let state = TunnelState::Failed { trouble, detail: "port 1 is taken".to_owned() };
        let status = TunnelStatus { state, ..TunnelStatus::default() };
        assert_eq!(said_of(&status), "no tunnel, because port 1 is taken");
        assert_eq!(said_of(&TunnelStatus::default()), "there is no tunnel in the config");
    }
}
