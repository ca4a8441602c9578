//! The real plugs: processes of this host are held and locked, a Redis is asked, records are
//! opened. Nothing is decided here.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, watch};

use super::arm::{Armed, Refused, arm, take_up};
use super::elsewhere::{Elsewhere, RedisLocks, identities};
use super::plugs::Plugs;
use super::whereabouts::{KeyedAddress, ask, count, search};
use super::work::{Counting, OnFinish, ShellWork};
use crate::core::clean::clean;
use crate::core::drain::{Ask, Trace, WaitingSignal};
use crate::core::fleet::{LocalId, Located, ProcessKey, Sought};
use crate::core::moment::Moment;
use crate::core::sequence::Signal;
use crate::core::session::Session;
use crate::host::state_dir::read_private;
use crate::host::{Held, Lock, Wanted, working_directory};
use crate::journal::{self, Journal, run_name};
use crate::redis::{Address, Asker, LockOwner, Tuning};
use crate::rescue::Suspect;

/// Time between scans while nothing is sent: a look at `/proc` costs under a millisecond.
pub(super) const CALM: Duration = Duration::from_secs(1);
/// Time between scans during a run: threads that end are its earliest proof.
pub(super) const KEEN: Duration = Duration::from_millis(200);

/// The real plugs: this host and a Redis.
pub(super) struct Real {
    pub(super) asker: Option<Asker>,
    pub(super) redis: KeyedAddress,
    pub(super) held: mpsc::Sender<Arc<Held>>,
    pub(super) wanted: watch::Sender<Wanted>,
    pub(super) licence: Arc<AtomicBool>,
    pub(super) locks: Vec<Lock>,
    pub(super) forced: Vec<Signal>,
    pub(super) state_dir: Result<PathBuf, String>,
    pub(super) beside: Beside,
}

/// The tasks beside a run.
pub(super) struct Beside {
    /// Where interrupted jobs are counted.
    pub(super) redis: Option<(Address, Tuning)>,
    /// The program that is told of its end.
    pub(super) on_finish: Vec<String>,
    /// The remarks from the beginning of the run.
    pub(super) remarks: Vec<String>,
    /// Whether targets of other hosts are locked in Redis.
    pub(super) locks_elsewhere: bool,
}

impl Real {
    fn arm(&mut self, targets: &[ProcessKey], session: &Session) -> Result<Armed, Refused> {
        let state_dir = self.state_dir.as_deref().ok();
        arm(
            targets,
            &session.fleet,
            &session.setting.plan,
            &self.forced,
            state_dir,
        )
    }

    /// Watches for the exits of what is held, and gives what the performer needs for it.
    fn equip(
        &mut self,
        armed: Armed,
        journal: impl FnOnce(&Path) -> io::Result<Journal>,
    ) -> Result<ShellWork, Refused> {
        let Armed {
            held,
            locks,
            remarks,
        } = armed;
        for process in held.values() {
            if self.held.try_send(Arc::clone(process)).is_err() {
                return Err(Refused(vec![
                    "the exits of so many processes cannot be watched for".into(),
                ]));
            }
        }
        (self.locks, self.beside.remarks) = (locks, remarks);
        self.licence = Arc::new(AtomicBool::new(true));
        self.scan_every(KEEN);
        let journal = match &self.state_dir {
            Ok(directory) => journal(directory)
                .map(Some)
                .map_err(|error| format!("{}: {error}", directory.display())),
            Err(why) => Err(why.clone()),
        };
        Ok(ShellWork::Begin {
            held,
            journal,
            licence: Arc::clone(&self.licence),
            locks: None,
        })
    }

    fn elsewhere(&self) -> Option<Elsewhere> {
        let (address, namespace) = self.redis.clone()?;
        Some(Elsewhere { address, namespace })
    }

    fn scan_every(&self, period: Duration) {
        self.wanted.send_modify(|wanted| wanted.period = period);
    }
}

impl Plugs for Real {
    fn begin(
        &mut self,
        targets: &[ProcessKey],
        session: &mut Session,
        now: Moment,
    ) -> Result<ShellWork, Refused> {
        let run = run_name(now);
        session.setting.plan.run.clone_from(&run);
        let armed = self.arm(targets, session)?;
        self.equip(armed, |directory| Journal::begin(directory, &run, now))
    }

