//! The process table: the targets first, and one line for all that is folded. Ages are shown in
//! steps of a heartbeat, so that nothing here changes at each second.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::fit;
use super::look::Tone;
use super::view::{View, cursor_of, put, say, window};
use crate::console::{
    Alarm, GroupHead, HeartbeatAge, Pane, TableRow, few, head_words, heartbeat_age, is_target,
    process_state, thousands, timeouts_differ,
};
use crate::core::drain::Standing;
use crate::core::fleet::{Link, Process, ProcessKey};

/// A column: its heading, its cells, and whether its values stand at the right.
struct ProcessColumn {
    heading: &'static str,
    cells: usize,
    right: bool,
}

const fn column(heading: &'static str, cells: usize, right: bool) -> ProcessColumn {
    ProcessColumn {
        heading,
        cells,
        right,
    }
}

/// Blanks behind the name of a group.
const GAP: usize = 3;
/// Cells of the columns between the name and the unit, and behind that, with their gaps, and of the
/// gutter.
const BETWEEN: usize = 50;
/// Cells that a wide screen keeps for the last column at least.
const REMARK: usize = 22;

/// The columns that fit: name, version, state, busy, beat, memory, unit, timeout, remark. Name and
/// unit have what the longest of them takes.
fn columns(width: usize, view: &View<'_>) -> [ProcessColumn; 9] {
    let wide = width >= 100;
    let middle = width >= 60;
    let longest = |of: &dyn Fn(&Process) -> usize| {
        let processes = view.processes.iter().filter_map(TableRow::process);
        let cells = processes.map(|(_, process)| of(process));
        cells.max().unwrap_or_default()
    };
    let names = longest(&|process| fit::width(&named(process)));
    let units = longest(&|process| fit::width(unit(process)));
    let room = width.saturating_sub(BETWEEN + REMARK + 2);
    let name = if wide {
        names.clamp(12, (room * 3 / 5).max(room.saturating_sub(units)).max(12))
    } else if middle {
        names.clamp(12, 21)
    } else {
        16
    };
    let units = units.clamp(4, room.saturating_sub(name).max(4));
    let shown = |yes: bool, cells: usize| if yes { cells } else { 0 };
    let mut columns = [
        column("TARGET", name, false),
        column("VERSION", shown(wide, 7), false),
        column("STATE", 9, false),
        column("BUSY", 5, true),
        column("HEARTBEAT", shown(middle, 9), false),
        column("RSS", shown(wide, 6), true),
        column("UNIT", shown(wide, units), false),
        column("-t", shown(middle, 4), true),
        column("", 0, false),
    ];
    let used: usize = columns
        .iter()
        .filter(|c| c.cells > 0)
        .map(|c| c.cells + 1)
        .sum();
    let rest = width.saturating_sub(used + 3);
    if rest < 10 {
        columns[0].cells += rest;
    } else {
        columns[8].cells = rest;
    }
    columns
}

fn assemble(columns: &[ProcessColumn], values: &[String]) -> String {
    let mut text = String::new();
    for (column, value) in columns.iter().zip(values).filter(|(c, _)| c.cells > 0) {
        text.push_str(&if column.right {
            fit::right(value, column.cells)
        } else {
            fit::left(value, column.cells)
        });
        text.push(' ');
    }
    text.pop();
    text
}

