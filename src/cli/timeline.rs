//! A stop sequence as a table for people: when each signal is due and what it does, and the
//! budget that follows. Text only.

use std::collections::VecDeque;
use std::fmt::Write;
use std::time::Duration;

use crate::core::config::{Early, Settings};
use crate::core::fleet::Fleet;
use crate::core::sequence::{Budget, Consequence, Sequence, Signal, Timeout};

/// How much later than the push-back KILL must come for the jobs to be back in Redis.
const GRACE: Duration = Duration::from_secs(5);

/// A line of the table.
struct TimelineRow {
    at: Option<Duration>,
    what: String,
    means: String,
}

/// The stops of units that take TERM's place in any case.
#[derive(Debug, Default)]
pub(super) struct ByUnits {
    /// Their commands; without any TERM goes itself.
    pub(super) commands: Vec<String>,
    /// Whether TERM goes to some processes anyway.
    pub(super) in_part: bool,
    /// How long after it systemd kills, of several the soonest; `None`: never.
    pub(super) limit: Option<Duration>,
}

impl ByUnits {
    /// When systemd kills, if that is before the sequence does.
    fn kills(&self, sequence: &Sequence, budget: Budget) -> Option<Duration> {
        self.limit?;
        budget.kill.filter(|kill| sequence.kill_at() != Some(*kill))
    }
}

/// The plan as text.
pub(super) fn timeline(settings: &Settings, timeout: &Timeout, by: &ByUnits) -> String {
    let budget = settings.sequence.budget_within(timeout.span, by.limit);
    let mut text = format!(
        "{}   ({})\n\n",
        settings.sequence, settings.sequence_origin.0
    );
    let rows = rows(&settings.sequence, settings.conduct.early, budget, by);
    write_rows(&mut text, rows);
    text.push('\n');
    figures(&mut text, &settings.sequence, timeout, budget, by);
    text
}

/// The events second by second, one line each.
pub(super) fn steps(sequence: &Sequence, timeout: Duration, early: Early) -> String {
    let mut text = String::new();
    let budget = sequence.budget(timeout);
    write_rows(
        &mut text,
        rows(sequence, early, budget, &ByUnits::default()),
    );
    text
}

fn write_rows(text: &mut String, rows: Vec<TimelineRow>) {
    for row in rows {
        let at = row.at.map_or_else(String::new, seconds);
        line(
            text,
            format_args!("  {at:>7}  {:<9}  {}", row.what, row.means),
        );
    }
}

/// A span in seconds, as short as it goes.
fn seconds(span: Duration) -> String {
    format!("{} s", span.as_secs_f64())
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    writeln!(text, "{arguments}").expect("a String takes every text");
}

/// The signals, the waits between them, the push-back and systemd's own KILL, in the order of
/// time.
fn rows(sequence: &Sequence, early: Early, budget: Budget, by: &ByUnits) -> Vec<TimelineRow> {
    let first_stop = sequence.first_stop();
    let mut between: VecDeque<(Duration, TimelineRow)> = VecDeque::new();
    if let Some(interrupt) = budget.interrupt {
        between.push_back((interrupt, push_back_row(interrupt, budget)));
    }
    if let Some(kill) = by.kills(sequence, budget) {
        let row = TimelineRow {
            at: Some(kill),
            what: "systemd".into(),
            means: format!("{} (TimeoutStopSec, which cannot be held)", killed(budget)),
        };
        between.push_back((kill, row));
    }
    between.make_contiguous().sort_by_key(|(at, _)| *at);
    let mut rows = Vec::new();
    for (index, (at, signal)) in sequence.timeline().into_iter().enumerate() {
        // An event that is no signal stands before the signal that is due at the same time.
        while first_stop.is_some_and(|first| index > first)
            && let Some((_, row)) = between.pop_front_if(|(due, _)| *due <= at)
        {
            rows.push(row);
        }
        let by_unit = first_stop == Some(index) && !by.commands.is_empty();
        let ended = by.limit.is_some() && budget.kill.is_some_and(|kill| kill < at);
        let (what, means) = if by_unit {
            let commands = by.commands.join(", ");
            let others = if by.in_part {
                format!(", and {signal} to the others")
            } else {
                format!(" in the place of {signal}")
            };
            let means = format!("{commands}{others}: the jobs that run have T left");
            ("stop".into(), means)
        } else if ended {
            let means = if by.in_part {
                "ends the others at once; systemd has killed its own by then"
            } else {
                "systemd has killed it by then"
            };
            (signal.name().into(), means.into())
        } else {
            let means = meaning(sequence, index, signal, budget);
            (signal.name().into(), means)
        };
        rows.push(TimelineRow {
            at: Some(at),
            what,
            means,
        });
        rows.extend(wait_row(sequence, early, index));
    }
    rows.extend(between.into_iter().map(|(_, row)| row));
    rows
}

