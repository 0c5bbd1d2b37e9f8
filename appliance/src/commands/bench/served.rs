//! `tokinet run` on the measured town, as a process of its own.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use hyper::Response;
use hyper::body::Incoming;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::device::Visitor;
use super::meter::Process;
use super::town::Town;
use crate::client::{Body, read_body, send, whole};
use crate::running::this_program;

const READY_MAX: Duration = Duration::from_secs(600);

/// Killed when dropped.
pub struct Served {
    child: Child,
    pub address: SocketAddr,
    pub process: Process,
    pub ready_after: Duration,
}

impl Served {
    pub async fn start(town: &Town) -> anyhow::Result<Self> {
        let started = Instant::now();
        let mut child = Command::new(this_program()?)
            .arg("run")
            .arg("--config")
            .arg(town.config_file())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start this program")?;
        let output = child.stdout.take().context("the program has an output")?;
        let mut line = String::new();
        let mut lines = BufReader::new(output);
        tokio::time::timeout(READY_MAX, lines.read_line(&mut line)).await??;
        let ready_after = started.elapsed();
        let address = line.trim().strip_prefix("ready on ").context("it did not get ready")?;
        let process = Process(child.id().context("it ended at once")?);
        Ok(Self { address: address.parse()?, child, process, ready_after })
    }

    /// As a power cut would end it.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("cannot kill the program")
    }

    pub async fn stop(mut self) -> anyhow::Result<()> {
        let id = i32::try_from(self.process.0)?;
        let id = rustix::process::Pid::from_raw(id).context("a process has a number")?;
        rustix::process::kill_process(id, rustix::process::Signal::TERM)?;
        self.child.wait().await?;
        Ok(())
    }

    /// One request over TLS with the device's certificate, on a connection of its own.
    pub async fn ask(
        &self,
        town: &Town,
        visitor: &Visitor,
        request: hyper::Request<Body>,
    ) -> anyhow::Result<Response<Incoming>> {
        let device = town.devices.get(visitor.resident.device).context("no device")?;
        let address = self.address.to_string();
        let response = send(&device.tls()?, &address, &visitor.host, request).await?;
        if !response.status().is_success() {
            bail!("it answered {}", response.status());
        }
        Ok(response)
    }

    pub async fn page(&self, town: &Town, visitor: &Visitor, path: &str) -> anyhow::Result<Bytes> {
        let response = self.ask(town, visitor, visitor.request(path).body(whole(""))?).await?;
        read_body(response).await
    }
}

/// The hidden field of a page's forms.
pub fn form_token(page: &[u8]) -> anyhow::Result<String> {
    let text = String::from_utf8_lossy(page);
    let after = text.split_once("name=\"token\" value=\"").map(|(_, after)| after);
    let token = after.and_then(|after| after.split('"').next());
    token.map(str::to_owned).context("the page has no form")
}
