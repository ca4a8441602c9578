//! The sentences of the sequence strip: where the run stands, and what happens if nobody
//! touches anything. Words only; every time and number in them is the core's.

use super::confirm::taking_part;
use super::dialog::name;
use super::judge::{Tally, running, tally};
use super::progress::standings;
use super::toll::{in_numbers, stake};
use super::words::{count, few, thousands, time_of_day};
use crate::core::drain::{Hold, Mode, Phase, Plan, Policy, Projection, Resume, Run};
use crate::core::fleet::LocalId;
use crate::core::moment::Moment;
use crate::core::sequence::Signal;
use crate::core::session::Session;

/// Where the run stands, in a few words.
pub fn standing(session: &Session, targets: &[LocalId], now: Moment) -> String {
    let Some(run) = &session.run else {
        if targets.is_empty() {
            return "nothing to drain: no process here is chosen".into();
        }
        return format!(
            "nothing sent yet; {} to drain",
            count(targets.len() as u64, "process")
        );
    };
    let standings = standings(run);
    let alive = count((standings.targets - standings.exited) as u64, "process");
    match run.phase() {
        Phase::Ready { next, .. } => {
            let signal = signal_name(run.plan(), *next);
            format!("manual: waits for you; n sends {signal} to {alive}")
        }
        Phase::Performing(performing) => {
            sending(run.plan(), performing.step, performing.acts.len())
        }
        Phase::Waiting { .. } => "automatic".into(),
        Phase::Gated { .. } => "KILL waits until the jobs are back".into(),
        Phase::Held { why, since, .. } => held(session, why, *since, now),
        Phase::Leaving { until } => {
            format!(
                "the last signal was sent: waits for {alive} until {}",
                time_of_day(*until)
            )
        }
        Phase::Ending { under_way, .. } => format!(
            "stops here: {} on the way to the kernel cannot be called back",
            count(under_way.acts.len() as u64, "signal")
        ),
        Phase::Settling { .. } => "finds out what became of the jobs".into(),
        Phase::Over { outcome, .. } => format!("over: {}; o tells how it ended", outcome.word()),
    }
}

fn signal_name(plan: &Plan, step: usize) -> &'static str {
    plan.sequence.signal(step).map_or("nothing", Signal::name)
}

fn sending(plan: &Plan, step: Option<usize>, under_way: usize) -> String {
    let signal = step.map_or("KILL", |step| signal_name(plan, step));
    format!(
        "sends {signal}: {} under way",
        count(under_way as u64, "signal")
    )
}

fn held(session: &Session, why: &Hold, since: Moment, now: Moment) -> String {
    let at = time_of_day(since);
    let cost = || {
        let stake = stake(session, &taking_part(session), now);
        if stake.is_nothing() {
            return "it would lose nothing now".into();
        }
        in_numbers(&stake)
    };
    match why {
        Hold::Operator => format!("HELD by you since {at}: the clock stands"),
        Hold::Question(_) => format!("KILL is due since {at}: {}", cost()),
        Hold::Blind(_) => format!(
            "KILL is due since {at}, and Redis cannot be asked: {}",
            cost()
        ),
        Hold::Failed(targets) => format!(
            "HELD since {at}: a signal failed: {}",
            failures(session, targets)
        ),
        Hold::Late | Hold::Journal(_) => format!("HELD since {at}: {}", why.words(&[])),
    }
}

/// Who could not be signalled, by reason.
fn failures(session: &Session, targets: &[(LocalId, String)]) -> String {
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for (id, why) in targets {
        let name = name(session, *id);
        match reasons.iter_mut().find(|(known, _)| known == why) {
            Some((_, names)) => names.push(name),
            None => reasons.push((why, vec![name])),
        }
    }
    let words: Vec<String> = reasons
        .iter()
        .map(|(why, names)| format!("{why} ({})", few(names, 4)))
        .collect();
    words.join("; ")
}

/// What may be answered to a hold that is a question: key and consequence.
pub fn answers(session: &Session) -> Vec<&'static str> {
    let Some(run) = running(session) else {
        return Vec::new();
    };
    let Phase::Held { why, .. } = run.phase() else {
        return Vec::new();
    };
    match why {
        Hold::Operator => Vec::new(),
        Hold::Question(_) | Hold::Blind(_) | Hold::Late => {
            let wait = match run.mode() {
                Mode::Automatic => "space: wait 30 s more",
                Mode::Manual => "space: wait",
            };
            vec!["n: KILL all the same", wait, "x: stop here, no KILL"]
        }
        Hold::Failed(_) => vec!["r: send again", "l: go on without them", "x: stop here"],
        Hold::Journal(_) => vec!["space: go on without a record", "x: stop here"],
    }
}

