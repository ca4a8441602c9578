//! `app.json` and `heroku.yml`: either says that an application runs on Heroku, whose 30 s after
//! TERM cannot be changed.

use std::time::Duration;

use super::compose::command;
use super::layer::Layer;
use super::paths::{file_name, without_template};
use super::value::{FilePlace, LocatedSetting, Reading, Value};
use super::yaml;

/// Heroku's wait between TERM and KILL (devcenter, "Dynos": R12).
pub const KILL_AFTER: &str = "kill after";
/// Its length.
pub const LIMIT: Duration = Duration::from_secs(30);

/// Keys that only Heroku gives a meaning.
const KEYS: &[&str] = &[
    "addons",
    "buildpacks",
    "formation",
    "stack",
    "environments",
    "success_url",
];

/// Reads either file. An `app.json` of something else (React Native has one) gives nothing.
pub fn read(file: &str, text: &str) -> Reading {
    let mut reading = Reading::default();
    if without_template(file_name(file)) == "heroku.yml" {
        processes(file, text, &mut reading);
        return reading;
    }
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(serde_json::Value::Object(object)) => {
            if KEYS.iter().any(|key| object.contains_key(*key)) {
                let value = Value::Span(LIMIT);
                reading.found(
                    Layer::Heroku,
                    KILL_AFTER,
                    None,
                    value,
                    FilePlace::whole(file),
                );
            }
        }
        Ok(_) => {}
        Err(error) => reading.problem(
            FilePlace {
                file: file.into(),
                line: (error.line() > 0).then_some(error.line()),
            },
            "no valid JSON",
        ),
    }
    reading
}

/// Leaves out the processes of a `Procfile` that `heroku.yml` has by the same names: it is read in
/// the place of that file.
pub(super) fn in_place_of_procfile(reading: &mut Reading) {
    let of_heroku =
        |located: &&LocatedSetting| located.layer == Layer::Heroku && located.scope.is_some();
    let own: Vec<LocatedSetting> = reading.values.iter().filter(of_heroku).cloned().collect();
    reading.values.retain(|located| {
        let is_of_procfile = matches!(located.layer, Layer::Procfile | Layer::CommandLine)
            && file_name(&located.from.file) == "Procfile";
        !is_of_procfile || own.iter().all(|own| own.scope != located.scope)
    });
}

/// The processes of `heroku.yml` stand in place of a `Procfile` (devcenter, "Building Docker
/// Images with heroku.yml").
fn processes(file: &str, text: &str, reading: &mut Reading) {
    let (_, documents) = yaml::read(file, text, reading);
    for document in documents {
        let run = document.get(&["run"]).into_iter().flat_map(yaml::entries);
        for (name, process) in run {
            let own = if process.is_mapping() {
                process.get("command")
            } else {
                Some(process)
            };
            let place = document.place(&["run", name]);
            // Several commands of one list are one line of a shell.
            let lines = own.and_then(|own| own.as_sequence());
            let lines = lines.map(|all| all.iter().filter_map(yaml::scalar).collect::<Vec<_>>());
            let text = lines.map(|lines| lines.join(" "));
            if let Some(text) = text.or_else(|| own.and_then(command)) {
                reading.scope(Layer::Procfile, name).command(&text, &place);
                let mut scope = reading.scope(Layer::Heroku, name);
                scope.found(KILL_AFTER, Value::Span(LIMIT), &place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::command_line::COMMAND;
    use super::super::{Layer, Text, read_together};

    #[test]
    fn heroku_yml_is_read_in_the_place_of_a_procfile() {
        let text = |layer, path, text| Text { layer, path, text };
        let reading = read_together(&[
            text(Layer::Procfile, "Procfile", "worker: sidekiq -t 60\n"),
            text(
                Layer::Heroku,
                "heroku.yml",
                "run:\n  worker: sidekiq -t 20\n",
            ),
        ]);
        let commands = reading.values.iter().filter(|one| one.setting == COMMAND);
        let places: Vec<String> = commands.map(|one| one.from.to_string()).collect();
        assert_eq!(places, ["heroku.yml:2"]);
    }
}
