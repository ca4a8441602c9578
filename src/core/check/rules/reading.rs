//! D51 and D57: places that were seen and not understood, and a Procfile that may run where the
//! limit is fixed.

use super::super::facts::Facts;
use super::super::finding::{Rule, Ruling, Severity};
use super::{MARGIN, number};
use crate::core::layers::{Layer, heroku};

/// The rows.
pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "D51",
        severity: Severity::Warning,
        condition: "a place that may say how Sidekiq is stopped was not understood",
        message: "Not read: {why}.",
        explanation: "A template, a chart or a file that is no valid YAML may hold a Sidekiq and the time that it has. As long as it is not read, no finding is no all-clear. Render it first, as in `helm template . | drainboard check -`.",
        source: "drainboard",
        decide: not_read,
    },
    Rule {
        id: "D57",
        severity: Severity::Info,
        condition: "only a Procfile is known, and on Heroku its Sidekiq would be killed early",
        message: "If {process} runs on Heroku: KILL comes {limit} s after TERM, and Sidekiq uses up to {T} s and 5 more to push jobs back. That limit is fixed: set -t to {room} or less.",
        explanation: "Nothing but the Procfile says how this Sidekiq is run. Heroku sends KILL 30 s after TERM (R12), and that cannot be changed.",
        source: "Heroku devcenter, Dyno Shutdown Behavior",
        decide: procfile_on_heroku,
    },
];

fn not_read(facts: &Facts, ruling: &mut Ruling<'_>) {
    if facts.known.is_empty() && facts.not_read.is_empty() {
        ruling.undecided("no Sidekiq was recognised in what was read");
    }
    for remark in &facts.not_read {
        let why = remark.text.trim_end_matches('.');
        ruling.fires(Some(&remark.from), &[("why", &why)]);
    }
}

fn procfile_on_heroku(facts: &Facts, ruling: &mut Ruling<'_>) {
    let of_procfile = |layer: Layer| layer == Layer::Procfile;
    if !facts.known.iter().any(|one| of_procfile(one.layer)) {
        return ruling.undecided("no Procfile with a Sidekiq is known");
    }
    let is_stopped = !facts.units.is_empty() || !facts.stoppers.is_empty();
    if is_stopped || !facts.sequences.is_empty() {
        return;
    }
    for one in facts.known.iter().filter(|one| of_procfile(one.layer)) {
        let effective = one.timeout(facts);
        let limit = heroku::LIMIT;
        match effective.decided() {
            Ok(timeout) if timeout + MARGIN > limit => ruling.fires(
                Some(&one.from),
                &[
                    ("process", &one.name),
                    ("limit", &number(limit)),
                    ("T", &number(timeout)),
                    ("room", &number(limit.saturating_sub(MARGIN))),
                ],
            ),
            Ok(_) => {}
            Err(why) => ruling.undecided(why),
        }
    }
}
