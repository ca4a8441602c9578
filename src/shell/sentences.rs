//! Sentences for people at a terminal without a screen: what is about to happen, why nothing
//! does, what stays true afterwards. Words only.

use super::printer::stamp;
use crate::core::choice::Choice;
use crate::core::drain::{Event, Longest, Phase, Run, Target};
use crate::core::fleet::{Job, LocalId, ProcessKey};
use crate::core::moment::{Moment, Seconds};
use crate::core::sequence::Signal;
use crate::core::session::Session;

/// What is about to happen, and the question whether it shall.
pub(super) fn confirmation(targets: &[LocalId], session: &Session, now: Moment) -> String {
    let processes = targets
        .iter()
        .filter_map(|id| session.fleet.get(&ProcessKey::Local(*id)));
    let (mut names, mut busy) = (Vec::new(), 0);
    for process in processes {
        names.push(process.name());
        busy += process.busy().unwrap_or_default();
    }
    let plan = &session.setting.plan;
    let budget = plan.sequence.whole();
    format!(
        "drain {} with `{}` (at most {} s by its waits, {busy} job(s) run now)?\n\
         A quiet Sidekiq cannot be woken: it works again only once it is restarted.\n\
         type y to begin (as of {}), anything else leaves all as it is:",
        names.join(", "),
        plan.sequence,
        budget.as_secs(),
        stamp(now),
    )
}

/// What a stop of this program (Ctrl-Z) means for the drain under way. `None`: there is none.
pub(super) fn suspended(session: &Session, now: Moment) -> Option<String> {
    let run = session.active_run()?;
    let due = match run.projected(now).first() {
        Some(next) => format!("{} is due at {}", next.signal, stamp(next.at)),
        None => "it waits for you".to_owned(),
    };
    Some(format!(
        "drainboard: a drain is under way, {due}. Nothing is sent while drainboard is stopped; fg goes on."
    ))
}

/// What the drain under way waits for. `None`: it does not wait.
pub(super) fn waiting(run: &Run, session: &Session, now: Moment) -> Option<Event> {
    let next = run.projected(now).first().copied();
    let until = match run.phase() {
        Phase::Leaving { until } | Phase::Settling { until, .. } => Some(*until),
        Phase::Waiting { .. } | Phase::Gated { .. } | Phase::Held { .. } => {
            next.map(|next| next.at)
        }
        Phase::Ready { .. } => None,
        Phase::Performing(_) | Phase::Ending { .. } | Phase::Over { .. } => return None,
    };
    let targets = run.targets().iter().filter(|target| target.takes_part());
    let processes = targets.filter_map(|target| session.fleet.get(&target.key()));
    let jobs: Vec<&Job> = processes.flat_map(|process| &process.jobs).collect();
    let longest = jobs.iter().max_by_key(|job| job.elapsed(now));
    Some(Event::Waiting {
        until: until.map(|until| until.wall().to_string()),
        signal: next.map(|next| next.signal),
        running: jobs.len() as u64,
        longest: longest.map(|job| Longest {
            jid: job.work.jid.clone(),
            class: job.work.class.clone(),
            elapsed_s: job.elapsed(now).map(Seconds),
        }),
    })
}

/// Why nothing was chosen, and what to do.
pub(super) fn nothing_to_drain(choice: &Choice, session: &Session) -> String {
    if choice.is_nothing() {
        return "nothing to drain: the choosing options are empty".into();
    }
    let unknown = session
        .fleet
        .processes
        .values()
        .filter(|process| {
            process.identity.is_none() && process.local.is_some() && !process.exited()
        })
        .map(crate::core::fleet::Process::name)
        .collect::<Vec<_>>();
    if choice.asked || unknown.is_empty() {
        let remote = session
            .fleet
            .processes
            .values()
            .filter(|process| process.local.is_none())
            .count();
        let elsewhere = if remote > 0 {
            format!("; {remote} known to this Redis run on other hosts")
        } else {
            String::new()
        };
        return format!("nothing to drain: no such Sidekiq runs on this host{elsewhere}");
    }
    format!(
        "nothing to drain: this Redis knows no Sidekiq of this host; here run, unknown to it: {}; name them by --pid, --unit or --all, \
         or the right Redis by --redis",
        unknown.join(", ")
    )
}

/// What stays true of a target when nothing more is sent, by the last signal that it received.
pub(super) fn what_stays(target: &Target, session: &Session) -> String {
    let text = target.epitaph(&stamp);
    let calls = session.unit_calls();
    if let Some(call) = calls.iter().find(|call| call.target == target.id) {
        return format!("{text}: {}", call.command());
    }
    let only_quiet = !target.exited()
        && target
            .last
            .is_some_and(|sent| sent.signal == Signal::Tstp && target.stopped.is_none());
    let process = session.fleet.get(&target.key());
    let local = process.and_then(|process| process.local.as_ref());
    match local.and_then(|local| local.surroundings.unit.as_ref()) {
        Some(unit) if only_quiet => format!("{text}: {}", unit.command("restart")),
        Some(_) | None => text,
    }
}
