//! All files of an application as one reading: sets of files that a tool merges, and what one file
//! only names and another one says (the command of an image, the inside of a script).

use super::command_line::{COMMAND, CommandLine, starts_sidekiq};
use super::compose;
use super::dockerfile;
use super::environment;
use super::fly;
use super::foreman;
use super::heroku;
use super::launch::words;
use super::layer::Layer;
use super::nested;
use super::paths::file_name;
use super::script;
use super::systemd_unit;
use super::tool::Text;
use super::value::{LocatedSetting, Reading, Value};

/// Reads the files of one application.
pub fn read_together(texts: &[Text<'_>]) -> Reading {
    let mut reading = Reading::default();
    let mut sets: Vec<Layer> = Vec::new();
    for text in texts {
        match text.layer.tool().together {
            Some(_) if sets.contains(&text.layer) => {}
            Some(read) => {
                sets.push(text.layer);
                reading.extend(read(texts));
            }
            None => {
                let mut own = text.layer.read(text.path, text.text);
                if APART.contains(&text.layer) {
                    told_apart(&mut own, &reading, text);
                }
                reading.extend(own);
            }
        }
    }
    systemd_unit::take_back(&mut reading);
    images(&mut reading);
    scripts(&mut reading);
    heroku::in_place_of_procfile(&mut reading);
    environment::read_together(&mut reading);
    foreman::read_together(&mut reading);
    nested::read_together(&mut reading);
    contradictions(&mut reading);
    reading
}

/// Tools of which each file is a world of its own: two files may each have a process of one name.
const APART: &[Layer] = &[
    Layer::Ecs,
    Layer::Fly,
    Layer::Nomad,
    Layer::Render,
    Layer::Supervisord,
    Layer::Upstart,
];

/// The text between the name of a process and the file that it is of.
const OF_FILE: &str = " in ";

/// Gives processes whose name another file of the same tool has, too, that of their file.
fn told_apart(own: &mut Reading, others: &Reading, text: &Text<'_>) {
    let is_taken = |scope: &Option<String>| {
        let same = |other: &LocatedSetting| other.layer == text.layer && other.scope == *scope;
        scope.is_some() && others.values.iter().any(same)
    };
    for located in &mut own.values {
        if is_taken(&located.scope)
            && let Some(scope) = &mut located.scope
        {
            scope.extend([OF_FILE, text.path]);
        }
    }
}

impl Reading {
    fn text(&self, layer: Layer, setting: &str, scope: &str) -> Option<(String, &LocatedSetting)> {
        let located = self.values.iter().rfind(|located| {
            located.layer == layer
                && located.setting == setting
                && located.scope.as_deref() == Some(scope)
        })?;
        Some((
            located.value.as_text().unwrap_or_default().to_owned(),
            located,
        ))
    }
}

/// Tools whose stop begins with the signal of the image. Fly.io has one of its own.
const SIGNALLED: &[Layer] = &[Layer::Compose, Layer::Kamal];

/// Gives services the command and the signal of the image that they are built from. An image that
/// no service is built from is a Sidekiq by itself.
fn images(reading: &mut Reading) {
    let is_build = |located: &&LocatedSetting| located.setting == compose::BUILD;
    let mut services: Vec<(Layer, String, String)> = reading
        .values
        .iter()
        .filter(is_build)
        .filter_map(|located| {
            let image = located.value.as_text()?.to_owned();
            Some((located.layer, located.scope.clone()?, image))
        })
        .collect();
    for located in &reading.values {
        let scope = located.scope.as_deref().unwrap_or_default();
        let is_machine = scope.split(OF_FILE).next() == Some(fly::APP);
        if located.layer == Layer::Fly && located.setting == fly::KILL_TIMEOUT && is_machine {
            services.push((Layer::Fly, scope.to_owned(), "Dockerfile".to_owned()));
        }
    }
    let mut used = Vec::new();
    for (layer, scope, image) in services {
        let own = reading.text(layer, COMMAND, &scope).map(|(text, _)| text);
        let has_entrypoint = reading.text(layer, compose::ENTRYPOINT, &scope).is_some();
        let entrypoint = reading.text(Layer::Dockerfile, dockerfile::ENTRYPOINT, &image);
        let cmd = reading.text(Layer::Dockerfile, dockerfile::CMD, &image);
        let signal = reading.text(Layer::Dockerfile, dockerfile::STOP_SIGNAL, &image);
        let has_signal = reading.text(layer, compose::STOP_SIGNAL, &scope).is_some();
        let signal = signal.filter(|_| !has_signal && SIGNALLED.contains(&layer));
        let signal = signal.map(|(text, located)| (text, located.from.clone()));
        let whole = match (&own, has_entrypoint) {
            (Some(_), true) => None,
            (Some(own), false) => {
                entrypoint.map(|(text, at)| (joined(&text, own), at.from.clone()))
            }
            (None, _) => image_command(entrypoint, cmd),
        };
        used.push(image);
        if let Some((text, from)) = whole {
            let place = reading
                .text(layer, COMMAND, &scope)
                .map(|(_, located)| located.from.clone());
            let of_command = |located: &LocatedSetting| {
                located.scope.as_deref() == Some(&scope)
                    && (located.layer == layer && located.setting == COMMAND
                        || located.layer == Layer::CommandLine)
            };
            reading.values.retain(|located| !of_command(located));
            reading
                .scope(layer, &scope)
                .command(&text, &place.unwrap_or(from));
        }
        if let Some((text, from)) = signal {
            let mut scope = reading.scope(layer, &scope);
            scope.found(compose::STOP_SIGNAL, Value::text(&text), &from);
        }
    }
    lone_images(reading, &used);
}

/// The command of an image by itself.
fn image_command(
    entrypoint: Option<(String, &LocatedSetting)>,
    cmd: Option<(String, &LocatedSetting)>,
) -> Option<(String, super::FilePlace)> {
    match (entrypoint, cmd) {
        (Some((entry, at)), Some((cmd, of))) => {
            let text = joined(&entry, &cmd);
            let from = if starts_sidekiq(&entry) { at } else { of };
            Some((text, from.from.clone()))
        }
        (Some((text, at)), None) | (None, Some((text, at))) => Some((text, at.from.clone())),
        (None, None) => None,
    }
}

/// An entry point in shell form takes no arguments.
fn joined(entrypoint: &str, arguments: &str) -> String {
    let is_shell = words(entrypoint, false)
        .get(1)
        .is_some_and(|word| word == "-c");
    if is_shell {
        entrypoint.to_owned()
    } else {
        format!("{entrypoint} {arguments}")
    }
}

fn lone_images(reading: &mut Reading, used: &[String]) {
    let images: Vec<String> = reading
        .values
        .iter()
        .filter(|located| located.layer == Layer::Dockerfile)
        .filter_map(|located| located.scope.clone())
        .collect();
    let mut seen: Vec<String> = Vec::new();
    for image in images {
        let file = image.split(':').next().unwrap_or(&image);
        if seen.contains(&image) || image != file || used.iter().any(|one| one.starts_with(file)) {
            continue;
        }
        seen.push(image.clone());
        let entrypoint = reading.text(Layer::Dockerfile, dockerfile::ENTRYPOINT, &image);
        let cmd = reading.text(Layer::Dockerfile, dockerfile::CMD, &image);
        let whole = image_command(entrypoint, cmd).filter(|(text, _)| starts_sidekiq(text));
        if let Some((text, from)) = whole {
            reading
                .scope(Layer::Dockerfile, &image)
                .command(&text, &from);
        }
    }
}

/// Puts the inside of a script where it is run, as `SCRIPT { COMMAND }`.
fn scripts(reading: &mut Reading) {
    let of_script = |located: &&LocatedSetting| located.layer == Layer::Script;
    let scripts: Vec<LocatedSetting> = reading.values.iter().filter(of_script).cloned().collect();
    let mut used: Vec<String> = Vec::new();
    let mut reports: Vec<LocatedSetting> = Vec::new();
    for located in &mut reading.values {
        let runs =
            matches!(located.setting, COMMAND | "ExecStart") && located.layer != Layer::Script;
        let Some(text) = located.value.as_text().filter(|_| runs).map(str::to_owned) else {
            continue;
        };
        let found = words(&text, false)
            .into_iter()
            .enumerate()
            .find_map(|(at, word)| {
                let is_it = |script: &&LocatedSetting| {
                    is_same(script.scope.as_deref().unwrap_or_default(), &word)
                };
                let of_word: Vec<&LocatedSetting> = scripts.iter().filter(is_it).collect();
                (!of_word.is_empty()).then_some((at, word, of_word))
            });
        let Some((at, word, script)) = found else {
            continue;
        };
        let argument = words(&text, false).get(at + 1).cloned();
        let is_run = |command: &&&LocatedSetting| {
            let arm = script
                .iter()
                .find(|value| value.setting == script::ARM && value.from == command.from);
            let labels = arm.and_then(|arm| arm.value.as_text());
            labels.is_none_or(|labels| script::is_arm_of(labels, argument.as_deref()))
        };
        let mut commands = script.iter().filter(|value| value.setting == COMMAND);
        let own = commands.find(is_run);
        let passes = script
            .iter()
            .rfind(|value| value.setting == script::ARGUMENTS);
        let is_given = CommandLine::read(&text).is_some_and(|line| line.opaque.is_none());
        let inside = match (is_given, passes, own) {
            (true, Some(passes), _) => {
                let trap = passes.value.as_text().unwrap_or_default();
                trap.strip_prefix(script::STARTS).map(|trap| {
                    let rest = words(&text, false).split_off(at + 1);
                    let rest: Vec<String> = rest.into_iter().map(compose::quoted).collect();
                    // With a trap the command runs behind it, or the trap is never heard of.
                    let behind = if trap.is_empty() { "" } else { " &" };
                    format!(
                        "{word} {{ {}{}{behind} }}",
                        trap.trim_start(),
                        rest.join(" ")
                    )
                })
            }
            (false, _, Some(own)) => own.value.as_text().map(str::to_owned),
            (_, _, _) => None,
        };
        used.extend(script[0].scope.clone());
        if let Some(inside) = inside {
            if let Some(line) = CommandLine::read(&inside).filter(|_| !is_given) {
                let mut own = Reading::default();
                line.report(located.scope.as_deref(), &script[0].from, &mut own);
                reports.extend(own.values);
            }
            located.value = Value::text(&inside);
        }
    }
    reading.values.extend(reports);
    let is_used = |located: &LocatedSetting| {
        located.layer == Layer::Script
            && located.scope.as_ref().is_some_and(|one| used.contains(one))
    };
    reading.values.retain(|located| !is_used(located));
    let alone: Vec<LocatedSetting> = reading.values.iter().filter(of_script).cloned().collect();
    for located in alone.iter().filter(|located| located.setting == COMMAND) {
        let line = located.value.as_text().and_then(CommandLine::read);
        if let Some(line) = line {
            line.report(located.scope.as_deref(), &located.from, reading);
        }
    }
}

/// Whether a word of a command is this script: they end alike, as far as both go.
fn is_same(script: &str, word: &str) -> bool {
    if file_name(script) != file_name(word) || !(word.contains('/') || word.contains('.')) {
        return false;
    }
    let word = word.trim_start_matches("./");
    word.rsplit('/')
        .zip(script.rsplit('/'))
        .take(2)
        .all(|(one, other)| one == other)
}

/// Says where two files state one setting of one unit or process differently, and neither is laid
/// over the other: which of them holds cannot be known from here.
fn contradictions(reading: &mut Reading) {
    let mut said = Vec::new();
    let is_stated = |located: &&LocatedSetting| {
        let layers = [Layer::Systemd, Layer::Cloud66, Layer::Supervisord];
        layers.contains(&located.layer)
            && located.layer.waits(located.setting)
            && !located.from.file.contains(".service.d/")
    };
    let stated: Vec<&LocatedSetting> = reading.values.iter().filter(is_stated).collect();
    let name = |located: &'_ LocatedSetting| {
        let scope = located.scope.as_deref().unwrap_or("the same process");
        let name = scope.split(OF_FILE).next();
        name.unwrap_or(scope).to_owned()
    };
    for (index, first) in stated.iter().enumerate() {
        let other = stated[index + 1..].iter().find(|other| {
            other.layer == first.layer
                && other.setting == first.setting
                && name(other) == name(first)
                && other.from.file != first.from.file
                && other.value != first.value
        });
        if let Some(other) = other {
            let text = format!(
                "{} of {} is {} here and {} at {}: which of the two holds cannot be known from here",
                first.setting,
                name(first),
                first.value,
                other.value,
                other.from
            );
            said.push((first.from.clone(), text));
        }
    }
    for (place, text) in said {
        reading.not_read(place, text);
    }
}