/// What happens if nobody touches anything, in one sentence.
pub fn if_untouched(session: &Session, targets: &[LocalId], now: Moment) -> String {
    let Some(run) = running(session) else {
        return before(session, targets, now);
    };
    let jobs = || numbers(tally(session, targets, now));
    match run.phase() {
        Phase::Waiting { .. } | Phase::Gated { .. } => {
            format!("{}; {}", jobs(), to_come(run, now))
        }
        Phase::Performing(_) if run.mode() == Mode::Automatic => {
            format!("{}; {}", jobs(), to_come(run, now))
        }
        Phase::Leaving { until } => format!(
            "{}waiting ends {}",
            push_back(run, true, now).map_or(String::new(), |text| format!("{text}, ")),
            time_of_day(*until)
        ),
        Phase::Settling { until, .. } => format!(
            "nothing more is sent; what is not found by {} stays unknown",
            time_of_day(*until)
        ),
        Phase::Ready { .. }
        | Phase::Performing(_)
        | Phase::Held { .. }
        | Phase::Ending { .. }
        | Phase::Over { .. } => match push_back(run, true, now) {
            Some(text) => format!("nothing more is sent; {text}"),
            None => "nothing more is sent".into(),
        },
    }
}

fn before(session: &Session, targets: &[LocalId], now: Moment) -> String {
    if targets.is_empty() {
        return "nothing is sent".into();
    }
    let tally = tally(session, targets, now);
    if tally.total() == 0 {
        return "nothing is sent; if drained now, no known job would be interrupted".into();
    }
    format!("nothing is sent; if drained now: {}", numbers(tally))
}

/// The jobs by what becomes of them; zeros only where they calm.
fn numbers(tally: Tally) -> String {
    let mut words = vec![
        format!("{} pushed back", thousands(tally.pushed_back)),
        format!("{} lost", thousands(tally.lost)),
    ];
    if tally.at_risk > 0 {
        words.push(format!("{} at risk", thousands(tally.at_risk)));
    }
    if tally.unknown > 0 {
        words.push(format!("{} unknown", thousands(tally.unknown)));
    }
    if words.len() < 4 && tally.fits > 0 {
        words.push(format!("{} fit", thousands(tally.fits)));
    }
    words.join(", ")
}

/// The steps to come with the push-back between them.
fn to_come(run: &Run, now: Moment) -> String {
    let mut to_come: Vec<(Moment, String)> = Vec::new();
    let back = push_back_times(run, false, now);
    to_come.extend(back.map(|(first, last)| (first, push_back_words(first, last, now))));
    for Projection { signal, at, .. } in run.projected(now) {
        let asks = match (signal, run.plan().policy) {
            (Signal::Kill, Policy::Ask) => " (asks first)",
            (Signal::Kill, Policy::WaitForRequeue) => " (once the jobs are back)",
            _ => "",
        };
        to_come.push((at, format!("{signal} {}{asks}", time_of_day(at))));
    }
    // The push-back first, where it falls on the moment of a signal.
    to_come.sort_by_key(|(at, _)| *at);
    let words: Vec<String> = to_come.into_iter().map(|(_, words)| words).collect();
    words.join(", ")
}

/// When Sidekiq pushes back what still runs: `push-back 12:06:09`, or the first and the last;
/// of those alone that were sent TERM already, or of all.
fn push_back(run: &Run, sent: bool, now: Moment) -> Option<String> {
    let (first, last) = push_back_times(run, sent, now)?;
    Some(push_back_words(first, last, now))
}

fn push_back_times(run: &Run, sent: bool, now: Moment) -> Option<(Moment, Moment)> {
    let times: Vec<Moment> = run
        .targets()
        .iter()
        .filter(|target| target.takes_part() && (!sent || target.stopped.is_some()))
        .filter_map(|target| run.deadlines(target, now).interrupt)
        .collect();
    Some((*times.iter().min()?, *times.iter().max()?))
}

fn push_back_words(first: Moment, last: Moment, now: Moment) -> String {
    let was = if last <= now { " was due" } else { "" };
    let (first, last) = (time_of_day(first), time_of_day(last));
    if first == last {
        format!("push-back{was} {first}")
    } else {
        format!("push-back{was} {first} to {last}")
    }
}

/// How long is left of the wait that is held, if one is.
pub(super) fn held_wait(run: &Run) -> Option<std::time::Duration> {
    if let Phase::Held {
        resume: Resume::Wait { left, .. },
        ..
    } = run.phase()
    {
        return Some(*left);
    }
    None
}
