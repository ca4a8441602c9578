//! Variables of the environment of a unit: `Environment=`, and the files that `EnvironmentFile=`
//! names. They fill in what its command asks for, and state waits of overmind and of hivemind.

use super::command_line::{TIMEOUT, timeout, timeout_in};
use super::launch::words;
use super::layer::Layer;
use super::systemd_unit::ENVIRONMENT_FILE;
use super::value::{FilePlace, Hazard, LocatedSetting, Reading, Value};
use super::variables;

/// A variable of a file; its scope is the variable's name.
const VARIABLE: &str = "variable";
/// Marks a file that was read.
const FILE: &str = "file";
/// A longer value is no number of seconds, and may be a secret.
const LONGEST: usize = 8;

/// Reads a file of variables (systemd.exec(5), `EnvironmentFile=`): of those only that may be a
/// number of seconds, and that name the environment. Passwords stand in such files, too.
pub(super) fn read(file: &str, text: &str) -> Reading {
    let mut reading = Reading::default();
    let whole = FilePlace::whole(file);
    reading.found(
        Layer::Environment,
        FILE,
        None,
        Value::Flag(true),
        whole.clone(),
    );
    for (index, line) in text.lines().enumerate() {
        let Some((name, value)) = line.trim().split_once('=') else {
            continue;
        };
        let value = value.trim().trim_matches(['"', '\'']);
        let may_be_seconds =
            value.len() <= LONGEST && value.starts_with(|c: char| c.is_ascii_digit());
        if may_be_seconds || variables::ENVIRONMENTS.contains(&name.trim()) {
            let place = FilePlace::new(file, index + 1);
            let value = Value::text(value);
            reading.found(
                Layer::Environment,
                VARIABLE,
                Some(name.trim()),
                value,
                place,
            );
        }
    }
    reading
}

/// Fills in the variables that commands of units ask for. One that is set by a file which is not
/// here, or by a platform, is not known: no rule says then that it is missing.
pub(super) fn read_together(reading: &mut Reading) {
    let waits = waits(reading);
    reading.values.extend(waits);
    let asks = |located: &LocatedSetting| {
        located.layer == Layer::CommandLine && matches!(located.value, Value::Expression(_))
    };
    if !reading.values.iter().any(asks) {
        return;
    }
    let all = reading.values.clone();
    reading.values.retain_mut(|located| fill(located, &all));
}

/// Fills in the variable that a `-t` is. Whether there is a `-t`: a variable that holds all flags may
/// hold none.
fn fill(located: &mut LocatedSetting, all: &[LocatedSetting]) -> bool {
    if (located.layer, located.setting) != (Layer::CommandLine, TIMEOUT) {
        return true;
    }
    let Value::Expression(expression) = &mut located.value else {
        return true;
    };
    let Some(variable) = &expression.variable else {
        return true;
    };
    let unit = located.scope.as_deref().unwrap_or_default();
    let environment = UnitEnvironment::of(all, unit);
    match environment.value(variable) {
        // Flags of Sidekiq, among which a `-t` may be.
        Some(flags) if flags.starts_with('-') => {
            let Some(stated) = timeout_in(&flags) else {
                return false;
            };
            located.value = stated;
        }
        Some(written) => located.value = timeout(&written),
        None if environment.is_known() => {}
        None if expression.hazard == Hazard::NoBoot => expression.hazard = Hazard::None,
        None => {}
    }
    true
}

/// The waits of overmind and of hivemind that units set, and their environments.
fn waits(reading: &Reading) -> Vec<LocatedSetting> {
    let all = &reading.values;
    let is_own = |located: &&LocatedSetting| located.layer == Layer::Systemd;
    let mut units: Vec<&String> = all
        .iter()
        .filter(is_own)
        .filter_map(|l| l.scope.as_ref())
        .collect();
    units.dedup();
    let mut found = Vec::new();
    for unit in units {
        let environment = UnitEnvironment::of(all, unit);
        for name in variables::VARIABLES.iter().chain(variables::ENVIRONMENTS) {
            let stated = environment.stated(name);
            found.extend(stated.and_then(|(written, from)| {
                let (setting, value) = variables::variable(name, &written)?;
                Some(LocatedSetting {
                    layer: Layer::Systemd,
                    setting,
                    scope: Some(unit.clone()),
                    value,
                    from,
                })
            }));
        }
    }
    found
}

