//! The search for missing jobs as the program makes it, and the push-backs, in a world that knows
//! which of them would run a second time.

use std::time::Duration;

use super::drive::{Delivery, Drive};
use super::world::{Shown, World};
use crate::core::drain::{
    EffectId, Execution, Fate, Input, Missing, PushBack, PushOutcome, Standing, Trace,
};
use crate::core::fleet::LocalId;
use crate::core::moment::Moment;
use crate::core::sidekiq::{Busy, WorkerEvent};

/// What happened, when, and to which member.
type Told = (Moment, usize, WorkerEvent);

/// A beat later than the exit by this much shows what was fetched until then.
const FETCHED: Duration = Duration::from_secs(2);

impl World {
    /// When the other members beat last, and the jobs that those beats showed.
    pub(super) fn shown_elsewhere(&self, own: usize) -> Vec<(Moment, Vec<String>)> {
        let others = self
            .members
            .iter()
            .enumerate()
            .filter(|(index, _)| *index != own);
        let shown = others.filter_map(|(_, member)| member.shown.as_ref());
        let jids = |shown: &Shown| {
            shown
                .work
                .iter()
                .map(|busy| busy.task.jid.clone())
                .collect()
        };
        shown.map(|shown| (shown.beat.at, jids(shown))).collect()
    }
}

impl Drive {
    /// Searches, and again each second while a later beat may tell more.
    pub(super) fn search(&mut self, id: EffectId, missing: Vec<Missing>, until: Moment) {
        let traces: Vec<_> = missing.iter().map(|one| self.trace(one)).collect();
        let again = self.now.after(Duration::from_secs(1));
        if traces.iter().any(|(_, waits)| *waits) && again < until {
            return self.send(again, Delivery::Search(id, missing, until));
        }
        let traces = traces.into_iter().map(|(trace, _)| trace);
        let answer = Input::Searched(id, missing.into_iter().zip(traces).collect());
        self.call(answer);
    }

    /// A trace for each missing job, and whether a later beat may tell more.
    pub(super) fn trace(&self, missing: &Missing) -> (Trace, bool) {
        let target = self
            .run
            .ledger()
            .targets()
            .iter()
            .find(|t| t.key == missing.target);
        let Some(target) = target else {
            return (Trace::Open("gone".into()), false);
        };
        let Standing::Exited { at: exited, .. } = target.standing else {
            return (Trace::Open("it lives".into()), false);
        };
        let own = self.world.member_of(&missing.target);
        let shown = self.world.shown_elsewhere(own);
        let has = |(beat, jids): &&(Moment, Vec<String>)| {
            jids.contains(&missing.jid) && *beat > exited.after(FETCHED)
        };
        if shown.iter().any(|shown| has(&shown)) {
            return (Trace::Found(Fate::PushedBack, "runs".into()), false);
        }
        if self.world.queue.iter().any(|task| task.jid == missing.jid) {
            return (Trace::Found(Fate::PushedBack, "queue".into()), false);
        }
        if self.world.retry.contains(&missing.jid) {
            return (Trace::Found(Fate::Retried, "retry".into()), false);
        }
        if shown.iter().any(|(beat, _)| *beat <= exited.after(FETCHED)) {
            return (Trace::Open("not beaten".into()), true);
        }
        let nowhere = missing.not_back.is_some();
        if nowhere {
            (Trace::Nowhere("nowhere".into()), false)
        } else {
            (Trace::Open("perhaps taken up".into()), false)
        }
    }

    /// Pushes a job back, as the script on the server does.
    pub(super) fn push_back(&mut self, push: &PushBack) -> PushOutcome {
        if self.world.queue.iter().any(|task| task.jid == push.jid) {
            return PushOutcome::InQueue;
        }
        let known = self.run.ledger().account().find(&push.target, &push.jid);
        let (task, end) = self.execution(known.expect("a job that is known"));
        let lost = matches!(end, Some((_, _, WorkerEvent::JobLost(_))))
            || self
                .world
                .was_lost_at_last(self.world.member_of(&push.target), &push.jid);
        assert!(
            lost || self.ended_at_last(push.target.local().unwrap(), end),
            "law: never twice: {push:?}, {end:?}"
        );
        let task = task.task.clone();
        self.world.queue.push_back(task);
        PushOutcome::Pushed
    }

    /// Whether it ended so late that the threads counted last had its own among them.
    fn ended_at_last(&self, target: LocalId, end: Option<&Told>) -> bool {
        let target = self
            .run
            .ledger()
            .targets()
            .iter()
            .find(|t| t.key.local().unwrap() == target);
        let Some(Standing::Exited { at: exit, .. }) = target.map(|t| t.standing.clone()) else {
            return false;
        };
        matches!(end, Some((when, _, WorkerEvent::JobFinished(_) | WorkerEvent::JobFailed(_))) if when.after(Duration::from_secs(6)) > exit)
    }

    /// The execution that a work entry told of, and its first end.
    pub(super) fn execution(&self, known: &Execution) -> (&Busy, Option<&Told>) {
        let member = self.world.member_of(known.process());
        let (jid, work) = (known.jid(), known.work());
        let near = |busy: &Busy| {
            let begun = known.begun().map(Moment::epoch);
            begun.is_some_and(|begun| (begun - busy.since.epoch()).abs() < 1.0)
        };
        let whole = |busy: &Busy| match work.run_at {
            Some(run_at) => (busy.since.epoch().floor() - run_at).abs() < 0.5,
            // Its log alone names it.
            None => near(busy),
        };
        let mut begun = None;
        let truth = &self.world.truth;
        for (index, (_, of, event)) in truth.iter().enumerate() {
            if let WorkerEvent::JobStarted(busy) = event
                && *of == member
                && busy.task.jid == jid
                && busy.tid == work.tid
                && whole(busy)
            {
                begun = Some((index, busy));
            }
        }
        let (index, busy) = begun.unwrap_or_else(|| panic!("no such execution: {known:?}"));
        let ends = |(_, of, event): &&Told| match event {
            WorkerEvent::JobFinished(task)
            | WorkerEvent::JobFailed(task)
            | WorkerEvent::PushedBack { task, .. }
            | WorkerEvent::BrokeOff { task, .. }
            | WorkerEvent::JobLost(task) => *of == member && task.jid == jid,
            WorkerEvent::JobStarted(_)
            | WorkerEvent::Beat(_)
            | WorkerEvent::LeftRegistry
            | WorkerEvent::Exited(_) => false,
        };
        (busy, truth[index..].iter().find(ends))
    }
}
