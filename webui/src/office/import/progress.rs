//! How far a long list has come, told while it is checked and taken in.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    pub stage: Stage,
    pub done: usize,
    pub of: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Checking,
    Taking,
}

/// Often enough to be seen moving, seldom enough to cost nothing.
const ROWS_BETWEEN: usize = 100;

/// Who is told.
#[derive(Clone)]
pub struct Tell(Arc<dyn Fn(Progress) + Send + Sync>);

impl Tell {
    pub fn nobody() -> Self {
        Self::to(|_| {})
    }

    pub fn to(listener: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        Self(Arc::new(listener))
    }

    pub fn at(&self, stage: Stage, done: usize, of: usize) {
        if done.is_multiple_of(ROWS_BETWEEN) || done == of {
            (self.0)(Progress { stage, done, of });
        }
    }
}

/// Lists that are being worked on for somebody who looks at a page; one clerk has one or two.
static RUNNING: LazyLock<Mutex<HashMap<String, Progress>>> = LazyLock::new(Mutex::default);

/// A list that is shown to be under way, until it is dropped.
pub(super) struct Shown(String);

impl Shown {
    /// Under the name that only its own clerk knows.
    pub fn under(name: &str) -> Self {
        Self(name.to_owned())
    }

    pub fn tell(&self) -> Tell {
        let name = self.0.clone();
        Tell::to(move |progress| {
            let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
            running.insert(name.clone(), progress);
        })
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

pub(super) fn of(name: &str) -> Option<Progress> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner).get(name).copied()
}