/// Draws the table, with its heading if there is room for one.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, heading: bool, view: &View<'_>) {
    let columns = columns(usize::from(area.width), view);
    let top = usize::from(heading);
    let height = usize::from(area.height).saturating_sub(top);
    let selected = view.console.processes.row(&view.processes, TableRow::is);
    let shown = window(selected, view.processes.len(), height);
    if heading {
        let mut headings: Vec<String> = columns.iter().map(|c| c.heading.into()).collect();
        if shown.len() < view.processes.len() {
            let all = view.processes.len();
            headings[8] = format!("{}-{} of {all}", shown.start + 1, shown.end);
        } else if !view.targets.is_empty() {
            headings[8] = "* is drained".into();
        }
        let text = format!("   {}", assemble(&columns, &headings));
        say(buffer, area, 0, view.look, Tone::Faint, &text);
    }
    if view.processes.is_empty() {
        let filtered = view
            .console
            .filter()
            .is_some_and(|filter| !filter.is_empty());
        let (tone, why) = if filtered {
            (Tone::Faint, "no process fits the filter")
        } else {
            (Tone::Warn, nobody(view))
        };
        say(buffer, area, top, view.look, tone, &format!("   {why}"));
        return;
    }
    for (row, index) in shown.enumerate() {
        let is_selected = index == selected;
        let line = match &view.processes[index] {
            TableRow::Head(head) => head_line(view, usize::from(area.width), head, is_selected),
            TableRow::Process(key, process) => line(view, &columns, key, process, is_selected),
        };
        put(buffer, area, top + row, &line);
    }
}

/// Why the table is empty.
fn nobody(view: &View<'_>) -> &'static str {
    let scanned = view.session.fleet.scanned.is_some();
    match view.session.fleet.link {
        Link::Connecting { .. } => "looking for Sidekiq",
        _ if !scanned => "looking for Sidekiq",
        Link::Connected { .. } if view.folded.counted > 0 => {
            "no Sidekiq that lives is known to this Redis, and none runs on this host"
        }
        Link::Connected { .. } => "no Sidekiq is known to this Redis, and none runs on this host",
        Link::Unused | Link::Lost { .. } => "no Sidekiq runs on this host; Redis is not asked",
    }
}

fn line(
    view: &View<'_>,
    columns: &[ProcessColumn],
    key: &ProcessKey,
    process: &Process,
    selected: bool,
) -> Line<'static> {
    let state = process_state(view.session, &view.outlooks, key, process);
    let age = heartbeat_age(process, view.now);
    let timeout = view.session.timeout(process);
    let mark = match timeout.is_assumed() {
        _ if timeouts_differ(process) => "!",
        true => "?",
        false => "",
    };
    let values = [
        named(process),
        process.version_text().unwrap_or("?").into(),
        state.word.into(),
        busy(view, key, process),
        if process.exited() {
            "-".into()
        } else {
            age.words.clone()
        },
        memory(process.rss_kb()),
        unit(process).into(),
        format!("{}{mark}", timeout.span.as_secs()),
        state.remark.clone(),
    ];
    let drained = is_target(key, &view.targets);
    let text = format!(
        "{} {}",
        if drained { '*' } else { ' ' },
        assemble(columns, &values)
    );
    let focused = selected && view.console.pane == Pane::Processes;
    Line::from(vec![
        cursor_of(view, selected, focused),
        view.span(tone(state.alarm, &age, drained, focused), text),
    ])
}

/// The head of a group: its name, and of what stands in it as much as fits.
fn head_line(view: &View<'_>, width: usize, head: &GroupHead<'_>, selected: bool) -> Line<'static> {
    let (words, is_ill) = head_words(view.session, &view.outlooks, &view.targets, head);
    // htop's marks: what can be opened, and what is open.
    let mark = if head.is_folded { '+' } else { '-' };
    let room = width.saturating_sub(3);
    let name = fit::cut(&head.name, (room * 2 / 5).max(12));
    let rest = room.saturating_sub(fit::width(&name) + GAP);
    let least = words.last().cloned().unwrap_or_default();
    let words = fit::first(words, rest).unwrap_or(least);
    let text = fit::left(
        &format!("{mark} {name}{:GAP$}{words}", ""),
        width.saturating_sub(1),
    );
    let focused = selected && view.console.pane == Pane::Processes;
    let tone = match (focused, is_ill) {
        (true, _) => Tone::Selected,
        (false, true) => Tone::Warn,
        (false, false) => Tone::Strong,
    };
    Line::from(vec![
        cursor_of(view, selected, focused),
        view.span(tone, text),
    ])
}