/// The environment of one unit, as far as it is written in what was read.
struct UnitEnvironment<'a> {
    all: &'a [LocatedSetting],
    unit: &'a str,
}

impl<'a> UnitEnvironment<'a> {
    fn of(all: &'a [LocatedSetting], unit: &'a str) -> Self {
        Self { all, unit }
    }

    fn settings(&self, name: &'static str) -> impl DoubleEndedIterator<Item = &'a LocatedSetting> {
        let unit = self.unit;
        let is_own = move |located: &&LocatedSetting| {
            located.layer == Layer::Systemd
                && located.setting == name
                && located.scope.as_deref() == Some(unit)
        };
        self.all.iter().filter(is_own)
    }

    /// The files that it names, without the mark of those that need not be there.
    fn files(&self) -> impl DoubleEndedIterator<Item = &'a str> {
        self.settings(ENVIRONMENT_FILE)
            .filter_map(|located| located.value.as_text())
            .map(|path| path.trim_start_matches('-'))
    }

    /// The value of a variable, and its place: a file goes before `Environment=`, and what stands
    /// last before what stands first (systemd.exec(5)).
    fn stated(&self, variable: &str) -> Option<(String, FilePlace)> {
        let of_file = self.files().rev().find_map(|file| {
            let is_it = |located: &&LocatedSetting| {
                located.setting == VARIABLE
                    && located.layer == Layer::Environment
                    && located.scope.as_deref() == Some(variable)
                    && is_file(&located.from.file, file)
            };
            let set = self.all.iter().rfind(is_it)?;
            Some((set.value.as_text()?.to_owned(), set.from.clone()))
        });
        of_file.or_else(|| {
            self.settings("Environment").rev().find_map(|located| {
                let assigned = words(located.value.as_text()?, false);
                let set = assigned.iter().rev().find_map(|one| {
                    let (name, value) = one.split_once('=')?;
                    (name == variable).then(|| value.to_owned())
                });
                Some((set?, located.from.clone()))
            })
        })
    }

    fn value(&self, variable: &str) -> Option<String> {
        self.stated(variable).map(|(written, _)| written)
    }

    /// Whether all that sets a variable of it is here: a shell that logs in, and a manager that
    /// passes variables on, set others.
    fn is_known(&self) -> bool {
        let was_read = |file: &str| {
            let is_it = |located: &LocatedSetting| {
                (located.layer, located.setting) == (Layer::Environment, FILE)
                    && is_file(&located.from.file, file)
            };
            self.all.iter().any(is_it)
        };
        let mut start = self.settings("ExecStart").peekable();
        start.peek().is_some()
            && start.all(|located| {
                let text = located.value.as_text().unwrap_or_default();
                !words(text, false).iter().any(|word| word.ends_with("sh"))
            })
            && self
                .settings("Environment")
                .all(|located| located.value.as_text().is_some())
            && self.settings("PassEnvironment").next().is_none()
            && self.files().all(was_read)
    }
}

/// Whether a file that was read is the one that a unit names: its path ends so.
fn is_file(read: &str, named: &str) -> bool {
    let ends = |long: &str, short: &str| {
        long.strip_suffix(short)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('/') || short.starts_with('/'))
    };
    ends(named, read) || ends(read, named)
}

#[cfg(test)]
mod tests {
    use super::super::{Text, read_together};
    use super::*;

    /// The timeout of a unit with these lines, and `shop.env` where it is given.
    fn timeout_of(lines: &str, variables: Option<&str>) -> Value {
        let unit = format!("[Service]\n{lines}");
        let mut texts = vec![Text {
            layer: Layer::Systemd,
            path: "ops/jobs.service",
            text: &unit,
        }];
        texts.extend(variables.map(|text| Text {
            layer: Layer::Environment,
            path: "ops/shop.env",
            text,
        }));
        let values = read_together(&texts).values;
        let is_it = |located: &LocatedSetting| located.setting == TIMEOUT;
        values.into_iter().find(is_it).unwrap().value
    }

