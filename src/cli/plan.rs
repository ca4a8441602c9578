//! `plan`: the timeline of a sequence with its budget, for people or as JSON. It sends nothing
//! and needs no Redis.

use clap::Args;
use serde::Serialize;

use super::Failure;
use super::arguments::{ConductOptions, EveryCommand};
use super::configuration::settings;
use super::{output, timeline};
use crate::core::config::Settings;
use crate::core::moment::Seconds;
use crate::core::sequence::Signal;

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
    /// One JSON object on standard output.
    #[arg(long)]
    pub json: bool,
}

/// Prints the plan.
pub(super) fn run(common: &EveryCommand, arguments: &PlanArguments) -> Result<(), Failure> {
    let settings = settings(
        common,
        &ConductOptions::default(),
        arguments.argument.as_deref(),
    )?;
    if arguments.json {
        output::write_json(&PlanRow::of(&settings))
    } else {
        output::write(timeline::timeline(&settings).as_bytes())
    }
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
    jobs: Vec<serde_json::Value>,
}

/// One signal of it.
#[derive(Debug, Serialize)]
struct StepRow {
    at_s: Seconds,
    signal: &'static str,
}

impl PlanRow {
    fn of(settings: &Settings) -> Self {
        let sequence = &settings.sequence;
        let timeout = settings.timeout_or_assumed();
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
            jobs: Vec::new(),
        }
    }
}
