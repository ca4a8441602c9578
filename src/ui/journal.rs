//! The last things that changed something, and what the console has to say to the operator.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::look::Tone;
use super::view::{View, say};
use crate::console::{count, few, short_ids, time_of_day};
use crate::core::drain::Sentence;
use crate::core::moment::Moment;

/// Draws the last records; a notice takes the place of the last line.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, view: &View<'_>) {
    let height = usize::from(area.height);
    let notice = view.console.memory.notice.as_deref();
    let room = height.saturating_sub(usize::from(notice.is_some()));
    let last = last(view, room);
    if last.is_empty() && room > 0 {
        let text = " journal  nothing has been sent from here";
        say(buffer, area, 0, view.look, Tone::Faint, text);
    }
    for (row, entry) in last.iter().enumerate() {
        let lead = if row == 0 { "journal" } else { "" };
        let words = short_ids(&entry.words());
        let text = format!(" {lead:<7}  {} {words}", time_of_day(entry.at));
        say(buffer, area, row, view.look, Tone::Plain, &text);
    }
    if let Some(notice) = notice
        && height > 0
    {
        let text = format!(" {notice} ");
        say(buffer, area, height - 1, view.look, Tone::Selected, &text);
    }
}

/// A line of the pane: a record, or one thing that happened to several processes.
struct PaneLine {
    at: Moment,
    sentence: Sentence,
    /// The processes that it happened to, first to last.
    names: Vec<String>,
}

impl PaneLine {
    fn words(&self) -> String {
        let several = format!("{}: ", count(self.names.len() as u64, "process"));
        let names = few(&self.names, 4);
        match self.names.len() {
            0 | 1 => self.sentence.with(&names),
            _ => self.sentence.with(&(several + &names)),
        }
    }
}

/// The last `room` lines, oldest first.
fn last(view: &View<'_>, room: usize) -> Vec<PaneLine> {
    let mut lines: Vec<PaneLine> = Vec::new();
    let journal = &view.session.journal;
    for record in journal.iter().rev().filter(|record| record.is_public()) {
        let sentence = record.event.sentence();
        if let (Some(last), Some(name)) = (lines.last_mut(), record.name())
            && !last.names.is_empty()
            && last.sentence.joins(&sentence)
            && last.at.since(record.at) < Sentence::TOGETHER
        {
            last.names.insert(0, name.to_owned());
            last.at = record.at;
            continue;
        }
        if lines.len() == room {
            break;
        }
        lines.push(PaneLine {
            at: record.at,
            sentence,
            names: record.name().into_iter().map(str::to_owned).collect(),
        });
    }
    lines.reverse();
    lines
}
