//! When each key does something. Read off the session and the console; nothing is changed.

use std::time::Duration;

use super::act::KeyAct;
use super::grouping::Grouping;
use super::rows::{Listing, folded};
use super::state::{Console, Pane, Screen};
use crate::core::drain::{Hold, Mode, Phase, Resume, Run};
use crate::core::fleet::{Listed, LocalId, ProcessKey};
use crate::core::session::{Kind, Session};

/// A wait that has less than this left leaves no time to think.
pub(super) const TIME_TO_THINK: Duration = Duration::from_secs(5);

pub(super) fn always(_: &Session, _: &Console) -> bool {
    true
}

pub(super) fn on_main(_: &Session, console: &Console) -> bool {
    console.screen == Screen::Main
}

/// Whether acts exist at all where the operator is.
fn acts(session: &Session, console: &Console) -> bool {
    session.setting.kind != Kind::ReadOnly
        && matches!(
            console.screen,
            Screen::Main | Screen::Job(_) | Screen::Process(_)
        )
}

fn may_begin(session: &Session, console: &Console) -> bool {
    acts(session, console) && !session.is_draining() && !console.targets(session).is_empty()
}

/// The run, while it is not over and acts exist.
fn acting<'a>(session: &'a Session, console: &Console) -> Option<&'a Run> {
    session.active_run().filter(|_| acts(session, console))
}

fn phase<'a>(session: &'a Session, console: &Console) -> Option<&'a Phase> {
    acting(session, console).map(Run::phase)
}

pub(super) fn automatic(session: &Session, console: &Console) -> bool {
    may_begin(session, console)
        || acting(session, console).is_some_and(|run| {
            run.mode() == Mode::Manual && matches!(run.phase(), Phase::Ready { .. })
        })
}

pub(super) fn next_step(session: &Session, console: &Console) -> bool {
    may_begin(session, console)
        || matches!(
            phase(session, console),
            Some(
                Phase::Ready { .. }
                    | Phase::Held {
                        resume: Resume::Wait { .. } | Resume::Ready { .. },
                        ..
                    }
            )
        )
}

pub(super) fn end_wait(session: &Session, console: &Console) -> bool {
    matches!(
        phase(session, console),
        Some(Phase::Waiting { .. } | Phase::Gated { .. })
    )
}

pub(super) fn hold(session: &Session, console: &Console) -> bool {
    matches!(
        phase(session, console),
        Some(
            Phase::Waiting { .. }
                | Phase::Gated { .. }
                | Phase::Leaving { .. }
                | Phase::Performing(_)
        )
    )
}

/// Why the run is held, if it is.
fn held<'a>(session: &'a Session, console: &Console) -> Option<&'a Hold> {
    match phase(session, console)? {
        Phase::Held { why, .. } => Some(why),
        Phase::Ready { .. }
        | Phase::Performing(_)
        | Phase::Waiting { .. }
        | Phase::Gated { .. }
        | Phase::Leaving { .. }
        | Phase::Ending { .. }
        | Phase::Settling { .. }
        | Phase::Over { .. } => None,
    }
}

pub(super) fn go_on(session: &Session, console: &Console) -> bool {
    held(session, console).is_some_and(|why| !matches!(why, Hold::Failed(_)))
        && !wait_more(session, console)
}

pub(super) fn wait_more(session: &Session, console: &Console) -> bool {
    matches!(
        held(session, console),
        Some(Hold::Question(_) | Hold::Blind(_) | Hold::Redis(..) | Hold::Late)
    ) && session
        .active_run()
        .is_some_and(|run| run.mode() == Mode::Automatic)
}

pub(super) fn longer(session: &Session, console: &Console) -> bool {
    matches!(
        phase(session, console),
        Some(
            Phase::Waiting { .. }
                | Phase::Gated { .. }
                | Phase::Leaving { .. }
                | Phase::Held {
                    resume: Resume::Wait { .. },
                    ..
                }
        )
    )
}

pub(super) fn shorter(session: &Session, console: &Console) -> bool {
    match phase(session, console) {
        Some(Phase::Waiting { .. }) => true,
        Some(Phase::Held {
            resume: Resume::Wait { left, .. },
            ..
        }) => *left > TIME_TO_THINK,
        _ => false,
    }
}

