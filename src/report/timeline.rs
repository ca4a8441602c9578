//! What happened in a drain, line by line, in the form `T+0s → TSTP sent to util1:4242`. What
//! happened to several processes within a second is one line. What was found before the first
//! signal, and fates that were known at the end, have their own places.

use serde::Serialize;

use super::library::Past;
use super::line::{Happened, Line};
use crate::core::clean::clean;

/// Longest text of a journal in one line.
const LONGEST: usize = 300;
/// Lines of one kind this close together are told as one.
const TOGETHER: f64 = 1.0;

/// One line of a timeline.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// Seconds since the drain began.
    pub t_s: f64,
    /// What happened.
    pub text: String,
}

impl Entry {
    /// `T+0s`.
    pub fn stamp(&self) -> String {
        format!("T+{}s", self.t_s.max(0.0).floor())
    }
}

/// A line that is not closed: more processes may come to it.
struct Open {
    t_s: f64,
    before: String,
    names: Vec<String>,
    after: String,
}

impl Open {
    fn close(self) -> Entry {
        let Self {
            t_s,
            before,
            names,
            after,
        } = self;
        let names = match names.len() {
            0..=4 => names.join(", "),
            count => format!("{count} processes ({}, …)", names[..3].join(", ")),
        };
        Entry {
            t_s,
            text: format!("{before}{names}{after}"),
        }
    }
}

/// The timeline of `past`. Fates are not in it: they are known only at the end.
pub(super) fn timeline(past: &Past) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut open: Option<Open> = None;
    for (index, line) in past.lines.iter().enumerate() {
        let Some(next) = words(line, &past.lines[index + 1..]) else {
            continue;
        };
        match &mut open {
            Some(open)
                if !next.names.is_empty()
                    && (&open.before, &open.after) == (&next.before, &next.after)
                    && next.t_s - open.t_s < TOGETHER =>
            {
                open.names.extend(next.names);
            }
            Some(_) | None => entries.extend(open.replace(next).map(Open::close)),
        }
    }
    entries.extend(open.map(Open::close));
    entries
}

/// Words before the names of the processes, and after them.
type Words = (String, String);

fn words(line: &Line, later: &[Line]) -> Option<Open> {
    let name = line.name().map(|name| clean(&name, LONGEST));
    let told = if is_intent(&line.happened) {
        !is_told_later(line, later)
    } else {
        let silent = matches!(
            line.happened,
            Happened::Reconciled { .. } | Happened::Checked { .. } | Happened::Other
        );
        !silent && !line.is_later()
    };
    if !told {
        return None;
    }
    let (before, after) = about_process(&line.happened)
        .or_else(|| about_unit(&line.happened))
        .unwrap_or_else(|| {
            let text = about_drain(&line.happened);
            match &name {
                Some(_) => (String::new(), format!(": {text}")),
                None => (text, String::new()),
            }
        });
    Some(Open {
        t_s: line.t_s,
        before,
        names: name.into_iter().collect(),
        after,
    })
}

fn text(text: &str) -> String {
    clean(text, LONGEST)
}

/// What happened to one process.
fn about_process(happened: &Happened) -> Option<Words> {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "all other events are about the drain"
    )]
    let (before, after) = match happened {
        Happened::SignalIntended { signal } => (
            format!("{} was about to be sent to ", text(signal)),
            "; nothing says whether it was".into(),
        ),
        Happened::SignalSent {
            signal,
            at_stake,
            blind,
        } => (
            format!("{} sent to ", text(signal)),
            stake(*at_stake, *blind),
        ),
        Happened::SignalFailed {
            signal,
            error,
            may_have_happened,
        } => {
            let perhaps = if *may_have_happened {
                " (it may have been sent)"
            } else {
                ""
            };
            (
                format!("{} failed to reach ", text(signal)),
                format!(": {}{perhaps}", text(error)),
            )
        }
        Happened::Logged { text: logged } => (String::new(), format!(" logged: {}", text(logged))),
        Happened::QuietConfirmed { evidence } => {
            (String::new(), format!(" quiet: {}", text(evidence)))
        }
        Happened::JobFinished { jid, class, .. } => {
            let class = class.as_deref().unwrap_or("a job");
            (
                format!("{} {} finished on ", text(class), text(jid)),
                String::new(),
            )
        }
        Happened::Exited { clean } => (String::new(), exited(*clean).into()),
        _ => return None,
    };
    Some((before, after))
}

