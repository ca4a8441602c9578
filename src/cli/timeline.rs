//! A stop sequence as a table for people: when each signal is due and what it does, and the
//! budget that follows. Text only.

use std::fmt::Write;
use std::time::Duration;

use crate::core::config::{Early, Settings};
use crate::core::fleet::Fleet;
use crate::core::sequence::{Budget, Consequence, Sequence, Signal, Timeout};

/// How much later than the push-back KILL must come for the jobs to be back in Redis.
const GRACE: Duration = Duration::from_secs(5);

/// One line of the table.
struct Row {
    at: Option<Duration>,
    what: String,
    means: String,
}

/// The plan as text. `limit`: how long after TERM systemd kills, where TERM comes from it.
pub(super) fn timeline(settings: &Settings, timeout: &Timeout, limit: Option<Duration>) -> String {
    let budget = settings.sequence.budget_within(timeout.span, limit);
    let mut text = format!(
        "{}   ({})\n\n",
        settings.sequence, settings.sequence_origin.0
    );
    text.push_str(&steps(
        &settings.sequence,
        timeout.span,
        settings.conduct.early,
    ));
    text.push('\n');
    figures(&mut text, &settings.sequence, timeout, budget);
    if let Some((limit, kill)) = limit.zip(budget.kill)
        && settings.sequence.kill_at() != Some(kill)
    {
        line(
            &mut text,
            format_args!(
                "  systemctl stop takes TERM's place, and systemd kills {} after it, at {}: W is no more than that",
                seconds(limit),
                seconds(kill)
            ),
        );
    }
    text
}

/// What happens second by second, one line each.
pub(super) fn steps(sequence: &Sequence, timeout: Duration, early: Early) -> String {
    let mut text = String::new();
    for row in rows(sequence, early, sequence.budget(timeout)) {
        let at = row.at.map_or_else(String::new, seconds);
        line(
            &mut text,
            format_args!("  {at:>7}  {:<9}  {}", row.what, row.means),
        );
    }
    text
}

/// A span in seconds, as short as it goes.
fn seconds(span: Duration) -> String {
    format!("{} s", span.as_secs_f64())
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    writeln!(text, "{arguments}").expect("a String takes every text");
}

/// The signals, the waits between them and the push-back, in the order of time.
fn rows(sequence: &Sequence, early: Early, budget: Budget) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut push_back = budget.interrupt;
    for (index, (at, signal)) in sequence.timeline().into_iter().enumerate() {
        // The push-back stands before what is due at the same time.
        if sequence.first_stop().is_some_and(|first| index > first)
            && let Some(interrupt) = push_back.take_if(|interrupt| *interrupt <= at)
        {
            rows.push(push_back_row(interrupt, budget));
        }
        rows.push(Row {
            at: Some(at),
            what: signal.name().into(),
            means: meaning(sequence, index, signal, budget),
        });
        rows.extend(wait_row(sequence, early, index));
    }
    rows.extend(push_back.map(|interrupt| push_back_row(interrupt, budget)));
    rows
}

fn wait_row(sequence: &Sequence, early: Early, index: usize) -> Option<Row> {
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
    Some(Row {
        at: None,
        what: "wait".into(),
        means: format!("{}{sooner}", seconds(wait)),
    })
}

/// Whether some Sidekiq stops fetching on it.
fn quiets(signal: Signal) -> bool {
    matches!(signal, Signal::Tstp | Signal::Usr1)
}

fn push_back_row(interrupt: Duration, budget: Budget) -> Row {
    let means = match budget.kill {
        Some(kill) if kill <= interrupt => "would be due; KILL does not wait for it",
        Some(_) | None => "what still runs goes back to its queue (TERM + T)",
    };
    Row {
        at: Some(interrupt),
        what: "push-back".into(),
        means: means.into(),
    }
}

/// What a signal does, in a few words.
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
fn figures(text: &mut String, sequence: &Sequence, timeout: &Timeout, budget: Budget) {
    let shown = |span: Option<Duration>, none: &str| span.map_or_else(|| none.into(), seconds);
    let quiet = shown(sequence.quiet_wait(), "none");
    let unlimited = sequence.first_stop().map_or("none", |_| "unlimited");
    let stop = shown(sequence.stop_wait(), unlimited);
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
        ("W", stop, "from the first TERM or INT to KILL".into()),
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
    // What this Redis does not know may be another application.
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
