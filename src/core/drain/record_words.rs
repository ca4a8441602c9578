//! The words of a record: one line for people, without the time.

use std::fmt;

use super::checked;
use super::record::{Counts, Event, Outcome, Record};
use crate::core::log::is_of_application;
use crate::core::moment::Seconds;

impl fmt::Display for Record {
    /// One line for people, without the time.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = self
            .about
            .as_ref()
            .map_or(String::new(), |about| format!(" {}", about.name));
        match &self.event {
            Event::Started { .. } => write_start(formatter, &self.event),
            Event::Checked {
                findings, trouble, ..
            } => checked::write(formatter, findings, trouble.as_deref()),
            Event::SignalIntended { .. }
            | Event::SignalSent { .. }
            | Event::SignalFailed { .. }
            | Event::UnitCallIntended { .. }
            | Event::UnitCalled { .. }
            | Event::UnitCallFailed { .. }
            | Event::UnitStopIntended { .. }
            | Event::UnitStopBegun { .. }
            | Event::UnitStopFailed { .. } => write_act(formatter, &self.event, &who),
            Event::QuietConfirmed { evidence } => {
                write!(formatter, "{} is quiet: {evidence}", who.trim())
            }
            Event::AdvancedEarly { .. }
            | Event::Held { .. }
            | Event::Resumed
            | Event::ModeChanged { .. }
            | Event::Extended { .. } => write_course(formatter, &self.event),
            Event::PayloadSaved { .. }
            | Event::RescueIntended { .. }
            | Event::RescueEnded { .. }
            | Event::JobFinished { .. }
            | Event::Reconciled { .. }
            | Event::FoundLater { .. } => write_job(formatter, &self.event),
            Event::Exited { clean } => {
                write!(formatter, "{} exited {}", who.trim(), manner(*clean))
            }
            Event::Backtrace { .. } => write_backtrace(formatter, &self.event),
            Event::Logged { text } => write!(formatter, "{} logged: {text}", who.trim()),
            Event::Remarked { text } => formatter.write_str(text),
            Event::InterruptedCounted { .. } => write_interrupted(formatter, &self.event),
            Event::Notified { program, error, .. } => match error {
                None => write!(formatter, "on_finish: {program} has the report"),
                Some(error) => write!(formatter, "on_finish: {program} failed: {error}"),
            },
            Event::Successor(successor) => formatter.write_str(&successor.words(who.trim())),
            Event::Finished {
                outcome,
                seconds,
                jobs,
                why,
            } => write_finish(formatter, *outcome, *seconds, *jobs, why.as_deref()),
        }
    }
}

/// A signal, or the stop of a unit in TERM's place; `who` begins with a blank.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "all other events have their words elsewhere"
)]
fn write_act(formatter: &mut fmt::Formatter<'_>, event: &Event, who: &str) -> fmt::Result {
    match event {
        Event::SignalIntended { signal, .. } => write!(formatter, "sending {signal} to{who}"),
        Event::SignalSent {
            signal,
            at_stake,
            blind,
            ..
        } => {
            write!(formatter, "{signal} sent to{who}")?;
            match (at_stake, blind) {
                (_, Some(true)) => {
                    formatter.write_str(", blind: Redis could not be asked what is at stake")
                }
                (Some(count), _) if *count > 0 => {
                    write!(formatter, ", {count} job(s) at stake")
                }
                _ => Ok(()),
            }
        }
        Event::SignalFailed {
            signal,
            error,
            may_have_happened,
            ..
        } => {
            let perhaps = if *may_have_happened {
                " (it may have been sent)"
            } else {
                ""
            };
            write!(formatter, "{signal} to{who} failed: {error}{perhaps}")
        }
        Event::UnitCallIntended { verb, unit } => {
            write!(
                formatter,
                "systemctl {} {} for{who}",
                verb.word(),
                unit.unit
            )
        }
        Event::UnitCalled { verb, unit } => {
            let verb = verb.word();
            write!(formatter, "{}: systemd has taken on its {verb}", unit.unit)
        }
        Event::UnitCallFailed {
            verb,
            unit,
            error,
            may_have_happened,
        } => {
            let perhaps = if *may_have_happened {
                " (it may happen all the same)"
            } else {
                ""
            };
            let (verb, unit) = (verb.word(), &unit.unit);
            write!(
                formatter,
                "systemctl {verb} {unit} failed: {error}{perhaps}"
            )
        }
        Event::UnitStopIntended { unit, .. } => {
            write!(formatter, "systemctl stop {} for{who}", unit.unit)
        }
        Event::UnitStopBegun {
            unit,
            systemd_kills_at,
            ..
        } => {
            write!(formatter, "{} stops by systemctl, for{who}", unit.unit)?;
            match systemd_kills_at {
                Some(at) => write!(formatter, "; systemd kills at {at}"),
                None => formatter.write_str("; systemd does not kill it"),
            }
        }
        Event::UnitStopFailed {
            unit,
            error,
            may_have_happened,
            ..
        } => {
            let perhaps = if *may_have_happened {
                " (it may stop all the same)"
            } else {
                ""
            };
            let unit = &unit.unit;
            write!(
                formatter,
                "systemctl stop {unit} for{who} failed: {error}{perhaps}"
            )
        }
        _ => Ok(()),
    }
}

