//! Every reader of what comes from outside, as one table: for the tests and the fuzz target
//! (`tests/fuzz`) that give them any bytes. No part of the program.

mod reader;

pub use reader::Reader;

use std::fmt::Write as _;

use crate::core::check::{Chosen, check, gather, recommend, rows};
use crate::core::clean::clean_bytes;
use crate::core::config;
use crate::core::fleet::{Later, Lineage, exact_queue, may_be_same_job};
use crate::core::layers::command_line::{self, CommandLine};
use crate::core::layers::erb::Untagged;
use crate::core::layers::ruby_timeout;
use crate::core::layers::{
    Layer, RubyUse, Text, busctl_span, duration_text, read_together, systemd_span, unit,
};
use crate::core::log::{LineOrigin, LogLine, Witness};
use crate::core::moment::{Moment, from_epoch};
use crate::core::sequence::{Sequence, Version};
use crate::report::{Past, Report};

/// All of them.
pub fn all() -> Vec<Reader> {
    [
        CORE,
        crate::redis::READERS,
        crate::host::READERS,
        crate::recorder::READERS,
        crate::rescue::READERS,
        crate::shell::READERS,
    ]
    .concat()
}

const CORE: &[Reader] = &[
    ("layers/heroku", |bytes| {
        of_layer(Layer::Heroku, "app.json", bytes);
    }),
    ("layers/cloud66", |bytes| {
        of_layer(Layer::Cloud66, ".cloud66/manifest.yml", bytes);
    }),
    ("layers/command_line", |bytes| {
        let text = text(bytes);
        let _line = CommandLine::read(&text);
        let _value = command_line::timeout(&text);
    }),
    ("layers/compose", |bytes| {
        of_layer(Layer::Compose, "compose.yml", bytes);
    }),
    ("layers/deploy_rb", |bytes| {
        of_layer(Layer::Capistrano, "config/deploy.rb", bytes);
    }),
    ("layers/dockerfile", |bytes| {
        of_layer(Layer::Dockerfile, "Dockerfile", bytes);
    }),
    ("layers/ecs", |bytes| {
        of_layer(Layer::Ecs, "task-definition.json", bytes);
    }),
    ("layers/fly", |bytes| {
        of_layer(Layer::Fly, "fly.toml", bytes);
    }),
    ("layers/render", |bytes| {
        of_layer(Layer::Render, "render.yaml", bytes);
    }),
    ("layers/script", |bytes| {
        of_layer(Layer::Script, "bin/start.sh", bytes);
    }),
    ("layers/together", |bytes| {
        let text = text(bytes);
        let files = text.split("== ").skip(1).filter_map(|file| {
            let (path, text) = file.split_once('\n').unwrap_or((file, ""));
            let layer = Layer::of(path, text)?;
            Some(Text { layer, path, text })
        });
        let _reading = read_together(&files.collect::<Vec<_>>());
    }),
    ("layers/erb", |bytes| {
        let text = text(bytes);
        let untagged = Untagged::new(&text);
        let _restored = untagged.restore(&untagged.text);
        let last = text.rsplit('\n').next().unwrap_or_default();
        if !last.contains("%>") {
            // Lines keep their numbers, and no text behind the last tag is lost.
            let lines = |text: &str| text.matches('\n').count();
            assert_eq!(lines(&untagged.text), lines(&text));
            assert!(last.contains("<%%") || untagged.text.ends_with(last));
        }
    }),
    ("layers/gemfile_lock", |bytes| {
        of_layer(Layer::GemfileLock, "Gemfile.lock", bytes);
    }),
    ("layers/initializer", |bytes| {
        of_layer(Layer::Initializer, "config/initializers/x.rb", bytes);
    }),
    ("layers/job_class", |bytes| {
        of_layer(Layer::JobClass, "app/jobs/x.rb", bytes);
    }),
    ("layers/kamal", |bytes| {
        of_layer(Layer::Kamal, "config/deploy.yml", bytes);
    }),
    ("layers/tools", |bytes| {
        let text = text(bytes);
        let (path, text) = text.split_once('\n').unwrap_or((&text, ""));
        let _unit = unit(path);
        if let Some(layer) = Layer::of(path, text) {
            let _reading = layer.read(path, text);
        }
    }),
    ("layers/kubernetes", |bytes| {
        of_layer(Layer::Kubernetes, "k8s/x.yml", bytes);
    }),
    ("layers/nomad", |bytes| {
        of_layer(Layer::Nomad, "x.nomad", bytes);
    }),
    ("layers/procfile", |bytes| {
        of_layer(Layer::Procfile, "Procfile", bytes);
    }),
    ("layers/quadlet", |bytes| {
        of_layer(Layer::Quadlet, "x.container", bytes);
    }),
    ("layers/ruby", |bytes| {
        let text = text(bytes);
        let _assigned = ruby_timeout(&text, RubyUse::Assigned);
        let _printed = ruby_timeout(&text, RubyUse::Printed);
    }),
    ("layers/sidekiq_yml", |bytes| {
        of_layer(Layer::SidekiqYml, "config/sidekiq.yml", bytes);
    }),
    ("layers/span", |bytes| {
        let text = text(bytes);
        let _spans = (
            systemd_span(&text),
            busctl_span(&text),
            duration_text(&text),
        );
    }),
    ("layers/monit", |bytes| {
        of_layer(Layer::Monit, "monitrc", bytes);
    }),
    ("layers/watched", |bytes| {
        for layer in [Layer::God, Layer::Eye, Layer::Bluepill] {
            of_layer(layer, "jobs.rb", bytes);
        }
    }),
    ("layers/s6", |bytes| {
        of_layer(Layer::S6, "s6-rc.d/jobs/timeout-kill", bytes);
    }),
    ("layers/steps", |bytes| {
        of_layer(Layer::Steps, "Makefile", bytes);
    }),
    ("layers/unread", |bytes| {
        of_layer(Layer::Unread, "ecosystem.config.js", bytes);
    }),
    ("layers/environment", |bytes| {
        of_layer(Layer::Environment, "shop.env", bytes);
    }),
    ("layers/foreman", |bytes| {
        of_layer(Layer::Foreman, ".foreman", bytes);
    }),
    ("layers/supervisord", |bytes| {
        of_layer(Layer::Supervisord, "x.conf", bytes);
    }),
    ("layers/systemd_show", |bytes| {
        of_layer(Layer::SystemdLoaded, "systemctl show x.service", bytes);
    }),
    ("layers/systemd_unit", |bytes| {
        of_layer(Layer::Systemd, "x.service", bytes);
    }),
    ("layers/upstart", |bytes| {
        of_layer(Layer::Upstart, "sidekiq.conf", bytes);
    }),
    ("check", |bytes| lint(&text(bytes))),
    ("clean", |bytes| {
        let clean = clean_bytes(bytes, 100);
        assert!(!clean.contains(char::is_control), "{clean:?}");
    }),
    ("config", |bytes| {
        let _config = config::read("config.yml", &text(bytes));
    }),
    // A payload that is sought, and behind its line an element of a queue or a set.
    ("fleet/heir", |bytes| {
        let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
        let sought = parts.next().unwrap_or_default();
        let element = parts.next().unwrap_or_default();
        let same = may_be_same_job(sought, element);
        assert_eq!(same, may_be_same_job(element, sought));
        let _queue = exact_queue("default", sought);
        if let Some((lineage, later)) = Lineage::to_seek(sought).zip(Later::read(element)) {
            let _heir = later.heir_of(&lineage, "scheduled");
        }
    }),
    ("log", |bytes| {
        let mut witness = Witness::default();
        let origin = LineOrigin {
            pid: 7,
            inner_pid: 7,
            shared: bytes.len() % 2 == 0,
        };
        for line in text(bytes).lines() {
            let line = LogLine::new(origin, line, moment());
            let _written_down = line.without_text();
            witness.take(&line);
        }
    }),
    ("report", |bytes| {
        let _report = Report::of(&Past::from_text("20261121T190000Z-7", bytes));
    }),
    ("sequence", |bytes| {
        let text = text(bytes);
        let _version = Version::parse(&text);
        match text.parse::<Sequence>() {
            // An accepted sequence means the same when it is written out.
            Ok(sequence) => assert_eq!(sequence.to_string().parse(), Ok(sequence)),
            Err(error) => drop(error.reason()),
        }
    }),
];

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn moment() -> Moment {
    let wall = from_epoch(1_795_000_000.0).unwrap_or_default();
    Moment::new(std::time::Duration::from_secs(100), wall)
}

