//! upstart jobs: `kill timeout` and its misspellings, which upstart itself passes over in
//! silence. Text in; nothing is run.

use std::time::Duration;

use super::command_line::starts_sidekiq;
use super::deploy_calls::CALL;
use super::layer::Layer;
use super::paths::file_name;
use super::script;
use super::value::{Fault, FilePlace, LocatedSetting, Reading, Value};
use crate::core::clean::clean;

/// How long upstart waits before it kills.
pub const KILL_TIMEOUT: &str = "kill timeout";
/// The signal it begins with; TERM unless set.
pub const KILL_SIGNAL: &str = "kill signal";
/// upstart's own wait (init(5)).
pub const DEFAULT: Duration = Duration::from_secs(5);

/// Reads a job file. The scope of its values is the job, which is named after the file.
pub fn read(file: &str, text: &str) -> Reading {
    let name = file_name(file);
    let job = name.strip_suffix(".conf").unwrap_or(name);
    let mut reading = Reading::default();
    let mut waits = false;
    reading.values.extend(hooks(file, text));
    for (index, line) in text.lines().enumerate() {
        let code = line.trim();
        if code.starts_with('#') {
            continue;
        }
        let place = FilePlace::new(file, index + 1);
        let mut words = code.split_whitespace();
        match (words.next(), words.next(), words.next()) {
            (Some("kill"), Some("timeout"), value) => {
                waits = true;
                let value = value.unwrap_or_default();
                let mut job = reading.scope(Layer::Upstart, job);
                job.seconds(KILL_TIMEOUT, value, Fault::Ignored, &place);
            }
            (Some("kill"), Some("signal"), Some(signal)) => {
                let mut job = reading.scope(Layer::Upstart, job);
                job.found(KILL_SIGNAL, Value::text(signal), &place);
            }
            (Some("kill"), Some(word), Some(number))
                if number.parse::<u32>().is_ok()
                    && crate::core::sequence::nearest(word, ["timeout"]).is_some() =>
            {
                reading.problem(
                    place,
                    format!(
                        "`kill {}` is ignored by upstart: did you mean `kill timeout`?",
                        clean(word, 20)
                    ),
                );
            }
            _ => command(job, code, &place, &mut reading),
        }
    }
    if !waits {
        let mut job = reading.scope(Layer::Upstart, job);
        job.found(
            KILL_TIMEOUT,
            Value::Default(DEFAULT),
            &FilePlace::whole(file),
        );
    }
    reading
}

/// A line of a script that starts a Sidekiq.
fn command(job: &str, code: &str, place: &FilePlace, reading: &mut Reading) {
    if code.starts_with("description") || code.starts_with("env ") {
        return;
    }
    if starts_sidekiq(code) {
        reading.scope(Layer::Upstart, job).command(code, place);
    }
}

/// The stops and signals of its hooks (init(5), `pre-stop`, `post-stop`), each in its own line.
fn hooks(file: &str, text: &str) -> Vec<LocatedSetting> {
    let mut is_inside = false;
    let own = text.lines().map(|line| {
        let words: Vec<&str> = line.split_whitespace().take(2).collect();
        match words[..] {
            ["pre-stop" | "post-stop", "script"] => is_inside = true,
            ["pre-stop" | "post-stop", "exec"] => {
                return line.split_once("exec").map(|(_, code)| code);
            }
            ["end", "script"] => is_inside = false,
            _ if is_inside => return Some(line),
            _ => {}
        }
        None
    });
    let script: Vec<&str> = own.map(Option::unwrap_or_default).collect();
    let mut found = script::read(file, &script.join("\n")).values;
    found.retain(|located| located.setting == CALL);
    found
}
