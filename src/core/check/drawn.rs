//! The timeline of a stop as one drawn line: who does what after how many seconds. Text only;
//! colours and places on a screen are not its business.

use std::time::Duration;

use crate::core::sequence::{Sequence, Timeout};

/// The characters to draw with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DrawnGlyphs {
    /// `─`.
    Unicode,
    /// `-`.
    Ascii,
}

impl DrawnGlyphs {
    fn dash(self) -> &'static str {
        match self {
            Self::Unicode => "─",
            Self::Ascii => "-",
        }
    }
}

/// Something that happens at a time.
struct TimeMark {
    at: Duration,
    label: String,
}

/// Draws the timeline in lines of at most `width` characters (a single mark may be longer).
/// `systemd` is the time that systemd waits after TERM before it kills.
///
/// `TSTP 0 ─── TERM 120 ─ -t ends 145 ─ KILL 150 ─ systemd would kill 210`
pub fn draw(
    sequence: &Sequence,
    timeout: &Timeout,
    systemd: Option<Duration>,
    width: usize,
    glyphs: DrawnGlyphs,
) -> String {
    let marks = marks(sequence, timeout, systemd);
    let mut lines: Vec<Vec<&TimeMark>> = Vec::new();
    let mut used = 0;
    for mark in &marks {
        let length = mark.label.chars().count();
        // A blank, a dash and a blank before every mark but the first.
        if let Some(line) = lines.last_mut()
            && used + length + 3 <= width
        {
            line.push(mark);
            used += length + 3;
        } else {
            used = length;
            lines.push(vec![mark]);
        }
    }
    let last = lines.len().saturating_sub(1);
    lines
        .iter()
        .enumerate()
        .map(|(index, line)| {
            let next = lines.get(index + 1).map(|next| next[0]);
            let open = if index < last { next } else { None };
            one_line(line, open, width, glyphs)
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// The marks in the order of time.
fn marks(sequence: &Sequence, timeout: &Timeout, systemd: Option<Duration>) -> Vec<TimeMark> {
    let kill = sequence.kill_at();
    let after_kill = |at: Duration| kill.is_some_and(|kill| kill < at);
    let mut marks: Vec<TimeMark> = sequence
        .timeline()
        .into_iter()
        .map(|(at, signal)| TimeMark {
            at,
            label: format!("{signal} {}", at.as_secs_f64()),
        })
        .collect();
    if let Some(term) = sequence.quiet_wait() {
        let at = term.saturating_add(timeout.span);
        let verb = if after_kill(at) { "would end" } else { "ends" };
        marks.push(TimeMark {
            at,
            label: format!("-t {verb} {}", at.as_secs_f64()),
        });
        if let Some(wait) = systemd {
            let at = term.saturating_add(wait);
            let verb = if after_kill(at) {
                "would kill"
            } else {
                "kills"
            };
            marks.push(TimeMark {
                at,
                label: format!("systemd {verb} {}", at.as_secs_f64()),
            });
        }
    }
    // Stable: at the same time a signal comes before what follows from it.
    marks.sort_by_key(|mark| mark.at);
    marks
}

/// A line, its gaps as long as their times where there is room.
fn one_line(
    line: &[&TimeMark],
    next: Option<&TimeMark>,
    width: usize,
    glyphs: DrawnGlyphs,
) -> String {
    let length: usize = line.iter().map(|mark| mark.label.chars().count() + 3).sum();
    let room = (width + 3).saturating_sub(length);
    // A line that goes on elsewhere needs two more characters; otherwise half the room is plenty.
    let room = if next.is_some() { 0 } else { room.min(40) };
    let first = line.first().map_or(Duration::ZERO, |mark| mark.at);
    let end = line.last().map_or(Duration::ZERO, |mark| mark.at);
    let whole = end.saturating_sub(first).as_secs_f64();
    let mut drawn = String::new();
    let mut before = first;
    for (index, mark) in line.iter().enumerate() {
        if index > 0 {
            let share = mark.at.saturating_sub(before).as_secs_f64() / whole.max(1.0);
            drawn.push(' ');
            drawn.push_str(&glyphs.dash().repeat(1 + portion(room, share)));
            drawn.push(' ');
        }
        drawn.push_str(&mark.label);
        before = mark.at;
    }
    drawn
}

/// `share` of `room`, rounded down.
fn portion(room: usize, share: f64) -> usize {
    (0..=room)
        .rev()
        .find(|part| {
            f64::from(u32::try_from(*part).unwrap_or(0))
                <= share * f64::from(u32::try_from(room).unwrap_or(0))
        })
        .unwrap_or(0)
}
