//! The two lines at the top of every screen, and what is wrong with the sources. What kind of
//! session it is always stands there.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::fit;
use super::look::Tone;
use super::view::{View, put, say};
use crate::console::{check_words, count, deaths, few, span, time_of_day};
use crate::core::fleet::{Link, LinkFault, Listed, Process, Title};
use crate::core::sequence::Timeout;
use crate::core::session::Kind;

/// A piece of the header; the least important ones give way on a narrow screen.
struct HeaderPiece {
    tone: Tone,
    text: String,
    weight: u8,
}

/// Draws the first line.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, view: &View<'_>) {
    let clock = clock(view);
    let room = usize::from(area.width).saturating_sub(clock.len() + 3);
    let mut pieces = pieces(view);
    let taken = |pieces: &[HeaderPiece]| -> usize {
        pieces.iter().map(|piece| fit::width(&piece.text) + 2).sum()
    };
    while taken(&pieces) > room {
        let least = pieces
            .iter()
            .enumerate()
            .filter(|(_, piece)| piece.weight < u8::MAX)
            .min_by_key(|(_, piece)| piece.weight);
        let Some((index, _)) = least else { break };
        pieces.remove(index);
    }
    let mut spans = vec![view.span(Tone::Plain, " ")];
    for piece in pieces {
        spans.push(view.span(piece.tone, piece.text));
        spans.push(view.span(Tone::Plain, "  "));
    }
    put(buffer, area, 0, &Line::from(spans));
    let width = u16::try_from(clock.len()).unwrap_or(0).min(area.width);
    let right = Rect {
        x: area.right() - width,
        width,
        ..area
    };
    say(buffer, right, 0, view.look, Tone::Plain, &clock);
}

/// The time. While no job runs and nothing is drained no second matters, and a screen on which
/// nothing changes is to cost a slow line nothing.
fn clock(view: &View<'_>) -> String {
    let mut time = time_of_day(view.now);
    if view.jobs.is_empty() && !view.session.is_draining() {
        time.truncate("00:00".len());
    }
    format!("{time} UTC ")
}

fn pieces(view: &View<'_>) -> Vec<HeaderPiece> {
    let piece = |tone, weight, text: String| HeaderPiece { tone, text, weight };
    let session = view.session;
    let kind = session.setting.kind;
    let kind_tone = match kind {
        Kind::Live => Tone::Strong,
        Kind::ReadOnly | Kind::Demo => Tone::Plain,
        Kind::Rehearsal | Kind::Replay | Kind::Watching => Tone::Warn,
    };
    let processes = &session.fleet.processes;
    let targets = processes
        .iter()
        .filter(|(key, process)| view.outlooks.of(key).is_some() && !process.exited());
    let (mut number, mut busy, mut capacity) = (0, 0, 0);
    for (_, process) in targets {
        number += 1;
        busy += process.busy().unwrap_or_default();
        capacity += process.concurrency().unwrap_or_default();
    }
    let (tone, link) = link(view);
    let mut pieces = vec![piece(Tone::Strong, 1, "drainboard".into())];
    if !session.fleet.hostname.is_empty() {
        pieces.push(piece(Tone::Plain, 5, session.fleet.hostname.clone()));
    }
    if let Some((address, _)) = &session.setting.redis {
        pieces.push(piece(Tone::Plain, 4, short_address(address)));
    }
    pieces.push(piece(tone, 6, link));
    // A number that was not read is not zero.
    if session.fleet.looked.is_none() && number == 0 {
        pieces.push(piece(Tone::Faint, 2, "nothing read yet".into()));
    } else {
        pieces.push(piece(Tone::Plain, 3, count(number, "target")));
        if number > 0 {
            let threads = format!("{busy} of {capacity} threads busy");
            pieces.push(piece(Tone::Plain, 2, threads));
        }
    }
    pieces.push(piece(kind_tone, u8::MAX, kind.word().into()));
    pieces
}

fn short_address(address: &str) -> String {
    let bare = address.strip_prefix("redis://").unwrap_or(address);
    format!("redis {bare}")
}

