//! The sequence strip: steps done and to come, the running wait as a bar, both clocks, what the
//! drain waits for, and what happens if the operator does nothing.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Widget};

use super::fit;
use super::frame::bordered;
use super::look::Tone;
use super::view::{View, put};
use crate::console::{
    Countdown, advice, answers, attention, died, holds_up, if_untouched, out_of_turn, standing,
    standings, step_clock, whole_clock,
};
use crate::core::drain::{Phase, Run};
use crate::core::moment::clock_face;
use crate::core::sequence::Signal;
use crate::core::session::{Kind, StepDone};

/// The narrowest bar that says anything.
const LEAST_BAR: usize = 6;
/// The widest bar that is of use.
const MOST_BAR: usize = 40;
/// The word on the bar where Sidekiq pushes back the jobs that still run.
const PUSH_BACK: &str = " push-back ";
/// From so many cells on the words are whole.
const NARROW: usize = 60;
/// Blanks between two pieces.
const GAP: usize = 3;

/// Draws the strip.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, boxed: bool, view: &View<'_>) {
    let called = attention(view.session).is_some();
    let inner = if boxed {
        let rehearsal = view.session.setting.kind == Kind::Rehearsal;
        let title = match (called, rehearsal) {
            (true, true) => " REHEARSAL: your decision ",
            (true, false) => " your decision ",
            (false, true) => " REHEARSAL: nothing is sent ",
            (false, false) => " sequence ",
        };
        let tone = if called { Tone::Bad } else { Tone::Plain };
        let block: Block<'_> = bordered(view.look)
            .title(title)
            .style(view.look.style(tone));
        let inner = block.inner(area);
        block.render(area, buffer);
        Rect {
            x: inner.x + 1,
            width: inner.width.saturating_sub(2),
            ..inner
        }
    } else {
        area
    };
    buffer.set_style(inner, ratatui::style::Style::reset());
    for (row, line) in lines(view, usize::from(inner.width)).iter().enumerate() {
        put(buffer, inner, row, line);
    }
}

/// How many lines it takes where each has `cells` cells.
pub(super) fn height(view: &View<'_>, cells: usize) -> usize {
    lines(view, cells).len()
}

