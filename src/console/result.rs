//! How a drain ended: the page, and the same as plain text for after the screen. It says what
//! is known with its evidence, and what to do next.

use super::page_line::{LineWeight, PageLine};
use super::result_jobs::{self, coming_back, still_running};
use super::stays::stays;
use super::words::{count, count_that, few, time_of_day};
use crate::core::drain::{Counts, Outcome, Phase, Run};
use crate::core::moment::{Moment, clock_face};
use crate::core::session::{Kind, Session};
use crate::core::successor::Watch;

/// The result as text, for standard error after leaving the screen; empty without one.
pub fn result_text(session: &Session) -> String {
    let over = session
        .run
        .as_ref()
        .is_some_and(|run| run.phase().is_over());
    if !over {
        return String::new();
    }
    lines(session, None, None)
        .into_iter()
        .map(|line| match line.label.as_str() {
            "" => line.text + "\n",
            label => format!("  {label}: {}\n", line.text),
        })
        .collect()
}

/// The lines of the result page. `each`: whether each job has its own line; `None`: the page is
/// text for after the screen, which cannot unfold.
pub(super) fn lines(session: &Session, each: Option<bool>, now: Option<Moment>) -> Vec<PageLine> {
    let Some(run) = &session.run else {
        return vec![PageLine::heading("No drain has ended yet")];
    };
    let Phase::Over { outcome, at, jobs } = *run.phase() else {
        return vec![PageLine::heading("The drain is not over")];
    };
    let mut lines = Vec::new();
    let rehearsal = run.plan().rehearsal;
    if rehearsal {
        lines.push(PageLine::new(
            LineWeight::Warn,
            "A rehearsal: nothing was sent, and every process still works. A drain would have ended so:",
        ));
    }
    lines.push(PageLine::new(weight(outcome), sentence(run, outcome, jobs)));
    lines.push(PageLine::new(LineWeight::Plain, duration(run, at)));
    if jobs.total() > 0 {
        let work = format!("Work: {}.", run.ledger().spent(at).words());
        lines.push(PageLine::new(LineWeight::Plain, work));
    }
    if let Some(file) = &session.afterwards.saved {
        let saved = format!(
            "Payloads are saved in {file}: drainboard rescue {}",
            run.plan().run
        );
        lines.push(PageLine::new(LineWeight::Plain, saved));
    }
    lines.push(PageLine::gap());
    lines.push(PageLine::heading("What to do next"));
    let advice = if rehearsal {
        vec!["Nothing: nothing was sent. Esc shows the processes as they are.".into()]
    } else {
        let mut advice = advice(session, run, outcome, jobs);
        advice.extend(going_on(session, run, outcome, each.is_some()));
        advice
    };
    let numbered = advice.len() > 1;
    lines.extend(advice.into_iter().zip(1..).map(|(text, number)| {
        let number = if numbered {
            format!("{number}  ")
        } else {
            String::new()
        };
        PageLine::new(LineWeight::Plain, format!("{number}{text}"))
    }));
    lines.push(PageLine::gap());
    lines.push(PageLine::heading("Processes"));
    lines.extend(run.ledger().targets().iter().map(|target| {
        let weight = if target.exited() {
            LineWeight::Plain
        } else {
            LineWeight::Warn
        };
        PageLine::new(weight, stays(session, target))
    }));
    if let Some(watch) = &session.afterwards.watch {
        let places = watch.lines(now);
        if !places.is_empty() {
            lines.push(PageLine::gap());
            lines.push(PageLine::heading("In their place"));
        }
        let places = places.into_iter();
        lines.extend(places.map(|(name, text)| PageLine::fact(&name, text)));
    }
    lines.push(PageLine::gap());
    lines.extend(result_jobs::lines(run, jobs, each));
    lines
}

fn weight(outcome: Outcome) -> LineWeight {
    match outcome {
        Outcome::Drained => LineWeight::Good,
        Outcome::Requeued | Outcome::Stopped => LineWeight::Warn,
        Outcome::Refused | Outcome::Error | Outcome::Alive | Outcome::Lost => LineWeight::Bad,
    }
}

