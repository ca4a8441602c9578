//! The process table. Ages are shown in steps of a beat, so that nothing here changes at each
//! second.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::age::{Age, age};
use super::fit;
use super::look::Tone;
use super::view::{View, put, say, window};
use crate::console::{Pane, is_target, time_of_day, timeouts_differ};
use crate::core::drain::{Run, Standing, Target};
use crate::core::fleet::{Link, Process, ProcessKey, State};
use crate::core::moment::Moment;
use crate::core::sequence::Signal;

/// A column: its heading, its cells, and whether its values stand at the right.
struct Column {
    heading: &'static str,
    cells: usize,
    right: bool,
}

const fn column(heading: &'static str, cells: usize, right: bool) -> Column {
    Column {
        heading,
        cells,
        right,
    }
}

/// The columns that fit: name, version, state, busy, beat, memory, unit, timeout, remark.
fn columns(width: usize) -> [Column; 9] {
    let wide = width >= 100;
    let middle = width >= 60;
    let name = if wide {
        24
    } else if middle {
        22
    } else {
        18
    };
    let shown = |yes: bool, cells: usize| if yes { cells } else { 0 };
    let mut columns = [
        column("PROCESS", name, false),
        column("VERSION", shown(wide, 7), false),
        column("STATE", 9, false),
        column("BUSY", 5, true),
        column("BEAT", shown(middle, 6), true),
        column("RSS", shown(wide, 6), true),
        column("UNIT", shown(wide, 18), false),
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

fn assemble(columns: &[Column], values: &[String]) -> String {
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
    let columns = columns(usize::from(area.width));
    let top = usize::from(heading);
    let height = usize::from(area.height).saturating_sub(top);
    let selected = view
        .console
        .processes
        .row(&view.processes, |row, key| row.0 == key);
    let shown = window(selected, view.processes.len(), height);
    if heading {
        let mut headings: Vec<String> = columns.iter().map(|c| c.heading.into()).collect();
        if shown.len() < view.processes.len() {
            let all = view.processes.len();
            headings[8] = format!("{}-{} of {all}", shown.start + 1, shown.end);
        }
        let text = format!("   {}", assemble(&columns, &headings));
        say(buffer, area, 0, view.look, Tone::Faint, &text);
    }
    if view.processes.is_empty() {
        let text = format!("   {}", nobody(view));
        say(buffer, area, top, view.look, Tone::Warn, &text);
        return;
    }
    for (row, index) in shown.enumerate() {
        let (key, process) = view.processes[index];
        let line = line(view, &columns, key, process, index == selected);
        put(buffer, area, top + row, &line);
    }
}

/// Why the table is empty.
fn nobody(view: &View<'_>) -> &'static str {
    let scanned = view.session.fleet.scanned.is_some();
    match view.session.fleet.link {
        Link::Connecting { .. } => "looking for Sidekiq",
        _ if !scanned => "looking for Sidekiq",
        Link::Connected { .. } => "no Sidekiq is known to this Redis, and none runs on this host",
        Link::Unused | Link::Lost { .. } => "no Sidekiq runs on this host; Redis is not asked",
    }
}

fn line(
    view: &View<'_>,
    columns: &[Column],
    key: &ProcessKey,
    process: &Process,
    selected: bool,
) -> Line<'static> {
    let state = view.session.state(key, process, view.now);
    let age = age(process, view.now);
    let timeout = view.session.timeout(process);
    let mark = match timeout.is_assumed() {
        _ if timeouts_differ(process) => "!",
        true => "?",
        false => "",
    };
    let values = [
        format!("{} {}", process.name(), process.tag())
            .trim_end()
            .to_string(),
        process.version_text().unwrap_or("?").into(),
        state.word().into(),
        busy(view, key, process),
        if process.exited() {
            "-".into()
        } else {
            age.words.clone()
        },
        memory(process.rss_kb()),
        unit(process).into(),
        format!("{}{mark}", timeout.span.as_secs()),
        remark(view, key, process, state),
    ];
    let drained = is_target(key, &view.targets);
    let cursor = if selected {
        view.look.glyph('▸', '>')
    } else {
        ' '
    };
    let text = format!(
        "{cursor}{} {}",
        if drained { '*' } else { ' ' },
        assemble(columns, &values)
    );
    let focused = selected && view.console.pane == Pane::Processes;
    Line::from(view.span(tone(state, &age, drained, focused), text))
}

fn tone(state: State, age: &Age, drained: bool, focused: bool) -> Tone {
    if focused {
        return Tone::Selected;
    }
    match state {
        State::Suspended | State::Ghost | State::Stale => Tone::Warn,
        State::Exited => Tone::Faint,
        State::Booting | State::Stopping | State::Quiet | State::Running => {
            if age.beats > 0 || !drained {
                Tone::Faint
            } else {
                Tone::Plain
            }
        }
    }
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
    let target = run.and_then(|run| run.target(key));
    let idle = target.is_some_and(|target| matches!(target.standing, Standing::Idle { .. }));
    let busy = if idle { Some(0) } else { process.busy() };
    format!("{}/{}", number(busy), number(process.concurrency()))
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

/// What there is to say of a process: its part in the drain, else what keeps it out of one.
fn remark(view: &View<'_>, key: &ProcessKey, process: &Process, state: State) -> String {
    let run = view
        .session
        .run
        .as_ref()
        .filter(|run| !run.phase().is_over());
    if let Some(run) = run {
        if let Some(target) = run.target(key) {
            return part(run, target, view.now);
        }
        let began = run.pace().started.epoch();
        let new = process
            .local
            .as_ref()
            .is_some_and(|local| local.started_at > began);
        if new {
            return "new: no signal goes to it".into();
        }
    }
    if let Some(fault) = process.faults.first() {
        return format!("not readable: {fault}");
    }
    let address = process
        .local
        .as_ref()
        .and_then(|local| local.surroundings.redis_url.as_ref());
    match (key, &process.identity, address) {
        (ProcessKey::Remote(_), _, _) => "on another host".into(),
        (ProcessKey::Local(_), None, Some(address)) => format!("not in this Redis: {address}"),
        (ProcessKey::Local(_), None, None) if state != State::Booting => "not in this Redis".into(),
        (ProcessKey::Local(_), _, _) if run.is_some() => "not drained".into(),
        (ProcessKey::Local(_), _, _) => String::new(),
    }
}

/// The part of a target in the drain: the last signal and what came of it.
fn part(run: &Run, target: &Target, now: Moment) -> String {
    match &target.standing {
        Standing::Exited { at, .. } => format!("exited {}", time_of_day(*at)),
        Standing::LeftOut { why } => format!("left out: {why}"),
        Standing::Alive | Standing::Quiet { .. } | Standing::Idle { .. } => {
            let Some(sent) = target.last else {
                return "nothing sent yet".into();
            };
            if sent.signal == Signal::Kill {
                return "KILL sent, has not exited".into();
            }
            if let Some(interrupt) = target.interrupt() {
                let was = if interrupt <= now { "was due " } else { "" };
                return format!("push-back {was}{}", time_of_day(interrupt));
            }
            let next = run
                .phase()
                .next_step()
                .and_then(|step| run.plan().sequence.signal(step));
            match (&target.standing, next) {
                (Standing::Idle { .. }, Some(next)) => format!("idle, goes with {next}"),
                (Standing::Idle { .. }, None) => "quiet and idle".into(),
                (Standing::Quiet { .. }, _) => "finishing its jobs".into(),
                _ => format!("{} sent, not quiet yet", sent.signal),
            }
        }
    }
}