pub(super) fn manual(session: &Session, console: &Console) -> bool {
    acting(session, console).is_some_and(|run| {
        run.mode() == Mode::Automatic
            && matches!(
                run.phase(),
                Phase::Waiting { .. }
                    | Phase::Gated { .. }
                    | Phase::Performing(_)
                    | Phase::Held { .. }
            )
    })
}

/// From every screen.
pub(super) fn stop_here(session: &Session, _: &Console) -> bool {
    session
        .active_run()
        .is_some_and(|run| !matches!(run.phase(), Phase::Ending { .. }))
}

pub(super) fn retry(session: &Session, console: &Console) -> bool {
    matches!(
        phase(session, console),
        Some(Phase::Held {
            resume: Resume::Failed { .. },
            ..
        })
    )
}

/// Whether a drain was cut off that can be gone on with.
pub(super) fn take_up(session: &Session, console: &Console) -> bool {
    let left = console.memory.left.as_ref();
    matches!(console.screen, Screen::Main | Screen::Result)
        && left.is_some_and(|left| left.says(session).is_some())
}

pub(super) fn leave_out(session: &Session, console: &Console) -> bool {
    matches!(held(session, console), Some(Hold::Failed(_)))
}

/// Payloads are real in a live session alone.
pub(super) fn save(session: &Session, console: &Console) -> bool {
    matches!(
        session.setting.kind,
        Kind::Live | Kind::Replay | Kind::Watching
    ) && acts(session, console)
        && saved_of(session, console).is_some()
}

/// Which payloads the key for it saves: those of a process, or of the one job that is selected.
/// A process of this host that died counts while Redis still shows its jobs.
pub(super) fn saved_of(
    session: &Session,
    console: &Console,
) -> Option<(ProcessKey, Option<String>)> {
    let key = console.selected_process(session)?;
    let process = session.fleet.get(&key)?;
    let dead = process.listed == Listed::Yes && (process.exited() || process.gone.is_some());
    let here = matches!(key, ProcessKey::Local(_)) && !process.exited();
    let job = match (&console.screen, console.pane) {
        (Screen::Job(job), _) => Some(job.tid.clone()),
        (Screen::Main, Pane::Jobs) => console.job_under_cursor(session).map(|job| job.tid),
        _ => None,
    };
    (!process.jobs.is_empty() && (here || dead)).then_some((key, job))
}

/// On the page that tells how the drain ended.
pub(super) fn rescue(session: &Session, console: &Console) -> bool {
    console.screen == Screen::Result && session.may_salvage()
}

pub(super) fn mark(session: &Session, console: &Console) -> bool {
    on_main(session, console)
        && acts(session, console)
        && !session.is_draining()
        && (markable(session, console).is_some() || !console.group_here(session).is_empty())
}

/// The selected process, if it may be drained: it lives on this host, or it beats on another one.
pub(super) fn markable(session: &Session, console: &Console) -> Option<ProcessKey> {
    let key = console.selected_process(session)?;
    let process = session.fleet.get(&key)?;
    let beats = process.beat.is_some() && process.listed == Listed::Yes && process.gone.is_none();
    (!process.exited() && (key.local().is_some() || beats)).then_some(key)
}

/// The selected process, if it lives on this host.
pub(super) fn selected_here(session: &Session, console: &Console) -> Option<LocalId> {
    let key = console.selected_process(session)?;
    let ProcessKey::Local(id) = key else {
        return None;
    };
    let process = session.fleet.get(&key)?;
    (!process.exited()).then_some(id)
}

pub(super) fn force_kill(session: &Session, console: &Console) -> bool {
    let Some(id) = selected_here(session, console) else {
        return false;
    };
    let Some(run) = session.active_run() else {
        return acts(session, console);
    };
    let open = !matches!(
        run.phase(),
        Phase::Performing(_) | Phase::Ending { .. } | Phase::Settling { .. }
    );
    acts(session, console)
        && open
        && run
            .ledger()
            .target(&id.into())
            .is_some_and(crate::core::drain::Target::takes_part)
}

pub(super) fn bring_back(session: &Session, console: &Console) -> bool {
    matches!(console.screen, Screen::Main | Screen::Result)
        && !session.is_draining()
        && !session.unit_calls().is_empty()
}

/// Whether the selected process can be asked for its backtraces.
pub(super) fn backtrace(session: &Session, console: &Console) -> bool {
    let on_page = matches!(console.screen, Screen::Backtrace(_));
    (acts(session, console) || on_page)
        && selected_here(session, console).is_some_and(|id| session.may_ask(id).is_ok())
}