fn lines(view: &View<'_>, cells: usize) -> Vec<Line<'static>> {
    let mut lines = vec![steps(view, cells)];
    let called = attention(view.session).is_some();
    let words = standing(view.session, &view.outlooks);
    let mut pieces = Vec::new();
    if called || fit::width(&words) > cells {
        let tone = if called { Tone::Bad } else { Tone::Strong };
        let wrapped = fit::wrap(&words, cells);
        lines.extend(
            wrapped
                .into_iter()
                .map(|text| Line::from(view.span(tone, text))),
        );
    } else {
        pieces.push((Tone::Strong, words));
    }
    if let Some(text) = died(view.session) {
        let wrapped = fit::wrap(&text, cells).into_iter();
        lines.extend(wrapped.map(|text| Line::from(view.span(Tone::Bad, text))));
    }
    // A decision needs it, and a narrow screen has no room for all.
    let first = called || cells < NARROW;
    let mut untouched = untouched(view, cells);
    if first {
        lines.append(&mut untouched);
    }
    if let Some(text) = advice(view.session, &view.outlooks) {
        let wrapped = fit::wrap(&text, cells).into_iter();
        lines.extend(wrapped.map(|text| Line::from(view.span(Tone::Strong, text))));
    }
    let answers = answers(view.session);
    pieces.extend(answers.iter().map(|text| (Tone::Strong, (*text).into())));
    pieces.extend(out_of_turn(view.session).map(|text| (Tone::Bad, text)));
    pieces.extend(clocks(view).into_iter().map(|text| (Tone::Plain, text)));
    if let Some(who) = holds_up(view.session, view.now) {
        pieces.push((Tone::Plain, format!("waiting for: {who}")));
    }
    let widths: Vec<usize> = pieces.iter().map(|(_, text)| fit::width(text)).collect();
    let laid = fit::lay(&widths, GAP, cells);
    for row in laid.into_iter().filter(|row| !row.is_empty()) {
        let mut spans: Vec<Span<'static>> = Vec::new();
        for index in row {
            if !spans.is_empty() {
                spans.push(view.span(Tone::Plain, " ".repeat(GAP)));
            }
            spans.push(view.span(pieces[index].0, fit::cut(&pieces[index].1, cells)));
        }
        lines.push(Line::from(spans));
    }
    if !first {
        lines.extend(untouched);
    }
    lines
}

/// The steps that come if the operator does nothing.
fn untouched(view: &View<'_>, cells: usize) -> Vec<Line<'static>> {
    let lead = if cells < NARROW {
        "then"
    } else {
        "if you do nothing"
    };
    let text = if_untouched(view.session, &view.outlooks);
    let wrapped = fit::wrap(&format!("{lead}: {text}"), cells).into_iter();
    let line = |text| Line::from(view.span(Tone::Plain, text));
    wrapped.map(line).collect()
}

/// Both clocks, each with its label.
fn clocks(view: &View<'_>) -> Vec<String> {
    let Some(run) = &view.session.run else {
        return Vec::new();
    };
    let face = |label: &str, clock: Countdown| {
        let run = clock_face(clock.run);
        match clock.whole {
            Some(whole) => format!("{label} {run} / {}", clock_face(whole)),
            None => format!("{label} {run}"),
        }
    };
    let step = step_clock(run, view.now).map(|clock| face("this step", clock));
    let whole = whole_clock(run, view.now).map(|clock| face("whole", clock));
    step.into_iter().chain(whole).collect()
}

/// A piece of the line of steps.
enum StripPiece {
    Text(Tone, String),
    /// The running wait: a bar, and what is left of it; and how far along it the push-back is due.
    Bar(Countdown, Option<Duration>),
}

/// The steps in as much detail as fits.
fn steps(view: &View<'_>, cells: usize) -> Line<'static> {
    let done = steps_done(view);
    let arrow = format!(" {} ", view.look.glyph('▸', '>'));
    let mut best = Line::default();
    for detail in (0..4).rev() {
        let pieces = pieces(view, done, detail);
        let bars = pieces
            .iter()
            .any(|piece| matches!(piece, StripPiece::Bar(..)));
        let fixed: usize = pieces.iter().map(fixed_width).sum::<usize>()
            + fit::width(&arrow) * pieces.len().saturating_sub(1);
        let room = cells.saturating_sub(fixed);
        let fits = fixed <= cells && (!bars || room >= LEAST_BAR);
        if !fits && detail > 0 {
            continue;
        }
        let mut spans = Vec::new();
        for piece in pieces {
            if !spans.is_empty() {
                spans.push(view.span(Tone::Faint, arrow.clone()));
            }
            match piece {
                StripPiece::Text(tone, text) => spans.push(view.span(tone, text)),
                StripPiece::Bar(clock, push_back) => {
                    spans.extend(bar(view, clock, push_back, room.min(MOST_BAR)));
                }
            }
        }
        best = Line::from(spans);
        break;
    }
    best
}

/// The steps that the run has sent; none before one.
fn steps_done<'a>(view: &View<'a>) -> &'a [StepDone] {
    match &view.session.run {
        Some(_) => view.session.journal.steps(),
        None => &[],
    }
}

fn fixed_width(piece: &StripPiece) -> usize {
    match piece {
        StripPiece::Text(_, text) => fit::width(text),
        StripPiece::Bar(clock, push_back) => {
            let mark = push_back.map_or(0, |_| PUSH_BACK.len());
            left_words(*clock).len() + 1 + mark
        }
    }
}

fn left_words(clock: Countdown) -> String {
    let left = clock.whole.unwrap_or_default().saturating_sub(clock.run);
    format!("{} s left", left.as_secs())
}

/// The running wait, with the push-back named where it falls into it.
fn bar(
    view: &View<'_>,
    clock: Countdown,
    push_back: Option<Duration>,
    cells: usize,
) -> Vec<Span<'static>> {
    let whole = clock.whole.unwrap_or(Duration::ZERO);
    let filled = fit::share(cells, clock.run, whole);
    let repeat = |unicode, ascii, times| {
        std::iter::repeat_n(view.look.glyph(unicode, ascii), times).collect::<String>()
    };
    let line = |from: usize, to: usize| {
        let done = filled.clamp(from, to) - from;
        [
            view.span(Tone::Strong, repeat('━', '=', done)),
            view.span(Tone::Faint, repeat('─', '-', to - from - done)),
        ]
    };
    let left = view.span(Tone::Plain, format!(" {}", left_words(clock)));
    let Some(push_back) = push_back else {
        return line(0, cells).into_iter().chain([left]).collect();
    };
    let at = fit::share(cells, push_back, whole);
    let tone = if push_back <= clock.run {
        Tone::Strong
    } else {
        Tone::Plain
    };
    let mark = view.look.mark(tone, PUSH_BACK);
    let (before, after) = (line(0, at), line(at, cells));
    before
        .into_iter()
        .chain([mark])
        .chain(after)
        .chain([left])
        .collect()
}

