//! The effect of a signal on the processes it would go to: the lines of a dialog, and the friction
//! that they deserve. It counts; it sends nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use super::dialog::Friction;
use super::toll::{in_numbers, stake};
use super::words::{count, few, time_of_day};
use crate::core::drain::Stake;
use crate::core::fleet::{Link, Process, ProcessKey, State};
use crate::core::moment::Moment;
use crate::core::outlook::{If, Obstacle, Outlooks};
use crate::core::sequence::{Consequence, Signal};
use crate::core::session::{Kind, Session};

/// How many names a dialog spells out.
pub(super) const NAMED: usize = 4;

/// The effect of a signal on `targets` that goes so much later than now, in lines, and the friction
/// of a yes.
pub(super) fn consequence(
    session: &Session,
    (signal, within): (Signal, Duration),
    targets: &[ProcessKey],
    now: Moment,
) -> (Vec<String>, Friction) {
    let (mut lines, mut friction) = (Vec::new(), Friction::Yes);
    let (here, elsewhere): (Vec<ProcessKey>, Vec<ProcessKey>) = targets
        .iter()
        .cloned()
        .partition(|key| key.local().is_some());
    let beyond = through_redis(session, signal, &elsewhere);
    let targets = if signal == Signal::Kill {
        &here
    } else {
        targets
    };
    let names: Vec<String> = targets.iter().map(|key| named(session, key)).collect();
    lines.push(format!(
        "{signal} goes to {}: {}.",
        count(targets.len() as u64, "process"),
        few(&names, NAMED)
    ));
    match worst(session, signal, targets) {
        Consequence::Quiets if are_quiet(session, targets) => lines.push(
            "They are quiet already and take no new job until they are restarted; the wait begins anew.".into(),
        ),
        Consequence::Quiets => lines
            .push("They take no new job until they are restarted. This cannot be undone.".into()),
        Consequence::Stops => {
            lines.extend(stops(session, targets, now));
            lines.extend(work(session, targets, If::TermIn(within), now));
        }
        Consequence::Kills | Consequence::Destroys => {
            let stake = stake(session, targets, now);
            let saved = payloads_saved(session, &stake);
            lines.push(format!(
                "{signal}: {}{saved}.",
                in_numbers(&stake, &session.fleet)
            ));
            lines.extend(at_stake(session, targets, &stake));
            lines.extend(work(session, targets, If::KillNow, now));
            lines.extend(without_kill(session, targets, now).filter(|_| stake.count() > 0));
            if stake.count() > 0 {
                friction = Friction::Number(stake.count());
            }
        }
        Consequence::Dumps => lines.push("They write their backtraces to their logs.".into()),
        Consequence::Nothing => lines.push("It does nothing to jobs.".into()),
    }
    lines.extend(beyond);
    for id in targets {
        if let Some(process) = session.fleet.get(id) {
            lines.extend(caution(session, id, process, now));
        }
    }
    (lines, friction)
}

/// How a signal reaches these processes of other hosts.
fn through_redis(session: &Session, signal: Signal, elsewhere: &[ProcessKey]) -> Option<String> {
    let names: Vec<String> = elsewhere.iter().map(|key| session.name_of(key)).collect();
    let (it, goes, takes) = match names.len() {
        0 => return None,
        1 => ("it", "goes", "takes"),
        _ => ("they", "go", "take"),
    };
    let names = few(&names, NAMED);
    Some(if signal == Signal::Kill {
        format!(
            "{names} {goes} on until {it} exit{}: Redis carries no KILL.",
            if it == "it" { "s" } else { "" }
        )
    } else {
        format!(
            "{names}: through Redis, on another host; {it} {takes} {signal} at the next heartbeat, \
             within about 10 s, and no KILL."
        )
    })
}

/// Whether the heartbeats of all of them say that they take no job any more.
fn are_quiet(session: &Session, targets: &[ProcessKey]) -> bool {
    let quiet = |id: &ProcessKey| {
        let process = session.fleet.get(id);
        process.is_some_and(Process::says_quiet)
    };
    !targets.is_empty() && targets.iter().all(quiet)
}