/// The outcome in one sentence.
fn sentence(run: &Run, outcome: Outcome, jobs: Counts) -> String {
    let number = run.ledger().targets().len();
    let all = match number {
        1 => "the process has exited".to_string(),
        2 => "both processes have exited".to_string(),
        _ => format!("all {number} processes have exited"),
    };
    let alive: Vec<String> = run
        .ledger()
        .targets()
        .iter()
        .filter(|target| !target.exited())
        .map(|target| target.about.name.clone())
        .collect();
    let is = if alive.len() == 1 { "is" } else { "are" };
    let living = format!(
        "{} of {} {is} still alive",
        alive.len(),
        count(number as u64, "process")
    );
    match outcome {
        Outcome::Drained => format!("Drained: {all}, and every job ended."),
        Outcome::Requeued => format!(
            "Drained with jobs pushed back: {all}; {} will run again.",
            count(jobs.pushed_back + jobs.rescued + jobs.checkpointed, "job")
        ),
        Outcome::Lost if jobs.lost == 0 => format!(
            "Drained, but the fate of {} is not known: {all}.",
            count(jobs.unknown, "job")
        ),
        Outcome::Lost => format!(
            "Work is lost: {all}; {} lost, {} of unknown fate.",
            count(jobs.lost, "job"),
            jobs.unknown
        ),
        Outcome::Alive => format!(
            "Not done: the sequence has ended and {living}: {}.",
            few(&alive, 5)
        ),
        Outcome::Stopped if run.pace().first_signal.is_none() => {
            "Stopped before its first signal: nothing was sent.".into()
        }
        Outcome::Stopped => format!("Stopped before its end: nothing more is sent; {living}."),
        Outcome::Refused => "Refused: nothing was sent.".into(),
        Outcome::Error => "It could not start: nothing was sent.".into(),
    }
}

/// How long it took against the waits of the plan, and what was added to them by hand.
fn duration(run: &Run, at: Moment) -> String {
    let started = run.pace().first_signal.unwrap_or(run.pace().started);
    let took = format!(
        "It took {}, from {} to {}",
        clock_face(at.since(started)),
        time_of_day(started),
        time_of_day(at)
    );
    let waits = clock_face(run.plan().sequence.whole());
    match run.pace().added_s {
        0 => format!("{took}; the waits of the plan: {waits}."),
        added @ 1.. => {
            format!("{took}; the waits of the plan: {waits}, and {added} s more by hand.")
        }
        added => format!(
            "{took}; the waits of the plan: {waits}, less {} s by hand.",
            added.unsigned_abs()
        ),
    }
}

/// The next steps for lost jobs.
fn lost_words(session: &Session, lost: u64) -> String {
    if !session.afterwards.salvage.nowhere.is_empty() {
        return offered(session);
    }
    if session.afterwards.salvage.searches() {
        return format!(
            "Searching all queues and sets for {} (up to 20 s).",
            count(lost, "lost job")
        );
    }
    if session.may_salvage() {
        return format!(
            "R: look again whether {} can be pushed back. Enqueue none by hand while R is offered: it would run twice.",
            count(missing(session), "lost job")
        );
    }
    let run = session
        .run
        .as_ref()
        .map_or("", |run| run.plan().run.as_str());
    format!(
        "drainboard rescue {run}: shows where {} is now; with --requeue it pushes back what is in no queue, no set and no process.",
        if lost == 1 {
            "the lost job"
        } else {
            "each lost job"
        }
    )
}

/// How many lost jobs a search may still find to be nowhere, or elsewhere.
fn missing(session: &Session) -> u64 {
    session
        .run
        .as_ref()
        .map_or(0, |run| run.ledger().misses() as u64)
}

fn offered(session: &Session) -> String {
    let number = session.afterwards.salvage.nowhere.len() as u64;
    let more = match missing(session).saturating_sub(number) {
        0 => String::new(),
        more => {
            format!(" {more} more may be pushed back later: R looks again then (Enter tells why).")
        }
    };
    format!(
        "R: push back {} to the front of their queues: they are in no queue, no set and no process.{more}",
        count(number, "lost job")
    )
}