pub(super) fn frames(_: &Session, console: &Console) -> bool {
    matches!(console.screen, Screen::Backtrace(_))
}

pub(super) fn open(session: &Session, console: &Console) -> bool {
    on_main(session, console)
        && (console.selected_process(session).is_some()
            || console.group_under_cursor(session).is_some())
}

pub(super) fn each_job(session: &Session, console: &Console) -> bool {
    let over = session.run.as_ref().filter(|run| run.phase().is_over());
    console.screen == Screen::Result
        && over.is_some_and(|run| run.ledger().account().executions().next().is_some())
}

pub(super) fn filter(_: &Session, console: &Console) -> bool {
    console.filter().is_some()
}

pub(super) fn journal(_: &Session, console: &Console) -> bool {
    console.screen != Screen::Journal
}

/// Whether some processes are folded, or would be.
pub(super) fn fold(session: &Session, console: &Console) -> bool {
    let targets = console.targets(session);
    on_main(session, console)
        && console.listing.grouping == Grouping::None
        && !folded(session, &targets, &Listing::default()).is_empty()
}

pub(super) fn arguments(_: &Session, console: &Console) -> bool {
    matches!(console.screen, Screen::Job(_))
}

/// Whether what is shown is narrowed by a filter.
pub(super) fn unfilter(_: &Session, console: &Console) -> bool {
    console.filter().is_some_and(|filter| !filter.is_empty())
}

pub(super) fn back(session: &Session, console: &Console) -> bool {
    console.screen != Screen::Main && !unfilter(session, console)
}

pub(super) fn outcome(session: &Session, console: &Console) -> bool {
    console.screen == Screen::Main
        && session
            .run
            .as_ref()
            .is_some_and(|run| run.phase().is_over())
}

pub(super) fn check(_: &Session, console: &Console) -> bool {
    console.screen != Screen::Check
}

pub(super) fn help(_: &Session, console: &Console) -> bool {
    console.screen != Screen::Help
}

/// Why a key does nothing now.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other act has nothing to add"
)]
pub(super) fn why_not(act: KeyAct, session: &Session, console: &Console) -> &'static str {
    let draining = session.is_draining();
    let selected = console.selected_process(session);
    let remote = matches!(selected, Some(ProcessKey::Remote(_)));
    let fleet = &session.fleet;
    let gone = matches!(&selected, Some(ProcessKey::Remote(identity)) if identity.hostname() == fleet.hostname);
    match act {
        KeyAct::Automatic | KeyAct::NextStep
            if !draining && console.targets(session).is_empty() =>
        {
            "there is nothing to drain; v marks a process of this host"
        }
        KeyAct::Automatic
            if session
                .active_run()
                .is_some_and(|run| run.mode() == Mode::Automatic) =>
        {
            "the drain goes by itself already"
        }
        KeyAct::ForceKill | KeyAct::Mark if gone => {
            "the selected process is gone, or in a container"
        }
        KeyAct::ForceKill if remote => {
            "the selected process is on another host, and Redis carries no KILL"
        }
        KeyAct::Mark if remote && !draining => {
            "the selected process is on another host and does not beat"
        }
        KeyAct::Save if remote && !gone => "the selected process is on another host",
        KeyAct::Mark if draining => "the targets are fixed while a drain runs",
        KeyAct::ForceKill if draining => {
            "the selected process is not part of this drain, or has ended"
        }
        KeyAct::ForceKill => "no process of this host is selected",
        KeyAct::Save => "no job is known there whose payload could be saved",
        KeyAct::StopHere
        | KeyAct::Hold
        | KeyAct::EndWait
        | KeyAct::Longer
        | KeyAct::Shorter
        | KeyAct::Manual
            if !draining =>
        {
            "no drain runs"
        }
        KeyAct::NextStep => "the drain goes automatically; . sends the next step now",
        KeyAct::EndWait | KeyAct::Longer | KeyAct::Shorter => "no wait runs that could be changed",
        KeyAct::Hold => "nothing waits that could be held",
        KeyAct::Manual => "each step waits for you already",
        KeyAct::Retry | KeyAct::LeaveOut => "no signal has failed",
        KeyAct::BringBack => "no unit was left quiet or down by a drain that is over",
        KeyAct::Rescue => "no lost job can be pushed back now",
        _ => "does nothing just now",
    }
}