/// The state of the link in a few words. The round trip is shown in steps, so that it does not
/// repaint the line at each look.
fn link(view: &View<'_>) -> (Tone, String) {
    match &view.session.fleet.link {
        Link::Unused => (Tone::Faint, "Redis not asked".into()),
        Link::Connecting { since } => (
            Tone::Warn,
            format!("connecting, {}", span(view.now.since(*since))),
        ),
        Link::Connected { round_trip, .. } => {
            let step = [1, 5, 20, 100, 500]
                .into_iter()
                .find(|step| round_trip.as_millis() < *step);
            step.map_or((Tone::Warn, "over 500 ms".into()), |step| {
                (Tone::Plain, format!("<{step} ms"))
            })
        }
        Link::Lost { since, why, .. } => {
            let word = match why {
                LinkFault::Unreachable(_) => "OFFLINE",
                LinkFault::Silent => "NO ANSWER",
                LinkFault::Denied(_) => "DENIED",
                LinkFault::NotRedis(_) => "NOT A REDIS",
                LinkFault::Loading => "LOADING",
                LinkFault::Refused(_) => "REFUSED",
            };
            (
                Tone::Bad,
                format!("{word} {}", span(view.now.since(*since))),
            )
        }
    }
}

/// A piece of the plan, and whether it is shown even if that takes another line.
type PlanPiece = (Tone, String, bool);

/// How many lines the plan takes.
pub(super) fn plan_height(width: u16, view: &View<'_>) -> usize {
    plan_lines(width, view).len()
}

/// Draws the plan: the sequence, the budget, `T` with its origin, and what the check found.
pub(super) fn draw_plan(buffer: &mut Buffer, area: Rect, view: &View<'_>) {
    for (row, pieces) in plan_lines(area.width, view).into_iter().enumerate() {
        let mut spans = Vec::new();
        let mut used = 0;
        for (tone, text, _) in pieces {
            let between = if used == 0 { " " } else { gap(area.width) };
            let cells = usize::from(area.width).saturating_sub(used + between.len());
            let text = fit::cut(&text, cells);
            used += between.len() + fit::width(&text);
            spans.push(view.span(Tone::Plain, between));
            spans.push(view.span(tone, text));
        }
        put(buffer, area, row, &Line::from(spans));
    }
}

fn is_narrow(width: u16) -> bool {
    width < 60
}

fn gap(width: u16) -> &'static str {
    if is_narrow(width) { "  " } else { "   " }
}

/// The pieces of the plan in lines: as many as what must be seen takes.
fn plan_lines(width: u16, view: &View<'_>) -> Vec<Vec<PlanPiece>> {
    let narrow = is_narrow(width);
    let [sequence, budget, timeout] = plan(width, view);
    let timeout = (!timeout.is_empty()).then_some((Tone::Plain, timeout, !narrow));
    let check = check_words(view.session).map(|(weight, words)| {
        let tone = Tone::from(weight);
        (tone, format!("{words} (c)"), tone != Tone::Faint)
    });
    let from = format!("sequence from {}", view.session.setting.sequence_from.0);
    let mut pieces = vec![(Tone::Plain, sequence, true), (Tone::Plain, budget, true)];
    if narrow {
        pieces.extend(check.into_iter().chain(timeout));
    } else {
        pieces.extend(timeout.into_iter().chain(check));
        pieces.push((Tone::Plain, from, false));
    }
    let widths: Vec<usize> = pieces.iter().map(|piece| fit::width(&piece.1)).collect();
    let cells = usize::from(width).saturating_sub(1);
    let laid = fit::lay(&widths, gap(width).len(), cells);
    let lines = laid.into_iter().map(|line| {
        let pieces = line.into_iter().map(|index| pieces[index].clone());
        pieces.collect::<Vec<PlanPiece>>()
    });
    let mut lines: Vec<Vec<PlanPiece>> = lines.collect();
    let must = |line: &Vec<PlanPiece>| line.iter().any(|piece| piece.2);
    let last = lines.iter().rposition(must).unwrap_or(0);
    lines.truncate(last + 1);
    lines
}