/// How a drain that was stopped under way is gone on with. `page`: at the keys.
fn going_on(session: &Session, run: &Run, outcome: Outcome, page: bool) -> Option<String> {
    let begun = run.pace().first_signal.is_some();
    let lives = run.ledger().targets().iter().any(|target| !target.exited());
    let open = session.setting.kind == Kind::Live && outcome == Outcome::Stopped && begun && lives;
    let key = if page {
        "r".into()
    } else {
        format!("drainboard resume {}", run.plan().run)
    };
    open.then(|| {
        format!("{key}: goes on with this drain and repeats nothing, should it end after all.")
    })
}

/// The advice on what to watch once a drain was stopped after TERM.
fn watch_words(run: &Run) -> String {
    let watch = "Watch the processes that were told to stop until they have exited";
    match coming_back(run) {
        None => format!("{watch}."),
        Some((jobs, due)) => format!(
            "{watch}: {} still ran, and {} pushed back at {} if not done by then. drainboard report {} then tells what became of {}.",
            count(jobs, "job"),
            if jobs == 1 { "it is" } else { "they are" },
            time_of_day(due),
            run.plan().run,
            if jobs == 1 { "it" } else { "them" },
        ),
    }
}

fn advice(session: &Session, run: &Run, outcome: Outcome, jobs: Counts) -> Vec<String> {
    let mut advice: Vec<String> = Vec::new();
    let quiet = run
        .ledger()
        .targets()
        .iter()
        .any(|target| !target.exited() && target.last.is_some() && target.stopped.is_none());
    if jobs.lost > 0 {
        advice.push(lost_words(session, jobs.lost));
    } else if !session.afterwards.salvage.nowhere.is_empty() {
        advice.push(offered(session));
    }
    let running = still_running(run).len() as u64;
    if running > 0 && quiet {
        advice.push(format!(
            "{} still running: let them end before their processes are restarted.",
            count(running, "job")
        ));
    }
    if jobs.unknown > running {
        let look = "Look in the application for the jobs of unknown fate before enqueuing them again: they may have run.";
        advice.push(match session.afterwards.saved {
            Some(_) => format!(
                "drainboard rescue {}: shows where each job of unknown fate is now. {look}",
                run.plan().run
            ),
            None => look.into(),
        });
    }
    if quiet {
        advice.push("Restart what stays quiet: it takes no job until then.".into());
    }
    // Only where something is gone, or on its way out, is there a place for new ones.
    let gone =
        (run.ledger().targets().iter()).any(|target| target.exited() || target.stopped.is_some());
    let replaced = (session.afterwards.watch.as_ref()).is_some_and(Watch::all_came_up);
    if gone && jobs.pushed_back + jobs.rescued > 0 && !replaced {
        advice.push(
            "Start the new processes: what was pushed back runs again, from its start.".into(),
        );
    }
    match outcome {
        Outcome::Alive => {
            advice.push("Find out what keeps the living ones; K on one of them kills it.".into());
        }
        Outcome::Stopped if run.pace().first_signal.is_some() && !quiet => {
            advice.push(watch_words(run));
        }
        Outcome::Drained
        | Outcome::Requeued
        | Outcome::Lost
        | Outcome::Stopped
        | Outcome::Refused
        | Outcome::Error => {}
    }
    if advice.is_empty() {
        let waiting: u64 = session.fleet.queues.iter().map(|queue| queue.waiting).sum();
        advice.push(match outcome {
            Outcome::Drained if replaced => "Nothing is left to do here.".into(),
            Outcome::Drained => format!(
                "Nothing is left to do here; start the new processes ({} in the queues).",
                count_that(waiting, "job", ("waits", "wait"))
            ),
            Outcome::Requeued
            | Outcome::Lost
            | Outcome::Alive
            | Outcome::Stopped
            | Outcome::Refused
            | Outcome::Error => "Nothing needs to be put right.".into(),
        });
    }
    advice
}
