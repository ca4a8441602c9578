//! How the loop reaches what it must not wait for: processes are made ready for a run, and
//! questions are answered. The real ones, those of a rehearsal, of the demo and of tests are alike
//! to it.

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::arm::Refused;
use super::elsewhere::RedisLocks;
use super::work::{Counting, OnFinish, ShellWork};
use crate::core::drain::{Ask, Trace, WaitingSignal};
use crate::core::fleet::{LocalId, Located, ProcessKey, Sought};
use crate::core::moment::Moment;
use crate::core::session::Session;
use crate::host::Held;
use crate::rescue::Suspect;

/// How processes are made ready for a run, and how questions are answered.
pub trait Plugs: Send {
    /// Holds, checks and locks `targets` for a run that begins now, and gives what the performer
    /// needs for it.
    ///
    /// # Errors
    /// With the reasons why the run must not begin.
    fn begin(
        &mut self,
        targets: &[ProcessKey],
        session: &mut Session,
        now: Moment,
    ) -> Result<ShellWork, Refused>;

    /// Locks those of `targets` that run on other hosts for the run that begins at `now`; `None` where
    /// there are none, or where they are not locked.
    fn claim(
        &self,
        targets: &[ProcessKey],
        session: &Session,
        now: Moment,
    ) -> Option<BoxFuture<'static, Result<RedisLocks, Vec<String>>>> {
        let _ = (targets, session, now);
        None
    }

    /// Waits until a process of another host has taken its signal; `None` where no Redis is to be
    /// asked.
    fn taken(&self, waiting: WaitingSignal) -> Option<BoxFuture<'static, bool>> {
        drop(waiting);
        None
    }

    /// Holds and locks those of `targets` that still live, for a run that is taken up, and gives
    /// what the performer needs for it and which processes of this host are held.
    ///
    /// # Errors
    /// With the reasons why the run must not go on.
    fn take_up(
        &mut self,
        targets: &[ProcessKey],
        session: &Session,
    ) -> Result<(ShellWork, Vec<LocalId>), Refused> {
        let _ = (targets, session);
        Err(Refused(vec!["nothing can be taken up here".into()]))
    }

    /// Where state goes, if it can.
    fn state_dir(&self) -> Option<PathBuf> {
        None
    }

    /// The remarks about the run that has just begun, to be written down.
    fn remarks(&mut self) -> Vec<String> {
        Vec::new()
    }

    /// The record of `run` so far.
    fn written(&self, run: &str) -> String {
        let _ = run;
        String::new()
    }

    /// Takes every right to act back, at once.
    fn revoke(&self);

    /// The answer to a question; `None` where there is no Redis to ask.
    fn ask(&self, ask: Ask) -> Option<BoxFuture<'static, Vec<Located>>>;

    /// Looks for jobs that left, cheaply; `None` where there is no Redis to ask.
    fn glance(&self, sought: Vec<Sought>) -> Option<BoxFuture<'static, Vec<Located>>> {
        drop(sought);
        None
    }

    /// Searches for missing jobs, one trace for each; `None` where there is no Redis to ask. `gone`
    /// are the identities of the processes that have exited.
    fn search(
        &self,
        suspects: Vec<Suspect>,
        gone: Vec<String>,
    ) -> Option<BoxFuture<'static, Vec<Trace>>> {
        drop((suspects, gone));
        None
    }

    /// Holds one process that is to be asked for its backtraces, or says why it cannot be.
    fn hold(&self, process: LocalId, _session: &Session) -> Result<Arc<Held>, String> {
        Err(format!("{process} cannot be asked here"))
    }

    /// A run is over: what it held is let go.
    fn over(&mut self);

    /// Counts the jobs in `retry` and `dead` that failed by being stopped, on a connection of its
    /// own; `None` where no Redis is to be asked.
    fn count_interrupted(&self) -> Option<Counting> {
        None
    }

    /// The working directory of a process, where it can be read.
    fn directory(&self, id: LocalId) -> Option<String> {
        let _ = id;
        None
    }

    /// The program that is told of a run that has ended; `None`: there is none.
    fn on_finish(&self) -> Option<OnFinish> {
        None
    }
}
