//! Questions to Redis about an execution, and what the answers add to the evidence.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::evidence::Fact;
use super::execution::Execution;
use super::fate::Fate;
use super::subject::Subject;
use crate::core::fleet::{Fleet, Located, Passed, Place, Process, Sought};
use crate::core::moment::Moment;
use crate::core::timing::INTERRUPT_MARGIN;

impl Execution {
    /// Takes in where Redis had it by the answer that came at `answered`. `subject` is its process.
    pub(super) fn locate(&mut self, located: &Located, subject: &Subject<'_>, answered: Moment) {
        // A question from before it began asked for another execution.
        let began = self.begun().map(|begun| begun.after(INTERRUPT_MARGIN));
        if began.is_some_and(|began| located.asked < began) {
            return;
        }
        if located.iterating {
            self.add(located.asked, Fact::Iterable);
        }
        // The first time that it was nowhere stays: later beats are held against it. That of a job
        // that has its fate already is asked for again after the exit, to confirm it.
        let again = self.ruling().is_none() && self.is_missed_again(located, subject);
        let before = self.located().zip(self.answered()).filter(|_| again);
        let before = before.map(|((asked, _), answered)| (asked, answered));
        let (at, answered) = before.unwrap_or((located.asked, answered));
        let fact = Fact::Located {
            place: located.place.clone(),
            answered,
            iterating: located.iterating,
        };
        self.add(at, fact);
        let told = subject.signals.mark.map(|mark| mark.at);
        if let Place::Queue { name } = &located.place
            && told.is_some_and(|told| located.asked >= told)
        {
            let how = format!("found in queue {name}");
            self.add(located.asked, Fact::Back { how });
            if self.fate() == Some(Fate::Finished) && self.log_end().is_none() {
                self.reopen();
            }
        }
        if let Some(place) = located.namesake.clone() {
            self.add(located.asked, Fact::Namesake { place });
        }
    }

    /// Takes in which later job does its work. `taken`: the later jobs of other executions, which
    /// are its own only where there is no other. `makers`: how many executions may have made each.
    /// A job that stands in its queue again goes on as itself. `exit`: when its process ended.
    pub(super) fn hand_on(
        &mut self,
        located: &Located,
        exit: Option<Moment>,
        taken: &HashSet<String>,
        makers: &HashMap<String, usize>,
    ) {
        if self.goes_on().is_some() || self.back().is_some() {
            return;
        }
        let mut again = located.heirs.iter();
        if let Some(heir) = again.find(|heir| self.was_run_again(heir, exit)) {
            return self.ran_again(located.asked, heir);
        }
        let heirs = located.heirs.iter();
        let mut heirs = heirs.filter(|heir| self.may_have_made(heir));
        let free = heirs.clone().find(|heir| !taken.contains(&heir.jid));
        let count = heirs.clone().count();
        let Some(heir) = free.or_else(|| heirs.next()) else {
            return;
        };
        let (jid, place) = (heir.jid.clone(), heir.place.clone());
        let makers = makers.get(&jid).copied().unwrap_or_default();
        let contested = makers > 1;
        // Each of its makers has made one, but only its own payload would tell which.
        let alike = contested && count >= makers;
        self.add_heir(located.asked, (jid, heir.passed, place), alike);
        // Its class and the time of its end do not tell it from others; only its payload would.
        if self.is_named_by_log_alone() && (count > 1 || contested) {
            self.share();
        }
    }

    /// Takes in that the job `jid` does its work at `place`.
    pub(super) fn go_on(&mut self, at: Moment, jid: String, passed: Passed, place: String) {
        self.add_heir(at, (jid, passed, place), false);
    }

    fn add_heir(&mut self, at: Moment, heir: (String, Passed, String), alike: bool) {
        let (jid, passed, place) = heir;
        let fact = Fact::GoesOn {
            jid,
            passed,
            place,
            shared: false,
            alike,
        };
        self.add(at, fact);
        self.reopen();
    }

    /// Where another job under its id was seen.
    pub(super) fn namesake(&self) -> Option<&str> {
        self.evidence().iter().find_map(|known| {
            if let Fact::Namesake { place } = &known.fact {
                Some(place.as_str())
            } else {
                None
            }
        })
    }

    /// Whether it counts as finished because nothing showed it any more, and Redis was not asked for
    /// it since its process exited at `exited`: a job that ends its own thread leaves it too, and
    /// Sidekiq pushes it back in the end.
    pub(super) fn is_to_be_confirmed(&self, exited: Option<Moment>) -> bool {
        let finished = self.fate() == Some(Fate::Finished) && self.settled().is_none();
        let asked = self.located().map(|(asked, _)| asked);
        finished
            && self.log_end().is_none()
            && asked
                .zip(exited)
                .is_some_and(|(asked, exited)| asked < exited)
    }

    /// Whether `located` only says again that it is nowhere, since it can be nowhere for good.
    fn is_missed_again(&self, located: &Located, subject: &Subject<'_>) -> bool {
        let missed = self.missed();
        let since = match (missed, subject.exit) {
            (Some((at, beat)), _) if subject.is_safe_at(beat) => at,
            (_, Some(exit)) => exit.at,
            (_, None) => return false,
        };
        self.located().is_some_and(|(asked, place)| {
            asked >= since && *place == located.place && matches!(place, Place::Nowhere { .. })
        })
    }

    /// The questions to Redis: in each queue that it may have come from.
    pub(super) fn sought(&self, fleet: &Fleet) -> Vec<Sought> {
        let in_queue = |queue: &str| Sought {
            jid: self.jid().to_owned(),
            queue: queue.to_owned(),
            payload: Arc::clone(&self.work().payload),
            class: self
                .is_named_by_log_alone()
                .then(|| self.work().class.clone()),
        };
        match self.queues(fleet) {
            [] => vec![in_queue("")],
            queues => queues.iter().map(|queue| in_queue(queue)).collect(),
        }
    }

    /// The queues that it may have come from: its own, or all of its process where only the log
    /// has named it. Empty: not known.
    pub(super) fn queues<'a>(&'a self, fleet: &'a Fleet) -> &'a [String] {
        if !self.work().queue.is_empty() {
            return std::slice::from_ref(&self.work().queue);
        }
        fleet.get(self.process()).map_or(&[], Process::queues)
    }
}
