//! Time, processor time and memory.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use rustix::time::{ClockId, clock_gettime};

/// A stretch of time of this process.
pub struct Meter {
    started: Instant,
    process: Duration,
    thread: Duration,
}

/// How long it took, and what all threads and the measuring one spent.
#[derive(Clone, Copy)]
pub struct Spent {
    pub wall: Duration,
    pub process: Duration,
    pub thread: Duration,
}

impl Meter {
    pub fn start() -> Self {
        Self {
            started: Instant::now(),
            process: cpu(ClockId::ProcessCPUTime),
            thread: cpu(ClockId::ThreadCPUTime),
        }
    }

    pub fn stop(&self) -> Spent {
        Spent {
            wall: self.started.elapsed(),
            process: cpu(ClockId::ProcessCPUTime).saturating_sub(self.process),
            thread: cpu(ClockId::ThreadCPUTime).saturating_sub(self.thread),
        }
    }
}

fn cpu(clock: ClockId) -> Duration {
    Duration::try_from(clock_gettime(clock)).unwrap_or_default()
}

/// Many durations of the same thing.
#[derive(Default)]
pub struct Spread(Vec<Duration>);

impl Spread {
    pub fn add(&mut self, took: Duration) {
        self.0.push(took);
    }

    pub fn join(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    pub fn median(&self) -> Duration {
        self.percentile(50)
    }

    pub fn percentile(&self, percent: usize) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let place = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
        sorted.get(place).copied().unwrap_or_default()
    }
}

impl FromIterator<Duration> for Spread {
    fn from_iter<I: IntoIterator<Item = Duration>>(all: I) -> Self {
        Self(all.into_iter().collect())
    }
}

/// Another process, as the kernel sees it.
#[derive(Clone, Copy)]
pub struct Process(pub u32);

/// In KiB.
#[derive(Clone, Copy)]
pub struct Memory {
    pub resident: u32,
    /// Shared pages counted by share.
    pub proportional: u32,
}

impl Process {
    pub fn memory(self) -> anyhow::Result<Memory> {
        let text = self.read("smaps_rollup")?;
        Ok(Memory { resident: field(&text, "Rss:")?, proportional: field(&text, "Pss:")? })
    }

    /// The most that was resident since `forget_peak`, in KiB.
    pub fn peak(self) -> anyhow::Result<u32> {
        field(&self.read("status")?, "VmHWM:")
    }

    pub fn forget_peak(self) -> anyhow::Result<()> {
        const RESET_PEAK: &str = "5";
        std::fs::write(self.path("clear_refs"), RESET_PEAK).context("cannot reset the peak")
    }

    /// In ticks of a hundredth of a second, usually.
    pub fn cpu(self) -> anyhow::Result<Duration> {
        let text = self.read("stat")?;
        let (_, after_name) = text.rsplit_once(')').context("an unknown form of stat")?;
        // User and system time are fields 14 and 15; the name was the second.
        let spent = after_name.split_whitespace().skip(11).take(2);
        let ticks: u64 = spent.map(|ticks| ticks.parse().unwrap_or(0)).sum();
        let second = rustix::param::clock_ticks_per_second().max(1);
        Ok(Duration::from_millis(ticks.saturating_mul(1_000) / second))
    }

    fn read(self, file: &str) -> anyhow::Result<String> {
        let path = self.path(file);
        std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    }

    fn path(self, file: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{file}", self.0))
    }
}

fn field(text: &str, name: &str) -> anyhow::Result<u32> {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let value = line.and_then(|rest| rest.split_whitespace().next());
    value.and_then(|value| value.parse().ok()).with_context(|| format!("the kernel says no {name}"))
}