/// How the clock went.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "all other events have their words elsewhere"
)]
fn write_course(formatter: &mut fmt::Formatter<'_>, event: &Event) -> fmt::Result {
    match event {
        Event::AdvancedEarly { evidence, saved_s } => {
            write!(
                formatter,
                "nothing runs any more ({evidence}): going on {:.0} s early",
                saved_s.0.as_secs_f64()
            )
        }
        Event::Held { why } => write!(formatter, "held: {why}"),
        Event::Resumed => formatter.write_str("going on"),
        Event::ModeChanged { mode } => write!(formatter, "now {mode}"),
        Event::Extended { by_s } if *by_s < 0 => {
            write!(formatter, "wait shortened by {} s", -by_s)
        }
        Event::Extended { by_s } => write!(formatter, "wait extended by {by_s} s"),
        _ => Ok(()),
    }
}

/// One job.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "all other events have their words elsewhere"
)]
fn write_job(formatter: &mut fmt::Formatter<'_>, event: &Event) -> fmt::Result {
    match event {
        Event::PayloadSaved { jid, class, .. } => {
            write!(formatter, "payload of {class} {jid} saved")
        }
        Event::RescueIntended { jid, class, queue } => {
            write!(formatter, "pushing {class} {jid} back to queue {queue}")
        }
        Event::RescueEnded {
            jid, class, result, ..
        } => write!(formatter, "{class} {jid}: {result}"),
        Event::JobFinished { .. } => write_finished(formatter, event),
        Event::Reconciled {
            jid,
            class,
            fate,
            evidence,
            ..
        } => {
            let class = class.as_deref().unwrap_or("a job nobody had seen");
            let jid = jid.as_deref().unwrap_or("without a known id");
            write!(formatter, "{class} {jid}: {} ({evidence})", fate.word())
        }
        Event::FoundLater { jid, place, .. } => write!(formatter, "{jid} found later: {place}"),
        _ => Ok(()),
    }
}

fn write_finish(
    formatter: &mut fmt::Formatter<'_>,
    outcome: Outcome,
    seconds: Seconds,
    jobs: Counts,
    why: Option<&str>,
) -> fmt::Result {
    write!(
        formatter,
        "{} after {:.1} s: ",
        outcome.word(),
        seconds.0.as_secs_f64()
    )?;
    write!(
        formatter,
        "{} finished, {} pushed back, {} to be retried, ",
        jobs.finished, jobs.pushed_back, jobs.retried
    )?;
    if jobs.rescued > 0 {
        write!(formatter, "{} rescued, ", jobs.rescued)?;
    }
    write!(formatter, "{} lost, {} unknown", jobs.lost, jobs.unknown)?;
    why.map_or(Ok(()), |why| write!(formatter, ": {why}"))
}

fn write_interrupted(formatter: &mut fmt::Formatter<'_>, event: &Event) -> fmt::Result {
    let Event::InterruptedCounted {
        when,
        retry,
        dead,
        of_first,
        error,
    } = event
    else {
        return Ok(());
    };
    match (retry, dead) {
        (Some(retry), Some(dead)) => write!(
            formatter,
            "failed by an interrupt {when} the drain: {retry} in retry, {dead} in dead"
        )?,
        (_, _) => write!(
            formatter,
            "what is in retry and dead {when} the drain is not known: {}",
            error.as_deref().unwrap_or("nobody was asked")
        )?,
    }
    of_first.map_or(Ok(()), |first| write!(formatter, " (of the first {first})"))
}

/// How a process left.
fn manner(clean: Option<bool>) -> &'static str {
    match clean {
        Some(true) => "cleanly",
        Some(false) => "uncleanly",
        None => "(how is not known)",
    }
}

fn write_finished(formatter: &mut fmt::Formatter<'_>, event: &Event) -> fmt::Result {
    let Event::JobFinished {
        jid,
        class,
        evidence,
        ..
    } = event
    else {
        return Ok(());
    };
    write!(formatter, "{class} {jid} finished")?;
    evidence
        .as_ref()
        .map_or(Ok(()), |evidence| write!(formatter, " ({evidence})"))
}

fn write_backtrace(formatter: &mut fmt::Formatter<'_>, event: &Event) -> fmt::Result {
    let Event::Backtrace {
        jid,
        class,
        tid,
        frames,
    } = event
    else {
        return Ok(());
    };
    let own = frames.iter().find(|frame| is_of_application(frame));
    let jid = jid.as_deref().unwrap_or("without a known id");
    let at = own.or(frames.first()).map_or("no frame", String::as_str);
    write!(formatter, "{class} {jid} (thread {tid}) is at {at}")
}

fn write_start(formatter: &mut fmt::Formatter<'_>, event: &Event) -> fmt::Result {
    let Event::Started {
        sequence,
        targets,
        mode,
        by,
        reason,
        ..
    } = event
    else {
        return Ok(());
    };
    let by = by.as_ref().map_or(String::new(), |by| format!(" by {by}"));
    let why = reason
        .as_ref()
        .map_or(String::new(), |why| format!(": {why}"));
    write!(
        formatter,
        "drain started{by}{why}: {sequence}, {targets} target(s), {mode}"
    )
}
