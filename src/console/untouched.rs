//! The future if the operator does nothing, in one sentence. Every time and number in it is
//! that of the outlook: this file only words them.

use super::words::{thousands, time_of_day};
use crate::core::drain::{Hold, Mode, Phase, Policy, Projection, Run};
use crate::core::moment::Moment;
use crate::core::outlook::{Delay, Given, Outlooks, Tally};
use crate::core::sequence::Signal;
use crate::core::session::Session;

/// The future if the operator does nothing.
pub fn if_untouched(session: &Session, outlooks: &Outlooks<'_>) -> String {
    let now = outlooks.situation().now;
    let Some(run) = session.active_run() else {
        return before(outlooks);
    };
    match run.phase() {
        Phase::Waiting { .. } | Phase::Gated { .. } => comes(run, outlooks),
        Phase::Performing(_) if run.mode() == Mode::Automatic => comes(run, outlooks),
        Phase::Leaving { until } => format!(
            "{}; the drain ends at {}",
            jobs(outlooks),
            time_of_day(*until)
        ),
        Phase::Settling { until, .. } => format!(
            "nothing more is sent; a job that is not found by {} stays unknown",
            time_of_day(*until)
        ),
        Phase::Held {
            why: Hold::Redis(signal, _),
            ..
        } if run.mode() == Mode::Automatic => format!(
            "nothing is sent until Redis answers, then {signal}; {}",
            numbers(outlooks.tally())
        ),
        Phase::Ready { .. } | Phase::Performing(_) | Phase::Held { .. } => waits(outlooks),
        Phase::Ending { .. } | Phase::Over { .. } => match push_back(outlooks, now) {
            Some(text) => format!("nothing more is sent; {text}"),
            None => "nothing more is sent".into(),
        },
    }
}

/// No drain has begun.
fn before(outlooks: &Outlooks<'_>) -> String {
    if outlooks.targets().next().is_none() {
        return "nothing is sent".into();
    }
    let tally = outlooks.tally();
    if tally.total() == 0 {
        return "nothing is sent; if drained now: no known job would be interrupted".into();
    }
    let numbers = numbers(tally);
    match outlooks.toll().words() {
        Some(work) => format!("nothing is sent; if drained now: {work}: {numbers}"),
        None => format!("nothing is sent; if drained now: {numbers}"),
    }
}

/// The steps come by themselves.
fn comes(run: &Run, outlooks: &Outlooks<'_>) -> String {
    let now = outlooks.situation().now;
    let mut to_come: Vec<(Moment, String)> = Vec::new();
    if let Some((first, last)) = outlooks.push_back() {
        let (first, last) = (now.after(first), now.after(last));
        to_come.push((first, push_back_words(first, last, now)));
    }
    let delay = outlooks.situation().delay_of(run);
    if delay == Delay::Held {
        let stop = run.plan().sequence.first_stop();
        let stop = stop.and_then(|step| run.plan().sequence.signal(step));
        let stop = stop.map_or("TERM", Signal::name);
        return format!(
            "{}; {stop} waits until Redis answers or you decide",
            numbers(outlooks.tally())
        );
    }
    for Projection { signal, at, .. } in run.projected(now) {
        let text = match (signal, run.plan().policy) {
            (Signal::Kill, Policy::Ask) => format!("KILL {} (asks first)", time_of_day(at)),
            (Signal::Kill, Policy::WaitForRequeue) => format!(
                "KILL {} (up to {} s later while jobs are not back)",
                time_of_day(at),
                run.plan().guard.kill_extra.as_secs()
            ),
            (signal, _) => format!("{signal} {}", time_of_day(at)),
        };
        let text = match delay {
            Delay::By(span) if signal.stops() => format!(
                "{text} (up to {} s later while Redis does not answer)",
                span.as_secs()
            ),
            Delay::By(_) | Delay::None | Delay::Held => text,
        };
        to_come.push((at, text));
    }
    // The push-back first, where it falls on the moment of a signal.
    to_come.sort_by_key(|(at, _)| *at);
    let words: Vec<String> = to_come.into_iter().map(|(_, words)| words).collect();
    format!("{}; {}", with_work(outlooks), words.join(", "))
}

/// The next step waits for the operator: only a TERM that was sent goes on by itself.
fn waits(outlooks: &Outlooks<'_>) -> String {
    let tally = outlooks.tally();
    match outlooks.given() {
        _ if tally.total() == 0 => "nothing is sent".into(),
        Given::TermNow => {
            let when = match outlooks.push_back() {
                Some((first, last)) if first == last => format!("{} s later", first.as_secs()),
                Some((first, last)) => {
                    format!("{} to {} s later", first.as_secs(), last.as_secs())
                }
                None => "then".into(),
            };
            format!(
                "nothing is sent; TERM sent now: {when} {}",
                with_work(outlooks)
            )
        }
        Given::ResumeNow => format!("nothing is sent; resumed now: {}", with_work(outlooks)),
        Given::Untouched | Given::DrainNow => format!("nothing is sent; {}", jobs(outlooks)),
    }
}

/// The jobs, and when what still runs is pushed back.
fn jobs(outlooks: &Outlooks<'_>) -> String {
    let numbers = with_work(outlooks);
    match push_back(outlooks, outlooks.situation().now) {
        Some(text) => format!("{numbers}; {text}"),
        None => numbers,
    }
}

/// The jobs by what becomes of them, and how much of their work is thrown away.
fn with_work(outlooks: &Outlooks<'_>) -> String {
    let numbers = numbers(outlooks.tally());
    match outlooks.toll().words() {
        Some(work) => format!("{numbers}, {work}"),
        None => numbers,
    }
}

/// The jobs by what becomes of them, the lost ones first. Zeros stand only where they calm.
pub(super) fn numbers(tally: Tally) -> String {
    let mut words = Vec::new();
    let mut add = |number: u64, text: &str| {
        if number > 0 {
            words.push(format!("{} {text}", thousands(number)));
        }
    };
    add(tally.gone, "LOST already");
    add(tally.lost, "lost");
    add(tally.in_danger, "may be lost");
    if let Some(obstacle) = tally.danger
        && let Some(last) = words.last_mut()
    {
        *last = format!("{last} ({})", obstacle.words());
    }
    if tally.pushed_back > 0 || tally.run_on == 0 {
        words.push(format!("{} pushed back", thousands(tally.pushed_back)));
    }
    if tally.gone + tally.lost + tally.in_danger + tally.unknown == 0 {
        words.push("0 lost".into());
    }
    let mut add = |number: u64, text: &str| {
        if number > 0 {
            words.push(format!("{} {text}", thousands(number)));
        }
    };
    add(
        tally.run_on,
        if tally.run_on == 1 {
            "runs on"
        } else {
            "run on"
        },
    );
    add(
        tally.breaks_off,
        if tally.breaks_off == 1 {
            "breaks off"
        } else {
            "break off"
        },
    );
    add(tally.at_risk, "at risk");
    add(tally.unknown, "unknown");
    add(tally.fits, if tally.fits == 1 { "fits" } else { "fit" });
    words.join(", ")
}

/// When Sidekiq pushes back what still runs.
fn push_back(outlooks: &Outlooks<'_>, now: Moment) -> Option<String> {
    let (first, last) = outlooks.push_back()?;
    Some(push_back_words(now.after(first), now.after(last), now))
}

fn push_back_words(first: Moment, last: Moment, now: Moment) -> String {
    if last <= now {
        return "push-back was due".into();
    }
    let (first, last) = (time_of_day(first), time_of_day(last));
    if first == last {
        format!("push-back {first}")
    } else {
        format!("push-back {first} to {last}")
    }
}
