//! A performer with everything real around it, and what comes back from it.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use drainboard::clock;
use drainboard::core::drain::{
    Act, ActKind, ActOutcome, EffectId, Event, PushOutcome, Record, UnitCall,
};
use drainboard::core::fleet::LocalId;
use drainboard::core::sequence::Signal;
use drainboard::host::{Held, Scanner};
use drainboard::journal::Journal;
use drainboard::redis::Address;
use drainboard::rescue::{Payload, SavedJob, Stopping};
use drainboard::shell::{Means, Performer, Reply, ShellWork};
use tokio::sync::mpsc;

use crate::support::patience::LIMIT;

/// The name of every run here.
const RUN: &str = "r";

/// A performer, and both ends of it.
pub(super) struct Bench {
    state: tempfile::TempDir,
    licence: Arc<AtomicBool>,
    work: mpsc::UnboundedSender<ShellWork>,
    replies: mpsc::UnboundedReceiver<Reply>,
}

impl Bench {
    /// One to which no run was given yet.
    pub(super) fn new(attended: bool, redis: Option<Address>) -> Self {
        let (work, given) = mpsc::unbounded_channel();
        let (answers, replies) = mpsc::unbounded_channel();
        let means = Means {
            redis: redis.map(|address| (address, None)),
            by: "me".into(),
            state_dir: None,
            marks: None,
            queues: None,
        };
        tokio::spawn(Performer::new(answers, attended).with(means).run(given));
        Self {
            state: tempfile::tempdir().expect("a directory"),
            licence: Arc::new(AtomicBool::new(true)),
            work,
            replies,
        }
    }

    /// Gives it a run on these processes with a journal on this disk.
    pub(super) fn begin(&self, held: &[&Arc<Held>]) {
        self.begin_with(held, self.journal().map(Some));
    }

    pub(super) fn journal(&self) -> Result<Journal, String> {
        Journal::open(self.state.path(), RUN).map_err(|error| error.to_string())
    }

    /// The same with this journal.
    pub(super) fn begin_with(&self, held: &[&Arc<Held>], journal: Result<Option<Journal>, String>) {
        let held = held.iter().map(|held| (held.id(), Arc::clone(held)));
        self.give(ShellWork::Begin {
            held: held.collect::<HashMap<LocalId, Arc<Held>>>(),
            journal,
            licence: Arc::clone(&self.licence),
            locks: None,
        });
    }

    pub(super) fn give(&self, work: ShellWork) {
        self.work.send(work).expect("the performer works");
    }

    /// What an abort does.
    pub(super) fn revoke(&self) {
        self.licence.store(false, Ordering::SeqCst);
    }

    pub(super) async fn reply(&mut self) -> Reply {
        let reply = tokio::time::timeout(LIMIT, self.replies.recv()).await;
        reply.expect("a reply in time").expect("a reply")
    }

    /// Asks `held` for its backtraces.
    pub(super) async fn asks(&mut self, held: &Arc<Held>, automatic: bool) -> ActOutcome {
        self.give(ShellWork::Backtrace {
            process: held.id(),
            held: Ok(Arc::clone(held)),
            automatic,
        });
        let reply = self.reply().await;
        let Reply::Asked(process, outcome) = reply else {
            panic!("{reply:?}");
        };
        assert_eq!(process, held.id());
        outcome
    }

    pub(super) fn push(&self, job: &SavedJob, confirmed: bool) {
        self.give(ShellWork::PushBack {
            id: EffectId(1),
            job: Box::new(job.clone()),
            confirmed,
        });
    }

    pub(super) async fn pushed(&mut self) -> PushOutcome {
        let reply = self.reply().await;
        let Reply::PushedBack(EffectId(1), outcome) = reply else {
            panic!("{reply:?}");
        };
        outcome
    }

