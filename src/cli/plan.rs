//! `plan`: the timeline of a sequence with its budget, for people or as JSON, and the jobs that
//! run now if Redis answers. It sends no signal and needs no Redis.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::arguments::{ConductOptions, EveryCommand};
use super::configuration::settings;
use super::look::Observer;
use super::opening::preflight;
use super::output::{self, room, tell};
use super::rows::{self, JobRow};
use super::{Failure, listing, runtime, timeline};
use crate::core::choice::Choice;
use crate::core::config::Settings;
use crate::core::drain::{Guard, Mode, Plan, Policy, StopUnit};
use crate::core::fleet::{LocalId, Observation, Unit};
use crate::core::moment::Seconds;
use crate::core::preflight::{Found, Unsettled, found_sequence, found_timeout, outlasting, stops};
use crate::core::sequence::{Signal, Timeout};
use crate::host::{look_at_unit, own_unit};

/// How long the jobs that run now are waited for.
const AT_MOST: Duration = Duration::from_secs(1);

/// Arguments of `plan`.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES:
  drainboard plan                             the configured sequence, or the default
  drainboard plan 'tstp, 120, term, 30, kill' --timeout 60
  drainboard plan --json | jq .budget_s")]
pub struct PlanArguments {
    /// The stop sequence, quoted: signals and whole seconds alternate.
    #[arg(value_name = "SEQUENCE")]
    pub argument: Option<String>,
    /// The process of a Cloud 66 manifest whose stop sequence is meant.
    #[arg(long, value_name = "NAME")]
    pub process: Option<String>,
    /// One JSON object on standard output.
    #[arg(long)]
    pub json: bool,
}

/// Prints the plan.
pub(super) fn run(common: &EveryCommand, arguments: &PlanArguments) -> Result<(), Failure> {
    let mut settings = settings(
        common,
        &ConductOptions::default(),
        arguments.argument.as_deref(),
    )?;
    let mut observer = Observer::new(&settings, AT_MOST);
    let runtime = runtime()?;
    let looked = runtime.block_on(async { tokio::time::timeout(AT_MOST, observer.look()).await });
    let may_act = settings.conduct.stop_unit == StopUnit::Always;
    runtime.block_on(async {
        drop(tokio::time::timeout(AT_MOST, ask_systemd(&mut observer, may_act)).await);
    });
    // A scan that hangs is not waited for.
    runtime.shutdown_background();
    if looked.is_ok() && observer.origin() != "default" {
        for trouble in &observer.troubles {
            tell(&format!("note: jobs that run now are not shown: {trouble}"));
        }
    }
    take_found(&mut settings, &observer, arguments.process.as_deref())?;
    let timeout = planned(&settings, &observer);
    let limit = systemd_kills_after(&settings, &observer);
    let targets = Choice::default().choose(&observer.fleet);
    let origin = &settings.sequence_origin;
    for text in outlasting(&observer.fleet, &targets, &settings.sequence, origin) {
        tell(&format!("note: {text}"));
    }
    let jobs = observer.picture(&settings, |picture| rows::jobs(picture, &Choice::default()));
    if arguments.json {
        return output::write_json(&PlanRow::of(&settings, &timeout, limit, jobs));
    }
    let mut text = timeline::timeline(&settings, &timeout, limit);
    text.push_str(&timeline::found(&settings, &timeout, &observer.fleet));
    if !jobs.is_empty() {
        text.push('\n');
        text.push_str(&listing::jobs(&jobs, room(&settings)));
    }
    output::write(text.as_bytes())
}

/// Takes over what the files of this host's Sidekiqs say and nobody else did.
fn take_found(
    settings: &mut Settings,
    observer: &Observer,
    process: Option<&str>,
) -> Result<(), Failure> {
    let targets = Choice::default().choose(&observer.fleet);
    if settings.sequence_origin.is_default() {
        let unit = own_unit();
        match found_sequence(&observer.fleet, &targets, process, unit.as_ref()) {
            Ok(None) => {}
            Ok(Some(found)) => {
                settings.sequence = found.sequence;
                settings.sequence_origin = found.origin;
            }
            Err(error @ Unsettled::Differ(_)) => {
                tell(&format!("note: {error}"));
                settings.sequence_origin = Found::instead().origin;
            }
            Err(error @ Unsettled::Unusable(_)) => return Err(Failure::Usage(error.to_string())),
        }
    }
    Ok(())
}

/// Takes over what systemd has loaded of the units of this host's Sidekiqs; with `may_act` also
/// whether they may be stopped from here.
async fn ask_systemd(observer: &mut Observer, may_act: bool) {
    let local = observer.fleet.processes.values();
    let units: BTreeSet<Unit> = local
        .filter(|process| process.identity.is_some())
        .filter_map(|process| process.local.as_ref()?.surroundings.unit.clone())
        .collect();
    for unit in units {
        let look = look_at_unit(unit, may_act).await;
        observer.fleet.observe(Observation::Unit(look));
    }
}

/// How long after TERM systemd kills, where the stop of a unit takes TERM's place in any case;
/// of several the soonest.
fn systemd_kills_after(settings: &Settings, observer: &Observer) -> Option<Duration> {
    let preflight = preflight(settings, &Choice::default(), None, None);
    if preflight.systemd.stop != StopUnit::Always {
        return None;
    }
    let plan = Plan {
        run: String::from("not-begun"),
        sequence: settings.sequence.clone(),
        mode: Mode::Automatic,
        policy: settings.conduct.kill.unwrap_or(Policy::WaitForRequeue),
        guard: Guard {
            kill_extra: settings.conduct.kill_extra,
            rescue: false,
        },
        early: settings.conduct.early,
        timeout: settings.timeout.clone(),
        rehearsal: true,
    };
    let targets = preflight.targets(&observer.fleet);
    let limit = |id: &LocalId| stops(&observer.fleet, *id, &plan, &preflight).ok()??.limit;
    targets.iter().filter_map(limit).min()
}

/// The timeout that is planned with: as stated, else what the files of this host's Sidekiqs
/// agree on.
fn planned(settings: &Settings, observer: &Observer) -> Timeout {
    let targets = Choice::default().choose(&observer.fleet);
    let stated = settings.timeout.clone();
    stated
        .or_else(|| found_timeout(&observer.fleet, &targets))
        .unwrap_or_else(|| settings.timeout_or_assumed())
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
    jobs: Vec<JobRow>,
}

/// One signal of it.
#[derive(Debug, Serialize)]
struct StepRow {
    at_s: Seconds,
    signal: &'static str,
}

impl PlanRow {
    fn of(
        settings: &Settings,
        timeout: &Timeout,
        limit: Option<Duration>,
        jobs: Vec<JobRow>,
    ) -> Self {
        let sequence = &settings.sequence;
        let budget = sequence.budget_within(timeout.span, limit);
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
        }
    }
}
