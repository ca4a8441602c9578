//! How processes of the demo are made ready for a drain, and how questions are answered. They
//! are held and locked like any other; no record of a demo is written anywhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use super::source::{DemoRequest, SharedStore};
use crate::clock::Paced;
use crate::core::drain::{Ask, Trace};
use crate::core::fleet::{Located, ProcessKey, Sought};
use crate::core::moment::Moment;
use crate::core::session::Session;
use crate::host::Lock;
use crate::journal::run_name;
use crate::shell::{Plugs, Refused, ShellWork, Suspect, arm};

/// The plugs of the demo.
pub(super) struct DemoStage {
    pub(super) clock: Paced,
    pub(super) store: SharedStore,
    pub(super) wanted: mpsc::UnboundedSender<DemoRequest>,
    pub(super) licence: Arc<AtomicBool>,
    pub(super) locks: Vec<Lock>,
}

impl Plugs for DemoStage {
    fn begin(
        &mut self,
        targets: &[ProcessKey],
        session: &mut Session,
        now: Moment,
    ) -> Result<ShellWork, Refused> {
        session.setting.plan.run = run_name(now);
        let armed = arm(targets, &session.fleet, &session.setting.plan, &[], None)?;
        self.locks = armed.locks;
        self.licence = Arc::new(AtomicBool::new(true));
        // A source that is gone shows as an ended task.
        drop(self.wanted.send(DemoRequest::Begun));
        Ok(ShellWork::Begin {
            held: armed.held,
            journal: Ok(None),
            licence: Arc::clone(&self.licence),
            locks: None,
        })
    }

    fn revoke(&self) {
        self.licence.store(false, Ordering::SeqCst);
    }

    fn ask(&self, ask: Ask) -> Option<BoxFuture<'static, Vec<Located>>> {
        match ask {
            Ask::Where(sought) => {
                let now = self.clock.now();
                let store = self.store.lock();
                let found: Vec<Located> = sought.iter().map(|job| store.locate(job, now)).collect();
                Some(Box::pin(async move { found }))
            }
            Ask::Nowhere(_) | Ask::Taken(_) => None,
            Ask::LookNow => {
                let (done, looked) = oneshot::channel();
                drop(self.wanted.send(DemoRequest::Look(done)));
                Some(Box::pin(async move {
                    drop(looked.await);
                    Vec::new()
                }))
            }
        }
    }

    fn glance(&self, sought: Vec<Sought>) -> Option<BoxFuture<'static, Vec<Located>>> {
        self.ask(Ask::Where(sought))
    }

    fn search(
        &self,
        suspects: Vec<Suspect>,
        _: Vec<String>,
    ) -> Option<BoxFuture<'static, Vec<Trace>>> {
        let store = self.store.lock();
        let trace = |suspect: &Suspect| match &suspect.job.jid {
            Some(jid) => store.trace(jid),
            None => Trace::Open("its id is not known".into()),
        };
        let traces: Vec<Trace> = suspects.iter().map(trace).collect();
        Some(Box::pin(async move { traces }))
    }

    fn over(&mut self) {
        self.locks.clear();
    }
}