/// Runs one reader, and the lint on its findings.
fn of_layer(layer: Layer, path: &str, bytes: &[u8]) {
    let reading = layer.read(path, &text(bytes));
    let mut shown = String::new();
    for located in &reading.values {
        write!(shown, "{}{}", located.value, located.from).unwrap_or_default();
    }
    let _findings = check(&gather(&reading.values, &Chosen::default()));
}

/// Several files, each behind a line `== PATH`, through the whole lint.
fn lint(text: &str) {
    let mut values = Vec::new();
    for file in text.split("== ").skip(1) {
        let (path, text) = file.split_once('\n').unwrap_or((file, ""));
        if let Some(layer) = Layer::of(path, text) {
            values.extend(layer.read(path, text).values);
        }
    }
    let facts = gather(&values, &Chosen::default());
    let findings = check(&facts);
    let _row = rows(&facts, &values, &findings);
    let _advice = recommend(&facts, None);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Files beside the readers that read nothing by themselves.
    const NO_READERS: &[&str] = &[
        "deploy_calls",
        "launch",
        "layer",
        "mod",
        "nested",
        "paths",
        "process_variables",
        "scoped",
        "tests",
        "tool",
        "value",
        "variables",
        "yaml",
    ];

    #[test]
    fn no_reader_is_forgotten() {
        let known: Vec<&str> = all().iter().map(|(name, _)| *name).collect();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/core/layers");
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let stem = path.file_stem().unwrap().to_str().unwrap();
            let name = format!("layers/{stem}");
            let listed = known.contains(&&*name);
            assert_ne!(listed, NO_READERS.contains(&stem), "{name}");
        }
        let mut distinct = known.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), known.len(), "a name stands twice");
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            for (_, read) in all() {
                read(&bytes);
            }
        }
    }
}
