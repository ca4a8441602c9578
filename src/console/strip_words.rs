//! The sentences of the sequence strip: where the run stands, and what may be answered. Words
//! only: every time and number in them is that of the core.

use super::progress::standings;
use super::toll::{in_numbers, stake, taking_part};
use super::words::{count, few, time_of_day};
use crate::core::drain::{Counts, Hold, Mode, Outcome, Phase, Plan, Resume, Run};
use crate::core::fleet::ProcessKey;
use crate::core::moment::Moment;
use crate::core::outlook::{Given, Outlooks};
use crate::core::sequence::Signal;
use crate::core::session::{Kind, Session};

/// Where the run stands, in a few words.
pub fn standing(session: &Session, outlooks: &Outlooks<'_>) -> String {
    let Some(run) = &session.run else {
        let targets = outlooks.targets().count() as u64;
        return match targets {
            0 => "nothing to drain: no process here is chosen".into(),
            targets => format!(
                "nothing sent from here yet; {} to drain",
                count(targets, "process")
            ),
        };
    };
    let standings = standings(run);
    let alive = count((standings.targets - standings.exited) as u64, "process");
    match run.phase() {
        Phase::Ready { next, .. } => {
            let signal = signal_name(run.plan(), *next);
            format!("by hand: n sends {signal} to {alive}")
        }
        Phase::Performing(performing) => {
            sending(run.plan(), performing.step, performing.acts.len())
        }
        Phase::Waiting { .. } => "automatic".into(),
        Phase::Gated { next, .. } => match run.plan().sequence.signal(*next) {
            Some(Signal::Kill) => "KILL waits until the jobs are back".into(),
            Some(_) | None => "TERM waits: Redis does not answer, and a push-back needs it".into(),
        },
        Phase::Held { why, since, .. } => held(session, outlooks, why, *since),
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
        Phase::Over { outcome, jobs, .. } => {
            format!("done: {} (o: result)", done(*outcome, *jobs))
        }
    }
}

/// The targets that were sent KILL out of turn: the line of steps shows the sequence alone.
pub fn out_of_turn(session: &Session) -> Option<String> {
    let run = session.active_run()?;
    let in_turn = (session.journal.steps().iter()).any(|done| done.signal == Signal::Kill);
    let killed = run.ledger().targets().iter().filter_map(|target| {
        let sent = target.last.filter(|sent| sent.signal == Signal::Kill)?;
        Some(format!("{} {}", target.about.name, time_of_day(sent.at)))
    });
    let killed: Vec<String> = killed.filter(|_| !in_turn).collect();
    (!killed.is_empty()).then(|| format!("KILL out of turn: {}", few(&killed, 2)))
}

