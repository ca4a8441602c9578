//! The job table: what holds the drain up first. Only the rows that show are judged and
//! formatted; of a row that shows, only the elapsed time and the time left change at each second.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::fit;
use super::look::{Tone, tone_of};
use super::view::{View, cursor_of, put, say, window};
use crate::console::{JobRow, Pane, Sort, heartbeat_age, stuck, thousands};
use crate::core::moment::clock_face;
use crate::core::outlook::{Becomes, JobOutlook, ProcessOutlook, SpanWords, Verdict};
use crate::core::stuck::Stuck;

/// The least of a reason that says something.
const LEAST_REASON: usize = 14;

/// Cells of each column; 0 leaves it out.
struct Columns {
    class: usize,
    process: usize,
    queue: usize,
    elapsed: usize,
    bar: usize,
    left: usize,
    verdict: usize,
}

fn columns(width: usize) -> Columns {
    let mut columns = match width {
        // Wider screens give to class and bar what they have.
        100.. => Columns {
            class: 20 + width.saturating_sub(120) / 5,
            process: 14,
            queue: 10,
            elapsed: 8,
            bar: 14 + width.saturating_sub(120) / 3,
            left: 6,
            verdict: 0,
        },
        60..100 => Columns {
            class: 18,
            process: 0,
            queue: 9,
            elapsed: 7,
            bar: 9,
            left: 5,
            verdict: 0,
        },
        _ => Columns {
            class: 11,
            process: 0,
            queue: 0,
            elapsed: 7,
            bar: 0,
            left: 5,
            verdict: 0,
        },
    };
    let fixed = [
        columns.class,
        columns.process,
        columns.queue,
        columns.elapsed,
        columns.bar,
        columns.left,
    ];
    let used: usize = fixed
        .iter()
        .filter(|cells| **cells > 0)
        .map(|cells| cells + 1)
        .sum();
    columns.verdict = width.saturating_sub(used + 2);
    columns
}

/// Draws the table.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, view: &View<'_>) {
    let columns = columns(usize::from(area.width));
    let height = usize::from(area.height).saturating_sub(1);
    let selected = view.console.jobs.row(&view.jobs, JobRow::is);
    let shown = window(selected, view.jobs.len(), height);
    let lines: Vec<(char, Line<'static>)> = shown
        .clone()
        .map(|index| line(view, &columns, &view.jobs[index], index == selected))
        .collect();
    let room = columns.verdict.saturating_sub(8);
    let note = fit::cut(&note(&shown, &lines, room, view), room);
    heading(buffer, area, &columns, &note, view);
    if view.jobs.is_empty() {
        let text = if view.console.listing.filter.is_empty() {
            "  no busy job is known"
        } else {
            "  no busy job fits the filter"
        };
        say(buffer, area, 1, view.look, Tone::Faint, text);
    }
    for (row, (_, line)) in lines.iter().enumerate() {
        put(buffer, area, 1 + row, line);
    }
}

fn heading(buffer: &mut Buffer, area: Rect, columns: &Columns, note: &str, view: &View<'_>) {
    let mut text = format!("  {} ", fit::left("JOB", columns.class));
    let mut add = |heading: &str, cells: usize, right: bool| {
        if cells > 0 {
            text.push_str(&if right {
                fit::right(heading, cells)
            } else {
                fit::left(heading, cells)
            });
            text.push(' ');
        }
    };
    add("ON", columns.process, false);
    add("QUEUE", columns.queue, false);
    add("ELAPSED", columns.elapsed, true);
    add(
        if columns.bar > 12 {
            "OF ITS BUDGET"
        } else {
            "OF BUDGET"
        },
        columns.bar,
        false,
    );
    add("LEFT", columns.left, true);
    add("BECOMES", columns.verdict, false);
    say(buffer, area, 0, view.look, Tone::Faint, text.trim_end());
    let width = u16::try_from(fit::width(note)).unwrap_or(0).min(area.width);
    let corner = Rect {
        x: area.right() - width,
        width,
        ..area
    };
    say(buffer, corner, 0, view.look, Tone::Strong, note);
}

