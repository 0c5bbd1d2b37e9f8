//! The control socket: commands reach the running product through it, because one process alone
//! may hold the store. Whoever may open the socket's file is the operator.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use provisioning::sheets::FILE_BYTES_MAX;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream as AsyncUnixStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use webui::kit::app::App;
use webui::office::import::{Progress, Tell};

use crate::config::Config;
use crate::desk::{self, Request};

/// A request is a line; the longest holds a list in base64, a third more than its bytes.
const REQUEST_BYTES_MAX: u64 = FILE_BYTES_MAX * 3 / 2;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    /// Any number of lines before one of the others.
    Underway(Progress),
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
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let outcome = tokio::task::spawn_blocking(move || {
        // Whoever has gone is told nothing; what was asked for is done all the same.
        let tell = Tell::to(move |progress| {
            // Nobody hears it then.
            let _ = sender.send(progress);
        });
        desk::perform(&config, &app.store, Some(&app), request, &tell)
    });
    while let Some(progress) = receiver.recv().await {
        writer.write_all(&as_line(&Answer::Underway(progress))?).await?;
    }
    let answer = match outcome.await? {
        Ok(value) => Answer::Done(value),
        Err(error) => Answer::Failed(format!("{error:#}")),
    };
    writer.write_all(&as_line(&answer)?).await?;
    Ok(())
}

fn as_line(what: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(what)?;
    line.push(b'\n');
    Ok(line)
}

/// Asks the running product; `None` where none runs.
pub fn ask(
    socket: &Path,
    request: &Request,
    tell: &Tell,
) -> anyhow::Result<Option<serde_json::Value>> {
    let Ok(mut stream) = UnixStream::connect(socket) else { return Ok(None) };
    stream.write_all(&as_line(request)?)?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut answer = String::new();
        reader.read_line(&mut answer)?;
        match serde_json::from_str(&answer).context("the running product gave no answer")? {
            Answer::Underway(Progress { stage, done, of }) => tell.at(stage, done, of),
            Answer::Done(value) => return Ok(Some(value)),
            Answer::Failed(why) => return Err(anyhow!(why)),
        }
    }
}