/// What happened to the unit of one process, in TERM's place.
fn about_unit(happened: &Happened) -> Option<Words> {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "all other events are about no unit"
    )]
    let (before, after) = match happened {
        Happened::UnitStopIntended { unit } => (
            format!("systemctl stop {} was about to be called for ", text(unit)),
            "; nothing says whether it was".into(),
        ),
        Happened::UnitStopBegun {
            unit,
            at_stake,
            systemd_kills_at,
        } => {
            let kills = systemd_kills_at.as_deref().map_or_else(
                || "; systemd does not kill it".into(),
                |at| format!("; systemd kills at {}", text(at)),
            );
            (
                format!("systemctl stop {} in TERM's place for ", text(unit)),
                format!("{kills}{}", stake(*at_stake, None)),
            )
        }
        Happened::UnitStopFailed {
            unit,
            error,
            may_have_happened,
        } => {
            let perhaps = if *may_have_happened {
                " (it may stop all the same)"
            } else {
                ""
            };
            (
                format!("systemctl stop {} failed for ", text(unit)),
                format!(": {}{perhaps}", text(error)),
            )
        }
        _ => return None,
    };
    Some((before, after))
}

/// What happened to the drain.
fn about_drain(happened: &Happened) -> String {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "all other events are about a process, or are not told"
    )]
    match happened {
        Happened::Started { sequence, mode, .. } => {
            format!("drain begins: {} ({})", text(sequence), text(mode))
        }
        Happened::AdvancedEarly { evidence, saved_s } => format!(
            "nothing runs any more ({}): on to the next signal {saved_s:.0} s early",
            text(evidence)
        ),
        Happened::Held { why } => format!("held: {}", text(why)),
        Happened::Resumed => "going on".into(),
        Happened::ModeChanged { mode } => format!("now {}", text(mode)),
        Happened::Extended { by_s } if *by_s < 0 => {
            format!("wait shortened by {} s", by_s.unsigned_abs())
        }
        Happened::Extended { by_s } => format!("wait extended by {by_s} s"),
        Happened::Backtrace { jid, tid, .. } => {
            let of = jid.as_deref().or(tid.as_deref()).unwrap_or("a thread");
            format!("backtrace of {} taken", text(of))
        }
        Happened::PayloadSaved { jid, class } => format!(
            "payload saved: {} {}",
            text(class.as_deref().unwrap_or("a job")),
            text(jid.as_deref().unwrap_or("without an id"))
        ),
        Happened::RescueIntended { jid, class } => format!(
            "{} {} was about to be pushed back; nothing says whether it was",
            text(class.as_deref().unwrap_or("a job")),
            text(jid)
        ),
        Happened::RescueEnded { jid, class, result } => format!(
            "{} {}: {}",
            text(class.as_deref().unwrap_or("a job")),
            text(jid),
            text(result)
        ),
        Happened::Remarked { text: remark } => text(remark),
        Happened::Finished {
            outcome,
            why: Some(why),
        } => format!("{}: {}", outcome.word(), text(why)),
        Happened::Finished { outcome, why: None } => format!("drain over: {}", outcome.word()),
        _ => String::new(),
    }
}

fn is_intent(happened: &Happened) -> bool {
    matches!(
        happened,
        Happened::SignalIntended { .. }
            | Happened::UnitStopIntended { .. }
            | Happened::RescueIntended { .. }
    )
}

/// Whether a later line says what became of what was intended.
fn is_told_later(intent: &Line, later: &[Line]) -> bool {
    if let Happened::RescueIntended { jid: intended, .. } = &intent.happened {
        return later.iter().any(
            |line| matches!(&line.happened, Happened::RescueEnded { jid, .. } if jid == intended),
        );
    }
    later
        .iter()
        .filter(|line| line.name() == intent.name())
        .any(|line| {
            matches!(
                line.happened,
                Happened::SignalSent { .. }
                    | Happened::SignalFailed { .. }
                    | Happened::UnitStopBegun { .. }
                    | Happened::UnitStopFailed { .. }
                    | Happened::Exited { .. }
            )
        })
}

fn stake(at_stake: Option<u64>, blind: Option<bool>) -> String {
    match (at_stake, blind) {
        (_, Some(true)) => ", blind: Redis could not be asked what is at stake".into(),
        (Some(count @ 1..), _) => format!(", {count} job(s) at stake"),
        (Some(0) | None, _) => String::new(),
    }
}

fn exited(clean: Option<bool>) -> &'static str {
    match clean {
        Some(true) => " exited in order",
        Some(false) => " died without leaving in order",
        None => " exited",
    }
}
