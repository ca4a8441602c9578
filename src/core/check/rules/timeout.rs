//! D20 to D25: Sidekiq's own timeout: values that are unusable, values that no
//! server reads, and the timeout of capistrano-sidekiq.

use super::super::effective::{Effective, effective_timeout, environment, environments};
use super::super::facts::{Facts, GemTasks};
use super::super::finding::{Rule, RuleRun, Severity};
use super::{MARGIN, number};
use crate::core::layers::{Fault, Hazard, Layer, LocatedSetting, Value, initializer, sidekiq_yml};
use crate::core::sequence::Version;

/// The rows.
pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "D20",
        severity: Severity::Error,
        condition: "the timeout is a text",
        message: "Sidekiq boots with {value}, but {when}it crashes at TERM and loses all running jobs. Write a number.",
        explanation: "A text (a quoted number, 60s, ENV without to_i) is added to a clock only at TERM: `String can't be coerced into Float`, exit 1 in 0.0 s, nothing pushed back. Write Integer(ENV.fetch(\"SIDEKIQ_TIMEOUT\", 60)).",
        source: "measured on 7.3.2; the same line stands in 8.1.7",
        decide: timeout_is_text,
    },
    Rule {
        id: "D21",
        severity: Severity::Error,
        condition: "the timeout is nothing, zero, or not a whole number",
        message: "The timeout {value} is no good: {effect}.",
        explanation: "-t takes whole seconds above 0; in the yml a fraction is allowed, 0 and nothing are not. Sidekiq then refuses to boot. A nil that an initializer assigns passes the check and crashes at TERM.",
        source: "measured on 7.3.2",
        decide: timeout_is_nothing,
    },
    Rule {
        id: "D22",
        severity: Severity::Warning,
        condition: "several layers state different timeouts",
        message: "In force are {T} s {origin}; {other} at {place} is ignored.",
        explanation: "An initializer beats -t, -t beats the yml, and an environment section beats the top of the yml. Who reads the wrong file plans with the wrong budget.",
        source: "measured on 7.3.2; Sidekiq cli.rb",
        decide: timeouts_differ,
    },
    Rule {
        id: "D23",
        severity: Severity::Info,
        condition: "a timeout stands in configure_client or in a capsule",
        message: "The timeout {value} is not read: {why}.",
        explanation: "configure_client runs in web processes only. Capsules share the one timeout of their process.",
        source: "measured on 7.3.2",
        decide: timeout_is_unread,
    },
    Rule {
        id: "D24",
        severity: Severity::Info,
        condition: "deploy.rb sets sidekiq_timeout and capistrano-sidekiq is 2.0 or later",
        message: "sidekiq_timeout is not read by capistrano-sidekiq {version}. Set TimeoutStopSec in the unit and -t.",
        explanation: "From 2.0 on the gem stops through systemctl, and the wait is that of the unit. The variable is left over from the time of sidekiqctl.",
        source: "capistrano-sidekiq 2.0.0 to 3.2.0, source",
        decide: capistrano_timeout_is_dead,
    },
    Rule {
        id: "D25",
        severity: Severity::Error,
        condition: "capistrano-sidekiq before 2.0 stops a Sidekiq before 6.0, and waits less than its timeout and 5 s",
        message: "capistrano-sidekiq {version} lets sidekiqctl kill after {n} s{set}, but Sidekiq needs up to {T} s and 5 more to push jobs back. Set sidekiq_timeout to {need}.",
        explanation: "`sidekiqctl stop PID TIMEOUT` sends TERM, waits, and kills. The gem's own default of 10 s is shorter than Sidekiq's 25.",
        source: "capistrano-sidekiq 1.0.3, source; issue 77",
        decide: capistrano_kills_early,
    },
];

/// The statements that a server reads.
fn read_by_server(facts: &Facts) -> impl Iterator<Item = &LocatedSetting> {
    let sidekiq = &facts.sidekiq;
    let is_in_force = |section: &str| {
        section == environment(sidekiq, None)
            || sidekiq.environment.is_none() && environments(sidekiq).any(|one| one == section)
    };
    sidekiq.timeouts.iter().filter(move |located| {
        let section = located.scope.as_deref();
        let other_section = located.layer == Layer::SidekiqYml
            && section.is_some_and(|section| !is_in_force(section));
        !is_unread(located) && !other_section
    })
}

fn is_unread(located: &LocatedSetting) -> bool {
    matches!(
        located.setting,
        initializer::IN_CLIENT | sidekiq_yml::IN_CAPSULE
    )
}

fn nothing_stated(facts: &Facts, ruling: &mut RuleRun<'_>) {
    if facts.sidekiq.timeouts.is_empty() {
        ruling.undecided("no place that states a timeout is known");
    }
}

fn timeout_is_text(facts: &Facts, ruling: &mut RuleRun<'_>) {
    nothing_stated(facts, ruling);
    for located in read_by_server(facts) {
        let when = match &located.value {
            Value::Unusable {
                written,
                fault: Fault::CrashesAtTerm,
            } if written != "nil" => "",
            Value::Expression(expression)
                if matches!(expression.hazard, Hazard::Text | Hazard::TextOrNil) =>
            {
                "once the variable is set "
            }
            Value::Unusable { .. }
            | Value::Expression(_)
            | Value::Span(_)
            | Value::Infinite
            | Value::Text(_)
            | Value::Flag(_)
            | Value::Default(_) => continue,
        };
        let written = written(&located.value);
        ruling.fires(Some(&located.from), &[("value", &written), ("when", &when)]);
    }
}

