//! What takes rights of the start: a port below 1024, and a network where users may make none.
//!
//! Rights belong to threads, so all of it is taken before there is a second thread, and then every
//! right is dropped. What strangers talk to has none.

use std::net::{SocketAddr, TcpListener};

use anyhow::Context as _;
use gateway::{Prepared, StartProblem};

use crate::config::Config;
use crate::tunnel;

/// Connections that wait to be accepted; the web service has bounds of its own behind this.
const BACKLOG: i32 = 1024;

/// What was taken.
pub struct Taken {
    pub listener: TcpListener,
    /// `None` for a box without a gateway.
    pub gateway: Option<Result<Prepared, StartProblem>>,
}

/// Call it before there is a second thread.
pub fn take(config: &Config) -> anyhow::Result<Taken> {
    let listener =
        listen(config.listen).with_context(|| format!("cannot listen on {}", config.listen))?;
    let rules = config.gateway.as_ref().filter(|rules| rules.on);
    let gateway = match rules {
        None => None,
        Some(rules) => {
            let outside = tunnel::outside(rules.port, rules.second_port);
            Some(Prepared::new(&outside, &tunnel::helper()?))
        }
    };
    if let Some(kept) = gateway::namespace::drop_rights() {
        let (code, remedy) = (kept.code(), kept.remedy());
        log::warn!(code = code, remedy = remedy; "{kept}: {remedy}");
    }
    Ok(Taken { listener, gateway })
}

/// For a runtime, once there is one.
fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    // The standard library leaves room for 128.
    rustix::net::listen(&listener, BACKLOG)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}
