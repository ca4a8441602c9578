//! The files that say how a process stops, read once through its own working directory: its
//! timeout with the place where it is written, and whatever else was found there. Sizes are
//! bounded, nothing is run, and what may not be read is left out.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use nix::unistd::{Uid, User};
use rustix::fs::{Dir, Mode, OFlags, openat};

use crate::core::check::{Chosen, Effective, StartCommand, command_of, effective_timeout, gather};
use crate::core::fleet::{StatedTimeout, Written};
use crate::core::layers::command_line::CommandLine;
use crate::core::layers::{FilePlace, Hazard, Layer, LocatedSetting, Reading, Value, systemd_unit};
use crate::core::sequence::Timeout;
use crate::host::files::find_unit;
use crate::host::proc::ProcessDirectory;
use crate::host::proc::environ::ProcessEnvironment;

/// No configuration that matters is larger.
const LARGEST: u64 = 256 * 1024;
/// So many entries of `config/initializers` are looked at.
const MOST_ENTRIES: usize = 500;
/// A file is newer than a process only if it is so by more than clocks are rounded.
const ROUNDING: f64 = 1.0;

/// Files of an application with their layers, in the order in which they are taken.
const FILES: [(&str, Layer); 6] = [
    (".cloud66/manifest.yml", Layer::Cloud66),
    ("Procfile", Layer::Procfile),
    ("Gemfile.lock", Layer::GemfileLock),
    ("gems.locked", Layer::GemfileLock),
    ("config/sidekiq.yml", Layer::SidekiqYml),
    ("config/sidekiq.yml.erb", Layer::SidekiqYml),
];

/// The facts about a process beside its files.
pub(super) struct ProcessContext<'a> {
    /// Its unit.
    pub(super) unit: Option<&'a str>,
    /// Its user.
    pub(super) uid: u32,
    /// Start in seconds since 1970.
    pub(super) started_at: f64,
    /// Its command line, while that could be read, and that of its parent: each with its name.
    pub(super) commands: Vec<(String, String)>,
}

/// The words of the files.
#[derive(Clone, Debug, Default)]
pub(super) struct FileWords {
    /// The timeout that holds, if one is stated.
    pub(super) timeout: Option<Timeout>,
    /// Every value, whether it holds or not.
    pub(super) written: Written,
}

/// Reads them.
pub(super) fn found(process: &ProcessDirectory, about: &ProcessContext<'_>) -> FileWords {
    let mut content = Vec::new();
    let environment = ProcessEnvironment(process.read("environ", &mut content).unwrap_or_default());
    let mut sought = LayerSearch {
        process,
        about,
        reading: Reading::default(),
        newer: Vec::new(),
    };
    sought.unit();
    sought.application();
    sought.commands();
    let mut values = sought.reading.values;
    for located in &mut values {
        if let Some(value) = resolved(&located.value, environment) {
            located.value = value;
        }
    }
    let chosen = Chosen {
        environment: stated_environment(&values, about, environment),
        ..Chosen::default()
    };
    let mut facts = gather(&values, &chosen);
    let own = about.commands.iter();
    let own = own.filter_map(|(_, command)| CommandLine::read(command));
    facts.sidekiq.commands.extend(own.map(|line| StartCommand {
        scope: None,
        file: None,
        line,
    }));
    // A -t of another unit, or of some process of a Procfile, says nothing here.
    let effective = effective_timeout(&facts.sidekiq, Some(about.unit.unwrap_or_default()));
    let timeouts = stated(&effective, &sought.newer);
    let timeout = effective
        .holds
        .filter(|_| effective.unread.is_none())
        .map(|holds| {
            let origin = effective.timeout.origin.text();
            let origin = if sought.newer.contains(&holds.from.file.to_string()) {
                format!("{origin}, changed since it started")
            } else {
                origin.to_owned()
            };
            Timeout::stated(effective.timeout.span, origin)
        });
    let written = Written::new(values, timeouts, sought.newer);
    FileWords { timeout, written }
}

/// The statements of the timeout, the one that holds first.
fn stated(effective: &Effective, newer: &[String]) -> Vec<StatedTimeout> {
    let all = effective.holds.iter().chain(&effective.others);
    all.enumerate()
        .map(|(index, located)| StatedTimeout {
            layer: located.layer.word(),
            setting: located.setting,
            span: located.value.span(),
            value: located.value.to_string(),
            from: located.from.to_string(),
            holds: index == 0,
            changed: newer.contains(&located.from.file.to_string()),
        })
        .collect()
}

/// The Rails environment: `-e`, then the variables in Sidekiq's own order (7.3.9
/// `lib/sidekiq/cli.rb:236-243`).
fn stated_environment(
    values: &[LocatedSetting],
    about: &ProcessContext<'_>,
    environment: ProcessEnvironment<'_>,
) -> Option<String> {
    let own = about
        .commands
        .iter()
        .filter_map(|(_, command)| CommandLine::read(command));
    let of_unit = values
        .iter()
        .filter(|value| value.layer == Layer::Systemd)
        .filter_map(command_of);
    own.chain(of_unit)
        .find_map(|line| line.environment)
        .or_else(|| {
            let names: [&[u8]; 3] = [b"APP_ENV", b"RAILS_ENV", b"RACK_ENV"];
            let value = names.into_iter().find_map(|name| environment.get(name))?;
            Some(String::from_utf8_lossy(value).into_owned())
        })
}

