//! A way in which a Sidekiq is stopped, second by second: a stop sequence, the stop of a unit,
//! another tool. Text only.

use std::time::Duration;

use crate::cli::timeline;
use crate::core::check::{
    AfterTerm, Before, DrawnGlyphs, Effective, Facts, KnownStop, StatedSequence, StopCommand,
    StopLimit, Stopper, UnitFacts, UnitForecast, draw, effective_timeout, unit_stop,
};
use crate::core::clean::clean;
use crate::core::config::Early;
use crate::core::layers::Value;
use crate::core::sequence::{Sequence, Signal};

/// How wide lines may be, and of what characters.
#[derive(Clone, Copy)]
pub(super) struct Paper {
    pub(super) width: usize,
    pub(super) glyphs: DrawnGlyphs,
}

/// The parts of a stop that are drawn.
struct DrawnStop {
    sequence: Sequence,
    /// The sequence that is drawn: where systemd kills, its mark says so.
    drawn: Sequence,
    effective: Effective,
    /// When systemd would kill, counted from TERM.
    systemd: Option<Duration>,
}

/// A stop as text: a heading with its place, then what happens second by second.
pub(super) fn stop_text(facts: &Facts, stop: KnownStop<'_>, paper: Paper) -> String {
    match stop {
        KnownStop::Sequence(stated) => sequence_text(facts, stated, paper),
        KnownStop::Unit(unit) => unit_text(facts, unit, paper),
        KnownStop::Tool(stopper) => tool_text(facts, stopper, paper),
        KnownStop::Command(command) => command_text(facts, command, paper),
    }
}

fn sequence_text(facts: &Facts, stated: &StatedSequence, paper: Paper) -> String {
    let Ok(sequence) = stated.parsed.clone() else {
        return format!(
            "{}   ({}): no stop sequence\n",
            stated.text, stated.origin.0
        );
    };
    let process = stated.process.as_deref();
    let known = process.filter(|process| {
        let scopes = facts.sidekiq.timeouts.iter().map(|timeout| &timeout.scope);
        let commands = facts.sidekiq.commands.iter().map(|one| &one.scope);
        scopes
            .chain(commands)
            .any(|scope| scope.as_deref() == Some(process))
    });
    let limits = facts
        .units
        .iter()
        .filter_map(|unit| unit.behaviour().kill_limit.span());
    let mut text = format!("{sequence}   ({})\n", stated.origin.0);
    let stop = DrawnStop {
        effective: effective_timeout(&facts.sidekiq, known),
        systemd: limits.min().filter(|_| facts.units.len() == 1),
        drawn: sequence.clone(),
        sequence,
    };
    text.push_str(&drawn(&stop, paper));
    text
}

fn unit_text(facts: &Facts, unit: &UnitFacts, paper: Paper) -> String {
    let limit = unit.behaviour().kill_limit;
    let mut text = format!(
        "{} {}, {}\n",
        stop_command(unit),
        unit.name,
        written(unit, &limit)
    );
    let forecast = unit_stop(facts, unit);
    let timeout = effective_timeout(&facts.sidekiq, Some(&unit.name)).timeout;
    let behaviour = unit.behaviour();
    if let Before::Waits(before) = behaviour.before_signal(facts.sidekiq.version, timeout.span)
        && !before.is_zero()
    {
        let before = before.as_secs_f64();
        line(
            &mut text,
            &format!("  ExecStop takes {before} s before TERM"),
        );
    }
    if forecast.waits_for_sidekiq()
        && !matches!(limit, StopLimit::Unread(..))
        && let Some(sequence) = term_then(limit.span())
    {
        let stop = DrawnStop {
            drawn: term_then(None).unwrap_or_else(|| sequence.clone()),
            sequence,
            effective: effective_timeout(&facts.sidekiq, Some(&unit.name)),
            systemd: limit.span(),
        };
        text.push_str(&drawn(&stop, paper));
    }
    becomes(&mut text, &forecast);
    text
}

/// Where the limit of a unit is written, by the name that stands there.
fn written(unit: &UnitFacts, limit: &StopLimit) -> String {
    let Some(place) = limit.place() else {
        return "TimeoutStopSec is not set: 90 s, unless the manager has another default".into();
    };
    let stands = unit.settings.iter().find(|located| {
        located.from == *place && matches!(located.setting, "TimeoutSec" | "SendSIGKILL")
    });
    let name = stands.map_or("TimeoutStopSec", |located| located.setting);
    format!("{name} at {place}")
}

