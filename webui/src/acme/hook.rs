//! The operator's program for the DNS: `PROGRAM add|remove NAME VALUE`, no shell between.
//!
//! It gets nothing of our environment but a search path, and it is over when we go on: its whole
//! process group is killed at its end and at the limit.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use provisioning::public::Trouble;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};

use super::settings::Hook;
use super::trouble::Failed;

const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What is kept of its words; the rest is read and thrown away.
const KEPT_BYTES: usize = 4096;

/// Whoever slipped out of the group may hold the pipes; nobody waits for that.
const WORDS_MAX: Duration = Duration::from_secs(1);

/// What stands in the log and on the page.
const SHOWN_CHARS: usize = 160;

/// Keys and tokens are longer than the words of a message.
const SECRET_CHARS: usize = 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Add,
    Remove,
}

impl Change {
    const fn word(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Remove => "remove",
        }
    }
}

/// Runs the program and waits for it.
pub async fn call(hook: &Hook, change: Change, name: &str, value: &str) -> Result<(), Failed> {
    let failed =
        |detail: String| Failed::new(Trouble::Hook, format!("{}: {detail}", change.word()));
    let mut child = Command::new(&hook.program)
        .args([change.word(), name, value])
        .env_clear()
        .env("PATH", PATH)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed(format!("cannot start: {error}")))?;
    let group = Group::of(&child);
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let words = tokio::spawn(async move {
        let (out, err) = tokio::join!(keep(out), keep(err));
        [err, out].concat()
    });
    let ended = tokio::time::timeout(hook.limit, child.wait()).await;
    // What it started in the background would hold its pipes, and us.
    drop(group);
    let words = tokio::time::timeout(WORDS_MAX, words).await;
    let words = words.ok().and_then(Result::ok).unwrap_or_default();
    let said = shown(&words, value);
    match ended {
        Ok(Ok(status)) if status.success() => {
            log::info!(change = change.word(), name, said:% = said; "the DNS program did its work");
            Ok(())
        }
        Ok(Ok(status)) => Err(failed(format!("{}; it said: {said}", ending(status)))),
        Ok(Err(error)) => Err(failed(format!("cannot wait for it: {error}"))),
        Err(_) => Err(failed(format!("killed after {} s", hook.limit.as_secs()))),
    }
}

fn ending(status: ExitStatus) -> String {
    status.code().map_or_else(|| "killed by a signal".to_owned(), |code| format!("exit {code}"))
}

/// The program and all that it started; they go when this goes.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        let pid = child.id().and_then(|id| i32::try_from(id).ok());
        Self(pid.and_then(Pid::from_raw))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // Mostly nobody is left, which is the good case.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

async fn keep(pipe: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let Some(mut pipe) = pipe else { return Vec::new() };
    let (mut kept, mut piece) = (Vec::new(), [0; 1024]);
    while let Ok(count @ 1..) = pipe.read(&mut piece).await {
        let room = KEPT_BYTES.saturating_sub(kept.len());
        kept.extend(piece.iter().take(count.min(room)));
    }
    kept
}

/// One short line without the challenge's value and without anything that looks like a key.
fn shown(words: &[u8], value: &str) -> String {
    let text = String::from_utf8_lossy(words).replace(value, "…");
    let secret = |one: char| one.is_ascii_alphanumeric() || "+/=_-".contains(one);
    let (mut line, mut word) = (String::new(), String::new());
    for one in text.chars().chain([' ']) {
        if secret(one) {
            word.push(one);
            continue;
        }
        line.push_str(if word.len() >= SECRET_CHARS { "…" } else { &word });
        word.clear();
        line.push(if one.is_control() || one == char::REPLACEMENT_CHARACTER { ' ' } else { one });
    }
    let line: Vec<_> = line.split_whitespace().collect();
    line.join(" ").chars().take(SHOWN_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_says_is_shown_without_keys_and_control_characters() {
        let value = "vRm9tZ0Xq1";
        let said = b"updating vRm9tZ0Xq1\n\x1b[31mkey=c2VjcmV0LWtleS1vZi10aGUtZG5z failed\xff\0";
        let line = shown(said, value);
        assert_eq!(line, "updating … [… failed");
        assert!(shown(&[b'a'; 100_000], "b").len() < 10);
        assert_eq!(shown("échoué. ".repeat(100).as_bytes(), "b").chars().count(), SHOWN_CHARS);
    }
}
