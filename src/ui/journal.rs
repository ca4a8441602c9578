//! The last things that changed something, and what the console has to say to the operator.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::look::Tone;
use super::view::{View, say};
use crate::console::{count, few, time_of_day};
use crate::core::drain::{Event, Record};
use crate::core::moment::Moment;
use crate::core::sequence::Signal;

/// Draws the last records; a notice takes the place of the last line.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, view: &View<'_>) {
    let height = usize::from(area.height);
    let notice = view.console.memory.notice.as_deref();
    let room = height.saturating_sub(usize::from(notice.is_some()));
    let last = last(view, room);
    if last.is_empty() && room > 0 {
        let text = " journal  nothing has been sent";
        say(buffer, area, 0, view.look, Tone::Faint, text);
    }
    for (row, entry) in last.iter().enumerate() {
        let lead = if row == 0 { "journal" } else { "" };
        let text = format!(" {lead:<7}  {} {}", time_of_day(entry.at), entry.words());
        say(buffer, area, row, view.look, Tone::Plain, &text);
    }
    if let Some(notice) = notice
        && height > 0
    {
        let text = format!(" {notice} ");
        say(buffer, area, height - 1, view.look, Tone::Selected, &text);
    }
}

/// One line of the pane: a record, or one signal to several processes.
struct Entry<'a> {
    at: Moment,
    record: &'a Record,
    /// The processes that got the same signal, first to last.
    names: Vec<String>,
}

impl Entry<'_> {
    fn words(&self) -> String {
        if let Event::SignalSent { signal, .. } = &self.record.event
            && self.names.len() > 1
        {
            let number = count(self.names.len() as u64, "process");
            return format!("{signal} sent to {number}: {}", few(&self.names, 4));
        }
        self.record.to_string()
    }
}

/// The last `room` lines, oldest first.
fn last<'a>(view: &View<'a>, room: usize) -> Vec<Entry<'a>> {
    let mut entries: Vec<Entry<'a>> = Vec::new();
    let journal = &view.session.journal;
    for record in journal.iter().rev().filter(|record| record.is_public()) {
        let name = record.about.as_ref().map(|about| about.name.clone());
        if let (Some(last), Some(name)) = (entries.last_mut(), &name)
            && is_same_signal(record, last.record)
        {
            last.names.insert(0, name.clone());
            last.at = record.at;
            continue;
        }
        if entries.len() == room {
            break;
        }
        entries.push(Entry {
            at: record.at,
            record,
            names: name.into_iter().collect(),
        });
    }
    entries.reverse();
    entries
}

/// Whether both tell of the same step of the sequence. A KILL keeps a line of its own: it says
/// what was at stake.
fn is_same_signal(one: &Record, other: &Record) -> bool {
    match (&one.event, &other.event) {
        (
            Event::SignalSent { signal, step, .. },
            Event::SignalSent {
                signal: also,
                step: same,
                ..
            },
        ) => signal == also && step == same && step.is_some() && *signal != Signal::Kill,
        _ => false,
    }
}