/// The sequence, the budget that follows from it, and `T` (empty without a target).
fn plan(width: u16, view: &View<'_>) -> [String; 3] {
    let sequence = &view.session.setting.plan.sequence;
    let mut timeouts = Vec::new();
    let mut budgets = Vec::new();
    for (key, process) in &view.session.fleet.processes {
        let Some(outlook) = view.outlooks.of(key) else {
            continue;
        };
        budgets.push(outlook.budget());
        let timeout = view.session.timeout(process);
        if !timeouts.contains(&timeout) {
            timeouts.push(timeout);
        }
    }
    let budget = if budgets.is_empty() {
        "no target".into()
    } else if budgets.contains(&None) {
        "budget unlimited".into()
    } else {
        let longest = budgets.into_iter().flatten().max().unwrap_or_default();
        let added = view
            .session
            .active_run()
            .map_or(0, |run| run.pace().added_s);
        let by_hand = match added {
            0 => String::new(),
            more @ 1.. => format!(" + {more} s by hand"),
            less => format!(" - {} s by hand", less.unsigned_abs()),
        };
        format!("budget {} s{by_hand}", longest.as_secs())
    };
    let mut sequence = sequence.to_string();
    if is_narrow(width) {
        sequence = sequence.replace(", ", ",");
    }
    let timeout = timeout_words(&timeouts).unwrap_or_default();
    [sequence, budget, timeout]
}

/// `T` of the targets with its origin.
fn timeout_words(timeouts: &[Timeout]) -> Option<String> {
    let (first, rest) = timeouts.split_first()?;
    if rest.is_empty() {
        return Some(format!("-t {first}"));
    }
    let spans = timeouts.iter().map(|timeout| timeout.span.as_secs());
    let (least, most) = (spans.clone().min()?, spans.max()?);
    let some = if timeouts.iter().any(Timeout::is_assumed) {
        ", partly assumed"
    } else {
        ""
    };
    Some(match (least == most, some) {
        (true, "") => format!("-t {least} s from {} places", timeouts.len()),
        (true, some) => format!("-t {least} s{some}"),
        (false, some) => format!("-t {least} to {most} s{some}, see the table"),
    })
}

/// The faults of the sources: each a line of its own, of `cells` cells.
pub(super) fn warnings(view: &View<'_>, cells: usize) -> Vec<String> {
    let mut warnings = Vec::new();
    // Since when stands in the line above.
    if let Link::Lost { retry_at, why, .. } = &view.session.fleet.link {
        let goes_on = if view.session.is_draining() {
            "The drain goes on; values"
        } else {
            "Values"
        };
        warnings.push(format!(
            "Redis: {why}; next try in {}. {goes_on} from Redis are old.",
            span(retry_at.since(view.now).max(Duration::from_secs(1)))
        ));
    }
    let left = view.console.memory.left.as_ref();
    warnings.extend(
        left.and_then(|left| left.says(view.session))
            .map(String::from),
    );
    warnings.extend(deaths(view.session, &view.outlooks));
    warnings.extend(strangers(view, cells));
    warnings
}

/// Sidekiqs of this host that the connected Redis does not know, in one row if that can be.
fn strangers(view: &View<'_>, cells: usize) -> Option<String> {
    // In a drain the line below the table names them, and rows are dear.
    if !view.session.fleet.link.is_connected() || view.session.is_draining() {
        return None;
    }
    let stranger = |process: &&Process| {
        let beating = process
            .local
            .as_ref()
            .is_some_and(|local| matches!(local.title, Title::Beating { .. }));
        beating && process.listed == Listed::Never && !process.exited()
    };
    let (mut names, mut told) = (Vec::new(), Vec::new());
    for process in view.session.fleet.processes.values().filter(stranger) {
        let local = process.local.as_ref();
        let address = local.and_then(|local| local.surroundings.redis_url.as_ref());
        let address = address.map_or_else(String::new, |address| format!(" ({address})"));
        told.push(format!("{}{address}", process.name()));
        names.push(process.name());
    }
    let these = match names.len() {
        0 => return None,
        1 => "1 Sidekiq here is".to_owned(),
        several => format!("{several} Sidekiqs here are"),
    };
    let words = [
        format!("{these} not in this Redis: {}", few(&told, 2)),
        format!("{these} not in this Redis: {}", few(&names, 2)),
    ];
    let least = format!("not in this Redis: {}", few(&names, 1));
    Some(fit::first(words, cells).unwrap_or(least))
}
