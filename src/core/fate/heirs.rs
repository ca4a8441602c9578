//! The fate of an execution whose work a later job does, and which executions may have made that.

use std::collections::HashMap;

use super::evidence::Fact;
use super::execution::{Execution, GoesOn, MADE_BEFORE_DONE};
use super::fate::{Fate, Ruling};
use crate::core::fleet::{Heir, Job, Later, Located, Passed};
use crate::core::log::Witness;
use crate::core::moment::Moment;
use crate::core::timing::BEGUN_ELSEWHERE;

/// The ruling on an execution whose work goes on in `heir`. `stands_still`: every process of its
/// queue is quiet or gone.
pub(super) fn handed_on(heir: GoesOn<'_>, stands_still: bool) -> Ruling {
    let GoesOn { jid, place, .. } = heir;
    if heir.shared {
        let why = format!(
            "several jobs that cannot be told apart left, and one of them goes on as \
             {jid} ({place})"
        );
        return Ruling::new(Fate::Unknown, why);
    }
    match heir.passed {
        Passed::BrokeOff => {
            if heir.alike {
                let why = format!(
                    "it broke off at a checkpoint, as another job of the same class and arguments \
                     did: one of them goes on as {jid} ({place})"
                );
                return Ruling::new(Fate::Checkpointed, why);
            }
            let still = if stands_still {
                "; it stands still until a new process serves its queue"
            } else {
                ""
            };
            let why =
                format!("it broke off at a checkpoint, and goes on as {jid} ({place}){still}");
            Ruling::new(Fate::Checkpointed, why)
        }
        Passed::Failed => {
            let why = format!("it failed, and Active Job retries it as {jid} ({place})");
            Ruling::new(Fate::Retried, why)
        }
    }
}

/// How many of `executions` may have made each later job of `answers`; and how many jobs that only
/// the end in a log names.
pub(super) fn makers<'a>(
    executions: impl Iterator<Item = &'a Execution>,
    answers: &HashMap<&str, &Located>,
    witness: &Witness,
) -> HashMap<String, usize> {
    let heirs = answers.values().flat_map(|located| &located.heirs);
    let heirs: HashMap<&str, &Heir> = heirs.map(|heir| (heir.jid.as_str(), heir)).collect();
    if heirs.is_empty() {
        return HashMap::new();
    }
    let executions: Vec<&Execution> = executions.collect();
    let strangers = |heir: &Heir| {
        let Some((class, made)) = heir.class.as_ref().zip(heir.created) else {
            return 0;
        };
        let is_strange = |jid: &&str| executions.iter().all(|known| known.jid() != *jid);
        let (from, to) = (made - MADE_BEFORE_DONE.1, made + MADE_BEFORE_DONE.0);
        witness
            .done_between(class, from, to)
            .filter(is_strange)
            .count()
    };
    let may_have_made = |known: &Execution, heir: &Heir| {
        let mut class = heir.class.iter();
        class.all(|class| known.work().class == *class) && known.may_have_made(heir)
    };
    let made = |(jid, heir): (&str, &Heir)| {
        let makers = (executions.iter()).filter(|known| may_have_made(known, heir));
        (jid.to_owned(), makers.count() + strangers(heir))
    };
    heirs.into_iter().map(made).collect()
}

impl Execution {
    /// Whether `heir` was made after the process of this execution had ended at `exit`: a later run of
    /// this very job made it. Both are times of this host's clock if its process made it.
    pub(super) fn was_run_again(&self, heir: &Heir, exit: Option<Moment>) -> bool {
        let lineages = self.lineage().zip(heir.lineage.as_ref());
        let late = heir.created.zip(exit);
        late.is_some_and(|(created, exit)| created > exit.epoch())
            && lineages.is_some_and(|(own, later)| own.is_one_before(later))
    }

    /// Takes in that `job`, which a beat shows at work, does its work: its id, how that came to it, and
    /// where it is. `exit`: when the process of this execution ended.
    pub(super) fn go_on_at_work(
        &mut self,
        job: &Job,
        (jid, passed, place): (String, Passed, String),
        exit: Option<Moment>,
    ) {
        let later = Later::read(&job.work.payload).zip(self.lineage());
        let heir = later.and_then(|(later, own)| later.heir_of(own, &place));
        match heir.filter(|heir| self.was_run_again(heir, exit)) {
            Some(heir) => self.ran_again(job.seen, &heir),
            None => self.go_on(job.seen, jid, passed, place),
        }
    }

    /// Takes in that a later run of it handed its work on to `heir`: it was back by then.
    pub(super) fn ran_again(&mut self, at: Moment, heir: &Heir) {
        let (jid, place) = (&heir.jid, &heir.place);
        let how = format!("taken up again, and that run goes on as {jid} ({place})");
        self.add(at, Fact::Back { how });
    }

    /// Whether a job that was seen at work since `started` may do its work.
    pub(super) fn may_precede(&self, started: Option<Moment>) -> bool {
        // Both are times of other clocks, moved onto ours.
        let begun = self.begun().map(|begun| begun.before(BEGUN_ELSEWHERE));
        let later = (started.zip(begun)).is_none_or(|(started, begun)| started >= begun);
        later || self.is_named_by_its_payload()
    }
}
