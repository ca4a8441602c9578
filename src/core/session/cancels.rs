//! A job cancelled by an operator. Only an `IterableJob` can be: it alone looks whether it is to go
//! on (7.3.3 and later; 8.1.7 `lib/sidekiq/client.rb:60-74`).

use std::time::Duration;

use super::{Kind, Session};
use crate::core::drain::{
    About, CancelStage, Cancellation, Effect, Event, OUTSIDE_A_DRAIN, Record,
};
use crate::core::fleet::{Job, Lineage, Link, Process, ProcessKey};
use crate::core::follow::{Cancel, CancelAnswer, CancelState, CancelTarget};
use crate::core::moment::Moment;
use crate::core::sequence::Version;

/// The first Sidekiq whose iterable jobs can be cancelled.
const FIRST: Version = Version::new(7, 3, 3);

/// The first Sidekiq whose jobs look for the mark between two steps. Those before it compare it with a number that it
/// never is, and heed it only as a run begins (7.3.8 and 7.3.9 `lib/sidekiq/job/iterable.rb`, `iterate_with_enumerator`).
const LOOKS_BETWEEN: Version = Version::new(7, 3, 9);

impl Session {
    /// The job `job` of process `key` as one that can be cancelled now.
    ///
    /// # Errors
    /// With the reason why it cannot be, for people.
    pub fn may_cancel(&self, key: &ProcessKey, job: &Job) -> Result<CancelTarget, String> {
        let kind = self.setting.kind;
        kind.reaches_sidekiq("the jobs of the demo stand in no Redis")?;
        let process = self.fleet.get(key).ok_or("its process is gone")?;
        if process.exited() || job.until.is_some() {
            return Err("its process is gone".into());
        }
        let work = &job.work;
        let lineage = work.lineage.as_ref();
        if let Some(library) = lineage.and_then(Lineage::checkpoints) {
            let name = library.name();
            return Err(format!(
                "only Sidekiq's own IterableJob can be cancelled, not one of {name}"
            ));
        }
        match process.version() {
            Some(version) if version >= FIRST => {}
            Some(version) => {
                return Err(format!(
                    "its process runs Sidekiq {version}: a job can be cancelled from {FIRST} on"
                ));
            }
            None => return Err("the version of its Sidekiq is not known".into()),
        }
        let Some(jid) = work.jid.clone().filter(|_| job.iterable) else {
            return Err(
                "it is not known to be an IterableJob (that shows about 5 s after its start); no \
                 other job can be stopped without its process"
                    .into(),
            );
        };
        let pending = self.following.cancels.of(key, &work.tid, &jid);
        let pending = pending.filter(|cancel| !matches!(cancel.state, CancelState::NotSent(_)));
        if pending.is_some() {
            return Err("it is cancelled already".into());
        }
        if !matches!(self.fleet.link, Link::Connected { .. }) {
            return Err("Redis does not answer".into());
        }
        Ok(CancelTarget {
            process: key.clone(),
            tid: work.tid.clone(),
            jid,
            class: work.class.clone(),
            queue: work.queue.clone(),
        })
    }

    /// Whether a job that `process` runs looks for the mark between two of its steps, and not only as
    /// a run of it begins.
    pub fn looks_between_steps(&self, process: &ProcessKey) -> bool {
        let version = self.fleet.get(process).and_then(Process::version);
        version.is_none_or(|version| version >= LOOKS_BETWEEN)
    }

    /// An operator wants this job cancelled. What is to be sent is taken by
    /// [`Session::cancels_to_send`].
    pub fn cancel(&mut self, target: CancelTarget, now: Moment) {
        if self.setting.kind != Kind::ReadOnly {
            self.following.cancels.want(target, now);
        }
    }

    /// The jobs to be marked now, each with the record that is written first; each is given
    /// once.
    #[must_use]
    pub fn cancels_to_send(&mut self, now: Moment) -> Vec<(CancelTarget, Record)> {
        let wanted = self.following.cancels.to_send();
        let with_record = |target: CancelTarget| {
            let record = self.cancellation(&target, CancelStage::Intended, None, now);
            (target, record)
        };
        wanted.into_iter().map(with_record).collect()
    }

