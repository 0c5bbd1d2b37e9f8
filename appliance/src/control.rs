//! The control socket: commands reach the running product through it, because one process alone
//! may hold the store. Whoever may open the socket's file is the operator.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream as AsyncUnixStream};
use tokio::task::JoinHandle;
use webui::kit::app::App;

use crate::config::Config;
use crate::desk::{self, Request};

/// A request is a line; the longest holds a facility's address.
const REQUEST_BYTES_MAX: u64 = 64 * 1024;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Done(serde_json::Value),
    Failed(String),
}

/// Answers commands until it is aborted.
pub fn listen(config: Arc<Config>, app: App) -> anyhow::Result<JoinHandle<()>> {
    let path = config.control_socket();
    // What a killed process left behind; the store's lock says that no other one runs.
    drop(std::fs::remove_file(&path));
    let listener = UnixListener::bind(&path)
        .with_context(|| format!("cannot make the control socket {}", path.display()))?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    Ok(tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (config, app) = (config.clone(), app.clone());
            tokio::spawn(async move {
                if let Err(error) = answer(stream, &config, app).await {
                    log::warn!(error:% = error; "a command broke off");
                }
            });
        }
    }))
}

async fn answer(stream: AsyncUnixStream, config: &Config, app: App) -> anyhow::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut line = String::new();
    let mut reader = tokio::io::BufReader::new(reader.take(REQUEST_BYTES_MAX));
    reader.read_line(&mut line).await?;
    let request: Request = serde_json::from_str(&line)?;
    let config = config.clone();
    let outcome = tokio::task::spawn_blocking(move || {
        desk::perform(&config, &app.store, Some(&app), request)
    });
    let answer = match outcome.await? {
        Ok(value) => Answer::Done(value),
        Err(error) => Answer::Failed(format!("{error:#}")),
    };
    let mut text = serde_json::to_string(&answer)?;
    text.push('\n');
    writer.write_all(text.as_bytes()).await?;
    Ok(())
}

/// Asks the running product; `None` where none runs.
pub fn ask(socket: &Path, request: &Request) -> anyhow::Result<Option<serde_json::Value>> {
    let Ok(mut stream) = UnixStream::connect(socket) else { return Ok(None) };
    let mut line = serde_json::to_string(request)?;
    line.push('\n');
    stream.write_all(line.as_bytes())?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    match serde_json::from_str(&answer).context("the running product gave no answer")? {
        Answer::Done(value) => Ok(Some(value)),
        Answer::Failed(why) => Err(anyhow!(why)),
    }
}
