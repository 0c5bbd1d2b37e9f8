//! The process that will go inside: it is started, and waits for its order.
//!
//! Rights of a start belong to threads, and a service has many of them before it knows what to
//! order. So this process, which has one, takes them along, and the service drops its own.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;

use super::message::{self, Answer, Order, Report};
use super::{StartProblem, inside};

/// What kills a process for a system call that a filter does not know.
const SIGSYS: i32 = 31;

/// It takes milliseconds; a machine under full load at boot gets a thousand times that.
const ANSWER_WAIT_S: i64 = 20;

/// Waits for one order; dropped before, it ends.
#[derive(Debug)]
pub struct Helper {
    socket: OwnedFd,
    child: Option<Child>,
}

impl Helper {
    /// With program and arguments that lead to [`super::run_hidden`] in a process with one thread.
    /// Nothing of our own environment goes there: it may hold secrets.
    ///
    /// # Errors
    ///
    /// When no process can be started.
    pub fn start(command: &[OsString]) -> Result<Self, StartProblem> {
        let Some((program, arguments)) = command.split_first() else {
            return Err(StartProblem::PlanWrong { why: "there is no command for it".to_owned() });
        };
        let (socket, theirs) = inside::pair().map_err(|error| lost("has no socket", error))?;
        let mut command = Command::new(program);
        command.args(arguments).env_clear().stdin(Stdio::from(theirs)).stdout(Stdio::null());
        let child = command.spawn().map_err(|error| lost("cannot start", error))?;
        Ok(Self { socket, child: Some(child) })
    }

    /// What it made, and the process itself where that has to stay.
    pub(super) fn ask(
        mut self,
        order: &Order,
    ) -> Result<(Report, Vec<OwnedFd>, Child), StartProblem> {
        let answered = self.exchange(order);
        let Some(mut child) = self.child.take() else {
            return Err(lost("was asked twice", Errno::ALREADY));
        };
        match answered {
            Ok(Some((Ok(report), handles))) => {
                if !report.must_stay() {
                    // Its exit code says nothing that its answer did not.
                    drop(child.wait());
                }
                Ok((report, handles, child))
            }
            Ok(Some((Err(problem), _))) => {
                drop(child.wait());
                Err(problem)
            }
            Ok(None) => Err(explain_end(child)),
            Err(error) => {
                end(&mut child);
                Err(lost("did not answer", error))
            }
        }
    }

    /// `None` when it closed the socket without an answer.
    fn exchange(&self, order: &Order) -> Result<Option<(Answer, Vec<OwnedFd>)>, Errno> {
        match message::send(&self.socket, order, &[]) {
            Ok(()) => {}
            Err(Errno::PIPE) => return Ok(None),
            Err(error) => return Err(error),
        }
        let mut waits = [PollFd::from_borrowed_fd(self.socket.as_fd(), PollFlags::IN)];
        let limit = Timespec { tv_sec: ANSWER_WAIT_S, tv_nsec: 0 };
        if rustix::io::retry_on_intr(|| rustix::event::poll(&mut waits, Some(&limit)))? == 0 {
            return Err(Errno::TIMEDOUT);
        }
        match message::receive(&self.socket) {
            Err(Errno::CONNRESET) => Ok(None),
            other => other,
        }
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            end(child);
        }
    }
}

/// It may hang; what it made ends with it.
fn end(child: &mut Child) {
    drop(child.kill());
    drop(child.wait());
}

/// Why the process went without a word.
fn explain_end(mut child: Child) -> StartProblem {
    match child.wait() {
        // Filters of units kill where those of containers refuse.
        Ok(status) if status.signal() == Some(SIGSYS) => StartProblem::UserNamespacesFiltered,
        Ok(status) => StartProblem::Helper { what: format!("ended: {status}") },
        Err(error) => lost("was lost", error),
    }
}

fn lost(what: &str, error: impl Into<io::Error>) -> StartProblem {
    StartProblem::Helper { what: format!("{what}: {}", error.into()) }
}
