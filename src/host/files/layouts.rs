//! Whole applications (`tests/cases/layouts`), each with its truth: every Sidekiq that is stopped,
//! its timeout, and when it is killed.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::{FileSearch, find_applications};
use crate::core::check::{
    AfterTerm, Before, Chosen, Facts, Finding, FirstSignal, Runner, Severity, StopCommand, check,
    effective_timeout, gather,
};
use crate::core::layers::Weight;
use crate::core::sequence::Consequence;

/// Stands behind a stop that Sidekiq does not hear of.
const UNHEARD: &str = " unheard";

/// A Sidekiq and one thing that stops it: layer, name, timeout, seconds from TERM to KILL.
fn stopped(facts: &Facts) -> Vec<String> {
    let line = |layer: &str, name: &str, of: Option<&str>, kill: Option<std::time::Duration>| {
        let timeout = effective_timeout(&facts.sidekiq, of)
            .timeout
            .span
            .as_secs_f64();
        let kill = kill.map_or_else(|| "never".into(), |kill| kill.as_secs_f64().to_string());
        format!("{layer} {name} {timeout} {kill}")
    };
    let mut lines = Vec::new();
    for stated in &facts.sequences {
        let process = stated.process.as_deref().unwrap_or_default();
        let sequence = stated.parsed.as_ref().unwrap();
        let kill = sequence.kill_at().zip(sequence.quiet_wait());
        let kill = kill.map(|(kill, term)| kill.saturating_sub(term));
        lines.push(line("sequence", process, Some(process), kill));
    }
    for unit in &facts.units {
        let behaviour = unit.behaviour();
        let kill = behaviour.kill_limit.span();
        let mut told = line("systemd", &unit.name, Some(&unit.name), kill);
        let timeout = effective_timeout(&facts.sidekiq, Some(&unit.name)).timeout;
        let before = behaviour.before_signal(facts.sidekiq.version, timeout.span);
        if matches!(before, Before::Kills(..)) {
            told.push_str(UNHEARD);
        }
        lines.push(told);
    }
    for stopper in &facts.stoppers {
        let (layer, scope) = (stopper.layer.word(), &stopper.scope);
        let mut told = line(layer, scope, Some(scope), stopper.after_term());
        if facts.unheard(stopper).is_some_and(|one| one.is_certain()) {
            told.push_str(UNHEARD);
        }
        lines.push(told);
    }
    for image in facts.deploy.images.iter().filter(|one| one.if_of.is_none()) {
        let written = image.signal.value.as_text().unwrap_or_default();
        let name = image.signal.scope.as_deref().unwrap_or_default();
        if FirstSignal::read(written) != FirstSignal::Stops {
            lines.push(line("dockerfile", name, Some(name), None) + UNHEARD);
        }
    }
    for command in &facts.commands {
        let (layer, name, is_whole) = match (command.runner.watched(), &command.runner) {
            (Some((layer, scope)), _) => (layer.word(), scope, true),
            (None, Runner::Script(name) | Runner::Task(Some(name))) => {
                ("command", name.as_str(), false)
            }
            (None, _) => continue,
        };
        let (kill, is_blind) = killed_by(command, facts);
        if is_whole || kill.is_some() {
            let mut told = line(layer, name, Some(name), kill);
            if is_blind {
                told.push_str(UNHEARD);
            }
            lines.push(told);
        }
    }
    lines
}

/// When a command ends Sidekiq, counted from its TERM, and whether it sends none before.
fn killed_by(command: &StopCommand, facts: &Facts) -> (Option<std::time::Duration>, bool) {
    let version = facts.sidekiq.version;
    let sent = command.signals(version);
    let is_fatal = |consequence| matches!(consequence, Consequence::Kills | Consequence::Destroys);
    let fatal = sent
        .iter()
        .find(|sent| is_fatal(sent.signal.consequence(version)));
    match fatal.map(|sent| sent.after_term) {
        Some(AfterTerm::Known(after)) => (Some(after), false),
        Some(AfterTerm::NoTerm) => (Some(std::time::Duration::ZERO), true),
        Some(AfterTerm::Unknown) | None => (None, false),
    }
}

/// The findings in the applications below a root.
fn found(applications: &[FileSearch]) -> (Vec<String>, bool) {
    let mut lines = Vec::new();
    let mut has_error = false;
    for search in applications {
        let reading = search.reading();
        let facts = gather(&reading.values, &Chosen::default());
        let before = match search.folder.as_str() {
            "" => String::new(),
            folder => format!("{folder} "),
        };
        lines.extend(stopped(&facts).iter().map(|line| format!("{before}{line}")));
        let not_read = reading
            .remarks
            .iter()
            .filter(|one| one.weight == Weight::NotRead);
        let mut files: Vec<&str> = not_read.map(|one| &*one.from.file).collect();
        files.dedup();
        lines.extend(files.iter().map(|file| format!("{before}not read {file}")));
        let errors = check(&facts).into_iter().filter(Finding::is_decided);
        has_error |= errors
            .into_iter()
            .any(|one| one.severity == Severity::Error);
    }
    lines.sort();
    (lines, has_error)
}

/// Whether a line of the truth tells of a KILL before the timeout is over.
fn loses_jobs(line: &str) -> bool {
    if line.ends_with(UNHEARD) {
        return true;
    }
    let mut words = line.rsplit(' ').map(str::parse::<f64>);
    match (words.next(), words.next()) {
        (Some(Ok(kill)), Some(Ok(timeout))) => kill < timeout,
        _ => false,
    }
}

#[test]
fn every_layout_is_read_as_it_is() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/layouts");
    let mut wrong = String::new();
    let mut cases: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|case| case.unwrap().path())
        .collect();
    cases.sort();
    for case in &cases {
        let text = fs::read_to_string(case).unwrap();
        let mut parts = text.split("\n== ");
        let mut truth: Vec<&str> = parts.next().unwrap().lines().skip(1).collect();
        truth.retain(|line| !line.is_empty());
        truth.sort_unstable();
        let root = tempfile::tempdir().unwrap();
        for file in parts {
            let (path, text) = file.split_once('\n').unwrap();
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("{text}\n")).unwrap();
        }
        let (lines, has_error) = found(&find_applications(root.path()));
        let is_broken = truth.iter().any(|line| loses_jobs(line));
        if lines != truth || has_error != is_broken {
            let name = case.file_stem().unwrap().display();
            let lines = lines.join("\n  ");
            writeln!(wrong, "{name}: error {has_error}\n  {lines}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "these differ:\n{wrong}");
    assert!(cases.len() >= 40, "only {} cases", cases.len());
}