/// How the table is listed, where that is not as usual; else what the marks of its rows mean.
fn note(
    shown: &std::ops::Range<usize>,
    lines: &[(char, Line<'static>)],
    room: usize,
    view: &View<'_>,
) -> String {
    let listing = &view.console.listing;
    let mut notes = Vec::new();
    if listing.sort != Sort::HoldsUp {
        notes.push(format!("by {}", listing.sort.word()));
    }
    if shown.len() < view.jobs.len() {
        notes.push(format!(
            "{}-{} of {}",
            shown.start + 1,
            shown.end,
            thousands(view.jobs.len() as u64)
        ));
    }
    if !notes.is_empty() {
        return notes.join(", ");
    }
    let watched = view.look.glyph('◆', '*');
    let stands = |mark: char| lines.iter().any(|(other, _)| *other == mark);
    let meanings = [(watched, "Enter says why"), ('!', "no heartbeat")];
    let meanings = meanings.into_iter().filter(|(mark, _)| stands(*mark));
    let told = meanings.map(|(mark, words)| format!("{mark} {words}"));
    told.reduce(|told, more| match format!("{told}  {more}") {
        both if fit::width(&both) <= room => both,
        _ => told,
    })
    .unwrap_or_default()
}

/// A row, and the mark in its gutter.
fn line(
    view: &View<'_>,
    columns: &Columns,
    row: &JobRow<'_>,
    selected: bool,
) -> (char, Line<'static>) {
    let said = view.outlooks.job(row.key, row.job);
    let outlook = view.outlooks.of(row.key);
    let clock = outlook.map_or(SpanWords::Stands, ProcessOutlook::clock);
    let age = heartbeat_age(row.process, view.now);
    let elapsed = row.elapsed(view.now);
    let focused = selected && view.console.pane == Pane::Jobs;
    let late = if row.stilled.is_some() { 0 } else { age.late };
    let base = match (focused, late, row.drained) {
        (true, _, _) => Tone::Selected,
        (false, 1.., _) | (false, _, false) => Tone::Faint,
        (false, 0, true) => Tone::Plain,
    };
    let stuck = stuck(view.session, row, said.budget, view.now)
        .first()
        .copied();
    let mark = match stuck {
        _ if late > 1 => '!',
        Some(_) => view.look.glyph('◆', '*'),
        None => ' ',
    };
    let mut text = format!(
        "{mark}{} ",
        fit::left(&fit::end(&row.job.work.class, columns.class), columns.class)
    );
    let mut add = |value: &str, cells: usize, right: bool| {
        if cells > 0 {
            text.push_str(&if right {
                fit::right(value, cells)
            } else {
                fit::left(value, cells)
            });
            text.push(' ');
        }
    };
    add(&row.process.name(), columns.process, false);
    add(&row.job.work.queue, columns.queue, false);
    add(
        &elapsed.map_or("?".into(), clock_face),
        columns.elapsed,
        true,
    );
    let tone = if focused {
        Tone::Selected
    } else {
        tone_of(&said)
    };
    let mut spans = vec![cursor_of(view, selected, focused), view.span(base, text)];
    if columns.bar > 0 {
        spans.extend(bar(view, columns.bar, elapsed, &said, tone));
        spans.push(view.span(base, " "));
    }
    let left = left(outlook, &said);
    spans.push(view.span(base, fit::right(&left, columns.left) + " "));
    let words = verdict(&said, clock, stuck, columns.verdict);
    spans.push(view.span(tone, fit::left(&words, columns.verdict)));
    (mark, Line::from(spans))
}

/// The words about a job, with as much of the reason as fits into `cells`. Why a job fits
/// stands in the help; its row stays calm.
///
/// The reason why it looks stuck stands first. "Past budget" is dropped: the verdict implies it.
fn verdict(said: &JobOutlook<'_>, clock: SpanWords, stuck: Option<Stuck>, cells: usize) -> String {
    let word = said.word();
    let whole = said.words(clock);
    let shorter = whole.replace("if it still runs ", "");
    let plain = match said.becomes {
        Becomes::Expected(Verdict::Fits) => vec![word.into()],
        // An end that has come has a cause: the beginning of that is better than none.
        Becomes::Ended(_) if cells > fit::width(word) + LEAST_REASON => {
            let cut = fit::cut(&whole, cells);
            vec![whole, cut]
        }
        Becomes::Expected(_)
        | Becomes::Ended(_)
        | Becomes::NotDrained
        | Becomes::Back
        | Becomes::Overdue
        | Becomes::Sought => vec![whole, shorter, word.into()],
    };
    let marked = |mark: &str| -> Vec<String> {
        let all = plain.iter().map(|words| format!("{mark}; {words}"));
        all.chain([word.to_owned()]).collect()
    };
    let candidates = match stuck {
        None | Some(Stuck::PastBudget(_)) => plain,
        Some(stuck) => marked(&stuck.mark()),
    };
    let last = candidates.last().cloned().unwrap_or_default();
    let fits = |words: &String| fit::width(words) <= cells;
    candidates.into_iter().find(fits).unwrap_or(last)
}

/// The time left to the second, as the elapsed time beside it; `~` where it hangs on a `-t` that is
/// only assumed.
fn left(outlook: Option<&ProcessOutlook<'_>>, said: &JobOutlook<'_>) -> String {
    let mark = match outlook {
        Some(outlook) if outlook.is_assumed() => "~",
        Some(_) | None => "",
    };
    (said.left).map_or("-".into(), |left| format!("{mark}{}", clock_face(left)))
}

/// Elapsed against the budget; a pointer at the end stands for what is beyond it.
fn bar(
    view: &View<'_>,
    cells: usize,
    elapsed: Option<Duration>,
    said: &JobOutlook<'_>,
    tone: Tone,
) -> Vec<Span<'static>> {
    let repeat = |unicode, ascii, times| {
        std::iter::repeat_n(view.look.glyph(unicode, ascii), times).collect::<String>()
    };
    let (Some(elapsed), Some(budget)) = (elapsed, said.budget) else {
        return vec![view.span(tone, " ".repeat(cells))];
    };
    if elapsed > budget {
        let end = view.look.glyph('▸', '>');
        let text = repeat('█', '#', cells - 1) + &end.to_string();
        return vec![view.look.mark(tone, text)];
    }
    let filled = fit::share(cells, elapsed, budget);
    vec![
        view.look.mark(tone, repeat('█', '#', filled)),
        view.look.mark(tone, repeat('░', '.', cells - filled)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fate::Fate;
    use crate::core::outlook::{Given, Reason};

    #[test]
    fn what_has_ended_keeps_the_beginning_of_its_reason() {
        let said = JobOutlook {
            becomes: Becomes::Ended(Fate::Lost),
            reason: Reason::Recorded(
                "KILL ended its process before its push-back; it was found nowhere",
            ),
            given: Given::Untouched,
            left: None,
            budget: None,
        };
        let words = |cells| verdict(&said, SpanWords::Stands, None, cells);
        assert_eq!(words(30), "LOST: KILL ended its process …");
        assert_eq!(words(12), "LOST", "no room for a reason");
        assert!(words(120).ends_with("found nowhere"));
    }
}
