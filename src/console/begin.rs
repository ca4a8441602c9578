//! The dialogs before a drain: why it is done, what it does, and what the check of its plan
//! finds grave, which must be typed out. Nothing is sent here.

use std::time::Duration;

use super::consequence::{NAMED, consequence, work};
use super::dialog::{Dialog, Friction, Premise, Start};
use super::request::Request;
use super::units;
use super::untouched::numbers;
use super::words::{all, count, policy_words};
use crate::core::check::Severity;
use crate::core::drain::{Command, Policy};
use crate::core::fleet::{LocalId, ProcessKey};
use crate::core::moment::Moment;
use crate::core::outlook::{If, Outlooks};
use crate::core::preflight::{Consent, Grave, PlanSeen};
use crate::core::sequence::{Sequence, Signal};
use crate::core::session::Session;

/// The drain that begins, its targets and its reason: frozen when the dialog opens.
struct FrozenBeginning<'a> {
    title: String,
    lines: Vec<String>,
    friction: Friction,
    command: Command,
    targets: &'a [ProcessKey],
    sequence: Sequence,
    seen: PlanSeen,
}

/// Begins a drain of `targets` by `start`; `why` is the reason that was typed.
pub(super) fn begin(
    session: &Session,
    start: Start,
    targets: &[ProcessKey],
    why: Option<String>,
    now: Moment,
) -> Dialog {
    let beginning = match start {
        Start::Automatic => automatic(session, targets, now),
        Start::Step => step(session, targets, now),
        Start::Kill(target) => return kill(session, target, why, now),
    };
    let premise = Premise::Before {
        targets: targets.to_vec(),
        despite: beginning.seen.grave().collect(),
    };
    dialog(beginning, premise, why, now)
}

/// Asks why a drain is begun. `before` is what was typed for one that did not begin.
pub(super) fn reason(
    session: &Session,
    start: Start,
    targets: Vec<ProcessKey>,
    before: &str,
    now: Moment,
) -> Dialog {
    let lines = vec!["The answer stands in the record of this drain and in its report.".into()];
    let premise = Premise::Before {
        despite: session.looked_at(&targets).1.grave().collect(),
        targets,
    };
    let mut dialog = Dialog {
        friction: Friction::Reason(start),
        ..Dialog::new("Why is this drained?".into(), lines, premise, now)
    };
    before.clone_into(&mut dialog.entry.text);
    dialog
}

/// By itself, from the first step to the last.
fn automatic<'a>(session: &Session, targets: &'a [ProcessKey], now: Moment) -> FrozenBeginning<'a> {
    let plan = &session.setting.plan;
    let first = plan.sequence.signal(0).unwrap_or(Signal::Tstp);
    let (mut lines, mut friction) = consequence(session, (first, Duration::ZERO), targets, now);
    let timeline = plan.sequence.timeline();
    let then = timeline.iter().skip(1);
    let then: Vec<String> = then
        .map(|(due, signal)| format!("{signal} after {} s", due.as_secs()))
        .collect();
    if !then.is_empty() {
        lines.push(format!("Then, by itself: {}.", then.join(", ")));
    }
    let units = units::by_itself(session, targets);
    lines.extend(units.into_iter().take(NAMED));
    let tally = Outlooks::new(session.situation(now), targets).tally();
    if tally.total() > 0 {
        lines.push(format!(
            "{}: {}.",
            count(tally.total(), "known job"),
            numbers(tally)
        ));
    }
    if !first.stops() && first != Signal::Kill {
        lines.extend(work(session, targets, If::AsPlanned, now));
    }
    if plan.sequence.kill().is_some() {
        lines.push(policy_words(plan.policy).into());
    }
    if plan.policy == Policy::Follow && tally.lost > 0 {
        friction = Friction::Number(tally.lost);
    }
    FrozenBeginning {
        title: "Start automatic drain?".into(),
        lines,
        friction,
        command: Command::Automatic,
        targets,
        sequence: plan.sequence.clone(),
        seen: session.looked_at(targets).1,
    }
}

/// The first step alone.
fn step<'a>(session: &Session, targets: &'a [ProcessKey], now: Moment) -> FrozenBeginning<'a> {
    let sequence = &session.setting.plan.sequence;
    let signal = sequence.signal(0).unwrap_or(Signal::Tstp);
    let (mut lines, friction) = consequence(session, (signal, Duration::ZERO), targets, now);
    lines.push("Each later step waits for you.".into());
    let command = Command::Go {
        step: 0,
        accepted: friction.accepted(),
    };
    FrozenBeginning {
        title: format!("Send {signal} to {}?", all(targets.len())),
        lines,
        friction,
        command,
        targets,
        sequence: sequence.clone(),
        seen: session.looked_at(targets).1,
    }
}

