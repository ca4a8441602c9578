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

/// Draws the line.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, view: &View<'_>) {
    let room = usize::from(area.width);
    let mut pieces: Vec<String> = scheduler(view)
        .into_iter()
        .chain(quiet_since(view))
        .collect();
    let mut queues: Vec<&QueueDepth> = view.session.fleet.queues.iter().collect();
    queues.sort_by(|one, other| {
        other
            .waiting
            .cmp(&one.waiting)
            .then(one.name.cmp(&other.name))
    });
    let used: usize = pieces.iter().map(|piece| fit::width(piece) + 3).sum();
    let mut free = room.saturating_sub(used + 1);
    let mut first = Vec::new();
    for queue in queues {
        let words = queue_words(view, queue);
        let needed = fit::width(&words) + 3;
        if needed > free {
            break;
        }
        free -= needed;
        first.push(words);
    }
    first.append(&mut pieces);
    // The words before are worth the room that is left.
    let departed = &view.session.following.departed;
    let went = departed.line(time_of_day);
    first.extend(went.filter(|words| fit::width(words) + 3 <= free));
    if first.is_empty() {
        first.push("no queue is known".into());
    }
    let text = format!(" {}", first.join("   "));
    say(buffer, area, 0, view.look, Tone::Plain, &text);
}

fn fetches(process: &Process) -> bool {
    !process.says_quiet()
}

fn queue_words(view: &View<'_>, queue: &QueueDepth) -> String {
    let (mut serving, mut fetching) = (0, 0);
    for (_, process) in view.session.fleet.serving(&queue.name) {
        serving += 1;
        fetching += u64::from(fetches(process));
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
        .filter(|process| !process.exited() && process.beat.is_some())
        .peekable();
    beating.peek()?;
    let stopped = beating.all(|process| !fetches(process));
    stopped.then(|| "scheduled jobs wait: all processes are quiet".into())
}

/// Since when all living targets have been quiet.
fn quiet_since(view: &View<'_>) -> Option<String> {
    let run = view
        .session
        .run
        .as_ref()
        .filter(|run| !run.phase().is_over())?;
    let living = run.targets().iter().filter(|target| !target.exited());
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
