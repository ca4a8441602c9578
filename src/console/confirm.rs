//! The dialogs: what each act would do, in numbers, before it is done. Nothing is sent here.

use std::time::Duration;

use super::consequence::{NAMED, consequence};
use super::dialog::{Dialog, Premise};
use super::request::Request;
use super::stays::stays;
use super::strip_words::held_wait;
use super::toll::taking_part;
use super::units;
use super::words::{count, few, policy_words, time_of_day};
use crate::core::drain::{Command, Phase, StopUnit};
use crate::core::fleet::{Job, LocalId, ProcessKey};
use crate::core::moment::Moment;
use crate::core::sequence::Signal;
use crate::core::session::Session;

/// A TERM or KILL that a key moves nearer than this is asked about.
const SOON: Duration = Duration::from_secs(10);
/// The least that is left of a wait that is made shorter.
const LEAST: Duration = super::possible::TIME_TO_THINK;
/// Lost jobs that a dialog spells out.
const LISTED: usize = 8;

/// Sends the step that comes next in the run, now.
/// `choice` is how a stop goes where units may be stopped; `None`: as the run has it.
pub(super) fn step(session: &Session, choice: Option<StopUnit>, now: Moment) -> Option<Dialog> {
    let run = session.active_run()?;
    let step = run.phase().next_step()?;
    let signal = run.plan().sequence.signal(step)?;
    let targets = taking_part(session);
    let (mut lines, friction) = consequence(session, (signal, Duration::ZERO), &targets, now);
    if let Some(early) = run
        .projected(now)
        .first()
        .map(|due| due.at.since(now).as_secs())
        .filter(|seconds| *seconds > 0)
    {
        lines.push(format!("That is {early} s before its time."));
    }
    let accepted = friction.accepted();
    let premise = Premise::Step {
        run: run.pace().started,
        step,
        at_most: (signal == Signal::Kill).then_some(accepted),
    };
    let mut dialog = Dialog {
        friction,
        requests: vec![Request::Command(Command::Go { step, accepted })],
        ..Dialog::new(format!("Send {signal} now?"), lines, premise, now)
    };
    if run.plan().sequence.first_stop() == Some(step) {
        units::choose(session, choice, now, &mut dialog);
    }
    Some(dialog)
}

/// Lets a run that goes by hand go on by itself.
pub(super) fn go_automatic(session: &Session, now: Moment) -> Option<Dialog> {
    let run = session.active_run()?;
    let step = run.phase().next_step()?;
    let signal = run.plan().sequence.signal(step)?;
    let mut lines = vec![format!(
        "{signal} and what follows it then go by themselves, each when its wait is over."
    )];
    let wait = step
        .checked_sub(1)
        .and_then(|before| run.plan().sequence.wait_after(before));
    if let (Some(last), Some(wait)) = (run.pace().last_step, wait) {
        let due = last.after(wait);
        lines.push(if due > now {
            format!("{signal} is due at {}.", time_of_day(due))
        } else {
            format!("The wait before {signal} has run out: it goes 5 s from now.")
        });
    }
    if run.plan().sequence.kill().is_some() {
        lines.push(policy_words(run.plan().policy).into());
    }
    let premise = Premise::Step {
        run: run.pace().started,
        step,
        at_most: None,
    };
    Some(Dialog {
        requests: vec![Request::Command(Command::Automatic)],
        ..Dialog::new("Go on automatically?".into(), lines, premise, now)
    })
}

/// Sends KILL to one target of the run out of turn.
pub(super) fn force_kill(session: &Session, target: LocalId, now: Moment) -> Dialog {
    let signal = Signal::Kill;
    let (lines, friction) = consequence(session, (signal, Duration::ZERO), &[target.into()], now);
    let accepted = friction.accepted();
    let kill = Command::ForceKill {
        target: ProcessKey::Local(target),
        accepted,
    };
    let premise = Premise::Kill {
        target,
        at_most: accepted,
    };
    let title = format!("KILL {}?", session.name_of(&target.into()));
    Dialog {
        friction,
        requests: vec![Request::Command(kill)],
        ..Dialog::new(title, lines, premise, now)
    }
}

/// Pushes lost jobs back that are provably nowhere.
pub(super) fn push_back(session: &Session, now: Moment) -> Option<Dialog> {
    let run = session.run.as_ref()?;
    let jobs = session.afterwards.salvage.nowhere.clone();
    let number = jobs.len() as u64;
    let mut lines =
        vec!["They go to the front of their queues, once, and run again from the start.".into()];
    for push in jobs.iter().take(LISTED) {
        let [jid, class, queue] = run.ledger().named(push)?;
        lines.push(format!("{class} {jid} to queue {queue}: {}.", push.why));
    }
    if jobs.len() > LISTED {
        lines.push(format!("and {} more", jobs.len() - LISTED));
    }
    let premise = Premise::Lost {
        run: run.pace().started,
        jobs: jobs.clone(),
    };
    let title = format!("Push back {}?", count(number, "lost job"));
    Some(Dialog {
        requests: vec![Request::PushBack { jobs }],
        ..Dialog::new(title, lines, premise, now)
    })
}

