//! The tunnel's live sessions, in a file for the next start: its gateway then asks those clients
//! for new keys, which by themselves would notice only after 15 s that nobody answers.
//!
//! Written while they change and not at the end, because a program that is killed has none. What
//! the file says is no secret key, and worth nothing three minutes later.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gateway::Session;
use gateway::engine::Route;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Who connected after the last time is not asked.
pub const KEPT_EVERY: Duration = Duration::from_secs(2);
/// A file that says the same is still worth a new date now and then.
const DATED_EVERY: SignedDuration = SignedDuration::from_secs(30);
/// The protocol's REJECT_AFTER_TIME: no session of before lives longer than this.
const GOOD_FOR: SignedDuration = SignedDuration::from_secs(180);
/// 50,000 sessions.
const BYTES_MAX: u64 = 5_000_000;

#[derive(Serialize, Deserialize)]
struct Kept {
    at_seconds: i64,
    sessions: Vec<KeptSession>,
}

#[derive(Serialize, Deserialize)]
struct KeptSession {
    public_key: [u8; 32],
    index: u32,
    remote: SocketAddr,
    local: Option<IpAddr>,
    port: usize,
}

/// Those of the process before, if it ended a moment ago.
pub fn read(file: &Path, now: Timestamp) -> Vec<Session> {
    match read_kept(file) {
        Ok(kept) if (0..GOOD_FOR.as_secs()).contains(&(now.as_second() - kept.at_seconds)) => {
            kept.sessions.into_iter().map(told).collect()
        }
        Ok(_) => Vec::new(),
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            log::warn!(file:% = file.display(), error:% = error; "the tunnel's sessions are lost");
            Vec::new()
        }
    }
}

fn read_kept(file: &Path) -> io::Result<Kept> {
    let mut bytes = Vec::new();
    File::open(file)?.take(BYTES_MAX).read_to_end(&mut bytes)?;
    postcard::from_bytes(&bytes).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))
}

fn told(kept: KeptSession) -> Session {
    let KeptSession { public_key, index, remote, local, port } = kept;
    Session { public_key, index, route: Route { remote, local, port } }
}

/// The file, and what it says.
pub struct Keeper {
    file: PathBuf,
    written: Vec<Session>,
    at: Timestamp,
}

impl Keeper {
    pub fn new(file: PathBuf) -> Self {
        Self { file, written: Vec::new(), at: Timestamp::UNIX_EPOCH }
    }

    /// Whether anything was written.
    ///
    /// # Errors
    ///
    /// Where the file cannot be; what it said before stands.
    pub fn keep(&mut self, sessions: Vec<Session>, now: Timestamp) -> io::Result<bool> {
        // In another order they are the same: it changes with every packet.
        let sorted = |mut sessions: Vec<Session>| {
            sessions.sort_by_key(|session| session.index);
            sessions
        };
        if sorted(sessions.clone()) == sorted(self.written.clone())
            && now.duration_since(self.at) < DATED_EVERY
        {
            return Ok(false);
        }
        let kept = |session: &Session| {
            let Session { public_key, index, route: Route { remote, local, port } } = *session;
            KeptSession { public_key, index, remote, local, port }
        };
        let kept =
            Kept { at_seconds: now.as_second(), sessions: sessions.iter().map(kept).collect() };
        let bytes = postcard::to_allocvec(&kept).map_err(io::Error::other)?;
        replace(&self.file, &bytes)?;
        (self.written, self.at) = (sessions, now);
        Ok(true)
    }
}

/// Whole or not at all; not synced, for after a power cut nobody waits for it.
fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = file.with_extension("sessions-new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(&beside)?.write_all(bytes)?;
    std::fs::rename(&beside, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(number: u32) -> Session {
        let route = Route {
            remote: ([192, 0, 2, 1], 40_000).into(),
            local: Some([192, 0, 2, 9].into()),
            port: 1,
        };
        Session { public_key: [7; 32], index: number, route }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_900_000_000 + second).unwrap()
    }

    #[test]
    fn the_next_start_knows_the_sessions_of_the_last_three_minutes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data.sessions");
        assert_eq!(read(&file, at(0)), []);
        let mut keeper = Keeper::new(file.clone());
        assert!(keeper.keep(vec![session(2), session(1)], at(0)).unwrap());
        assert_eq!(read(&file, at(179)), [session(2), session(1)]);
        assert_eq!(read(&file, at(180)), [], "their keys are over");
        assert_eq!(read(&file, at(-1)), [], "a clock that was set back");
    }

    #[test]
    fn it_is_written_when_something_changed_and_every_half_minute() {
        let folder = tempfile::tempdir().unwrap();
        let mut keeper = Keeper::new(folder.path().join("data.sessions"));
        let mut kept = |numbers: [u32; 2], second| {
            keeper.keep(numbers.map(session).to_vec(), at(second)).unwrap()
        };
        assert!(kept([1, 2], 0));
        assert!(!kept([1, 2], 2));
        assert!(!kept([2, 1], 4), "the other spoke last");
        assert!(kept([2, 3], 6));
        assert!(!kept([2, 3], 35));
        assert!(kept([2, 3], 36));
    }

    #[test]
    fn a_broken_file_is_no_session() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data.sessions");
        std::fs::write(&file, [0xff; 40]).unwrap();
        assert_eq!(read(&file, at(0)), []);
    }

    #[test]
    fn only_its_owner_may_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data.sessions");
        Keeper::new(file.clone()).keep(vec![session(1)], at(0)).unwrap();
        assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
