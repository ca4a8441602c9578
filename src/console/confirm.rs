//! The dialogs: what each act would do, in numbers, before it is done. Nothing is sent here.

use super::consequence::{NAMED, consequence};
use super::dialog::{Dialog, Friction, Premise};
use super::request::Request;
use super::stays::stays;
use super::toll::taking_part;
use super::units;
use super::words::{count, policy_words, time_of_day};
use crate::core::drain::{Command, StopUnit};
use crate::core::fleet::{LocalId, ProcessKey};
use crate::core::moment::Moment;
use crate::core::sequence::Signal;
use crate::core::session::Session;

/// Lost jobs that a dialog spells out.
const LISTED: usize = 8;

/// Sends the step that comes next in the run, now.
/// `choice` is how a stop goes where units may be stopped; `None`: as the run has it.
pub(super) fn step(session: &Session, choice: Option<StopUnit>, now: Moment) -> Option<Dialog> {
    let run = session.active_run()?;
    let step = run.phase().next_step()?;
    let signal = run.plan().sequence.signal(step)?;
    let targets = taking_part(session);
    let mut lines = Vec::new();
    let mut friction = Friction::Yes;
    consequence(session, signal, &targets, now, &mut lines, &mut friction);
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
        ..Dialog::new("Go on by itself?".into(), lines, premise, now)
    })
}

/// Sends KILL to one target of the run out of turn.
pub(super) fn force_kill(session: &Session, target: LocalId, now: Moment) -> Dialog {
    let mut lines = Vec::new();
    let mut friction = Friction::Yes;
    let signal = Signal::Kill;
    consequence(session, signal, &[target], now, &mut lines, &mut friction);
    let accepted = friction.accepted();
    let kill = Command::ForceKill {
        target: ProcessKey::Local(target),
        accepted,
    };
    let premise = Premise::Kill {
        target,
        at_most: accepted,
    };
    let title = format!("KILL {}?", session.name_of(target));
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
        let [jid, class, queue] = run.named(push)?;
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
            format!("Ask {} for its backtraces?", session.name_of(process)),
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
    let targets = session.active_run().map_or(&[][..], |run| run.targets());
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
            "Quit while a drain runs?".into(),
            lines,
            Premise::Draining,
            now,
        )
    }
}
