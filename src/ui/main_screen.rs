//! The main screen: which panel stands where at which size. It draws no text itself.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::look::Tone;
use super::view::{View, say};
use super::{fit, footer, header, jobs, journal, processes, queues, strip};
use crate::console::narrowed;

/// Takes rows off the top or the bottom of what is left.
struct Rows {
    left: Rect,
}

impl Rows {
    fn top(&mut self, rows: usize) -> Rect {
        let height = u16::try_from(rows).unwrap_or(0).min(self.left.height);
        let taken = Rect {
            height,
            ..self.left
        };
        self.left.y += height;
        self.left.height -= height;
        taken
    }

    fn bottom(&mut self, rows: usize) -> Rect {
        let height = u16::try_from(rows).unwrap_or(0).min(self.left.height);
        self.left.height -= height;
        Rect {
            y: self.left.y + self.left.height,
            height,
            ..self.left
        }
    }
}

/// The faults of the sources: at most two, in at most two lines each.
fn draw_warnings(buffer: &mut Buffer, rows: &mut Rows, roomy: bool, view: &View<'_>) {
    let width = usize::from(rows.left.width);
    let (most, cells) = if roomy { (2, width - 2) } else { (1, width) };
    for warning in header::warnings(view, cells).iter().take(most) {
        if !roomy {
            say(buffer, rows.top(1), 0, view.look, Tone::Warn, warning);
            continue;
        }
        for line in fit::wrap(warning, cells).iter().take(2) {
            let line = format!(" {line}");
            say(buffer, rows.top(1), 0, view.look, Tone::Warn, &line);
        }
    }
}

/// The rows that the filter leaves of the tables below, as many words as fit into a row.
fn draw_narrowed(buffer: &mut Buffer, rows: &mut Rows, view: &View<'_>) {
    let Some((words, ill)) = narrowed(view.session, view.console, &view.outlooks) else {
        return;
    };
    let tone = if ill { Tone::Warn } else { Tone::Strong };
    let least = words.last().cloned().unwrap_or_default();
    let words = fit::first(words, usize::from(rows.left.width) - 1).unwrap_or(least);
    let text = format!(" {words}");
    say(buffer, rows.top(1), 0, view.look, tone, &text);
}

/// Draws the main screen.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, view: &View<'_>) {
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    let roomy = height >= 20;
    let mut rows = Rows { left: area };
    header::draw(buffer, rows.top(1), view);
    let plan_rows = header::plan_height(area.width, view).min(3);
    header::draw_plan(buffer, rows.top(plan_rows), view);
    draw_warnings(buffer, &mut rows, roomy, view);
    let cells = width.saturating_sub(if roomy { 4 } else { 0 });
    let inner = strip::height(view, cells).min(if roomy { 8 } else { 6 });
    strip::draw(
        buffer,
        rows.top(inner + if roomy { 2 } else { 0 }),
        roomy,
        view,
    );
    let footer_rows = footer::height(view, width, if roomy { 2 } else { 1 });
    footer::draw(buffer, rows.bottom(footer_rows), view);
    draw_narrowed(buffer, &mut rows, view);
    let least_journal = match height {
        40.. => 5,
        30..40 => 3,
        _ => 1,
    };
    let below = least_journal + usize::from(roomy);
    let least_jobs = if roomy { 5 } else { 3 };
    let heading = roomy;
    let most = match height {
        30.. => height / 4,
        20..30 => 4,
        _ => 2,
    };
    let wanted = view.processes.len().clamp(1, most) + usize::from(heading);
    let has_folded = !view.folded.is_empty() || view.folded.counted > 0;
    let folded = usize::from(has_folded && roomy);
    let free = usize::from(rows.left.height).saturating_sub(below + folded);
    let given = wanted
        .min(free.saturating_sub(least_jobs))
        .max(1 + usize::from(heading));
    processes::draw(buffer, rows.top(given), heading, view);
    if folded > 0 {
        processes::draw_folded(buffer, rows.top(1), view);
    }
    // The journal has what the jobs leave.
    let room = usize::from(rows.left.height).saturating_sub(below);
    let jobs = (view.jobs.len().max(1) + 1).max(least_jobs).min(room);
    jobs::draw(buffer, rows.top(jobs), view);
    if roomy {
        queues::draw(buffer, rows.top(1), view);
    }
    journal::draw(buffer, rows.left, view);
}