    #[test]
    fn a_variable_of_a_command_is_filled_in_from_what_its_unit_says() {
        let start = "ExecStart=/usr/bin/sidekiq -t ${WAIT}\n";
        let file = format!("{start}EnvironmentFile=-/srv/ops/shop.env\n");
        let cases = [
            ("Environment=WAIT=60\n", None, "60 s"),
            ("Environment=A=1 \"WAIT=50\"\n", None, "50 s"),
            ("Environment=WAIT=60\nEnvironment=WAIT=70\n", None, "70 s"),
            (
                "EnvironmentFile=/srv/ops/shop.env\n",
                Some("WAIT='40'\n"),
                "40 s",
            ),
            (
                "Environment=WAIT=60\nEnvironmentFile=/srv/ops/shop.env\n",
                Some("# WAIT=1\nWAIT=40\n"),
                "40 s",
            ),
        ];
        for (lines, variables, expected) in cases {
            let value = timeout_of(&format!("{start}{lines}"), variables);
            assert_eq!(value.to_string(), expected, "{lines}");
        }
        assert!(matches!(
            timeout_of(&file, Some("WAIT=60s\n")),
            Value::Unusable { .. }
        ));
    }

    #[test]
    fn a_variable_is_said_to_be_missing_only_where_nothing_else_can_set_it() {
        let direct = "ExecStart=/usr/bin/sidekiq -t ${WAIT}\n";
        let other = format!("{direct}EnvironmentFile=/etc/default/shop\n");
        let here = format!("{direct}EnvironmentFile=/srv/ops/shop.env\n");
        let passed = format!("{direct}PassEnvironment=WAIT\n");
        let login = "ExecStart=/bin/bash -lc 'exec sidekiq -t ${WAIT}'\n";
        let cases = [
            (direct, None, Hazard::NoBoot),
            (&here, Some("OTHER=1\n"), Hazard::NoBoot),
            (&here, None, Hazard::None),
            (&other, Some("OTHER=1\n"), Hazard::None),
            (&passed, None, Hazard::None),
            (login, None, Hazard::None),
        ];
        for (lines, variables, expected) in cases {
            let Value::Expression(expression) = timeout_of(lines, variables) else {
                panic!("{lines}");
            };
            assert_eq!(expression.hazard, expected, "{lines}");
        }
    }

    #[test]
    fn a_file_is_the_one_that_is_named_only_where_its_whole_path_ends_so() {
        let unit = |file: &str| {
            format!("ExecStart=/usr/bin/sidekiq -t ${{WAIT}}\nEnvironmentFile={file}\n")
        };
        let value = timeout_of(&unit("/srv/ops/shop.env"), Some("WAIT=40\n"));
        assert_eq!(value.to_string(), "40 s");
        let other = timeout_of(&unit("/srv/devops/shop.env"), Some("WAIT=40\n"));
        assert!(matches!(other, Value::Expression(_)), "{other}");
    }

    #[test]
    fn flags_without_a_timeout_state_none() {
        let unit = "[Service]\nExecStart=/usr/bin/sidekiq $FLAGS\nEnvironment=\"FLAGS=-e live\"\n";
        let values = read_together(&[Text {
            layer: Layer::Systemd,
            path: "ops/jobs.service",
            text: unit,
        }])
        .values;
        assert!(values.iter().all(|located| located.setting != TIMEOUT));
    }

    #[test]
    fn of_a_file_only_numbers_are_kept() {
        let values = read("shop.env", "KEY=s3cret\nTOKEN=123456789012\nWAIT=60\n").values;
        let kept: Vec<String> = values.iter().map(|one| one.value.to_string()).collect();
        assert_eq!(kept, ["yes", "60"]);
    }
}
