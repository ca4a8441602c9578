//! A row of the table of tools: a layer, its files, its reader, its way to stop. Types and
//! names of files only; the rows stand in `tools`.

use super::layer::Layer;
use super::paths::{file_name, without_template};
use super::value::Reading;

/// A file of an application.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    /// Its layer.
    pub layer: Layer,
    /// Its path as it is shown.
    pub path: &'a str,
    /// Its content.
    pub text: &'a str,
}

/// A file as the table sees it: the end of its path decides, then its text.
#[derive(Clone, Copy)]
pub(super) struct SeenFile<'a> {
    pub(super) path: &'a str,
    /// The file's name without the endings of templates and examples.
    pub(super) stem: &'a str,
    text: &'a str,
}

impl<'a> SeenFile<'a> {
    pub(super) fn new(path: &'a str, text: &'a str) -> Self {
        let stem = without_template(file_name(path));
        Self { path, stem, text }
    }

    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// Whether the text holds this.
    pub(super) fn has(&self, part: &str) -> bool {
        self.text.contains(part)
    }

    pub(super) fn ends(&self, endings: &[&str]) -> bool {
        endings.iter().any(|ending| self.stem.ends_with(ending))
    }

    /// Whether it is YAML, also without a name (standard input).
    pub(super) fn is_yaml(&self) -> bool {
        self.ends(&[".yml", ".yaml"]) || self.path == "-"
    }
}

/// A row.
pub struct Tool {
    /// Its layer.
    pub layer: Layer,
    /// A word for JSON and tables.
    pub word: &'static str,
    /// Its name in a sentence.
    pub title: &'static str,
    /// When it acts at a stop: 0 sends first, 7 kills last.
    pub acts_at: u8,
    /// Its settings that say how long something else than its KILL waits.
    pub(super) waits: &'static [&'static str],
    /// How it stops what it runs; `None` if it stops nothing.
    pub stop: Option<ToolStop>,
    /// Where its files usually stand below an application's root: a star stands for any part of a
    /// name, `**` for any folders.
    pub places: &'static [&'static str],
    pub(super) fits: fn(&SeenFile<'_>) -> bool,
    pub(super) read: fn(&str, &str) -> Reading,
    /// The reader of all files of an application at once, where they say something together.
    pub(super) together: Option<fn(&[Text<'_>]) -> Reading>,
}

/// A setting that says how long a tool waits before KILL, with the line to paste (`{}` stands
/// for whole seconds); `None` where the wait cannot be changed.
pub type Limit = (&'static str, Option<&'static str>);

/// How a tool stops a Sidekiq.
pub struct ToolStop {
    /// Settings that say how long it waits before KILL.
    pub limits: &'static [Limit],
    /// The setting that says with which signal it begins.
    pub signal: Option<&'static str>,
    /// The layer whose commands it runs.
    pub runs: Layer,
}

impl ToolStop {
    /// The line to paste for a setting; `None` where it cannot be changed.
    pub fn paste(&self, setting: &str, seconds: &str) -> Option<String> {
        let (_, line) = self.limits.iter().find(|(name, _)| *name == setting)?;
        line.map(|line| line.replace("{}", seconds))
    }

    /// Whether the wait is the platform's own and cannot be changed.
    pub fn is_fixed(&self) -> bool {
        self.limits.iter().all(|(_, line)| line.is_none())
    }
}

impl Tool {
    /// A row without files that stops nothing.
    pub(super) const fn row(
        layer: Layer,
        word: &'static str,
        title: &'static str,
        acts_at: u8,
    ) -> Self {
        Self {
            layer,
            word,
            title,
            acts_at,
            waits: &[],
            stop: None,
            places: &[],
            together: None,
            fits: |_| false,
            read: |_, _| Reading {
                values: Vec::new(),
                remarks: Vec::new(),
            },
        }
    }

    /// Which files are of it, and what reads them.
    pub(super) const fn files(
        self,
        fits: fn(&SeenFile<'_>) -> bool,
        read: fn(&str, &str) -> Reading,
    ) -> Self {
        Self { fits, read, ..self }
    }

    /// Where its files usually stand.
    pub(super) const fn at(self, places: &'static [&'static str]) -> Self {
        Self { places, ..self }
    }

    /// The same row, with a reader of its files as a set.
    pub(super) const fn together(self, together: fn(&[Text<'_>]) -> Reading) -> Self {
        let together = Some(together);
        Self { together, ..self }
    }

    pub(super) const fn waits(self, waits: &'static [&'static str]) -> Self {
        Self { waits, ..self }
    }

    /// How it stops what `runs` tells of; see [`ToolStop`].
    pub(super) const fn stops(
        self,
        runs: Layer,
        limits: &'static [Limit],
        signal: Option<&'static str>,
    ) -> Self {
        let stop = Some(ToolStop {
            limits,
            signal,
            runs,
        });
        Self { stop, ..self }
    }
}
