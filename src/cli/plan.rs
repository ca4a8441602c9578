//! `plan`: the timeline of a sequence with its budget, for people or as JSON, and the jobs that
//! run now if Redis answers. It sends no signal and needs no Redis.

use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::arguments::{ConductOptions, EveryCommand};
use super::configuration::settings;
use super::look::Observer;
use super::output::{self, room, tell};
use super::rows::{self, JobRow};
use super::{Failure, listing, runtime, timeline};
use crate::core::choice::Choice;
use crate::core::config::Settings;
use crate::core::moment::Seconds;
use crate::core::preflight::{Found, Unsettled, found_sequence, found_timeout};
use crate::core::sequence::{Signal, Timeout};
use crate::host::own_unit;

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
    // A scan that hangs is not waited for.
    runtime.shutdown_background();
    if looked.is_ok() && observer.origin() != "default" {
        for trouble in &observer.troubles {
            tell(&format!("note: jobs that run now are not shown: {trouble}"));
        }
    }
    take_found(&mut settings, &observer, arguments.process.as_deref())?;
    let timeout = planned(&settings, &observer);
    let jobs = observer.picture(&settings, |picture| rows::jobs(picture, &Choice::default()));
    if arguments.json {
        return output::write_json(&PlanRow::of(&settings, &timeout, jobs));
    }
    let mut text = timeline::timeline(&settings, &timeout);
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
    fn of(settings: &Settings, timeout: &Timeout, jobs: Vec<JobRow>) -> Self {
        let sequence = &settings.sequence;
        let budget = sequence.budget(timeout.span);
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
