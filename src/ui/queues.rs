//! The line of the queues: which jobs wait, which processes still fetch, and whether any still
//! moves scheduled jobs into them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::fit;
use super::look::Tone;
use super::view::{View, say};
use crate::console::{count, thousands, time_of_day};
use crate::core::drain::Standing;
use crate::core::fleet::{Process, QueueDepth};

/// Blanks between two pieces.
const GAP: &str = "   ";

/// Draws the line. How long the queues are stands first, and always: while all processes are quiet
/// they grow.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, view: &View<'_>) {
    let room = usize::from(area.width).saturating_sub(1);
    let stopped = scheduler(view);
    let mut queues: Vec<&QueueDepth> = view.session.fleet.queues.iter().collect();
    queues.sort_by(|one, other| {
        other
            .waiting
            .cmp(&one.waiting)
            .then(one.name.cmp(&other.name))
    });
    let needed = |words: &String| fit::width(words) + GAP.len();
    let kept: usize = stopped.iter().map(needed).sum();
    let whole = queues.iter().map(|queue| queue_words(view, queue));
    let mut pieces: Vec<String> = whole.collect();
    if pieces.iter().map(needed).sum::<usize>() + kept > room {
        pieces = waiting(view, &queues, stopped.is_some(), room.saturating_sub(kept));
    }
    pieces.extend(stopped);
    let departed = &view.session.following.departed;
    for words in quiet_since(view)
        .into_iter()
        .chain(departed.line(time_of_day))
    {
        if pieces.iter().map(needed).sum::<usize>() + needed(&words) <= room + GAP.len() {
            pieces.push(words);
        }
    }
    if pieces.is_empty() {
        pieces.push("no queue is known".into());
    }
    let text = format!(" {}", pieces.join(GAP));
    say(buffer, area, 0, view.look, Tone::Plain, &text);
}

/// The queues in few words, as many as fit into `room`: `waiting: mailers 10   edi 8`.
fn waiting(view: &View<'_>, queues: &[&QueueDepth], all_quiet: bool, room: usize) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut used = 0;
    for queue in queues {
        let lead = if pieces.is_empty() { "waiting: " } else { "" };
        let served = view.session.fleet.serving(&queue.name);
        let none = served
            .into_iter()
            .all(|(_, process)| !process.takes_jobs(&view.session.fleet, view.now));
        let none = if none && !all_quiet {
            " (no process takes from it)"
        } else {
            ""
        };
        let words = format!("{lead}{} {}{none}", queue.name, thousands(queue.waiting));
        let needed = fit::width(&words) + GAP.len();
        if used + needed <= room {
            used += needed;
            pieces.push(words);
        }
    }
    pieces
}

fn queue_words(view: &View<'_>, queue: &QueueDepth) -> String {
    let (mut serving, mut fetching) = (0, 0);
    let serves = view.session.fleet.serving(&queue.name);
    for (_, process) in serves.filter(|(_, process)| !process.is_dead(view.now)) {
        serving += 1;
        fetching += u64::from(process.takes_jobs(&view.session.fleet, view.now));
    }
    let who = match (serving, fetching) {
        (_, 0) => "no process takes from it".into(),
        (1, 1) => "1 process takes from it".into(),
        (all, some) if all == some => format!("{} processes take from it", thousands(all)),
        (all, some) => format!("{some} of {all} processes take from it"),
    };
    format!(
        "{}: {} waiting, {who}",
        queue.name,
        thousands(queue.waiting)
    )
}

/// Scheduled and retried jobs are moved by processes that are not quiet.
fn scheduler(view: &View<'_>) -> Option<String> {
    let processes = view.session.fleet.processes.values();
    let mut beating = processes
        .filter(|process| !process.is_dead(view.now) && !process.exited() && process.beat.is_some())
        .peekable();
    beating.peek()?;
    let stopped = beating.all(Process::says_quiet);
    stopped.then(|| "scheduled jobs wait: all processes are quiet".into())
}

/// Since when all living targets have been quiet.
fn quiet_since(view: &View<'_>) -> Option<String> {
    let run = view
        .session
        .run
        .as_ref()
        .filter(|run| !run.phase().is_over())?;
    let living = run
        .ledger()
        .targets()
        .iter()
        .filter(|target| !target.exited());
    let (mut number, mut last) = (0, None);
    for target in living {
        let (Standing::Quiet { since } | Standing::Idle { since }) = target.standing else {
            return None;
        };
        number += 1;
        last = last.max(Some(since));
    }
    Some(format!(
        "{} quiet since {}",
        count(number, "process"),
        time_of_day(last?)
    ))
}
