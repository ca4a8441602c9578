//! The answer of `check`: each application by itself, as text, JSON, SARIF or annotations.

use std::time::Duration;

use super::known::label;
use super::page::{self, Page};
use super::sources::ReadSources;
use super::{CheckArguments, Format};
use crate::cli::Failure;
use crate::cli::output::{self, room, tell};
use crate::cli::report::state_directory;
use crate::cli::table::flowed;
use crate::core::check::{Facts, Finding, github, recommend, rows, sarif};
use crate::core::clean::clean;
use crate::core::config::Settings;
use crate::core::layers::Weight;
use crate::report::{Library, LongestPast};

/// An application that was checked.
pub(super) struct Application {
    pub(super) sources: ReadSources,
    pub(super) facts: Facts,
    pub(super) findings: Vec<Finding>,
}

/// Everything that is printed.
pub(super) struct CheckOutput<'a> {
    pub(super) settings: &'a Settings,
    /// The application at the root first, then those below it.
    pub(super) applications: Vec<Application>,
}

impl CheckOutput<'_> {
    /// Every finding of every application.
    pub(super) fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.applications.iter().flat_map(|one| &one.findings)
    }

    pub(super) fn print(&self, arguments: &CheckArguments) -> Result<(), Failure> {
        if arguments.recommend {
            return self.recommend(arguments.longest);
        }
        let prefix = self.applications[0].sources.prefix();
        let findings: Vec<Finding> = self.findings().cloned().collect();
        match arguments.format() {
            Format::Json => {
                self.tell_remarks(arguments.verbose);
                output::write_json(&self.row())
            }
            Format::Sarif => {
                self.tell_remarks(arguments.verbose);
                output::write_json(&sarif(&findings, &prefix))
            }
            Format::Text => output::write(self.text(arguments.verbose).as_bytes()),
            Format::Github => {
                let page = self.text(arguments.verbose);
                let annotations = github(&findings, &prefix);
                output::write(format!("{page}\n{annotations}").as_bytes())
            }
        }
    }

    /// Each application that holds a Sidekiq or a finding, or of which anything was read where `all`
    /// are asked for; the root alone if there is none.
    fn told(&self, all: bool) -> impl Iterator<Item = &Application> {
        let says = move |one: &Application| {
            let has_finding = one.findings.iter().any(Finding::is_decided);
            let is_of_interest = all || has_finding || !one.facts.known.is_empty();
            is_of_interest && !one.sources.is_silent()
        };
        let none = !self.applications.iter().any(says);
        let root = self.applications.iter().take(usize::from(none));
        root.chain(self.applications.iter().filter(move |one| says(one)))
    }

    fn text(&self, verbose: bool) -> String {
        let mut text = self.applications[0].sources.below();
        let told: Vec<&Application> = self.told(verbose).collect();
        for one in &told {
            let folder = &one.sources.folder;
            if !folder.is_empty() {
                text.extend(["application in ", &clean(folder, 300), "\n\n"]);
            } else if told.len() > 1 {
                text.push_str("application at the root\n\n");
            }
            let page = Page {
                facts: &one.facts,
                sources: &one.sources,
                findings: &one.findings,
                room: room(self.settings),
                verbose,
            };
            text.push_str(&page.text());
            if told.len() > 1 {
                text.push('\n');
            }
        }
        let lines = told.iter().map(|one| label(&one.facts));
        text.push_str(lines.max_by_key(|lines| lines.len()).unwrap_or_default());
        flowed(&text, room(self.settings).width, page::hang)
    }

    fn row(&self) -> crate::core::check::CheckRow {
        let mut all = self.told(true).map(|one| {
            let values = &one.sources.values;
            rows(&one.facts, values, &one.findings)
        });
        let first = all.next();
        let mut row = first.expect("the root is told where nothing else is");
        for other in all {
            row.extend(other);
        }
        row
    }

    /// Says on standard error what the readers have to say beside the values.
    fn tell_remarks(&self, verbose: bool) {
        for one in &self.applications {
            for remark in &one.sources.remarks {
                if remark.weight != Weight::Note || verbose {
                    tell(&format!("{}: {}", remark.from, remark.text));
                }
            }
        }
    }

    /// Settings that fit together; without `--longest` for the longest job that past drains saw.
    fn recommend(&self, stated: Option<Duration>) -> Result<(), Failure> {
        let mut text = String::new();
        let mut longest = stated;
        if stated.is_none() {
            let library = Library::new(&state_directory(self.settings)?);
            let seen = LongestPast::of(&library);
            longest = seen.to_be_let_through();
            text = format!("{}\n\n", seen.words());
        }
        for one in self.told(false) {
            if !one.sources.folder.is_empty() {
                text.extend(["application in ", &clean(&one.sources.folder, 300), "\n\n"]);
            }
            text.push_str(&page::advice(&recommend(&one.facts, longest)));
        }
        output::write(text.as_bytes())
    }
}
