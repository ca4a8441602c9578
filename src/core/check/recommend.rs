//! Settings that fit together, ready to paste, each with its reason: enough after TERM for
//! Sidekiq's timeout and its push-back, and no longer a wait before it than the jobs need.

use std::time::Duration;

use super::effective::{Effective, effective_timeout};
use super::facts::{Facts, StatedSequence, Stopper};
use super::rules::{MARGIN, timeout_of};
use super::unit_facts::{StopLimit, UnitFacts};
use crate::core::layers::{FilePlace, Layer, Value, command_line};

/// A setting to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recommendation {
    /// Where it belongs.
    pub layer: Layer,
    /// The line to paste.
    pub paste: String,
    /// The present text; `None` if nothing is written.
    pub current: Option<String>,
    /// Why.
    pub reason: String,
    /// The time that every deploy gains by it, where it is shorter than before.
    pub saves: Option<Duration>,
    /// Where the present value stands.
    pub place: Option<FilePlace>,
}

impl Recommendation {
    /// Whether it changes anything.
    pub fn is_change(&self) -> bool {
        self.current.as_deref() != Some(&self.paste)
    }
}

/// Recommends a setting for every layer found. `longest` is the longest job to be let through;
/// without it no wait before TERM is shortened.
pub fn recommend(facts: &Facts, longest: Option<Duration>) -> Vec<Recommendation> {
    let longest = longest.or(facts.sidekiq.longest_job);
    let effective = effective_timeout(&facts.sidekiq, None);
    let timeout = wanted_timeout(facts, &effective);
    let mut advice = Vec::new();
    for stated in &facts.sequences {
        let timeout = wanted_timeout(facts, &timeout_of(facts, stated));
        advice.push(sequence(stated, timeout, longest));
    }
    advice.extend(sidekiq_timeout(facts, &effective, timeout));
    for unit in &facts.units {
        let timeout = wanted_timeout(facts, &effective_timeout(&facts.sidekiq, Some(&unit.name)));
        advice.push(stop_limit(facts, unit, timeout));
    }
    for stopper in &facts.stoppers {
        let of = facts.timeout_of(stopper);
        let timeout = wanted_timeout(facts, &of);
        advice.extend(stopper_limit(stopper, timeout));
    }
    advice
}

/// The timeout that everything else is fitted to: the one that holds, in whole seconds, unless
/// something that cannot be changed leaves less.
fn wanted_timeout(facts: &Facts, effective: &Effective) -> Duration {
    let span = effective.timeout.span;
    let whole = Duration::from_secs(span.as_secs() + u64::from(span.subsec_nanos() > 0));
    let fixed = facts.stoppers.iter().filter(|s| s.is_fixed());
    fixed
        .filter_map(|stopper| stopper.limit.value.span())
        .map(|limit| limit.saturating_sub(MARGIN))
        .fold(whole, Duration::min)
}

/// `span` rounded up to a multiple of 5 s.
fn to_fives(span: Duration) -> Duration {
    let whole = span.as_secs() + u64::from(span.subsec_nanos() > 0);
    Duration::from_secs(whole.div_ceil(5) * 5)
}

/// A stop sequence: the timeout and 5 s after TERM, and before it what the longest job needs.
fn sequence(
    stated: &StatedSequence,
    timeout: Duration,
    longest: Option<Duration>,
) -> Recommendation {
    let parsed = stated.parsed.as_ref().ok();
    let quiet_now = parsed.and_then(crate::core::sequence::Sequence::quiet_wait);
    let needed = longest.map(|longest| to_fives(longest.saturating_sub(timeout)));
    let quiet = needed.or(quiet_now).unwrap_or(Duration::from_mins(2));
    let stop = (timeout + MARGIN).as_secs();
    let text = if quiet.is_zero() {
        format!("term, {stop}, kill")
    } else {
        format!("tstp, {}, term, {stop}, kill", quiet.as_secs())
    };
    let saves = quiet_now
        .map(|now| now.saturating_sub(quiet))
        .filter(|saved| !saved.is_zero());
    let before = match (longest, needed) {
        (Some(longest), Some(needed)) if needed.is_zero() => format!(
            "; the longest job ({} s) ends within the timeout, so no wait before TERM is needed: TERM itself stops fetching, and Sidekiq exits as soon as it is idle",
            longest.as_secs()
        ),
        (Some(longest), Some(needed)) => format!(
            "; {} s before TERM and the timeout let the longest job ({} s) end",
            needed.as_secs(),
            longest.as_secs()
        ),
        (_, _) => String::new(),
    };
    let reason = format!(
        "{stop} s after TERM cover Sidekiq's timeout of {} s and 5 s to push jobs back{before}",
        timeout.as_secs()
    );
    let in_manifest = stated.process.is_some();
    let write = |text: &str| {
        if in_manifest {
            format!("stop_sequence: {text}")
        } else {
            format!("--sequence \"{text}\"")
        }
    };
    Recommendation {
        layer: if in_manifest {
            Layer::Cloud66
        } else {
            Layer::Given
        },
        paste: write(&text),
        current: Some(write(&stated.text)),
        reason,
        saves,
        place: stated.from.clone(),
    }
}