fn tool_text(facts: &Facts, stopper: &Stopper, paper: Paper) -> String {
    let limit = &stopper.limit;
    let stated = match &limit.value {
        Value::Span(span) if stopper.is_fixed() => format!(
            "KILL {} s after TERM, which cannot be changed there ({})",
            span.as_secs_f64(),
            limit.from
        ),
        Value::Default(span) => format!(
            "{} is not set at {}: {} s, the default",
            limit.setting,
            limit.from,
            span.as_secs_f64()
        ),
        Value::Span(_)
        | Value::Infinite
        | Value::Text(_)
        | Value::Flag(_)
        | Value::Expression(_)
        | Value::Unusable { .. } => {
            format!("{} of {} at {}", limit.setting, limit.value, limit.from)
        }
    };
    let mut text = format!("{}, {stated}\n", stopper.title());
    if let Some(unheard) = facts.unheard(stopper) {
        line(&mut text, &format!("  {unheard}"));
        if unheard.is_certain() {
            return text;
        }
    }
    if let Some(unknown) = &stopper.unknown_before {
        line(
            &mut text,
            &format!(
                "  `{unknown}` (preStop) runs before TERM; how long it takes is not known, and it is taken from the {}: what is left for Sidekiq is not known",
                limit.value
            ),
        );
        return text;
    }
    if let Some(sequence) = stopper.after_term().and_then(|span| term_then(Some(span))) {
        if let Some(before) = stopper.before_term.filter(|before| !before.is_zero()) {
            line(
                &mut text,
                &format!(
                    "  {} s go by before TERM (preStop), and count",
                    before.as_secs_f64()
                ),
            );
        }
        let stop = DrawnStop {
            drawn: sequence.clone(),
            sequence,
            effective: facts.timeout_of(stopper),
            systemd: None,
        };
        text.push_str(&drawn(&stop, paper));
    } else {
        line(&mut text, "  when it kills is not known");
    }
    text
}

/// The stop by a command: `stop program of sidekiq, Monit at config/monitrc:4`.
fn command_text(facts: &Facts, command: &StopCommand, paper: Paper) -> String {
    let place = command.place().map(|place| format!(" at {place}"));
    let mut text = format!("{}{}\n", command.runner, place.unwrap_or_default());
    let version = facts.sidekiq.version;
    for (act, _) in command.acts() {
        line(&mut text, &format!("  {}", clean(&act.command(), 200)));
    }
    let is_blind =
        |signal: Signal, after: AfterTerm| signal == Signal::Kill && after == AfterTerm::NoTerm;
    let mut sent = command.signals(version).into_iter();
    if sent.any(|sent| is_blind(sent.signal, sent.after_term)) {
        line(
            &mut text,
            "  KILL comes without TERM: every job that runs then is lost",
        );
    } else if let Some(sequence) = command.sequence(version) {
        let of = command.runner.watched().map(|(_, scope)| scope);
        let stop = DrawnStop {
            drawn: sequence.clone(),
            sequence,
            effective: effective_timeout(&facts.sidekiq, of),
            systemd: None,
        };
        text.push_str(&drawn(&stop, paper));
    } else if command.stops_a_unit() {
        line(
            &mut text,
            "  the service manager stops it, by the settings of its unit",
        );
    } else {
        line(
            &mut text,
            "  what becomes of the jobs that run is not known",
        );
    }
    text
}

/// The line that is drawn, the steps, and the budget.
fn drawn(stop: &DrawnStop, paper: Paper) -> String {
    let mut text = String::new();
    let timeout = &stop.effective.timeout;
    let drawing = draw(
        &stop.drawn,
        timeout,
        stop.systemd,
        paper.width - 2,
        paper.glyphs,
    );
    for drawing in drawing.lines() {
        line(&mut text, &format!("  {drawing}"));
    }
    text.push_str(&timeline::steps(&stop.sequence, timeout.span, Early::Never));
    let budget = stop.sequence.budget(timeout.span).total();
    let budget = budget.map_or_else(
        || "unlimited".into(),
        |budget| format!("{} s", budget.as_secs_f64()),
    );
    let budget =
        format!("  drain budget {budget}: so long a job that runs may go on (T {timeout})");
    line(&mut text, &budget);
    if let Some(why) = &stop.effective.unread {
        line(&mut text, &format!("  but {why}"));
    }
    text
}

/// The fate of the jobs of a unit that is stopped, and whether it is started again.
fn becomes(text: &mut String, unit: &UnitForecast) {
    line(text, &format!("  {}", unit.unfinished));
    line(text, &format!("  {}", unit.afterwards()));
}

fn line(text: &mut String, line: &str) {
    text.extend([line, "\n"]);
}

/// The command that stops the units of the machine, or those of a user.
fn stop_command(unit: &UnitFacts) -> &'static str {
    if unit.is_user_unit == Some(true) {
        "systemctl --user stop"
    } else {
        "systemctl stop"
    }
}

/// TERM, and KILL after so many whole seconds.
fn term_then(limit: Option<Duration>) -> Option<Sequence> {
    match limit {
        Some(limit) => format!("term, {}, kill", limit.as_secs()).parse().ok(),
        None => "term".parse().ok(),
    }
}
