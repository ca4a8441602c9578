//! `check`: every place where a stop budget is written, which value holds, and what is wrong
//! with it. It reads files, `/proc`, systemd and Redis, and changes nothing.

mod explain;
mod live;
mod page;
mod sources;
mod stops;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

pub(super) use self::explain::rules_named;
use self::live::Live;
use self::page::Page;
use self::sources::Sources;
use super::arguments::{ConductOptions, EveryCommand};
use super::configuration::settings;
use super::output::{self, room, tell};
use super::report::state_directory;
use super::{Failure, runtime};
use crate::core::check::{Chosen, Facts, Finding, Severity, check, gather, recommend, rows};
use crate::core::config::{Settings, seconds_from_text};
use crate::core::layers::{Layer, Weight};
use crate::report::{Library, Longest};

/// Exit code: there is a finding that is denied.
const FOUND: u8 = 1;

/// Arguments of `check`.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES:
  drainboard check                                   the application in the working directory
  drainboard check /var/www/shop/current --unit sidekiq@1
  drainboard check .cloud66/manifest.yml config/sidekiq.yml --deny warning
  drainboard check --recommend                       settings that fit together, ready to paste
  drainboard check --recommend --longest 90          the same for jobs that take up to 90 s
  drainboard check --explain D03

EXIT CODES:
  0 no finding of severity error (with --deny warning: none of these either);
  1 there is one; 2 usage, or what was named cannot be read.")]
pub struct CheckArguments {
    /// Applications' roots, or files [default: the working directory].
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Ask systemd for this unit too; may be given more than once.
    #[arg(long, value_name = "UNIT")]
    pub unit: Vec<String>,
    /// The process of a Cloud 66 manifest.
    #[arg(long, value_name = "NAME")]
    pub process: Option<String>,
    /// The Rails environment [default: that of the commands, else production].
    #[arg(long, short = 'e', value_name = "NAME")]
    pub environment: Option<String>,
    /// The least severity that makes it exit 1: error, warning or info [default: error].
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    pub deny: Option<Severity>,
    /// Print settings that fit together, each with its reason; the longest job is that which past
    /// drains saw, unless --longest states it.
    #[arg(long, conflicts_with = "json")]
    pub recommend: bool,
    /// The longest job that is to be let through, in seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds_from_text)]
    pub longest: Option<Duration>,
    /// Explain a rule, such as D01, and do nothing else.
    #[arg(long, value_name = "RULE", exclusive = true)]
    pub explain: Option<String>,
    /// List what was looked at, and the rules that could not be decided.
    #[arg(long, short)]
    pub verbose: bool,
    /// One JSON object on standard output.
    #[arg(long)]
    pub json: bool,
}

fn severity(text: &str) -> Result<Severity, String> {
    let all = [Severity::Info, Severity::Warning, Severity::Error];
    let found = all.into_iter().find(|severity| severity.word() == text);
    found.ok_or_else(|| {
        let nearest = crate::core::sequence::nearest(text, all.iter().map(|one| one.word()));
        let hint = nearest.map(|word| format!(": did you mean `{word}`?"));
        format!(
            "expected error, warning or info{}",
            hint.unwrap_or_default()
        )
    })
}