    /// Sends `signal` as `step`, at the cost of these jobs if it is a KILL.
    pub(super) async fn acts(
        &mut self,
        (held, signal, step): (&Arc<Held>, Signal, usize),
        at_stake: u64,
        payloads: &[SavedJob],
    ) -> ActOutcome {
        self.give(ShellWork::Act {
            id: EffectId(2),
            act: Act {
                target: held.id().into(),
                kind: ActKind::Signal(signal),
                step: Some(step),
            },
            at_stake,
            payloads: payloads.to_vec(),
        });
        let mut reply = self.reply().await;
        if let Reply::Saved(target, saved) = &reply {
            assert_eq!((target, &**saved), (&held.id().into(), payloads));
            for job in payloads {
                assert!(self.is_saved(job), "said before it was");
            }
            reply = self.reply().await;
        }
        let Reply::Outcome(EffectId(2), outcome) = reply else {
            panic!("{reply:?}");
        };
        outcome
    }

    /// Has systemd told of a unit, and gives why that failed.
    pub(super) async fn call_fails(&mut self, call: &UnitCall, payloads: &[SavedJob]) -> String {
        self.give(ShellWork::Call {
            call: call.clone(),
            payloads: payloads.to_vec(),
        });
        let reply = self.reply().await;
        let Reply::Called(_, outcome) = &reply else {
            panic!("{reply:?}");
        };
        format!("{outcome:?}")
    }

    /// Writes one line into the journal, or tries to.
    pub(super) fn note(&self) {
        self.give(ShellWork::Note(Box::new(Record {
            at: clock::now(),
            since_start: std::time::Duration::ZERO,
            run: RUN.into(),
            rehearsal: false,
            about: None,
            event: Event::Resumed,
        })));
    }

    fn rescue_file(&self) -> PathBuf {
        self.state
            .path()
            .join("rescue")
            .join(format!("{RUN}.jsonl"))
    }

    /// Whether the payload of `job` stands on the disk.
    pub(super) fn is_saved(&self, job: &SavedJob) -> bool {
        let text = std::fs::read_to_string(self.rescue_file()).unwrap_or_default();
        let jid = job.jid.as_deref().unwrap_or_default();
        text.lines()
            .any(|line| line.contains(r#""what":"saved""#) && line.contains(jid))
    }

    /// From now on no payload can be saved.
    pub(super) fn fill_rescue(&self) {
        std::fs::create_dir_all(self.state.path().join("rescue")).expect("a folder");
        fill(&self.rescue_file());
    }

    /// From now on no record can be written.
    pub(super) fn fill_journal(&self) {
        fill(&self.journal_file());
    }

    /// Makes room again.
    pub(super) fn empty_journal(&self) {
        let file = OpenOptions::new().write(true).open(self.journal_file());
        file.and_then(|file| file.set_len(0))
            .expect("it is made empty");
    }

    fn journal_file(&self) -> PathBuf {
        self.state
            .path()
            .join("drains")
            .join(format!("{RUN}.jsonl"))
    }
}

/// Makes a file as long as its file system lets any be: nothing can be appended to it. It takes
/// no room.
fn fill(path: &Path) {
    let file = File::create(path).expect("a file");
    let (mut fits, mut too_long) = (0, i64::MAX.unsigned_abs());
    while fits + 1 < too_long {
        let middle = fits + (too_long - fits) / 2;
        match file.set_len(middle) {
            Ok(()) => fits = middle,
            Err(_) => too_long = middle,
        }
    }
    file.set_len(fits).expect("it fits");
}

/// The process with this pid, held.
pub(super) fn hold(pid: u32) -> Arc<Held> {
    let look = Scanner::new().expect("a scanner").scan(&[pid]);
    let processes = look.expect("a look").processes;
    let process = processes.iter().find(|process| process.id.pid == pid);
    let process = process.expect("the process");
    Arc::new(Held::open(process.id, process.surroundings.uid).expect("it is held"))
}

/// A job that a process without TERM ran.
pub(super) fn job(jid: &str) -> SavedJob {
    SavedJob {
        saved_at: clock::now().wall(),
        jid: Some(jid.into()),
        class: "ReportBuild".into(),
        queue: "low".into(),
        identity: Some("util9:1:abc".into()),
        pid: 1,
        exited_at: None,
        tid: "otb".into(),
        run_at: None,
        from: None,
        stopping: Stopping::default(),
        payload: Payload(format!(r#"{{"class":"ReportBuild","jid":"{jid}"}}"#).into_bytes()),
    }
}
