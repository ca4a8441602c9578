//! Every Sidekiq that was recognised in a file: its name, its command and its place. Which tool
//! stops it is found by name; nothing is judged.

use super::effective::{Effective, effective_timeout, only_of, timeout_in, timeout_words};
use super::facts::{Facts, KnownSidekiq, StartCommand, StatedSequence, Stopper};
use super::stop_command::StopCommand;
use super::unit_facts::UnitFacts;
use crate::core::layers::Layer;
use crate::core::layers::command_line::CommandLine;

/// A tool, a unit or a sequence that stops a Sidekiq.
#[derive(Clone, Copy, Debug)]
pub enum KnownStop<'a> {
    /// systemd, by the stop of its unit.
    Unit(&'a UnitFacts),
    /// Another tool.
    Tool(&'a Stopper),
    /// A stop sequence.
    Sequence(&'a StatedSequence),
    /// A command of a supervisor that watches it.
    Command(&'a StopCommand),
}

impl KnownSidekiq {
    /// Its own timeout.
    pub fn timeout(&self, facts: &Facts) -> Effective {
        timeout_in(&facts.sidekiq, &self.name, &self.from.file)
    }

    /// The same in words, with where it is written, or why the default counts.
    pub fn timeout_words(&self, facts: &Facts) -> String {
        let own = only_of(&facts.sidekiq, &self.name, &self.from.file);
        timeout_words(&own, Some(&self.name))
    }

    /// Whether it stands in a file that Heroku reads.
    fn is_run_by_heroku(&self) -> bool {
        let name = self.from.file.rsplit('/').next().unwrap_or_default();
        matches!(name, "Procfile" | "heroku.yml")
    }

    /// Everything that is known to stop it.
    pub fn stops<'a>(&self, facts: &'a Facts) -> Vec<KnownStop<'a>> {
        let units = facts.units.iter().filter(|unit| unit.name == self.name);
        let tools: Vec<&Stopper> = facts
            .stoppers
            .iter()
            .filter(|stopper| stopper.scope == self.name && stopper.runs() == self.layer)
            .filter(|stopper| stopper.layer != Layer::Heroku || self.is_run_by_heroku())
            .collect();
        // Two files may each have a service of this name.
        let in_same_file = |stopper: &&&Stopper| stopper.limit.from.file == self.from.file;
        let has_own = tools.iter().any(|stopper| in_same_file(&stopper));
        let tools = tools
            .into_iter()
            .filter(|stopper| !has_own || stopper.limit.from.file == self.from.file);
        let sequences = facts.sequences.iter().filter(|stated| {
            let process = stated.process.as_deref();
            let process = process.and_then(|process| process.rsplit('/').next());
            self.layer == Layer::Procfile && process == Some(&self.name)
        });
        let is_its =
            |command: &&StopCommand| command.runner.watched() == Some((self.layer, &*self.name));
        let commands = facts.commands.iter().filter(is_its);
        sequences
            .map(KnownStop::Sequence)
            .chain(units.map(KnownStop::Unit))
            .chain(tools.map(KnownStop::Tool))
            .chain(commands.map(KnownStop::Command))
            .collect()
    }
}

impl Facts {
    /// Whether no stop of a Sidekiq is written anywhere.
    pub(super) fn nothing_stops(&self) -> bool {
        let is_watched = |command: &StopCommand| command.runner.watched().is_some();
        self.units.is_empty()
            && self.stoppers.is_empty()
            && self.sequences.is_empty()
            && !self.commands.iter().any(is_watched)
    }

    /// The timeout of the Sidekiq that a tool stops.
    pub fn timeout_of(&self, stopper: &Stopper) -> Effective {
        match self.known_of(stopper) {
            Some(one) => one.timeout(self),
            None => effective_timeout(&self.sidekiq, Some(&stopper.scope)),
        }
    }

    /// The Sidekiq that a tool stops: of two files that have one of its name, that of the limit.
    pub(super) fn known_of(&self, stopper: &Stopper) -> Option<&KnownSidekiq> {
        let is_its = |one: &&KnownSidekiq| one.name == stopper.scope && one.layer == stopper.runs();
        let beside = |one: &KnownSidekiq| one.from.file == stopper.limit.from.file;
        let all = || self.known.iter().filter(is_its);
        all().find(|one| beside(one)).or_else(|| all().next())
    }

    /// The command line that starts a Sidekiq, with the script around it.
    pub(super) fn line_of(&self, one: &KnownSidekiq) -> Option<&CommandLine> {
        let of_it = |start: &&StartCommand| start.scope.as_deref() == Some(&*one.name);
        let beside = |start: &StartCommand| start.file.as_deref() == Some(&*one.from.file);
        let all = || self.sidekiq.commands.iter().filter(of_it);
        let found = all().find(|start| beside(start)).or_else(|| all().next());
        found.map(|start| &start.line)
    }
}