/// A KILL out of turn, which begins a drain of that process alone.
fn kill(session: &Session, target: LocalId, why: Option<String>, now: Moment) -> Dialog {
    let key = ProcessKey::Local(target);
    let targets = [key.clone()];
    let signal = Signal::Kill;
    let (mut lines, mut friction) = consequence(session, (signal, Duration::ZERO), &targets, now);
    lines.push("This begins a drain of this process alone.".into());
    let accepted = friction.accepted();
    if let Some(warning) = stranger(session, &key) {
        // Nothing is known of its jobs, so nothing is said of them that sounds like knowledge.
        lines = warning;
        lines.push("This begins a drain of this process alone.".into());
        friction = Friction::Pid(target.pid);
    }
    let (found, seen) = session.looked_at(&targets);
    let beginning = FrozenBeginning {
        title: format!("KILL {}?", session.name_of(&key)),
        lines,
        friction,
        command: Command::ForceKill {
            target: key,
            accepted,
        },
        targets: &targets,
        sequence: found.sequence,
        seen,
    };
    let premise = Premise::Kill {
        target,
        at_most: accepted,
    };
    dialog(beginning, premise, why, now)
}

/// The words about a target whose Redis is another one.
fn stranger(session: &Session, target: &ProcessKey) -> Option<Vec<String>> {
    let process = session.fleet.get(target)?;
    if process.is_ours() {
        return None;
    }
    let local = process.local.as_ref()?;
    let place = match &local.surroundings.redis_url {
        Some(address) => format!("its jobs are in {address}, which this console does not read"),
        None => "its jobs are in a Redis that this console does not read".into(),
    };
    let tag = match process.tag() {
        "" => String::new(),
        tag => format!(" ({tag})"),
    };
    let mut lines = vec![format!(
        "ANOTHER APPLICATION{tag}: {place}. They cannot be seen, saved or rescued from here."
    )];
    lines.push(match (process.busy(), process.concurrency()) {
        (Some(busy), Some(threads)) => format!(
            "Its title says: {busy} of {threads} threads busy. Up to {} are lost.",
            count(threads, "job")
        ),
        _ => "How many jobs it runs is not known: all of them are lost.".into(),
    });
    Some(lines)
}

/// The dialog of a beginning, with all that is grave at its top.
fn dialog(
    beginning: FrozenBeginning<'_>,
    premise: Premise,
    why: Option<String>,
    now: Moment,
) -> Dialog {
    let FrozenBeginning {
        title,
        lines,
        friction,
        command,
        targets,
        sequence,
        seen,
    } = beginning;
    let grave: Vec<Grave> = seen.grave().collect();
    let mut said = grave_words(&grave);
    said.extend(lines);
    said.extend(seen.unserved().map(str::to_owned));
    let told = usize::from(seen.unserved().is_some());
    match seen.count(Severity::Warning).saturating_sub(told) as u64 {
        0 => {}
        warnings => said.push(format!(
            "The check also gives {}.",
            count(warnings, "warning")
        )),
    }
    let friction = despite(friction, &grave);
    if let Friction::Despite { lost: 1.., errors } = &friction {
        said.push(format!(
            "To be typed: {errors}, then the number of jobs that would be lost."
        ));
    }
    let consent = Consent::to(&seen, &sequence, why);
    Dialog {
        friction,
        requests: vec![
            Request::Begin {
                targets: targets.to_vec(),
                consent: Some(consent),
            },
            Request::Command(command),
        ],
        ..Dialog::new(title, said, premise, now)
    }
}

/// The grave findings of the check, each in words.
fn grave_words(grave: &[Grave]) -> Vec<String> {
    let mut lines = match grave {
        [] => return Vec::new(),
        [_] => vec!["The check finds an error:".to_owned()],
        several => vec![format!(
            "The check finds {}:",
            count(several.len() as u64, "error")
        )],
    };
    lines.extend(
        grave
            .iter()
            .take(NAMED)
            .map(|grave| format!("{}.", grave.text)),
    );
    if grave.len() > NAMED {
        lines.push(format!("and {} more.", grave.len() - NAMED));
    }
    lines
}

/// The friction of a yes where a finding is grave: the one rule, or how many errors there are.
fn despite(friction: Friction, grave: &[Grave]) -> Friction {
    let errors = match grave {
        [] => return friction,
        [
            Grave {
                rule: Some(rule), ..
            },
        ] => (*rule).to_owned(),
        several => several.len().to_string(),
    };
    Friction::Despite {
        errors,
        lost: friction.accepted(),
    }
}