/// How it ended, in numbers where there are any.
fn done(outcome: Outcome, jobs: Counts) -> String {
    let mut words = Vec::new();
    for (number, word) in [
        (jobs.lost, "lost"),
        (jobs.unknown, "unknown"),
        (jobs.pushed_back, "pushed back"),
        (jobs.rescued, "rescued"),
    ] {
        if number > 0 {
            words.push(format!("{number} {word}"));
        }
    }
    match (outcome, words.is_empty()) {
        (Outcome::Stopped | Outcome::Alive, _) | (_, true) => outcome.word().into(),
        (_, false) => words.join(", "),
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

fn held(session: &Session, outlooks: &Outlooks<'_>, why: &Hold, since: Moment) -> String {
    let now = outlooks.situation().now;
    let at = time_of_day(since);
    let cost = || {
        let stake = stake(session, &taking_part(session), now);
        if stake.is_nothing() {
            return "no job would be lost now".into();
        }
        in_numbers(&stake, &session.fleet)
    };
    match why {
        Hold::Operator(visitor) => by_operator(&holder(session, visitor.as_deref()), outlooks, &at),
        Hold::Question(_) => format!("KILL waits for your answer since {at}: {}", cost()),
        Hold::Blind(_) => format!(
            "KILL waits for your answer since {at}, and Redis does not answer: {}",
            cost()
        ),
        Hold::Failed(targets) => format!(
            "on hold since {at}: a signal failed: {}",
            failures(session, targets)
        ),
        Hold::Redis(signal, jobs) => format!(
            "{signal} waits for your answer since {at}: Redis does not answer, and {} it to be pushed back",
            match jobs {
                1 => "1 job needs".to_owned(),
                jobs => format!("{} need", count(*jobs, "job")),
            }
        ),
        Hold::Late | Hold::Journal(_) => format!("on hold since {at}: {}", why.words(&[])),
    }
}

/// The holder: `you` is the one at whose terminal this is shown; a film has no such person.
fn holder(session: &Session, visitor: Option<&str>) -> String {
    let own = session.run.as_ref().map(|run| run.drivers().own.as_str());
    let here = session.setting.operator.who.as_str();
    match visitor.or(own).unwrap_or_default() {
        who if who == here && session.setting.kind != Kind::Replay => "you".into(),
        "" => "another operator".into(),
        who => who.into(),
    }
}

/// A hold by an operator. It stops every later signal, but not a TERM that was received.
fn by_operator(who: &str, outlooks: &Outlooks<'_>, at: &str) -> String {
    let now = outlooks.situation().now;
    match outlooks.push_back() {
        Some((_, last)) if outlooks.given() == Given::Untouched && !last.is_zero() => format!(
            "on hold by {who} since {at}: no KILL. TERM cannot be held: what still runs is pushed back at {}",
            time_of_day(now.after(last))
        ),
        Some(_) | None => format!("on hold by {who} since {at}"),
    }
}

/// The advice for a KILL that waits for an answer: what waiting brings.
pub fn advice(session: &Session, outlooks: &Outlooks<'_>) -> Option<String> {
    let run = session.active_run()?;
    if let Phase::Held {
        why: Hold::Redis(signal, _),
        ..
    } = run.phase()
    {
        let text = format!(
            "WAIT: {signal} goes by itself once Redis answers. Sent now, jobs that still run after -t may be lost."
        );
        return (run.mode() == Mode::Automatic).then_some(text);
    }
    let Phase::Held {
        why: Hold::Question(_) | Hold::Blind(_) | Hold::Late,
        ..
    } = run.phase()
    else {
        return None;
    };
    let hangs = outlooks.stuck();
    if !hangs.is_empty() {
        let names: Vec<String> = hangs
            .iter()
            .map(|(id, obstacle)| format!("{}: {}", session.name_of(id), obstacle.words()))
            .collect();
        return Some(format!(
            "{}. Waiting will not help unless it wakes up.",
            few(&names, 2)
        ));
    }
    wait_for_push_back(session, outlooks).or_else(|| kill_is_free(session, outlooks))
}

/// Waiting brings the jobs back.
fn wait_for_push_back(session: &Session, outlooks: &Outlooks<'_>) -> Option<String> {
    let (_, last) = outlooks.push_back()?;
    let running = outlooks.tally().pushed_back;
    (!last.is_zero() && running > 0 && session.fleet.link.is_connected()).then(|| {
        let now = outlooks.situation().now;
        format!(
            "WAIT {} s: Sidekiq itself pushes what still runs back at {}.",
            last.as_secs() + 1,
            time_of_day(now.after(last))
        )
    })
}

/// Nothing runs any more that is known of, and the processes do not exit by themselves.
fn kill_is_free(session: &Session, outlooks: &Outlooks<'_>) -> Option<String> {
    let targets = taking_part(session);
    let stake = stake(session, &targets, outlooks.situation().now);
    let names: Vec<String> = targets.iter().map(|id| session.name_of(id)).collect();
    (stake.count() == 0 && !names.is_empty()).then(|| {
        format!(
            "n: KILL ends {}, which did not exit by itself; 0 known jobs run there.",
            few(&names, 2)
        )
    })
}

/// The processes that could not be signalled, by reason.
fn failures(session: &Session, targets: &[(ProcessKey, String)]) -> String {
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for (id, why) in targets {
        let name = session.name_of(id);
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

/// The answers to a hold that is a question: key and consequence, the best one first.
pub fn answers(session: &Session) -> Vec<&'static str> {
    let Some(run) = session.active_run() else {
        return Vec::new();
    };
    let Phase::Held { why, .. } = run.phase() else {
        return Vec::new();
    };
    match why {
        Hold::Operator(_) => Vec::new(),
        Hold::Question(_) | Hold::Blind(_) | Hold::Late => {
            let wait = match run.mode() {
                Mode::Automatic => "space: wait 30 s, then ask again",
                Mode::Manual => "space: wait",
            };
            vec![wait, "n: KILL anyway", "x: stop, no KILL"]
        }
        Hold::Redis(..) => {
            let wait = match run.mode() {
                Mode::Automatic => "space: wait 30 s, then ask again",
                Mode::Manual => "space: wait",
            };
            vec![wait, "n: TERM anyway", "x: stop here"]
        }
        Hold::Failed(_) => vec!["r: send again", "l: go on without them", "x: stop"],
        Hold::Journal(_) => vec!["space: go on without a record", "x: stop"],
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
