//! The one table of sentences: what each event says to people.

use super::event::Event;
use super::record::{Counted, Outcome};
use super::sentence::{Sentence, named};
use super::unit_stop::UnitWords;
use crate::core::fate::{Fate, STILL_RUNNING};
use crate::core::log::is_of_application;
use crate::core::sequence::Signal;

impl Event {
    /// Its sentence for people.
    pub fn sentence(&self) -> Sentence {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "the other events have their words in the tables below"
        )]
        match self {
            Self::Started { .. } => Sentence::whole(started(self)),
            Self::Checked {
                findings, trouble, ..
            } => Sentence::whole(super::checked::summary(findings, trouble.as_deref())),
            Self::QuietConfirmed { evidence } => {
                Sentence::around("", format!(" became quiet: {evidence}"))
            }
            Self::Exited { by_redis: true, .. } => {
                let words = " has left Redis, and no heartbeat of it can come any more";
                Sentence::around("", words)
            }
            Self::Exited {
                clean,
                killed_by_us,
                ..
            } => Sentence::around("", exited(*clean, *killed_by_us)),
            Self::Logged { text } => Sentence::around("", format!(" logged: {text}")),
            Self::Remarked { text } => Sentence::whole(text),
            Self::Successor(successor) => successor.sentence(),
            Self::Cancellation(cancellation) => Sentence::whole(cancellation.sentence()),
            Self::Finished { .. } => Sentence::whole(finished(self)),
            Self::InterruptedCounted { .. } => Sentence::whole(interrupted(self)),
            Self::Notified { program, error, .. } => Sentence::whole(match error {
                None => format!("on_finish: {program} has the report"),
                Some(error) => format!("on_finish: {program} failed: {error}"),
            }),
            Self::Other => Sentence::whole("something that this version does not know"),
            _ => (self.of_signal())
                .or_else(|| self.of_unit())
                .or_else(|| self.of_clock())
                .unwrap_or_else(|| self.of_job()),
        }
    }

    /// The words of an event about a signal.
    fn of_signal(&self) -> Option<Sentence> {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "all other events are about no signal"
        )]
        Some(match self {
            Self::SignalIntended { signal, .. } => Sentence::around(
                format!("{signal} was about to be sent to "),
                "; nothing says whether it was",
            ),
            Self::SignalSent {
                signal,
                at_stake,
                blind,
                ..
            } => Sentence {
                single: *signal == Signal::Kill,
                ..Sentence::around(format!("{signal} sent to "), stake(*at_stake, *blind))
            },
            Self::SignalArrived { signal } => {
                Sentence::around(format!("{signal} was taken out of Redis by "), "")
            }
            Self::SignalFailed {
                signal,
                error,
                may_have_happened,
                ..
            } => Sentence::around(
                format!("{signal} to "),
                failed(error, *may_have_happened, "it may have been sent"),
            ),
            _ => return None,
        })
    }

    /// The words of an event about a systemd unit.
    fn of_unit(&self) -> Option<Sentence> {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "all other events are about no unit"
        )]
        Some(match self {
            Self::UnitStopIntended { unit, .. } => Sentence::around(
                format!("systemctl stop {} was about to be called for ", unit.unit),
                "; nothing says whether it was",
            ),
            Self::UnitStopBegun {
                unit,
                systemd_kills_at,
                at_stake,
                ..
            } => {
                let kills = systemd_kills_at.as_ref().map_or_else(
                    || "; systemd does not kill it".into(),
                    |at| format!("; systemd kills at {at}"),
                );
                Sentence::around(
                    format!("systemctl stop {} in TERM's place for ", unit.unit),
                    kills + &stake(*at_stake, None),
                )
            }
            Self::UnitStopFailed {
                unit,
                error,
                may_have_happened,
                ..
            } => Sentence::around(
                format!("systemctl stop {} for ", unit.unit),
                failed(error, *may_have_happened, "it may still stop"),
            ),
            Self::UnitCallIntended { verb, unit } => {
                let command = called(verb.word(), unit);
                Sentence::around(format!("{command} is about to be called for "), "")
            }
            Self::UnitCalled { verb, unit } => {
                let command = called(verb.word(), unit);
                Sentence::around(format!("{command} for "), ": systemd has taken it on")
            }
            Self::UnitCallFailed {
                verb,
                unit,
                error,
                may_have_happened,
            } => Sentence::around(
                format!("{} for ", called(verb.word(), unit)),
                failed(error, *may_have_happened, "it may still happen"),
            ),
            _ => return None,
        })
    }

    /// The words of an event about the clock of the drain.
    fn of_clock(&self) -> Option<Sentence> {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "all other events leave the clock alone"
        )]
        Some(Sentence::whole(match self {
            Self::AdvancedEarly { evidence, saved_s } => format!(
                "nothing runs any more ({evidence}): the next signal goes {:.0} s early",
                saved_s.0.as_secs_f64()
            ),
            Self::Held { why } => format!("held: {why}"),
            Self::Resumed => "going on".into(),
            Self::ModeChanged { mode: Some(mode) } => format!("now {mode}"),
            Self::ModeChanged { mode: None } => "the mode was changed".into(),
            Self::Extended { by_s } if *by_s < 0 => {
                format!("wait shortened by {} s", by_s.unsigned_abs())
            }
            Self::Extended { by_s } => format!("wait extended by {by_s} s"),
            Self::Waiting { .. } => waiting(self),
            _ => return None,
        }))
    }

    /// The words of an event about one job.
    fn of_job(&self) -> Sentence {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "all other events have their words above"
        )]
        match self {
            Self::PayloadSaved { jid, class, .. } => Sentence::around(
                format!("payload of {} saved, on ", named(class, Some(jid))),
                "",
            ),
            Self::RescueIntended { jid, class, queue } => Sentence::whole(format!(
                "{} was about to be pushed back to queue {queue}; nothing says whether it was",
                named(class, Some(jid))
            )),
            Self::RescueEnded {
                jid, class, result, ..
            } => Sentence::whole(format!("{}: {result}", named(class, Some(jid)))),
            Self::JobFinished {
                jid,
                class,
                evidence,
                ..
            } => {
                let how = evidence.as_ref().map(|how| format!(" ({how})"));
                Sentence::around(
                    format!("{} finished on ", named(class, Some(jid))),
                    how.unwrap_or_default(),
                )
            }
            Self::Reconciled { .. } => self.of_fate(),
            Self::FoundLater {
                jid, class, place, ..
            } => Sentence::whole(format!(
                "{} found later: {place}",
                named(class.as_deref().unwrap_or_default(), Some(jid))
            )),
            Self::Backtrace {
                jid,
                class,
                tid,
                frames,
            } => {
                let own = frames.iter().find(|frame| is_of_application(frame));
                let at = own.or(frames.first()).map_or("no frame", String::as_str);
                let job = named(class, jid.as_deref());
                Sentence::around(format!("{job} (thread {tid} of "), format!(") is at {at}"))
            }
            _ => Sentence::whole(String::new()),
        }
    }

    fn of_fate(&self) -> Sentence {
        let Self::Reconciled {
            jid,
            class,
            fate,
            evidence,
            goes_on_as,
            ..
        } = self
        else {
            return Sentence::whole(String::new());
        };
        let job = named(class.as_deref().unwrap_or_default(), jid.as_deref());
        if *fate == Fate::Unknown && evidence == STILL_RUNNING {
            let words = STILL_RUNNING.trim_start_matches("it was ");
            return Sentence::around(format!("{job} of "), format!(": {words}"));
        }
        let on = match goes_on_as {
            Some(other) if *fate == Fate::Checkpointed => format!(", goes on as {other}"),
            Some(_) | None => String::new(),
        };
        Sentence::around(
            format!("{job} of "),
            format!(": {}{on} ({evidence})", fate.word()),
        )
    }
}