    fn claim(
        &self,
        targets: &[ProcessKey],
        session: &Session,
        now: Moment,
    ) -> Option<BoxFuture<'static, Result<RedisLocks, Vec<String>>>> {
        let identities = identities(targets);
        if identities.is_empty() || !self.beside.locks_elsewhere {
            return None;
        }
        let owner = LockOwner {
            run: run_name(now),
            who: session.setting.operator.who.clone(),
        };
        Some(Box::pin(self.elsewhere()?.lock(owner, identities)))
    }

    fn taken(&self, waiting: WaitingSignal) -> Option<BoxFuture<'static, bool>> {
        Some(Box::pin(self.elsewhere()?.taken(waiting)))
    }

    fn take_up(
        &mut self,
        targets: &[ProcessKey],
        session: &Session,
    ) -> Result<(ShellWork, Vec<LocalId>), Refused> {
        let run = &session.setting.plan.run;
        let armed = take_up(targets, &session.fleet, run, self.state_dir.as_deref().ok())?;
        let held = armed.held.keys().copied().collect();
        let mut begun = self.equip(armed, |directory| Journal::go_on(directory, run))?;
        let identities = identities(targets);
        if let ShellWork::Begin { locks, .. } = &mut begun
            && !identities.is_empty()
            && self.beside.locks_elsewhere
        {
            let owner = LockOwner {
                run: run.clone(),
                who: session.setting.operator.who.clone(),
            };
            let place = self.elsewhere();
            let inherited = |place| RedisLocks::inherited(place, owner, identities);
            *locks = place.map(inherited).map(Box::new);
        }
        Ok((begun, held))
    }

    fn state_dir(&self) -> Option<PathBuf> {
        self.state_dir.as_ref().ok().cloned()
    }

    fn remarks(&mut self) -> Vec<String> {
        std::mem::take(&mut self.beside.remarks)
    }

    fn written(&self, run: &str) -> String {
        let path = self
            .state_dir
            .as_ref()
            .ok()
            .map(|state| journal::place(state, run));
        let text = path
            .and_then(|path| read_private(&path).ok())
            .unwrap_or_default();
        String::from_utf8_lossy(&text).into_owned()
    }

    fn revoke(&self) {
        self.licence.store(false, Ordering::SeqCst);
    }

    fn ask(&self, question: Ask) -> Option<BoxFuture<'static, Vec<Located>>> {
        let asker = self.asker.clone()?;
        Some(Box::pin(ask(asker, question)))
    }

    fn glance(&self, sought: Vec<Sought>) -> Option<BoxFuture<'static, Vec<Located>>> {
        let asker = self.asker.clone()?;
        Some(Box::pin(async move { asker.glance(sought).await }))
    }

    fn search(
        &self,
        suspects: Vec<Suspect>,
        gone: Vec<String>,
    ) -> Option<BoxFuture<'static, Vec<Trace>>> {
        search(&self.redis, suspects, gone)
    }

    fn hold(&self, process: LocalId, session: &Session) -> Result<Arc<Held>, String> {
        let known = session.fleet.get(&process.into());
        let local = known.and_then(|known| known.local.as_ref());
        let uid = local.ok_or("it has exited")?.surroundings.uid;
        let held = Held::open(process, uid).map(Arc::new);
        held.map_err(|error| error.to_string())
    }

    fn over(&mut self) {
        self.locks.clear();
        self.scan_every(CALM);
    }

    fn count_interrupted(&self) -> Option<Counting> {
        self.beside.redis.clone().map(count)
    }

    fn directory(&self, id: LocalId) -> Option<String> {
        let directory = working_directory(id.pid)?;
        Some(clean(&directory.to_string_lossy(), 300))
    }

    fn on_finish(&self) -> Option<OnFinish> {
        let words = self.beside.on_finish.clone();
        let state_dir = self.state_dir.as_ref().ok().cloned();
        (!words.is_empty()).then_some(OnFinish { words, state_dir })
    }
}
