//! The advice after one drain: the longest job against the budget, and a wait
//! that would have been enough. A first suggestion with its reason, never more than was seen.

use std::time::Duration;

use super::job::JobFate;
use crate::core::drain::Fate;
use crate::core::sequence::{Sequence, Timeout};

/// Sidekiq's wiki ("Deployment"): a deploy must give it `T` + 5 seconds after TERM.
const GRACE: Duration = Duration::from_secs(5);
/// Room above the longest job seen.
const ROOM: f64 = 1.25;
/// From here on a wait is longer than a deploy can bear.
const BEARABLE: Duration = Duration::from_mins(15);

/// The source of the advice.
pub(super) struct Shown<'a> {
    /// The sequence, if it can be read.
    pub(super) sequence: Option<&'a Sequence>,
    /// Sidekiq's own timeout.
    pub(super) timeout: &'a Timeout,
    /// The jobs, longest first.
    pub(super) jobs: &'a [JobFate],
    /// Seconds by which people made the waits longer.
    pub(super) extended_s: i64,
}

/// The advice, in words.
pub(super) fn advice(seen: &Shown<'_>) -> Vec<String> {
    let mut advice = Vec::new();
    let broke_off = seen
        .jobs
        .iter()
        .filter(|job| job.fate == Fate::Checkpointed);
    match broke_off.count() {
        0 => {}
        1 => advice.push(
            "1 job broke off at a checkpoint and goes on from there: no longer wait is needed for it"
                .into(),
        ),
        several => advice.push(format!(
            "{several} jobs broke off at checkpoints and go on from there: no longer wait is needed for them"
        )),
    }
    let Some(sequence) = seen.sequence else {
        return advice;
    };
    advice.extend(gap(sequence, seen.timeout));
    advice.extend(budget(sequence, seen));
    if seen.extended_s > 0 {
        advice.push(format!(
            "the waits were extended by {} s by hand: if that is the rule, write it into the sequence",
            seen.extended_s
        ));
    }
    advice
}

/// KILL before the push-back can be over.
fn gap(sequence: &Sequence, timeout: &Timeout) -> Option<String> {
    let (wait, needed) = (sequence.stop_wait()?, timeout.span + GRACE);
    (wait < needed).then(|| {
        format!(
            "KILL comes {} s after TERM; Sidekiq with its timeout of {timeout} needs {} s to push back what still runs",
            wait.as_secs(),
            needed.as_secs()
        )
    })
}

/// The longest job against the budget.
fn budget(sequence: &Sequence, seen: &Shown<'_>) -> Option<String> {
    let budget = sequence.budget(seen.timeout.span).total()?;
    let cut_off = seen.jobs.iter().find(|job| job.was_cut_off());
    if let Some(job) = cut_off {
        let ran = job.ran_s.map(span);
        let after = ran.map_or(String::new(), |ran| format!(" after {} s", ran.as_secs()));
        let needed = ran.unwrap_or_default().max(budget).mul_f64(1.5);
        return Some(format!(
            "{} was cut off{after}, with a budget of {} s; how long it needs is not known. {}",
            job.label(),
            budget.as_secs(),
            suggestion(sequence, seen.timeout, needed, "A first try")
        ));
    }
    let ended = seen.jobs.iter().filter(|job| job.fate == Fate::Finished);
    let longest = |one: &&JobFate, other: &&JobFate| {
        let [one, other] = [one, other].map(|job| job.longest_s().unwrap_or_default());
        one.total_cmp(&other)
    };
    let job = ended.max_by(longest)?;
    let ran = span(job.longest_s()?);
    let needed = ran.mul_f64(ROOM);
    if needed <= budget {
        return Some(format!(
            "the longest job ({}) ran {}, the budget is {} s: nothing to change",
            job.label(),
            job.ran_words(),
            budget.as_secs()
        ));
    }
    Some(format!(
        "the longest job ({}) ran {}, the budget is {} s: one that starts just before a deploy would be cut off. {}",
        job.label(),
        job.ran_words(),
        budget.as_secs(),
        suggestion(sequence, seen.timeout, needed, "Suggested")
    ))
}

/// A longer wait before TERM, or smaller jobs. After TERM a job has Sidekiq's own timeout: the
/// wait suggested for KILL is never shorter than that.
fn suggestion(sequence: &Sequence, timeout: &Timeout, needed: Duration, how: &str) -> String {
    let before = needed.saturating_sub(timeout.span).as_secs_f64();
    let before = Duration::from_secs_f64((before / 10.0).ceil() * 10.0);
    let quiet = before.max(sequence.quiet_wait().unwrap_or_default());
    let split = "split it into smaller jobs, or let it checkpoint (Sidekiq::IterableJob from 7.3 on, ActiveJob::Continuable, job-iteration)";
    if quiet > BEARABLE {
        return format!(
            "A wait of {} s before TERM would be needed: better {split}",
            quiet.as_secs()
        );
    }
    let kill = sequence
        .stop_wait()
        .unwrap_or_default()
        .max(timeout.span + GRACE);
    let kill = if sequence.kill().is_some() {
        format!(", {}, kill", kill.as_secs())
    } else {
        String::new()
    };
    format!("{how}: `tstp, {}, term{kill}`, or {split}", quiet.as_secs())
}

fn span(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