/// A value as its author wrote it.
fn written(value: &Value) -> String {
    match value {
        Value::Unusable { written, .. } if written.is_empty() => "(nothing)".into(),
        Value::Unusable { written, .. } => format!("`{written}`"),
        Value::Expression(expression) => format!("`{}`", expression.code),
        Value::Span(_) | Value::Infinite | Value::Text(_) | Value::Flag(_) | Value::Default(_) => {
            value.to_string()
        }
    }
}

fn timeout_is_nothing(facts: &Facts, ruling: &mut RuleRun<'_>) {
    nothing_stated(facts, ruling);
    for located in read_by_server(facts) {
        let effect = match &located.value {
            Value::Unusable {
                fault: Fault::NoBoot,
                ..
            } => "Sidekiq will not boot",
            Value::Unusable {
                written,
                fault: Fault::CrashesAtTerm,
            } if written == "nil" => {
                "Sidekiq boots, but crashes at TERM and loses all running jobs"
            }
            Value::Expression(expression) => match expression.hazard {
                Hazard::NoBoot => "Sidekiq will not boot where the variable is not set",
                Hazard::TextOrNil => {
                    "where the variable is not set Sidekiq crashes at TERM and loses all running jobs"
                }
                Hazard::None | Hazard::Text => continue,
            },
            Value::Unusable { .. }
            | Value::Span(_)
            | Value::Infinite
            | Value::Text(_)
            | Value::Flag(_)
            | Value::Default(_) => continue,
        };
        let written = written(&located.value);
        ruling.fires(
            Some(&located.from),
            &[("value", &written), ("effect", &effect)],
        );
    }
}

fn timeouts_differ(facts: &Facts, ruling: &mut RuleRun<'_>) {
    nothing_stated(facts, ruling);
    // Each process or unit with a -t or a -C of its own has its own timeout.
    let mut all: Vec<Effective> = facts.known.iter().map(|one| one.timeout(facts)).collect();
    if all.is_empty() {
        all.push(effective_timeout(&facts.sidekiq, None));
    }
    let mut told: Vec<LocatedSetting> = Vec::new();
    // A value that holds for another process is no leftover.
    let in_use: Vec<LocatedSetting> = all.iter().filter_map(|one| one.holds.clone()).collect();
    for effective in all {
        for other in &effective.others {
            if !told.contains(other) && !in_use.contains(other) {
                told.push(other.clone());
                differs(&effective, other, ruling);
            }
        }
    }
}

/// Speaks if `other` states another span than the one that holds.
fn differs(effective: &Effective, other: &LocatedSetting, ruling: &mut RuleRun<'_>) {
    let span = match (&effective.unread, other.value.span()) {
        (Some(why), _) => return ruling.undecided(why.clone()),
        (None, Some(span)) => span,
        (None, None) => return,
    };
    if span != effective.timeout.span {
        ruling.fires(
            Some(&other.from),
            &[
                ("T", &number(effective.timeout.span)),
                ("origin", &super::after_term::origin(&effective.timeout)),
                ("other", &other.value),
                ("place", &other.from),
            ],
        );
    }
}

fn timeout_is_unread(facts: &Facts, ruling: &mut RuleRun<'_>) {
    nothing_stated(facts, ruling);
    for located in facts.sidekiq.timeouts.iter().filter(|l| is_unread(l)) {
        let why = if located.setting == initializer::IN_CLIENT {
            "configure_client is for processes that only enqueue"
        } else {
            "capsules have no timeout of their own"
        };
        ruling.fires(
            Some(&located.from),
            &[("value", &located.value), ("why", &why)],
        );
    }
}

/// The version from which systemd does the waiting.
const SYSTEMD_SINCE: Version = Version::new(2, 0, 0);

fn capistrano_timeout_is_dead(facts: &Facts, ruling: &mut RuleRun<'_>) {
    let Some(set) = &facts.deploy.sidekiq_timeout else {
        ruling.undecided("no deploy file that sets sidekiq_timeout is known");
        return;
    };
    match &facts.deploy.capistrano_sidekiq {
        Some((version, _)) if *version >= SYSTEMD_SINCE => {
            ruling.fires(Some(&set.from), &[("version", version)]);
        }
        Some(_) => {}
        None => ruling.undecided("the version of capistrano-sidekiq is not known"),
    }
}

fn capistrano_kills_early(facts: &Facts, ruling: &mut RuleRun<'_>) {
    let Some((version, lock)) = &facts.deploy.capistrano_sidekiq else {
        ruling.undecided("the version of capistrano-sidekiq is not known");
        return;
    };
    if *version >= SYSTEMD_SINCE {
        return;
    }
    match facts.deploy.gem_tasks {
        Some(GemTasks::Loaded | GemTasks::Missing { .. }) => {}
        Some(GemTasks::NotLoaded) => return,
        None => {
            return ruling
                .undecided("whether a deploy loads the gem is not known: no Capfile was read");
        }
    }
    // From 6.0 on there is no sidekiqctl that could kill (D53).
    if facts
        .sidekiq
        .version
        .is_some_and(|version| version.major >= 6)
    {
        return;
    }
    let effective = effective_timeout(&facts.sidekiq, None);
    let timeout = match effective.decided() {
        Ok(timeout) => timeout,
        Err(why) => return ruling.undecided(why),
    };
    let (span, place, set) = match &facts.deploy.sidekiq_timeout {
        Some(set) => match set.value.span() {
            Some(span) => (span, &set.from, ""),
            None => return ruling.undecided(format!("sidekiq_timeout at {} is code", set.from)),
        },
        None => (std::time::Duration::from_secs(10), lock, " (its default)"),
    };
    if span < timeout + MARGIN {
        ruling.fires(
            Some(place),
            &[
                ("version", version),
                ("n", &number(span)),
                ("set", &set),
                ("T", &number(timeout)),
                ("need", &number(timeout + MARGIN)),
            ],
        );
    }
}
