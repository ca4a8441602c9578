//! The two lines at the top of every screen, and what is wrong with the sources. What kind of
//! session it is always stands there.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::fit;
use super::look::Tone;
use super::view::{View, put, say};
use crate::console::{count, few, span, time_of_day};
use crate::core::fleet::{Link, LinkFault, Listed, Process, Title};
use crate::core::sequence::Timeout;
use crate::core::session::Kind;

/// A piece of the header; the least important ones give way on a narrow screen.
struct Piece {
    tone: Tone,
    text: String,
    weight: u8,
}

/// Draws the first line.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, view: &View<'_>) {
    let clock = clock(view);
    let room = usize::from(area.width).saturating_sub(clock.len() + 3);
    let mut pieces = pieces(view);
    let taken = |pieces: &[Piece]| -> usize {
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

fn pieces(view: &View<'_>) -> Vec<Piece> {
    let piece = |tone, weight, text: String| Piece { tone, text, weight };
    let session = view.session;
    let kind = session.setting.kind;
    let kind_tone = match kind {
        Kind::Live => Tone::Strong,
        Kind::ReadOnly | Kind::Demo => Tone::Good,
        Kind::Rehearsal => Tone::Warn,
    };
    let alive = view
        .processes
        .iter()
        .filter(|(_, process)| !process.exited());
    let (mut number, mut busy, mut capacity) = (0, 0, 0);
    for (_, process) in alive {
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
    pieces.push(piece(Tone::Plain, 2, count(number, "process")));
    pieces.push(piece(Tone::Plain, 3, format!("{busy} of {capacity} busy")));
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
                LinkFault::Unreachable(_) => "LOST",
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

/// Draws the line of the plan: the sequence, the budget, and `T` with its origin.
pub(super) fn draw_plan(buffer: &mut Buffer, area: Rect, view: &View<'_>) {
    let setting = &view.session.setting;
    let sequence = &setting.plan.sequence;
    let mut timeouts = Vec::new();
    for (key, process) in &view.processes {
        let timeout = view.session.timeout(process);
        if crate::console::is_target(key, &view.targets) && !timeouts.contains(&timeout) {
            timeouts.push(timeout);
        }
    }
    let total = |timeout: &Timeout| sequence.budget(timeout.span).total();
    let budget = match timeouts.iter().map(total).max() {
        Some(Some(budget)) => format!("budget {} s", budget.as_secs()),
        Some(None) => "budget unlimited".into(),
        None => "no target".into(),
    };
    let narrow = area.width < 60;
    let gap = if narrow { "  " } else { "   " };
    let sequence = sequence.to_string();
    let sequence = if narrow {
        sequence.replace(", ", ",")
    } else {
        sequence
    };
    let mut pieces = vec![sequence, budget];
    pieces.extend(timeout_words(&timeouts));
    if !narrow {
        pieces.push(format!("sequence from {}", setting.sequence_from.0));
    }
    let widths: Vec<usize> = pieces.iter().map(|piece| fit::width(piece)).collect();
    let fitting = fit::lay(
        &widths,
        gap.len(),
        usize::from(area.width).saturating_sub(1),
    );
    pieces.truncate(fitting.first().map_or(0, Vec::len));
    let text = format!(" {}", pieces.join(gap));
    say(buffer, area, 0, view.look, Tone::Plain, &text);
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
    Some(if least == most {
        format!("-t {least} s{some}")
    } else {
        format!("-t {least} to {most} s{some}")
    })
}

/// What is wrong with the sources: each a line of its own.
pub(super) fn warnings(view: &View<'_>) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Link::Lost {
        since,
        retry_at,
        why,
    } = &view.session.fleet.link
    {
        warnings.push(format!(
            "Redis: {why}; since {}, next try in {}. Clocks, exits and signals go on; what Redis said ages.",
            span(view.now.since(*since)),
            span(retry_at.since(view.now))
        ));
    }
    warnings.extend(strangers(view));
    warnings
}

/// Sidekiqs of this host that the connected Redis does not know.
fn strangers(view: &View<'_>) -> Option<String> {
    if !view.session.fleet.link.is_connected() {
        return None;
    }
    let stranger = |process: &&Process| {
        let beating = process
            .local
            .as_ref()
            .is_some_and(|local| matches!(local.title, Title::Beating { .. }));
        beating && process.listed == Listed::Never && !process.exited()
    };
    let mut names = Vec::new();
    for process in view.processes.iter().map(|row| row.1).filter(stranger) {
        let address = process
            .local
            .as_ref()
            .and_then(|local| local.surroundings.redis_url.as_ref());
        names.push(match address {
            Some(address) => format!("{} ({address})", process.name()),
            None => process.name(),
        });
    }
    (!names.is_empty()).then(|| {
        format!(
            "{} here that this Redis does not know: {}",
            match names.len() {
                1 => "1 Sidekiq runs".to_string(),
                several => format!("{several} Sidekiqs run"),
            },
            few(&names, 2)
        )
    })
}