fn wait_row(sequence: &Sequence, early: Early, index: usize) -> Option<TimelineRow> {
    let wait = sequence.wait_after(index)?;
    let stopping = sequence.first_stop().is_some_and(|first| index >= first);
    // Before TERM only what was told to be quiet can be proven idle.
    let quieted = sequence.signals().take(index + 1).any(quiets);
    let idle = early == Early::Idle && sequence.first_stop().is_some();
    let sooner = if stopping {
        ", less once every process has exited"
    } else if idle && quieted {
        ", less once every process is idle"
    } else {
        ""
    };
    Some(TimelineRow {
        at: None,
        what: "wait".into(),
        means: format!("{}{sooner}", seconds(wait)),
    })
}

/// Whether some Sidekiq stops fetching on it.
fn quiets(signal: Signal) -> bool {
    matches!(signal, Signal::Tstp | Signal::Usr1)
}

fn push_back_row(interrupt: Duration, budget: Budget) -> TimelineRow {
    let means = match budget.kill {
        Some(kill) if kill <= interrupt => "would be due; KILL does not wait for it",
        Some(_) | None => "what still runs goes back to its queue (TERM + T)",
    };
    TimelineRow {
        at: Some(interrupt),
        what: "push-back".into(),
        means: means.into(),
    }
}

/// The effect of a signal, in a few words.
fn meaning(sequence: &Sequence, index: usize, signal: Signal, budget: Budget) -> String {
    let stopped = sequence.first_stop().is_some_and(|first| index > first);
    match signal.consequence(None) {
        Consequence::Stops if stopped => "changes nothing: the shutdown goes on".into(),
        Consequence::Kills => killed(budget).into(),
        Consequence::Quiets | Consequence::Dumps if stopped => {
            "changes nothing: not heard during the shutdown".into()
        }
        Consequence::Quiets => "quiet: takes no new jobs, goes on with those that run".into(),
        Consequence::Stops => "shutdown: the jobs that run have T left".into(),
        Consequence::Dumps => "writes the backtrace of every thread to its log".into(),
        Consequence::Destroys => {
            "ends or suspends Sidekiq 6 and later at once, and every job with it".into()
        }
        Consequence::Nothing => "no effect on jobs".into(),
    }
}

fn killed(budget: Budget) -> &'static str {
    let (Some(interrupt), Some(kill)) = (budget.interrupt, budget.kill) else {
        return "ends it at once: what still runs is lost";
    };
    if kill <= interrupt {
        "ends it at once, before any push-back: what still runs is lost"
    } else if kill < interrupt + GRACE {
        "less than 5 s after the push-back: what is not back yet is lost"
    } else {
        "ends it at once: what is not back yet is lost"
    }
}