/// The steps, with less and less said of those that are done: 3 says everything, 0 leaves
/// them out.
fn pieces(view: &View<'_>, done: &[StepDone], detail: usize) -> Vec<StripPiece> {
    let plan = &view.session.setting.plan;
    let run = view.session.run.as_ref();
    let running = run.filter(|run| !run.phase().is_over());
    let last_done = done.iter().map(|done| done.step).max();
    let mut pieces = Vec::new();
    for (index, signal) in plan.sequence.signals().enumerate() {
        match done.iter().find(|done| done.step == index) {
            Some(_) if detail == 0 && last_done != Some(index) => continue,
            Some(step) => {
                // After a stop nothing is followed any more: what was seen last would only grow old.
                let followed = |run: &&Run| {
                    let now = standings(run);
                    !run.phase().is_over() || now.exited == now.targets
                };
                let effects = run.filter(|_| last_done == Some(index)).filter(followed);
                pieces.push(StripPiece::Text(Tone::Strong, told(step, effects, detail)));
            }
            None => pieces.push(StripPiece::Text(future(running), signal.name().into())),
        }
        let waits = running.is_some_and(|run| run.phase().next_step() == Some(index + 1));
        if waits && let Some(piece) = running.and_then(|run| waiting(run, view)) {
            pieces.push(piece);
            continue;
        }
        if let Some(wait) = plan.sequence.wait_after(index)
            && last_done.is_none_or(|last| index > last)
            && detail > 0
        {
            pieces.push(StripPiece::Text(
                Tone::Faint,
                format!("{} s", wait.as_secs()),
            ));
        }
    }
    pieces
}

fn future(run: Option<&Run>) -> Tone {
    if run.is_some() {
        Tone::Plain
    } else {
        Tone::Strong
    }
}

/// The wait that runs, is held, or waits for the operator.
fn waiting(run: &Run, view: &View<'_>) -> Option<StripPiece> {
    let clock = step_clock(run, view.now)?;
    Some(match run.phase() {
        Phase::Waiting { .. } | Phase::Gated { .. } => {
            let stopped = run
                .ledger()
                .targets()
                .iter()
                .any(|target| target.stopped.is_some());
            let push_back = view.outlooks.push_back().filter(|_| stopped);
            let push_back = push_back.map(|(first, _)| clock.run + first);
            let within = push_back.filter(|at| clock.whole.is_some_and(|whole| *at < whole));
            StripPiece::Bar(clock, within)
        }
        Phase::Held { .. } => {
            let due = clock.whole.is_some_and(|whole| whole <= clock.run);
            let text = if due {
                "waits for your answer".into()
            } else {
                format!("on hold, {}", left_words(clock))
            };
            StripPiece::Text(Tone::Warn, text)
        }
        Phase::Ready { .. }
        | Phase::Performing(_)
        | Phase::Leaving { .. }
        | Phase::Ending { .. }
        | Phase::Settling { .. }
        | Phase::Over { .. } => StripPiece::Text(Tone::Warn, "waits for you".into()),
    })
}

/// A step that was sent: when, to how many, and what came of it.
fn told(step: &StepDone, run: Option<&Run>, detail: usize) -> String {
    let name = step.signal.name();
    if detail < 2 {
        return name.into();
    }
    let at = crate::console::time_of_day(step.at);
    let Some(run) = run else {
        return format!("{name} {at}");
    };
    let now = standings(run);
    let effect = if step.signal.stops() || step.signal == Signal::Kill {
        format!("exited {}/{}", now.exited, now.targets)
    } else if detail > 2 {
        format!("quiet {}/{}, idle {}", now.quiet, now.targets, now.idle)
    } else {
        format!("quiet {}/{}", now.quiet, now.targets)
    };
    if detail > 2 {
        format!("{name} {at} sent {}, {effect}", step.sent)
    } else {
        format!("{name} {at}, {effect}")
    }
}