fn tone(alarm: Alarm, age: &HeartbeatAge, drained: bool, focused: bool) -> Tone {
    match alarm {
        _ if focused => Tone::Selected,
        Alarm::Danger => Tone::Bad,
        Alarm::Watch => Tone::Warn,
        Alarm::Faint => Tone::Faint,
        Alarm::None if age.late > 0 || !drained => Tone::Faint,
        Alarm::None => Tone::Plain,
    }
}

/// The line of what the table folds, with as many names as fit.
pub(super) fn draw_folded(buffer: &mut Buffer, area: Rect, view: &View<'_>) {
    let folded = &view.folded;
    let filtered = view
        .console
        .filter()
        .is_some_and(|filter| !filter.is_empty());
    let shows = match (filtered, folded.fitting) {
        (false, _) => "p shows them".into(),
        (true, 0) => "none fits the filter".into(),
        (true, 1) => "p shows the 1 that fits".into(),
        (true, fitting) => format!("p shows the {} that fit", thousands(fitting)),
    };
    let counted = thousands(folded.counted);
    let words = |names: usize| {
        let parts = folded_parts(view, names).join(", ");
        match (parts.is_empty(), folded.counted) {
            (_, 0) => format!("   not drained: {parts}; {shows}"),
            (true, _) => format!("   {counted} dead members of this Redis are only counted"),
            (false, _) => {
                format!("   not drained: {parts}; {shows}; {counted} dead ones are only counted")
            }
        }
    };
    let fits = fit::first([words(2), words(1)], usize::from(area.width));
    let text = fits.unwrap_or_else(|| words(0));
    say(buffer, area, 0, view.look, Tone::Faint, &text);
}

/// The processes that the table folds, with so many names of other applications.
fn folded_parts(view: &View<'_>, names: usize) -> Vec<String> {
    let folded = &view.folded;
    let others = &folded.other_applications;
    let mut parts = Vec::new();
    if !others.is_empty() {
        let some = match names {
            0 => String::new(),
            names => format!(" ({})", few(others, names)),
        };
        parts.push(format!("{} of another application{some}", others.len()));
    }
    match folded.other_hosts {
        0 => {}
        1 => parts.push("1 on another host".into()),
        several => parts.push(format!("{} on other hosts", thousands(several))),
    }
    if folded.dead > 0 {
        parts.push(format!("{} dead", thousands(folded.dead)));
    }
    parts
}

/// Jobs of its threads: none where the process has ended or is proven idle, whatever its last
/// beat said.
fn busy(view: &View<'_>, key: &ProcessKey, process: &Process) -> String {
    if process.exited() {
        return "-".into();
    }
    let number = |value: Option<u64>| value.map_or("?".into(), |value| value.to_string());
    let run = view
        .session
        .run
        .as_ref()
        .filter(|run| !run.phase().is_over());
    let target = run.and_then(|run| run.ledger().target(key));
    let idle = target.is_some_and(|target| matches!(target.standing, Standing::Idle { .. }));
    let busy = if idle { Some(0) } else { process.busy() };
    format!("{}/{}", number(busy), number(process.concurrency()))
}

fn named(process: &Process) -> String {
    let name = format!("{} {}", process.name(), process.tag());
    name.trim_end().to_owned()
}

fn unit(process: &Process) -> &str {
    process
        .local
        .as_ref()
        .and_then(|local| local.surroundings.unit_name())
        .unwrap_or("")
}

/// Memory in steps of ten megabytes.
fn memory(kilobytes: Option<u64>) -> String {
    match kilobytes.map(|kilobytes| kilobytes / 1024) {
        None => "?".into(),
        Some(megabytes @ 0..100) => format!("{megabytes} M"),
        Some(megabytes @ 100..1000) => format!("{} M", megabytes / 10 * 10),
        Some(megabytes) => format!("{}.{} G", megabytes / 1024, megabytes % 1024 * 10 / 1024),
    }
}