/// `Q`, `W`, `T` and the budget, each with what it is.
fn figures(
    text: &mut String,
    sequence: &Sequence,
    timeout: &Timeout,
    budget: Budget,
    by: &ByUnits,
) {
    let shown = |span: Option<Duration>, none: &str| span.map_or_else(|| none.into(), seconds);
    let quiet = shown(sequence.quiet_wait(), "none");
    let unlimited = sequence.first_stop().map_or("none", |_| "unlimited");
    let by_systemd = by.kills(sequence, budget).and(by.limit);
    let stop = shown(by_systemd.or(sequence.stop_wait()), unlimited);
    let end = if by_systemd.is_some() {
        "from systemctl stop to systemd's KILL"
    } else {
        "from the first TERM or INT to KILL"
    };
    let total = shown(budget.total(), "unlimited");
    let origin = timeout.origin.text();
    let own = seconds(timeout.span);
    let rule = match (budget.interrupt, budget.kill) {
        (Some(_), Some(_)) => "Q + min(T, W)",
        (Some(_), None) => "Q + T",
        (None, Some(_)) => "until KILL, without TERM",
        (None, None) => "without TERM and KILL",
    };
    for (name, value, means) in [
        ("Q", quiet, "waits before the first TERM or INT".to_owned()),
        ("W", stop, end.into()),
        (
            "T",
            own,
            format!("Sidekiq's own timeout (-t), {}", from(origin)),
        ),
        (
            "budget",
            total,
            format!("{rule}: how long a job that runs now may go on"),
        ),
    ] {
        line(text, format_args!("  {name:<6}  {value:>9}  {means}"));
    }
}

/// Processes whose own timeout was found and is another than the plan's, with their budget.
pub(super) fn found(settings: &Settings, planned: &Timeout, fleet: &Fleet) -> String {
    let mut text = String::new();
    // A process that this Redis does not know may be another application.
    for process in (fleet.processes.values()).filter(|process| process.identity.is_some()) {
        let timeout = process.timeout(settings.timeout.as_ref());
        if timeout.span != planned.span {
            let budget = settings.sequence.budget(timeout.span).total();
            let budget = budget.map_or_else(|| "unlimited".into(), seconds);
            let name = process.name();
            line(
                &mut text,
                format_args!("  {name}: T {timeout}, budget {budget}"),
            );
        }
    }
    text
}

fn from(origin: &str) -> String {
    if origin == "assumed" {
        origin.into()
    } else {
        format!("from {origin}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(sequence: &str, timeout: u64, limit: Option<u64>, in_part: bool) -> String {
        let sequence: Sequence = sequence.parse().unwrap();
        let by = ByUnits {
            commands: vec!["systemctl stop web.service".into()],
            in_part,
            limit: limit.map(Duration::from_secs),
        };
        let timeout = Timeout::stated(Duration::from_secs(timeout), "a test");
        let budget = sequence.budget_within(timeout.span, by.limit);
        let mut text = String::new();
        write_rows(&mut text, rows(&sequence, Early::Idle, budget, &by));
        figures(&mut text, &sequence, &timeout, budget, &by);
        text
    }

    #[test]
    fn the_stop_of_a_unit_stands_in_the_place_of_term_and_cuts_the_wait() {
        insta::assert_snapshot!(drawn("tstp, 60, term, 30, kill", 15, Some(20), false));
        insta::assert_snapshot!(drawn("tstp, 60, term, 30, kill", 25, Some(20), true));
    }

    #[test]
    fn a_limit_that_comes_later_or_never_cuts_nothing() {
        let later = drawn("tstp, 60, term, 30, kill", 15, Some(90), false);
        assert!(!later.contains("systemd "), "{later}");
        assert!(later.contains("30 s  from the first TERM or INT to KILL"));
        assert_eq!(drawn("tstp, 60, term, 30, kill", 15, None, false), later);
        let alone = drawn("tstp, 60, term", 15, Some(20), false);
        assert!(alone.contains("80 s  systemd "), "{alone}");
        assert!(alone.contains("20 s  from systemctl stop to systemd's KILL"));
    }
}
