//! Every way in which Sidekiq is stopped here, second by second: each stop sequence, each unit
//! by systemctl, each other tool.

use std::time::Duration;

use crate::cli::timeline;
use crate::core::check::{
    Effective, Facts, Glyphs, StatedSequence, StopLimit, UnitFacts, UnitStop, draw,
    effective_timeout, sequence_in_force, unit_stops,
};
use crate::core::config::Early;
use crate::core::sequence::Sequence;

/// One way to be stopped.
struct Stop {
    title: String,
    sequence: Sequence,
    /// What is drawn of it: where systemd kills, its mark says so.
    drawn: Sequence,
    effective: Effective,
    /// When systemd would kill, counted from TERM.
    systemd: Option<Duration>,
    /// Of a unit: what becomes of its jobs, and whether it comes back.
    unit: Option<UnitStop>,
}

/// All of them as text, drawn in lines of `width`.
pub(super) fn stops(facts: &Facts, width: usize, glyphs: Glyphs) -> String {
    let mut text = String::new();
    for stop in all(facts) {
        let timeout = &stop.effective.timeout;
        line(&mut text, &stop.title);
        if let Some(unit) = stop.unit.as_ref().filter(|unit| !unit.waits_for_sidekiq()) {
            forecast(&mut text, unit);
            text.push('\n');
            continue;
        }
        let drawn = draw(&stop.drawn, timeout, stop.systemd, width - 2, glyphs);
        for drawing in drawn.lines() {
            line(&mut text, &format!("  {drawing}"));
        }
        text.push_str(&timeline::steps(&stop.sequence, timeout.span, Early::Never));
        let budget = stop.sequence.budget(timeout.span).total();
        let budget = budget.map_or_else(
            || "unlimited".into(),
            |budget| format!("{} s", budget.as_secs_f64()),
        );
        line(&mut text, &format!("  budget {budget}, with T {timeout}"));
        if let Some(why) = &stop.effective.unread {
            line(&mut text, &format!("  but {why}"));
        }
        if let Some(unit) = &stop.unit {
            forecast(&mut text, unit);
        }
        text.push('\n');
    }
    text
}

/// What becomes of the jobs of a unit that is stopped, and who starts it again.
fn forecast(text: &mut String, unit: &UnitStop) {
    line(text, &format!("  {}", unit.unfinished));
    line(text, &format!("  {}", unit.afterwards()));
}

fn line(text: &mut String, line: &str) {
    text.extend([line, "\n"]);
}

fn all(facts: &Facts) -> Vec<Stop> {
    let mut stops: Vec<Stop> = facts
        .sequences
        .iter()
        .filter_map(|stated| of_sequence(facts, stated))
        .collect();
    for (unit, stop) in facts.units.iter().zip(unit_stops(facts)) {
        if matches!(unit.behaviour().kill_limit, StopLimit::Unread(..)) {
            continue;
        }
        let limit = unit.behaviour().kill_limit.span();
        let Some(sequence) = term_then(limit) else {
            continue;
        };
        stops.push(Stop {
            title: format!("{} {}", stop_command(unit), unit.name),
            drawn: term_then(None).unwrap_or_else(|| sequence.clone()),
            sequence,
            effective: effective_timeout(&facts.sidekiq, Some(&unit.name)),
            systemd: limit,
            unit: Some(stop),
        });
    }
    for stopper in &facts.stoppers {
        if let Some(sequence) = stopper.after_term().and_then(|span| term_then(Some(span))) {
            stops.push(Stop {
                title: stopper.title(),
                drawn: sequence.clone(),
                sequence,
                effective: effective_timeout(&facts.sidekiq, Some(&stopper.scope)),
                systemd: None,
                unit: None,
            });
        }
    }
    if stops.is_empty()
        && facts.sequences.is_empty()
        && let Ok(stated) = sequence_in_force(facts, false)
    {
        stops.extend(of_sequence(facts, &stated));
    }
    stops
}

/// What stops the units of the machine, or those of a user.
fn stop_command(unit: &UnitFacts) -> &'static str {
    if unit.is_user_unit == Some(true) {
        "systemctl --user stop"
    } else {
        "systemctl stop"
    }
}

fn of_sequence(facts: &Facts, stated: &StatedSequence) -> Option<Stop> {
    let sequence = stated.parsed.as_ref().ok()?.clone();
    let process = stated.process.as_deref();
    let known = process.filter(|process| {
        let scopes = facts.sidekiq.timeouts.iter().map(|timeout| &timeout.scope);
        let commands = facts.sidekiq.commands.iter().map(|(scope, _)| scope);
        scopes
            .chain(commands)
            .any(|scope| scope.as_deref() == Some(process))
    });
    let limits = facts
        .units
        .iter()
        .filter_map(|unit| unit.behaviour().kill_limit.span());
    Some(Stop {
        title: format!("{sequence}   ({})", stated.origin.0),
        effective: effective_timeout(&facts.sidekiq, known),
        systemd: limits.min().filter(|_| facts.units.len() == 1),
        unit: None,
        drawn: sequence.clone(),
        sequence,
    })
}

/// TERM, and KILL after so many whole seconds.
fn term_then(limit: Option<Duration>) -> Option<Sequence> {
    match limit {
        Some(limit) => format!("term, {}, kill", limit.as_secs()).parse().ok(),
        None => "term".parse().ok(),
    }
}