/// Sidekiq's own timeout: written as a number, in the place that holds.
fn sidekiq_timeout(
    facts: &Facts,
    effective: &Effective,
    timeout: Duration,
) -> Option<Recommendation> {
    let seconds = timeout.as_secs();
    let Some(holds) = &effective.holds else {
        return Some(Recommendation {
            layer: Layer::CommandLine,
            paste: format!("-t {seconds}"),
            current: None,
            reason: format!(
                "no file states Sidekiq's timeout: {seconds} s are only its default. Written down, every other wait can be fitted to it (in config/sidekiq.yml: `:timeout: {seconds}`)"
            ),
            saves: None,
            place: None,
        });
    };
    let is_code = matches!(holds.value, Value::Expression(_));
    let write = |value: &str| written(holds.layer, value);
    let paste = if holds.layer == Layer::Initializer && is_code {
        write(&format!(
            "Integer(ENV.fetch(\"SIDEKIQ_TIMEOUT\", {seconds}))"
        ))?
    } else {
        write(&seconds.to_string())?
    };
    let reason = if let Some(why) = &effective.unread {
        format!("{why}: write a plain number")
    } else if effective.timeout.span == timeout {
        "this is the value that holds; the other waits are fitted to it".into()
    } else if facts.stoppers.iter().any(Stopper::is_fixed) {
        "Heroku kills 30 s after TERM, and 5 s of that are for pushing back".into()
    } else {
        "whole seconds can be written in every layer".into()
    };
    let current = if let Value::Span(span) = &holds.value {
        write(&span.as_secs_f64().to_string())?
    } else {
        holds.value.to_string()
    };
    Some(Recommendation {
        layer: holds.layer,
        paste,
        current: Some(current),
        reason,
        saves: None,
        place: Some(holds.from.clone()),
    })
}

/// A timeout as it is written in a layer; `None` where it is not a file that says it.
fn written(layer: Layer, value: &str) -> Option<String> {
    if layer == Layer::Initializer {
        Some(format!("config[:timeout] = {value}"))
    } else if layer == Layer::SidekiqYml {
        Some(format!(":timeout: {value}"))
    } else if layer == Layer::CommandLine {
        Some(format!("{} {value}", command_line::TIMEOUT))
    } else {
        None
    }
}

/// `TimeoutStopSec` of a unit.
fn stop_limit(facts: &Facts, unit: &UnitFacts, timeout: Duration) -> Recommendation {
    let drain = facts
        .sequences
        .first()
        .and_then(|stated| stated.parsed.as_ref().ok())
        .map(crate::core::sequence::Sequence::whole);
    let (least, reason) = match (unit.behaviour().waiting_exec_stop(), drain) {
        (Some(_), Some(drain)) => (
            drain.max(timeout) + MARGIN,
            format!(
                "ExecStop gets this long for the whole drain ({} s), and TERM the same again",
                drain.as_secs()
            ),
        ),
        (Some(_) | None, _) => (
            timeout + MARGIN,
            format!(
                "systemd kills after it: Sidekiq's timeout of {} s and 5 s to push jobs back",
                timeout.as_secs()
            ),
        ),
    };
    let limit = unit.stop_limit();
    let enough = match &limit {
        StopLimit::Known(span, _) => *span >= least,
        StopLimit::Infinite(_) | StopLimit::Default | StopLimit::Unread(..) => false,
    };
    let seconds = match limit.span() {
        Some(span) if enough => span.as_secs(),
        Some(_) | None => least.as_secs(),
    };
    let current = match &limit {
        StopLimit::Known(span, _) => Some(format!("TimeoutStopSec={}", span.as_secs_f64())),
        StopLimit::Infinite(_) => Some("TimeoutStopSec=infinity".into()),
        StopLimit::Unread(_, text) => Some(format!("TimeoutStopSec={text}")),
        StopLimit::Default => None,
    };
    Recommendation {
        layer: Layer::Systemd,
        paste: format!("TimeoutStopSec={seconds}"),
        current,
        reason: if enough {
            format!(
                "enough: {} s are needed; a longer limit costs nothing, systemd goes on as soon as Sidekiq exits",
                least.as_secs()
            )
        } else {
            reason
        },
        saves: None,
        place: limit.place().cloned(),
    }
}

/// The wait of another tool.
fn stopper_limit(stopper: &Stopper, timeout: Duration) -> Option<Recommendation> {
    let before = stopper.before_term.unwrap_or_default();
    let least = timeout + MARGIN + before;
    let now = stopper.limit.value.span();
    let seconds = now.filter(|now| *now >= least).unwrap_or(least).as_secs();
    let stop = stopper.layer.tool().stop.as_ref()?;
    let write = |seconds: &str| stop.paste(stopper.limit.setting, seconds);
    let reason = if before.is_zero() {
        format!(
            "{} kills after it: Sidekiq's timeout of {} s and 5 s to push jobs back",
            stopper.title(),
            timeout.as_secs()
        )
    } else {
        format!(
            "the countdown begins before preStop ({} s): that, Sidekiq's timeout of {} s, and 5 s to push jobs back",
            before.as_secs(),
            timeout.as_secs()
        )
    };
    let is_default = matches!(stopper.limit.value, Value::Default(_));
    Some(Recommendation {
        layer: stopper.layer,
        paste: write(&seconds.to_string())?,
        current: now
            .filter(|_| !is_default)
            .and_then(|now| write(&now.as_secs_f64().to_string())),
        reason,
        saves: None,
        place: Some(stopper.limit.from.clone()),
    })
}