    /// A job was marked, or was not.
    #[must_use]
    pub fn cancel_answered(
        &mut self,
        target: &CancelTarget,
        answer: CancelAnswer,
        now: Moment,
    ) -> Vec<Effect> {
        let before = match &answer {
            CancelAnswer::Already(_) => Some("it was marked before".to_owned()),
            CancelAnswer::Marked | CancelAnswer::Ended | CancelAnswer::Failed { .. } => None,
        };
        let cancels = &mut self.following.cancels;
        let Some(cancel) = cancels.answered(target, answer, now) else {
            return Vec::new();
        };
        let (stage, note) = match &cancel.state {
            CancelState::Sent { doubt: None, .. } => (CancelStage::Sent, before),
            CancelState::Sent {
                doubt: Some(why), ..
            } => {
                let note = format!("{why}; the mark may still stand there");
                (CancelStage::Failed, Some(note))
            }
            CancelState::NotSent(why) => (CancelStage::Failed, Some(why.clone())),
            CancelState::Wanted
            | CancelState::UnderWay
            | CancelState::Noticed { .. }
            | CancelState::Ended { .. } => return Vec::new(),
        };
        self.tell_cancellation(target, stage, note, now)
    }

    /// Records what became of the jobs that were cancelled.
    pub(super) fn follow_cancels(&mut self, now: Moment) -> Vec<Effect> {
        let further: Vec<Cancel> = self.following.cancels.observe(&self.fleet, now);
        if let Some(run) = &mut self.run {
            let by = match self.setting.operator.who.as_str() {
                "" => "an operator",
                who => who,
            };
            for CancelTarget { process, jid, .. } in self.following.cancels.marked() {
                run.mark_cancelled(process, jid, by, now);
            }
        }
        let mut effects = Vec::new();
        for cancel in further {
            let (stage, note) = match cancel.state {
                CancelState::Noticed { .. } => (CancelStage::Noticed, None),
                CancelState::Ended { how, .. } => (CancelStage::Ended, Some(how.to_owned())),
                CancelState::Wanted
                | CancelState::UnderWay
                | CancelState::NotSent(_)
                | CancelState::Sent { .. } => continue,
            };
            effects.extend(self.tell_cancellation(&cancel.target, stage, note, now));
        }
        effects
    }

    /// Another drainboard goes on with this session. A mark that may have left is not sent again
    /// unasked.
    pub(super) fn take_up_cancels(&mut self, now: Moment) -> Vec<Effect> {
        let mut effects = Vec::new();
        for target in self.following.cancels.unanswered() {
            let answer = CancelAnswer::Failed {
                why: "drainboard was cut off before Redis answered".into(),
                may_have_happened: true,
            };
            effects.extend(self.cancel_answered(&target, answer, now));
        }
        effects
    }

    fn tell_cancellation(
        &mut self,
        target: &CancelTarget,
        stage: CancelStage,
        note: Option<String>,
        now: Moment,
    ) -> Vec<Effect> {
        let record = self.cancellation(target, stage, note, now);
        let effects = vec![Effect::Note(Box::new(record))];
        self.keep(&effects);
        effects
    }

    /// The record of a stage: of the drain that is under way, else of none.
    fn cancellation(
        &self,
        target: &CancelTarget,
        stage: CancelStage,
        note: Option<String>,
        now: Moment,
    ) -> Record {
        let event = Event::Cancellation(Box::new(Cancellation {
            stage: Some(stage),
            jid: target.jid.clone(),
            class: target.class.clone(),
            queue: target.queue.clone(),
            note,
        }));
        let known = self.fleet.get(&target.process);
        let about = known.map(|process| About {
            identity: process.identity.clone(),
            pid: process.pid(),
            name: process.name(),
        });
        if let Some(run) = self.active_run() {
            return run.ledger().record(about, event, now);
        }
        Record {
            at: now,
            since_start: Duration::ZERO,
            run: OUTSIDE_A_DRAIN.into(),
            rehearsal: false,
            about,
            event,
        }
    }
}
