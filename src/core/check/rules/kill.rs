//! D30 to D36: whom a stop signals, with what, and what follows when time is up.

use super::super::behaviour::{FirstSignal, Reach};
use super::super::facts::Facts;
use super::super::finding::{Rule, RuleRun, Severity};
use super::super::unit_facts::StopLimit;
use super::{at_setting, each_unit, number};
use crate::core::layers::LocatedSetting;

/// The rows.
pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "D30",
        severity: Severity::Warning,
        condition: "KillMode=control-group, and jobs start programs",
        message: "{unit}: programs started by jobs ({class}) get TERM together with Sidekiq. KillMode=mixed spares them, if the main process is Sidekiq itself.",
        explanation: "control-group is the default. A job that reads the death of its child as the end of its work finishes with half of it done.",
        source: "systemd.kill(5); measured",
        decide: children_get_term,
    },
    Rule {
        id: "D31",
        severity: Severity::Warning,
        condition: "KillMode=process or none",
        message: "{unit}: with KillMode={mode} programs started by jobs survive the stop.",
        explanation: "They go on beside the new release, outside of any supervision. systemd advises against both modes.",
        source: "systemd.kill(5)",
        decide: children_survive,
    },
    Rule {
        id: "D32",
        severity: Severity::Error,
        condition: "SendSIGHUP=yes",
        message: "{unit}: HUP follows TERM and kills Sidekiq at once.",
        explanation: "Sidekiq does not trap HUP. The unit even reports success, because a death by HUP counts as clean.",
        source: "measured on systemd 252 with Sidekiq 7.3.2",
        decide: hup_follows,
    },
    Rule {
        id: "D33",
        severity: Severity::Warning,
        condition: "the unit never kills",
        message: "{unit}: {why}. A stuck job blocks the deploy for ever.",
        explanation: "TimeoutStopSec=infinity, TimeoutStopSec=0 (which means infinity) and SendSIGKILL=no leave a hanging process where it is.",
        source: "systemd.service(5), systemd.kill(5); measured",
        decide: never_kills,
    },
    Rule {
        id: "D34",
        severity: Severity::Error,
        condition: "the stop begins with a signal other than TERM or INT",
        message: "{who} begins with {signal}: that does not start a Sidekiq shutdown{then}.",
        explanation: "Only TERM and INT make Sidekiq push back its jobs and exit. TSTP quiets and then the whole wait goes by until KILL; QUIT, HUP and USR1 end it at once.",
        source: "measured for the signals; the wait is inferred",
        decide: wrong_first_signal,
    },
    Rule {
        id: "D35",
        severity: Severity::Warning,
        condition: "TimeoutStopFailureMode=kill or abort, with ExecStop",
        message: "{unit}: if ExecStop times out Sidekiq gets no TERM (TimeoutStopFailureMode={mode}).",
        explanation: "With terminate, the default, TERM and a second TimeoutStopSec follow an ExecStop that was too slow. With kill or abort the process is ended right then.",
        source: "systemd.service(5)",
        decide: failure_mode,
    },
    Rule {
        id: "D36",
        severity: Severity::Info,
        condition: "ExecStop waits for the drain",
        message: "{unit}: ExecStop and TERM each get {S}.",
        explanation: "TimeoutStopSec counts anew for each phase. A drain inside ExecStop must end 5 s before it, or TERM comes in its middle.",
        source: "systemd.service(5); measured",
        decide: exec_stop_waits,
    },
];

fn children_get_term(facts: &Facts, ruling: &mut RuleRun<'_>) {
    each_unit(facts, ruling, |unit, ruling| {
        if unit.behaviour().reach != Reach::EveryProcess {
            return;
        }
        let mode = unit.setting("KillMode");
        let Some(jobs) = &facts.sidekiq.jobs else {
            return ruling.undecided("whether jobs start programs is not known");
        };
        if let Some(class) = jobs.start_programs.first() {
            let from = mode.map_or(&class.from, |l| &l.from);
            ruling.fires(Some(from), &[("unit", &unit.name), ("class", &class.value)]);
        }
    });
}