/// How much work must then be done again, or is lost, in a sentence.
pub(super) fn work(
    session: &Session,
    targets: &[ProcessKey],
    what: If,
    now: Moment,
) -> Option<String> {
    let toll = Outlooks::new(session.situation(now), targets).toll_if(what);
    let known = toll.words();
    let unseen = toll.unseen_words().map(|words| match &known {
        Some(known) => format!("{known}; {words}"),
        None => words,
    });
    let words = unseen.or(known)?;
    let mut letters = words.chars();
    let first = letters.next()?;
    Some(format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

/// `util1:4242 (pid 4242)`: the pid only where the name does not end in it.
fn named(session: &Session, key: &ProcessKey) -> String {
    let name = session.name_of(key);
    match key.local() {
        Some(id) if !name.ends_with(&format!(":{}", id.pid)) => format!("{name} (pid {})", id.pid),
        Some(_) | None => name,
    }
}

/// The harshest consequence that `signal` has for any of them.
fn worst(session: &Session, signal: Signal, targets: &[ProcessKey]) -> Consequence {
    let mut consequences = targets.iter().map(|id| {
        let process = session.fleet.get(id);
        signal.consequence(process.and_then(Process::version))
    });
    let first = consequences.next().unwrap_or(signal.consequence(None));
    consequences.fold(first, |worst, next| {
        if next == Consequence::Destroys {
            next
        } else {
            worst
        }
    })
}

/// The fate of the jobs without the KILL, where Sidekiq itself is about to push them back.
fn without_kill(session: &Session, targets: &[ProcessKey], now: Moment) -> Option<String> {
    let outlooks = Outlooks::new(session.situation(now), targets);
    let run = session.active_run()?;
    let told = |id: &ProcessKey| {
        let target = run.ledger().target(id)?;
        let reacts = outlooks.of(&target.key)?.obstacle().is_none();
        target.interrupt().filter(|at| reacts && *at > now)
    };
    let times: Option<Vec<Moment>> = targets.iter().map(told).collect();
    let last = times?.into_iter().max()?;
    Some(format!(
        "Without KILL Sidekiq pushes back what still runs by {}, in {} s.",
        time_of_day(last),
        last.since(now).as_secs()
    ))
}

/// The effect of TERM on the jobs of `targets`: of those that can push back, and of the others.
fn stops(session: &Session, targets: &[ProcessKey], now: Moment) -> Vec<String> {
    let outlooks = Outlooks::new(session.situation(now), targets);
    let (mut spans, mut jobs) = (Vec::new(), 0);
    let mut lines = Vec::new();
    for key in targets {
        let Some((process, outlook)) = session.fleet.get(key).zip(outlooks.of(key)) else {
            continue;
        };
        let known = process.jobs.len() as u64;
        match outlook.obstacle() {
            Some(obstacle) if obstacle.is_stuck() => lines.push(format!(
                "{}: {}. TERM has no effect before it wakes up; nothing pushes its {} back until then.",
                session.name_of(key),
                obstacle.words(),
                count(known, "known job")
            )),
            Some(Obstacle::Gone) => {}
            Some(_) | None => {
                spans.push(session.timeout(process).span.as_secs());
                jobs += known;
            }
        }
    }
    let Some((least, most)) = spans.iter().min().zip(spans.iter().max()) else {
        lines.push("This cannot be undone.".into());
        return lines;
    };
    let silent = matches!(session.fleet.link, Link::Lost { .. });
    let when = if least == most {
        let at = now.after(Duration::from_secs(*least));
        format!("{least} s later (about {})", time_of_day(at))
    } else {
        format!("{least} to {most} s later")
    };
    let whole = if jobs == 0 {
        "These processes run 0 known jobs. They exit. This cannot be undone.".to_owned()
    } else if silent {
        let jobs = count(jobs, "known job");
        format!(
            "Redis does not answer, and the push-back needs it: what still runs of {jobs} {when} may be LOST. \
             They exit. This cannot be undone."
        )
    } else {
        let jobs = count(jobs, "known job");
        format!(
            "What still runs of {jobs} {when} is pushed back, and they exit. This cannot be undone."
        )
    };
    lines.insert(0, whole);
    lines
}

/// The payloads of known jobs at stake are kept before a KILL, where it is a real one.
fn payloads_saved(session: &Session, stake: &Stake) -> &'static str {
    match (session.setting.kind, stake.running.len(), stake.unnamed) {
        (Kind::Demo | Kind::Rehearsal | Kind::ReadOnly | Kind::Replay | Kind::Watching, ..)
        | (_, 0, _) => "",
        (Kind::Live, _, 0) => "; their payloads are saved first",
        (Kind::Live, ..) => "; the payloads of the known ones are saved first",
    }
}

/// The jobs that a KILL would cost, by class.
fn at_stake(session: &Session, targets: &[ProcessKey], stake: &Stake) -> Option<String> {
    let mut classes: BTreeMap<String, u64> = BTreeMap::new();
    for id in targets {
        let process = session.fleet.get(id)?;
        for job in &process.jobs {
            if job
                .work
                .jid
                .as_ref()
                .is_some_and(|jid| stake.running.contains(jid))
            {
                *classes.entry(job.work.class.clone()).or_insert(0_u64) += 1;
            }
        }
    }
    let classes: Vec<String> = classes
        .into_iter()
        .map(|(class, number)| match number {
            1 => class,
            number => format!("{number} × {class}"),
        })
        .collect();
    (!classes.is_empty()).then(|| format!("At stake: {}.", few(&classes, NAMED)))
}

/// Other facts about a target that ought to be known before it is signalled.
fn caution(session: &Session, key: &ProcessKey, process: &Process, now: Moment) -> Option<String> {
    let name = session.name_of(key);
    match session.state(key, process, now) {
        State::Booting => Some(format!(
            "{name} still boots: a signal may be refused to it."
        )),
        State::Suspended => Some(format!(
            "{name} is suspended: it reacts to CONT and KILL alone."
        )),
        State::Exited
        | State::Ghost
        | State::Unreadable
        | State::Stale
        | State::Stopping
        | State::Quiet
        | State::Running => {
            let keeper = process.local.as_ref()?.surroundings.above.keeper?;
            Some(format!(
                "{name} runs below {keeper}, which {}.",
                keeper.kind.deed()
            ))
        }
    }
}
