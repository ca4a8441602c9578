//! `plan`: the timeline of a sequence with its budget, for people or as JSON, and the jobs that
//! run now if Redis answers. It sends no signal and needs no Redis.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::configuration::settings;
use super::look::Observer;
use super::opening::{self, preflight};
use super::options::{ConductOptions, EveryCommand, named};
use super::output::{self, room, tell};
use super::rows::{self, JobLine};
use super::timeline::ByUnits;
use super::{Failure, listing, runtime, timeline};
use crate::core::choice::{Choice, Wish};
use crate::core::clean::clean;
use crate::core::config::Settings;
use crate::core::drain::{Policy, StopUnit};
use crate::core::fleet::ProcessKey;
use crate::core::moment::Seconds;
use crate::core::preflight::{
    FoundSequence, UnservedQueue, Unsettled, common_timeout, found_sequence, outlasting, stops,
    unserved, unserved_words,
};
use crate::core::sequence::{Signal, Timeout};
use crate::host::own_unit;

/// How long the jobs that run now are waited for.
const AT_MOST: Duration = Duration::from_secs(1);
/// How long systemd, polkit and sudo are waited for where a unit is named.
const FOR_A_UNIT: Duration = Duration::from_secs(15);

/// Arguments of `plan`.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES:
  drainboard plan                             the configured sequence, or the default
  drainboard plan 'tstp, 120, term, 30, kill' --timeout 60
  drainboard plan --unit sidekiq@1.service --stop-unit always
  drainboard plan --json | jq .budget_s")]
pub struct PlanArguments {
    /// The stop sequence, quoted: signals and whole seconds alternate.
    #[arg(value_name = "SEQUENCE")]
    pub argument: Option<String>,
    /// Plan for the processes of this systemd unit; may be given more than once.
    #[arg(long, value_name = "UNIT", value_parser = named, allow_hyphen_values = true)]
    pub unit: Vec<Wish<String>>,
    /// Where systemd would start it again, `systemctl stop` of its unit takes TERM's place: idle,
    /// always or never [default: idle].
    #[arg(long, value_name = "WHEN")]
    pub stop_unit: Option<StopUnit>,
    /// The process of a Cloud 66 manifest whose stop sequence is meant.
    #[arg(long, value_name = "NAME")]
    pub process: Option<String>,
    /// One JSON object on standard output.
    #[arg(long)]
    pub json: bool,
}

/// Prints the plan.
pub(super) fn run(common: &EveryCommand, arguments: &PlanArguments) -> Result<(), Failure> {
    let conduct = ConductOptions {
        stop_unit: arguments.stop_unit,
        ..ConductOptions::default()
    };
    let mut settings = settings(common, &conduct, arguments.argument.as_deref())?;
    let choice = chosen(&arguments.unit);
    let mut observer = Observer::new(&settings, AT_MOST);
    let runtime = runtime()?;
    let looked = runtime.block_on(async { tokio::time::timeout(AT_MOST, observer.look()).await });
    let may_act = settings.conduct.stop_unit == StopUnit::Always;
    // An operator who names a unit wants to know.
    let at_most = if choice.asked { FOR_A_UNIT } else { AT_MOST };
    runtime.block_on(async {
        let asked = observer.ask_systemd(&choice, may_act);
        drop(tokio::time::timeout(at_most, asked).await);
    });
    let targets = choice.choose(&observer.fleet);
    runtime.block_on(observer.ask_queues(&targets));
    // A scan that hangs is not waited for.
    runtime.shutdown_background();
    if looked.is_ok() && observer.origin() != "default" {
        for trouble in &observer.troubles {
            tell(&format!("note: jobs that run now are not shown: {trouble}"));
        }
    }
    if choice.asked && targets.is_empty() {
        tell("note: no Sidekiq of this host runs in that unit");
    }
    take_found(
        &mut settings,
        &observer,
        &targets,
        arguments.process.as_deref(),
    )?;
    let timeout = planned(&settings, &observer, &targets);
    let by = by_units(&settings, &observer, &choice);
    let origin = &settings.sequence_origin;
    for text in outlasting(&observer.fleet, &targets, &settings.sequence, origin) {
        tell(&format!("note: {text}"));
    }
    let jobs = observer.picture(&settings, |picture| rows::jobs(picture, &choice));
    if arguments.json {
        let row = PlanRow {
            unserved_queues: unserved_rows(&settings, &observer, &targets),
            ..PlanRow::of(&settings, &timeout, &by, jobs)
        };
        return output::write_json(&row);
    }
    let mut text = timeline::timeline(&settings, &timeout, &by);
    text.push_str(&timeline::found(&settings, &timeout, &observer.fleet));
    if let Some(words) = unserved_words(&observer.fleet, &targets, &settings.sequence) {
        text.extend(["  ", &clean(&words, 2000), "\n"]);
    }
    if !jobs.is_empty() {
        text.push('\n');
        text.push_str(&listing::jobs(&jobs, room(&settings)));
    }
    output::write(text.as_bytes())
}

