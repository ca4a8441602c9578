//! foreman, overmind and hivemind: where one of them is what a container or a unit runs, it stops
//! the processes of the `Procfile`, and kills each after its own wait.

use std::time::Duration;

use super::command_line::{COMMAND, starts_sidekiq};
use super::dockerfile;
use super::launch::words;
use super::layer::Layer;
use super::paths::{file_name, is_for_development};
use super::span::duration_text;
use super::tool::SeenFile;
use super::value::{FilePlace, LocatedSetting, Reading, Value};
use super::variables::{VARIABLES, assigned};

/// Which of them it is.
pub const PROGRAM: &str = "program";
/// How long it waits before it kills.
pub const TIMEOUT: &str = "--timeout";
/// The same in `.foreman`, whose keys are the options of `foreman start`.
pub const OPTION: &str = "timeout";
/// Their own wait (foreman `lib/foreman/engine.rb`, overmind `main.go`: 5 s).
pub const DEFAULT: Duration = Duration::from_secs(5);

/// Programs that run every process of a `Procfile`.
pub(super) const PROGRAMS: &[&str] = &["foreman", "hivemind", "overmind"];

/// Whether a file holds options of one of them: `.env` only where it does.
pub(super) fn is_one(file: &SeenFile<'_>) -> bool {
    let has_variable = || VARIABLES.iter().any(|name| file.has(name));
    match file.stem {
        ".foreman" | ".overmind.env" => true,
        ".env" => has_variable(),
        _ => false,
    }
}

/// Reads `.foreman`: options of `foreman start` that stand in no command (foreman
/// `lib/foreman/cli.rb`, `options`).
pub fn read(file: &str, text: &str) -> Reading {
    let mut reading = Reading::default();
    for (index, line) in text.lines().enumerate() {
        let place = FilePlace::new(file, index + 1);
        if let Some((name, value)) = assigned(line) {
            reading.found(Layer::Foreman, name, None, value, place);
            continue;
        }
        let Some((OPTION, written)) = line.split_once(':').map(|(key, value)| (key.trim(), value))
        else {
            continue;
        };
        let written = written.split(" #").next().unwrap_or(written).trim();
        let value = match duration_text(written) {
            Some(span) => Value::Span(span),
            None => Value::text(written),
        };
        reading.found(Layer::Foreman, OPTION, None, value, place);
    }
    reading
}

/// A call that runs processes of a `Procfile`.
struct ForemanCall {
    program: String,
    /// Where the `Procfile` is, by its name.
    file: String,
    /// The one process that is run; `None` for all.
    process: Option<String>,
    wait: Value,
}

/// Adds the wait for each Sidekiq of a `Procfile` that is run so.
pub(super) fn read_together(reading: &mut Reading) {
    let is_call = |located: &&LocatedSetting| {
        let settings = [
            COMMAND,
            "ExecStart",
            dockerfile::CMD,
            dockerfile::ENTRYPOINT,
        ];
        settings.contains(&located.setting) && located.layer != Layer::Procfile
    };
    let mut calls: Vec<(ForemanCall, LocatedSetting)> = reading
        .values
        .iter()
        .filter(is_call)
        .filter_map(|located| Some((call(located.value.as_text()?)?, located.clone())))
        .filter(|(call, _)| !is_for_development(&call.file))
        .collect();
    // The word of a service goes before that of its image.
    calls.sort_by_key(|(_, of)| of.layer == Layer::Dockerfile);
    let mut told: Vec<(String, FilePlace)> = Vec::new();
    for (mut call, mut of) in calls {
        let written = of.from.clone();
        if let Some(option) = option_of(&call.program, &of, reading)
            && call.wait == Value::Default(DEFAULT)
        {
            call.wait.clone_from(&option.value);
            of.from.clone_from(&option.from);
        }
        let is_run = |located: &&LocatedSetting| {
            located.layer == Layer::Procfile
                && located.setting == COMMAND
                && file_name(&located.from.file) == call.file
                && (call.process.is_none() || located.scope == call.process)
                && located.value.as_text().is_some_and(starts_sidekiq)
        };
        let run = reading.values.iter().filter(is_run);
        let names: Vec<String> = run.filter_map(|located| located.scope.clone()).collect();
        let is_here = |located: &LocatedSetting| {
            located.layer == Layer::Procfile && file_name(&located.from.file) == call.file
        };
        if !reading.values.iter().any(is_here) {
            let text = format!(
                "{} runs the processes of {}, which is not here",
                call.program, call.file
            );
            reading.not_read(of.from.clone(), text);
        }
        for name in names {
            // The command of an image is that of the service which is built from it.
            let is_same = (name.clone(), written.clone());
            if told.contains(&is_same) {
                continue;
            }
            told.push(is_same);
            let mut scope = reading.scope(Layer::Foreman, &name);
            scope.found(TIMEOUT, call.wait.clone(), &of.from);
            scope.found(PROGRAM, Value::text(&call.program), &written);
        }
    }
}