fn called(verb: &str, unit: &UnitWords) -> String {
    let user = if unit.user { "--user " } else { "" };
    format!("systemctl {user}{verb} {}", unit.unit)
}

fn failed(error: &str, may_have_happened: bool, perhaps: &str) -> String {
    if may_have_happened {
        format!(" failed: {error} ({perhaps})")
    } else {
        format!(" failed: {error}")
    }
}

/// The jobs at stake, as a KILL says them.
fn stake(at_stake: Option<u64>, blind: Option<bool>) -> String {
    match (at_stake, blind) {
        (_, Some(true)) => ", blind: Redis could not be asked which jobs run".into(),
        (Some(1), _) => ", 1 job at stake".into(),
        (Some(count @ 2..), _) => format!(", {count} jobs at stake"),
        (Some(0) | None, _) => String::new(),
    }
}

/// How a process left, by its registry alone. A report knows more: whether a KILL was sent.
fn exited(clean: Option<bool>, killed_by_us: Option<bool>) -> &'static str {
    match (clean, killed_by_us) {
        (Some(true), _) => " stopped by itself",
        (Some(false), Some(true)) => " was ended by the KILL of this run",
        (Some(false), Some(false) | None) => " died: it left its entries in Redis",
        (None, _) => " exited (how is not known)",
    }
}