fn children_survive(facts: &Facts, ruling: &mut RuleRun<'_>) {
    each_unit(facts, ruling, |unit, ruling| {
        let survive = matches!(
            unit.behaviour().reach,
            Reach::MainProcess | Reach::NoProcess
        );
        if let Some(located) = unit.setting("KillMode").filter(|_| survive) {
            at_setting(unit, located, ruling, "mode", &located.value);
        }
    });
}

fn hup_follows(facts: &Facts, ruling: &mut RuleRun<'_>) {
    each_unit(facts, ruling, |unit, ruling| {
        if let Some(located) = unit.behaviour().hangup {
            ruling.fires(Some(&located.from), &[("unit", &unit.name)]);
        }
    });
}

fn never_kills(facts: &Facts, ruling: &mut RuleRun<'_>) {
    each_unit(facts, ruling, |unit, ruling| {
        if let StopLimit::Infinite(place) = unit.stop_limit() {
            let why = "TimeoutStopSec has no end (0 means infinity)";
            ruling.fires(Some(&place), &[("unit", &unit.name), ("why", &why)]);
        }
        if let Some(located) = unit.behaviour().spares {
            let why = format!("{}={}", located.setting, located.value);
            at_setting(unit, located, ruling, "why", &why);
        }
    });
}

fn wrong_first_signal(facts: &Facts, ruling: &mut RuleRun<'_>) {
    if facts.units.is_empty() && facts.stoppers.is_empty() && facts.deploy.images.is_empty() {
        ruling.undecided("nothing that stops Sidekiq is known");
    }
    for unit in &facts.units {
        let stop = unit.behaviour().kill_signal;
        if let Some(located) = stop {
            first_signal(&unit.name, located, ruling);
        }
        // systemctl restart; where it is not set the signal of a stop counts.
        if let Some(located) = unit.setting("RestartKillSignal")
            && stop.is_none_or(|stop| stop.value != located.value)
        {
            let who = format!("systemctl restart {}", unit.name);
            first_signal(&who, located, ruling);
        }
    }
    for stopper in &facts.stoppers {
        if let Some(located) = &stopper.signal {
            first_signal(&stopper.title(), located, ruling);
        }
    }
    for image in &facts.deploy.images {
        let who = match &image.if_of {
            None => "The stop of a container of this image".to_owned(),
            Some(tool) => format!("If {tool} runs this image, its stop"),
        };
        let severity = match &image.if_of {
            None => ruling.severity(),
            Some(_) => Severity::Warning,
        };
        first_signal_as(severity, &who, &image.signal, ruling);
    }
}

/// Speaks if the signal that a stop begins with does not stop Sidekiq.
fn first_signal(who: &str, located: &LocatedSetting, ruling: &mut RuleRun<'_>) {
    first_signal_as(ruling.severity(), who, located, ruling);
}

fn first_signal_as(
    severity: Severity,
    who: &str,
    located: &LocatedSetting,
    ruling: &mut RuleRun<'_>,
) {
    let Some(text) = located.value.as_text() else {
        return;
    };
    let then = match FirstSignal::read(text) {
        FirstSignal::Stops => return,
        FirstSignal::Quiets => ": it quiets, the whole wait goes by, and KILL loses what runs",
        FirstSignal::PassedOver | FirstSignal::Destroys => "",
        FirstSignal::NotKnown => {
            return ruling.undecided(format!("`{text}` at {} names no signal", located.from));
        }
    };
    ruling.fires_as(
        severity,
        Some(&located.from),
        &[("who", &who), ("signal", &text), ("then", &then)],
    );
}

fn failure_mode(facts: &Facts, ruling: &mut RuleRun<'_>) {
    each_unit(facts, ruling, |unit, ruling| {
        if let Some(located) = unit.behaviour().skips_signal {
            at_setting(unit, located, ruling, "mode", &located.value);
        }
    });
}

fn exec_stop_waits(facts: &Facts, ruling: &mut RuleRun<'_>) {
    each_unit(facts, ruling, |unit, ruling| {
        let Some(located) = unit.behaviour().waiting_exec_stop() else {
            return;
        };
        let each = match unit.stop_limit().span() {
            Some(span) => format!(
                "{} s, up to {} s in all; ExecStop is cut off after its share",
                number(span),
                number(span * 2)
            ),
            None => "all the time they take: TimeoutStopSec has no end".into(),
        };
        ruling.fires(Some(&located.from), &[("unit", &unit.name), ("S", &each)]);
    });
}