/// The value of an expression where it only asks for a variable that the process was given.
fn resolved(value: &Value, environment: ProcessEnvironment<'_>) -> Option<Value> {
    let Value::Expression(expression) = value else {
        return None;
    };
    if expression.hazard != Hazard::None {
        return None;
    }
    let set = environment.get(expression.variable.as_ref()?.as_bytes())?;
    let seconds = std::str::from_utf8(set).ok()?.trim().parse().ok()?;
    Some(Value::Span(std::time::Duration::from_secs(seconds)))
}

/// The reading under way.
struct LayerSearch<'a> {
    process: &'a ProcessDirectory,
    about: &'a ProcessContext<'a>,
    reading: Reading,
    /// Files that were changed after the process started.
    newer: Vec<String>,
}

impl LayerSearch<'_> {
    /// The file of its unit, with template and drop-ins.
    fn unit(&mut self) {
        let Some(unit) = self.about.unit else { return };
        let user = User::from_uid(Uid::from_raw(self.about.uid));
        let home: Option<PathBuf> = user.ok().flatten().map(|user| user.dir);
        for file in find_unit(unit, home.as_deref()).files {
            let path = std::path::Path::new(&file.path);
            if let Ok(metadata) = path.metadata() {
                self.note_age(&file.path, &metadata);
            }
            self.reading.extend(file.layer.read(&file.path, &file.text));
        }
        systemd_unit::take_back(&mut self.reading);
    }

    /// The files below its working directory, and those that `-C` names.
    fn application(&mut self) {
        let Ok(root) = self.process.below("cwd") else {
            return;
        };
        for (path, layer) in FILES {
            self.file(root.as_fd(), path, path, layer);
        }
        for name in initializers(root.as_fd()) {
            let path = format!("config/initializers/{name}");
            self.file(root.as_fd(), &path, &path, Layer::Initializer);
        }
        let usual = |path: &String| FILES.iter().any(|(known, _)| known == path);
        for path in self.named_configs() {
            if let Some(below) = path.strip_prefix('/') {
                if let Ok(top) = self.process.below("root") {
                    self.file(top.as_fd(), below, &path, Layer::SidekiqYml);
                }
            } else if !usual(&path) {
                self.file(root.as_fd(), &path, &path, Layer::SidekiqYml);
            }
        }
    }

    fn named_configs(&self) -> Vec<String> {
        let of_unit = self.reading.values.iter();
        let of_unit = of_unit
            .filter(|value| value.layer == Layer::Systemd)
            .filter_map(command_of);
        let own = self.about.commands.iter();
        let own = own.filter_map(|(_, command)| CommandLine::read(command));
        own.chain(of_unit)
            .filter_map(|line| line.config)
            .filter(|path| !path.contains("<%") && !path.contains('$'))
            .collect()
    }

    /// The command lines themselves; the last of equals holds, so the process's own comes last.
    fn commands(&mut self) {
        for (name, command) in &self.about.commands {
            if let Some(line) = CommandLine::read(command) {
                line.report(None, &FilePlace::whole(name), &mut self.reading);
            }
        }
    }

    /// Reads one file below `base`, if it is a plain one of bounded size.
    fn file(&mut self, base: BorrowedFd<'_>, path: &str, shown: &str, layer: Layer) {
        // A pipe is opened without waiting for its other end.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let Ok(file) = openat(base, path, flags, Mode::empty()) else {
            return;
        };
        let file = File::from(file);
        let Ok(metadata) = file.metadata() else {
            return;
        };
        if !metadata.is_file() || metadata.len() > LARGEST {
            return;
        }
        let mut bytes = Vec::new();
        if file.take(LARGEST).read_to_end(&mut bytes).is_err() {
            return;
        }
        self.note_age(shown, &metadata);
        let text = String::from_utf8_lossy(&bytes);
        self.reading.extend(layer.read(shown, &text));
    }

    fn note_age(&mut self, shown: &str, metadata: &std::fs::Metadata) {
        #[expect(
            clippy::cast_precision_loss,
            reason = "seconds since 1970 stay far below 2^52"
        )]
        let changed = metadata.mtime() as f64;
        if changed > self.about.started_at + ROUNDING {
            self.newer.push(shown.to_owned());
        }
    }
}

/// The names in `config/initializers` that speak of Sidekiq, in the order in which Rails loads
/// them.
fn initializers(root: BorrowedFd<'_>) -> Vec<String> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened: Result<OwnedFd, _> = openat(root, "config/initializers", flags, Mode::empty());
    let Ok(entries) = opened.and_then(Dir::new) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .take(MOST_ENTRIES)
        .filter_map(|entry| Some(entry.ok()?.file_name().to_str().ok()?.to_owned()))
        .filter(|name| name.contains("sidekiq") && name.strip_suffix(".rb").is_some())
        .collect();
    names.sort();
    names
}