/// Makes the wait that runs, or is held, 30 s shorter: asked where the next signal then comes soon.
/// `None`: it does not.
pub(super) fn shorter(session: &Session, by: Duration, now: Moment) -> Option<Dialog> {
    let run = session.active_run()?;
    let left = match run.phase() {
        Phase::Waiting { until, .. } => until.since(now),
        Phase::Held { .. } => held_wait(run)?,
        Phase::Ready { .. }
        | Phase::Performing(_)
        | Phase::Gated { .. }
        | Phase::Leaving { .. }
        | Phase::Ending { .. }
        | Phase::Settling { .. }
        | Phase::Over { .. } => return None,
    };
    let then = left.saturating_sub(by).max(LEAST.min(left));
    let step = run.phase().next_step()?;
    let signal = run.plan().sequence.signal(step)?;
    if then >= SOON || !(signal.stops() || signal == Signal::Kill) {
        return None;
    }
    let premise = Premise::Step {
        run: run.pace().started,
        step,
        at_most: None,
    };
    let mut lines = vec![format!(
        "{signal} then comes in {} s, in place of {} s.",
        then.as_secs(),
        left.as_secs()
    )];
    if signal == Signal::Kill {
        lines.push(policy_words(run.plan().policy).into());
    } else {
        let targets = taking_part(session);
        lines.extend(consequence(session, (signal, then), &targets, now).0);
    }
    Some(Dialog {
        requests: vec![Request::Command(Command::Shorter(by))],
        ..Dialog::new(
            format!("{signal} in {} s?", then.as_secs()),
            lines,
            premise,
            now,
        )
    })
}

/// Saves what a process, or one thread of it, was last seen running.
pub(super) fn save(
    session: &Session,
    (process, tid): (ProcessKey, Option<String>),
    now: Moment,
) -> Option<Dialog> {
    let shown = session.fleet.get(&process)?;
    let wanted = |job: &&Job| tid.as_ref().is_none_or(|tid| *tid == job.work.tid);
    let classes: Vec<String> = shown
        .jobs
        .iter()
        .filter(wanted)
        .map(|job| job.work.class.clone())
        .collect();
    let jobs = count(classes.len() as u64, "job");
    let mut lines = vec![
        format!("{jobs} of {}: {}.", shown.name(), few(&classes, NAMED)),
        "Their arguments go to a file that only you can read. Nothing is sent, Redis stays as it is.".into(),
    ];
    if shown.exited() || shown.gone.is_some() {
        lines.push(
            "Its process is gone. `drainboard rescue` then shows which of them can be pushed back."
                .into(),
        );
    }
    let title = format!("Save the payloads of {jobs}?");
    let premise = Premise::Shown(process.clone());
    Some(Dialog {
        requests: vec![Request::Save { process, tid }],
        ..Dialog::new(title, lines, premise, now)
    })
}

/// Asks a process for the backtraces of these threads.
pub(super) fn backtrace(
    session: &Session,
    process: LocalId,
    tids: Vec<String>,
    now: Moment,
) -> Dialog {
    let log = session.fleet.logs.of(process);
    let place = match log.map(|log| &log.place) {
        Some(Ok(place)) => {
            format!("It writes them to its log ({place}), from where they are shown.")
        }
        Some(Err(why)) => format!("It writes them to its log, which cannot be read here ({why})."),
        None => "It writes them to its log, which was not found yet.".into(),
    };
    let lines = vec![
        "It is sent TTIN, which stops and changes nothing.".into(),
        place,
    ];
    Dialog {
        requests: vec![Request::Backtrace { process, tids }],
        ..Dialog::new(
            format!(
                "Ask {} for its backtraces?",
                session.name_of(&process.into())
            ),
            lines,
            Premise::Asks(process),
            now,
        )
    }
}

/// Leaves the program while a drain runs.
pub(super) fn quit(session: &Session, now: Moment) -> Dialog {
    let mut lines = vec![
        "y: quit and leave the drain on hold. Nothing more is sent, nothing is undone.".into(),
        "x: end the drain here.".into(),
    ];
    let targets = session
        .active_run()
        .map_or(&[][..], |run| run.ledger().targets());
    let living: Vec<String> = targets
        .iter()
        .filter(|target| !target.exited())
        .map(|target| stays(session, target))
        .collect();
    lines.extend(living.iter().take(NAMED).cloned());
    if living.len() > NAMED {
        lines.push(format!("and {} more", living.len() - NAMED));
    }
    Dialog {
        requests: vec![Request::Command(Command::Leave), Request::Quit],
        ..Dialog::new(
            "Leave while a drain runs?".into(),
            lines,
            Premise::Draining,
            now,
        )
    }
}