/// The variable that a program takes its wait from.
fn variable_of(program: &str) -> Option<&'static str> {
    let own = |name: &&&str| {
        let before = name.trim_end_matches("_TIMEOUT");
        before.eq_ignore_ascii_case(program)
    };
    VARIABLES.iter().find(own).copied()
}

/// The wait that stands beside a call: in the environment of its own service, else in that of its
/// image, else in the file of the program's options.
fn option_of(program: &str, of: &LocatedSetting, reading: &Reading) -> Option<LocatedSetting> {
    let setting = variable_of(program).unwrap_or(OPTION);
    let stated = || {
        let all = reading.values.iter();
        all.filter(move |located| located.setting == setting)
    };
    let own = stated().find(|one| one.layer == of.layer && one.scope == of.scope);
    let of_layer = |layer: Layer| stated().find(move |one| one.layer == layer);
    let found = own
        .or_else(|| of_layer(Layer::Dockerfile))
        .or_else(|| of_layer(Layer::Foreman));
    found.cloned()
}

/// Reads `foreman start [PROCESS] [-f FILE] [-t SECONDS]`.
fn call(text: &str) -> Option<ForemanCall> {
    let words = words(text, false);
    // Inside of `sh -c "…"` the whole call is one word.
    if let Some(inner) = words.iter().find(|word| word.contains("foreman start")) {
        return (inner != text).then(|| call(inner)).flatten();
    }
    let is_program = |word: &String| PROGRAMS.contains(&file_name(word));
    let at = words.iter().position(is_program)?;
    let is_hivemind = file_name(&words[at]) == "hivemind";
    let own_variable = variable_of(file_name(&words[at]));
    let assigned = words[..at].iter().rev().find_map(|word| {
        let (name, value) = assigned(word)?;
        (Some(name) == own_variable).then_some(value)
    });
    let mut rest = words[at + 1..].iter().map(String::as_str);
    if !is_hivemind && !matches!(rest.next(), Some("start" | "s")) {
        return None;
    }
    let mut call = ForemanCall {
        program: file_name(&words[at]).to_owned(),
        file: "Procfile".into(),
        process: None,
        wait: assigned.unwrap_or(Value::Default(DEFAULT)),
    };
    while let Some(word) = rest.next() {
        let (option, value) = match word.split_once('=') {
            Some((option, value)) => (option, Some(value)),
            None => (word, None),
        };
        match option {
            ";" | "&&" | "||" | "|" | "&" => break,
            "-f" | "--procfile" => {
                let file = value.or_else(|| rest.next()).unwrap_or_default();
                file_name(file).clone_into(&mut call.file);
            }
            "-t" | "--timeout" => {
                let wait = value.or_else(|| rest.next()).and_then(duration_text);
                call.wait = wait.map_or(call.wait, Value::Span);
            }
            "-l" | "--processes" => {
                call.process = value.or_else(|| rest.next()).map(str::to_owned);
            }
            "-e" | "--env" | "-m" | "--formation" | "-p" | "--port" | "-d" | "--root" => {
                if value.is_none() {
                    rest.next();
                }
            }
            _ if option.starts_with('-') => {}
            // An argument without an option is the file (hivemind `main.go`).
            named if is_hivemind => file_name(named).clone_into(&mut call.file),
            process => call.process = Some(process.to_owned()),
        }
    }
    Some(call)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_says_which_procfile_which_process_and_how_long() {
        let shown = |text: &str| {
            let call = call(text)?;
            let process = call.process.unwrap_or_else(|| "all".into());
            Some(format!("{} {process} {}", call.file, call.wait))
        };
        let cases = [
            ("bundle exec foreman start", "Procfile all 5 s, the default"),
            ("foreman start jobs -t 40", "Procfile jobs 40 s"),
            (
                "foreman start -f config/Procfile.live -e .env",
                "Procfile.live all 5 s, the default",
            ),
            ("overmind start -l jobs --timeout=30", "Procfile jobs 30 s"),
            ("hivemind", "Procfile all 5 s, the default"),
            (
                "hivemind Procfile.live && echo done",
                "Procfile.live all 5 s, the default",
            ),
            (
                "hivemind -T ops/Procfile.live",
                "Procfile.live all 5 s, the default",
            ),
            ("env OVERMIND_TIMEOUT=40 overmind s", "Procfile all 40 s"),
            (
                "HIVEMIND_TIMEOUT=40 overmind start",
                "Procfile all 5 s, the default",
            ),
            (
                "sh -c 'cd /app && foreman start'",
                "Procfile all 5 s, the default",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "foreman export systemd /etc",
            "bundle exec puma",
            "gem install foreman",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }
}