fn started(event: &Event) -> String {
    let Event::Started {
        sequence,
        targets,
        mode,
        by,
        reason,
        ..
    } = event
    else {
        return String::new();
    };
    let mode = mode.map_or_else(String::new, |mode| format!(", {mode}"));
    let targets = match targets {
        0 => String::new(),
        1 => ", 1 target".into(),
        several => format!(", {several} targets"),
    };
    let by = by.as_ref().map(|by| format!(", by {by}"));
    let reason = reason.as_ref().map(|why| format!("; reason: {why}"));
    format!(
        "drain started{mode}: {sequence}{targets}{}{}",
        by.unwrap_or_default(),
        reason.unwrap_or_default()
    )
}

fn finished(event: &Event) -> String {
    let Event::Finished {
        outcome,
        seconds,
        jobs,
        why,
        ..
    } = event
    else {
        return String::new();
    };
    let begun = !matches!(outcome, Outcome::Refused | Outcome::Error);
    let after = if begun {
        // Of a process that lives, the jobs without a fate may still run.
        let open = match outcome {
            Outcome::Stopped | Outcome::Alive => "still running or unknown",
            Outcome::Refused
            | Outcome::Error
            | Outcome::Lost
            | Outcome::Requeued
            | Outcome::Drained => Fate::Unknown.word(),
        };
        format!(
            " after {:.1} s: {}",
            seconds.0.as_secs_f64(),
            jobs.words_with(open)
        )
    } else {
        String::new()
    };
    let why = why.as_ref().map(|why| format!(": {why}"));
    format!("{}{after}{}", outcome.word(), why.unwrap_or_default())
}

fn interrupted(event: &Event) -> String {
    let Event::InterruptedCounted {
        when,
        retry,
        dead,
        of_first,
        error,
    } = event
    else {
        return String::new();
    };
    let when = when.map_or("beside", Counted::word);
    let found = match (retry, dead) {
        (Some(retry), Some(dead)) => {
            format!("failed by an interrupt {when} the drain: {retry} in retry, {dead} in dead")
        }
        (_, _) => format!(
            "not known how many in retry and dead failed by an interrupt {when} the drain: {}",
            error.as_deref().unwrap_or("Redis was not asked")
        ),
    };
    let first = of_first.map(|first| format!(" (of the first {first})"));
    found + &first.unwrap_or_default()
}

/// The things that a drain waits for.
fn waiting(event: &Event) -> String {
    let Event::Waiting {
        until,
        signal,
        running,
        longest,
    } = event
    else {
        return String::new();
    };
    let due = until.as_deref().and_then(|until| until.get(11..19));
    let next = match (due, signal) {
        (Some(due), Some(signal)) => format!("{signal} at {due}"),
        (Some(due), None) => format!("until {due}"),
        (None, _) => "nothing is due".into(),
    };
    let jobs = match running {
        1 => "1 job runs".to_owned(),
        running => format!("{running} jobs run"),
    };
    let longest = longest.as_ref().map_or_else(String::new, |job| {
        let ran = job.elapsed_s.map_or_else(String::new, |ran| {
            format!(" {}", crate::core::moment::clock_face(ran.0))
        });
        format!(", longest {}{ran}", job.class)
    });
    format!("waiting: {next}; {jobs}{longest}")
}
