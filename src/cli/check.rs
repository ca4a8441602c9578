//! `check`: every place where a stop budget is written, which value holds, and what is wrong
//! with it. It reads files, `/proc`, systemd and Redis, and changes nothing.

mod answer;
mod explain;
mod known;
mod live;
mod page;
mod sources;
mod stops;

use std::panic::resume_unwind;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use self::answer::{Application, CheckOutput};
pub(super) use self::explain::rules_named;
use self::live::Live;
use self::sources::ReadSources;
use super::configuration::settings;
use super::options::{ConductOptions, EveryCommand};
use super::output;
use super::{Failure, runtime};
use crate::core::check::{Chosen, Finding, Severity, check, gather};
use crate::core::config::{Settings, seconds_from_text};
use crate::core::layers::{Layer, Remark, Weight};

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
  drainboard check --sarif > drainboard.sarif        for code scanning
  drainboard check --format github --deny warning    in a GitHub workflow: findings as annotations

EXIT CODES:
  0 no finding of severity error (with --deny warning: none of these either);
  1 there is one; 2 usage, or what was named cannot be read.")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
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
    #[arg(long, conflicts_with_all = ["json", "sarif", "format"])]
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
    /// One JSON object on standard output; the same as --format json.
    #[arg(long)]
    pub json: bool,
    /// The findings as SARIF 2.1.0 on standard output, for code scanning; the same as --format
    /// sarif.
    #[arg(long, conflicts_with = "json")]
    pub sarif: bool,
    /// How to answer: text, json, sarif, or github (the page, and annotations of a GitHub
    /// workflow).
    #[arg(long, value_name = "FORMAT", value_enum, conflicts_with_all = ["json", "sarif"])]
    pub format: Option<Format>,
}

/// The forms of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// An object.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// For people, and workflow commands behind it.
    Github,
}

impl CheckArguments {
    /// The form that was asked for.
    fn format(&self) -> Format {
        match (self.format, self.json, self.sarif) {
            (Some(format), _, _) => format,
            (None, true, _) => Format::Json,
            (None, false, true) => Format::Sarif,
            (None, false, false) => Format::Text,
        }
    }
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
    let mut sources = sources;
    let below = std::mem::take(&mut sources.below);
    let mut said = chosen(&settings, arguments, &sources, &live, &named);
    if let Some(unread) = without_timeout(&sources, &below, &said) {
        said.not_read.push(unread);
    }
    let mut root = checked(sources, &said);
    live.add_to(&mut root.facts);
    root.findings = check(&root.facts);
    let mut answer = CheckOutput {
        settings: &settings,
        applications: vec![root],
    };
    for sources in below {
        let said = chosen(&settings, arguments, &sources, &Live::default(), &[]);
        answer.applications.push(checked(sources, &said));
    }
    answer.print(arguments)?;
    let least = arguments.deny.unwrap_or(Severity::Error);
    let denied = |finding: &Finding| finding.is_decided() && finding.severity >= least;
    Ok(ExitCode::from(if answer.findings().any(denied) {
        FOUND
    } else {
        0
    }))
}

/// A remark where files at the root start a Sidekiq, and only applications below it state a timeout:
/// which of them it runs is not known.
fn without_timeout(root: &ReadSources, below: &[ReadSources], said: &Chosen) -> Option<Remark> {
    let own = [Layer::GemfileLock, Layer::SidekiqYml];
    if root.read.iter().any(|(layer, _)| own.contains(layer)) {
        return None;
    }
    let stated = below.iter().find_map(|one| {
        let mut values = one.values.iter();
        values.find(|located| located.layer == Layer::SidekiqYml && located.value.span().is_some())
    })?;
    let facts = gather(&root.values, said);
    let unlinked = facts.known.first()?;
    Some(Remark {
        weight: Weight::NotRead,
        text: format!(
            "which of the applications below the root {} runs is not written here, and {} states {} for its own",
            unlinked.name, stated.from, stated.value
        ),
        from: unlinked.from.clone(),
    })
}

/// An application, with what the rules say of it.
fn checked(sources: ReadSources, said: &Chosen) -> Application {
    let facts = gather(&sources.values, said);
    let findings = check(&facts);
    Application {
        sources,
        facts,
        findings,
    }
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

/// Reads files and looks at what runs at the same time, then takes what belongs to the files, and the
/// units of that.
async fn looked(
    settings: &Settings,
    arguments: &CheckArguments,
    named: &[String],
) -> Result<(ReadSources, Live), Failure> {
    let (sources, scan) = std::thread::scope(|scope| {
        let scan = scope.spawn(live::scan);
        let sources = ReadSources::of(&arguments.paths);
        let scan = scan.join();
        (sources, scan.unwrap_or_else(|panic| resume_unwind(panic)))
    });
    let mut sources = sources?;
    let live = Live::look(settings, &mut sources, named, scan).await;
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

/// Values stated for this call, and facts that a running Sidekiq told.
fn chosen(
    settings: &Settings,
    arguments: &CheckArguments,
    sources: &ReadSources,
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
        read: sources.read.clone(),
        not_read: sources.not_read(),
        units: named.iter().cloned().chain(live.units()).collect(),
    }
}