/// Takes over what the files of this host's Sidekiqs say and no other source did.
fn take_found(
    settings: &mut Settings,
    observer: &Observer,
    targets: &[ProcessKey],
    process: Option<&str>,
) -> Result<(), Failure> {
    if settings.sequence_origin.is_default() {
        let unit = own_unit();
        match found_sequence(&observer.fleet, targets, process, unit.as_ref()) {
            Ok(None) => {}
            Ok(Some(found)) => {
                settings.sequence = found.sequence;
                settings.sequence_origin = found.origin;
            }
            Err(error @ Unsettled::Differ(_)) => {
                tell(&format!("note: {error}"));
                settings.sequence_origin = FoundSequence::instead().origin;
            }
            Err(error @ Unsettled::Unusable(_)) => return Err(Failure::Usage(error.to_string())),
        }
    }
    Ok(())
}

/// The choice of these units; of all that this Redis knows here without any.
fn chosen(units: &[Wish<String>]) -> Choice {
    Choice {
        asked: !units.is_empty(),
        units: units.iter().filter_map(|unit| unit.0.clone()).collect(),
        ..Choice::default()
    }
}

/// The stops of units that take TERM's place in any case. Says of the others why they cannot.
fn by_units(settings: &Settings, observer: &Observer, choice: &Choice) -> ByUnits {
    let preflight = preflight(settings, choice, None, None);
    let mut by = ByUnits::default();
    if preflight.systemd.stop != StopUnit::Always || settings.sequence.first_stop().is_none() {
        return by;
    }
    let plan = opening::planned(settings, Policy::WaitForRequeue);
    let targets = preflight.targets(&observer.fleet);
    let mut troubles = BTreeSet::new();
    for target in targets {
        match stops(&observer.fleet, &target, &plan, &preflight) {
            Ok(None) => by.in_part = true,
            Ok(Some(stop)) => {
                by.commands.push(clean(&stop.unit.command("stop"), 200));
                by.limit = by.limit.into_iter().chain(stop.limit).min();
            }
            Err(why) => {
                by.in_part = true;
                troubles.insert(why);
            }
        }
    }
    by.commands.sort();
    by.commands.dedup();
    for why in troubles {
        tell(&format!(
            "note: systemctl stop cannot take TERM's place: {why}"
        ));
    }
    by
}

/// The timeout that is planned with: the one that the targets have in common, else as stated.
fn planned(settings: &Settings, observer: &Observer, targets: &[ProcessKey]) -> Timeout {
    common_timeout(&observer.fleet, targets, settings.timeout.as_ref())
        .unwrap_or_else(|| settings.timeout_or_assumed())
}

/// The queues that no process would take jobs from any more; `None` where that is not known.
fn unserved_rows(
    settings: &Settings,
    observer: &Observer,
    targets: &[ProcessKey],
) -> Option<Vec<UnservedRow>> {
    let found = unserved(&observer.fleet, targets, &settings.sequence)?;
    let row = |queue: UnservedQueue| UnservedRow {
        queue: queue.name,
        waiting: queue.waiting,
    };
    Some(found.queues.into_iter().map(row).collect())
}

/// The JSON of a plan.
#[derive(Debug, Serialize)]
struct PlanRow {
    sequence: String,
    sequence_from: String,
    timeout_s: Seconds,
    timeout_from: String,
    budget_s: Option<Seconds>,
    interrupt_at_s: Option<Seconds>,
    kill_at_s: Option<Seconds>,
    steps: Vec<StepRow>,
    jobs: Vec<JobLine>,
    /// The commands that take TERM's place.
    unit_stops: Vec<String>,
    /// The queues that no process would take jobs from any more; `None`: not known.
    unserved_queues: Option<Vec<UnservedRow>>,
}

/// A queue that no process would take jobs from any more.
#[derive(Debug, Serialize)]
struct UnservedRow {
    queue: String,
    waiting: Option<u64>,
}

/// A signal of it.
#[derive(Debug, Serialize)]
struct StepRow {
    at_s: Seconds,
    signal: &'static str,
}

impl PlanRow {
    fn of(settings: &Settings, timeout: &Timeout, by: &ByUnits, jobs: Vec<JobLine>) -> Self {
        let sequence = &settings.sequence;
        let budget = sequence.budget_within(timeout.span, by.limit);
        let step = |(at, signal): (_, Signal)| StepRow {
            at_s: Seconds(at),
            signal: signal.name(),
        };
        Self {
            sequence: sequence.to_string(),
            sequence_from: settings.sequence_origin.0.clone(),
            timeout_s: Seconds(timeout.span),
            timeout_from: timeout.origin.text().to_owned(),
            budget_s: budget.total().map(Seconds),
            interrupt_at_s: budget.interrupt.map(Seconds),
            kill_at_s: budget.kill.map(Seconds),
            steps: sequence.timeline().into_iter().map(step).collect(),
            jobs,
            unit_stops: by.commands.clone(),
            unserved_queues: None,
        }
    }
}