/// Reads, judges and prints.
pub(super) fn run(common: &EveryCommand, arguments: &CheckArguments) -> Result<ExitCode, Failure> {
    if let Some(rule) = &arguments.explain {
        output::write(explain::explained(rule)?.as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    let settings = settings(common, &ConductOptions::default(), None)?;
    let runtime = runtime()?;
    let named = named_units(arguments)?;
    let (sources, live) = runtime.block_on(looked(&settings, arguments, &named))?;
    // A scan that hangs is not waited for.
    runtime.shutdown_background();
    let mut facts = gather(
        &sources.values,
        &chosen(&settings, arguments, &sources, &live, &named),
    );
    live.add_to(&mut facts);
    let findings = check(&facts);
    let checked = Checked {
        settings: &settings,
        sources: &sources,
        facts: &facts,
        findings: &findings,
    };
    checked.print(arguments)?;
    let least = arguments.deny.unwrap_or(Severity::Error);
    let denied = |finding: &Finding| finding.is_decided() && finding.severity >= least;
    Ok(ExitCode::from(if findings.iter().any(denied) {
        FOUND
    } else {
        0
    }))
}

/// The units that `--unit` names, in full.
fn named_units(arguments: &CheckArguments) -> Result<Vec<String>, Failure> {
    let named: Vec<String> = arguments
        .unit
        .iter()
        .map(|unit| crate::host::systemctl::full_name(unit.trim()))
        .collect();
    if named.iter().any(|unit| unit.starts_with(['.', '-'])) {
        return Err(Failure::Usage("--unit names nothing".into()));
    }
    Ok(named)
}

/// Reads files first, then what runs and belongs to them, then the units of that.
async fn looked(
    settings: &Settings,
    arguments: &CheckArguments,
    named: &[String],
) -> Result<(Sources, Live), Failure> {
    let mut sources = Sources::of(&arguments.paths)?;
    let live = Live::look(settings, &mut sources, named).await;
    for unit in named {
        sources.unit_file(unit, live.home.as_deref());
        sources.loaded(unit).await.map_err(|why| {
            Failure::Usage(format!(
                "--unit {}: {why}",
                crate::core::clean::clean(unit, 120)
            ))
        })?;
    }
    for unit in live.units().filter(|unit| !named.contains(unit)) {
        sources.unit_file(&unit, live.home.as_deref());
        if let Err(why) = sources.loaded(&unit).await {
            sources.note(&format!("systemctl show {unit}"), &why.to_string());
        }
    }
    Ok((sources, live))
}

/// What was said, and what a running Sidekiq told.
fn chosen(
    settings: &Settings,
    arguments: &CheckArguments,
    sources: &Sources,
    live: &Live,
    named: &[String],
) -> Chosen {
    let is_default = settings.sequence_origin.is_default();
    let sequence = (
        settings.sequence.to_string(),
        settings.sequence_origin.0.clone(),
    );
    Chosen {
        sequence: (!is_default).then_some(sequence),
        timeout: settings
            .timeout
            .as_ref()
            .map(|timeout| (timeout.span, timeout.origin.text().to_owned())),
        environment: arguments.environment.clone(),
        process: arguments.process.clone(),
        version: live.version(),
        longest_job: arguments.longest,
        jobs_were_read: sources.read.contains(&Layer::JobClass),
        units: named.iter().cloned().chain(live.units()).collect(),
    }
}

/// Everything that is printed.
struct Checked<'a> {
    settings: &'a Settings,
    sources: &'a Sources,
    facts: &'a Facts,
    findings: &'a [Finding],
}

impl Checked<'_> {
    fn print(&self, arguments: &CheckArguments) -> Result<(), Failure> {
        if arguments.json {
            for remark in &self.sources.remarks {
                if remark.weight != Weight::Note || arguments.verbose {
                    tell(&format!("{}: {}", remark.from, remark.text));
                }
            }
            return output::write_json(&rows(self.facts, &self.sources.values, self.findings));
        }
        if arguments.recommend {
            return self.recommend(arguments.longest);
        }
        let page = Page {
            facts: self.facts,
            sources: self.sources,
            findings: self.findings,
            room: room(self.settings),
            verbose: arguments.verbose,
        };
        output::write(page.text().as_bytes())
    }

    /// Settings that fit together; without `--longest` for the longest job that past drains saw.
    fn recommend(&self, stated: Option<Duration>) -> Result<(), Failure> {
        let mut text = String::new();
        let mut longest = stated;
        if stated.is_none() {
            let library = Library::new(&state_directory(self.settings)?);
            let seen = Longest::of(&library);
            longest = seen.to_be_let_through();
            text = format!("{}\n\n", seen.words());
        }
        text.push_str(&page::advice(&recommend(self.facts, longest)));
        output::write(text.as_bytes())
    }
}
