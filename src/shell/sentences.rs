//! Sentences for people at a terminal without a screen: what is about to happen, why nothing
//! does, what stays true afterwards. Words only.

use super::printer::stamp;
use crate::core::choice::Choice;
use crate::core::drain::Target;
use crate::core::fleet::{Fleet, Identity, Process, ProcessKey, State};
use crate::core::moment::Moment;
use crate::core::sequence::Signal;
use crate::core::session::Session;
use crate::core::wording::{count, few};

/// The next act, and the question whether it shall happen.
pub(super) fn confirmation(targets: &[ProcessKey], session: &Session, now: Moment) -> String {
    let processes = targets.iter().filter_map(|id| session.fleet.get(id));
    let (mut names, mut busy) = (Vec::new(), 0);
    for process in processes {
        names.push(process.name());
        busy += process.busy().unwrap_or_default();
    }
    let plan = &session.setting.plan;
    let budget = plan.sequence.whole();
    format!(
        "drain {} with `{}` (at most {} s by its waits; running now: {})?\n\
         A quiet Sidekiq cannot be woken: it works again only once it is restarted.\n\
         type y to begin (as of {}), anything else leaves all as it is:",
        names.join(", "),
        plan.sequence,
        budget.as_secs(),
        count(busy, "job"),
        stamp(now),
    )
}

/// Whether it is not known yet how many jobs wait in the queues of `targets`, and Redis is asked.
pub(super) fn awaits_queues(fleet: &Fleet, targets: &[ProcessKey]) -> bool {
    let has_queues = |id: &ProcessKey| {
        let process = fleet.get(id);
        process.is_some_and(|process| !process.queues().is_empty())
    };
    fleet.link.is_connected() && fleet.queues.is_empty() && targets.iter().any(has_queues)
}

/// Why it is not known who is meant: nothing is drained where a Sidekiq would go on that was to be
/// drained. `None`: it is known.
pub(super) fn undecided(choice: &Choice, session: &Session) -> Option<String> {
    let each = choice.undecided(&session.fleet).filter_map(|process| {
        let pid = process.local.as_ref()?.id.pid;
        let rivals: Vec<&str> = process.rivals.iter().map(Identity::as_str).collect();
        Some(format!("pid {pid} ({})", rivals.join(" or ")))
    });
    let each: Vec<String> = each.collect();
    (!each.is_empty()).then(|| {
        format!(
            "several identities of this Redis fit one Sidekiq of this host, so it is not known whether it is meant: {}; \
             name the Sidekiqs by --pid or --unit, or all of this host by --all",
            each.join(", ")
        )
    })
}

/// The meaning of a stop of this program (Ctrl-Z) for the drain under way. `None`: there is none.
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

/// The things that are still waited for once a drain is over. `None`: nothing.
pub(super) fn awaits(session: &Session, now: Moment) -> Option<String> {
    let watch = session.afterwards.watch.as_ref()?;
    let until = watch.deadline()?;
    let names: Vec<String> = watch.awaited().map(str::to_owned).collect();
    Some(format!(
        "{} the drain is over; drainboard waits until {} at most for what starts in the place of {}",
        stamp(now),
        stamp(until),
        few(&names, 4)
    ))
}

/// Why nothing was chosen, and what to do.
pub(super) fn nothing_to_drain(choice: &Choice, session: &Session, now: Moment) -> String {
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
        let is_gone =
            |process: &&Process| process.state(false, &session.fleet.link, now) == State::Ghost;
        let processes = session.fleet.processes.values();
        let (gone, elsewhere): (Vec<_>, Vec<_>) = processes
            .filter(|process| process.local.is_none())
            .partition(is_gone);
        let told = |processes: Vec<&Process>, what: &str| match processes.len() {
            0 => String::new(),
            many => format!("; this Redis lists {many} {what}"),
        };
        return format!(
            "nothing to drain: no such Sidekiq runs on this host{}{}",
            told(elsewhere, "on other hosts"),
            told(gone, "that ended: drainboard ps shows their jobs")
        );
    }
    format!(
        "nothing to drain: this Redis knows no Sidekiq of this host; here run, unknown to it: {}; name them by --pid, --unit or --all, \
         or the right Redis by --redis",
        unknown.join(", ")
    )
}

/// The standing of a target when nothing more is sent, by the last signal that it received.
pub(super) fn what_stays(target: &Target, session: &Session) -> String {
    let text = target.epitaph(&stamp);
    let calls = session.unit_calls();
    if let Some(call) = calls.iter().find(|call| call.target == target.key) {
        return format!("{text}: {}", call.command());
    }
    let only_quiet = !target.exited()
        && target
            .last
            .is_some_and(|sent| sent.signal == Signal::Tstp && target.stopped.is_none());
    let process = session.fleet.get(&target.key);
    let local = process.and_then(|process| process.local.as_ref());
    match local.and_then(|local| local.surroundings.unit.as_ref()) {
        Some(unit) if only_quiet => format!("{text}: {}", unit.command("restart")),
        Some(_) | None => text,
    }
}
