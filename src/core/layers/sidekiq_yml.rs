//! `config/sidekiq.yml` and `.yml.erb`: the timeout at the top, in environment sections and, for
//! nothing, in capsules. ERB is left alone. Which section holds is not decided here.

use std::time::Duration;

use serde_yaml::Value as Node;

use super::erb::{Scalar, Untagged};
use super::layer::Layer;
use super::ruby::{self, Use};
use super::value::{Expression, Fault, FilePlace, Hazard, Reading, Value};
use super::yaml::{self, Document};
use crate::core::clean::clean;

/// The name of the setting at the top or in an environment section.
pub const TIMEOUT: &str = "timeout";
/// Says that a file was read and states no timeout: then Sidekiq's default holds.
pub const NOT_STATED: &str = "no timeout";
/// The name of a timeout inside `:capsules:`, which nothing reads.
pub const IN_CAPSULE: &str = "capsule timeout";

/// Reads a `sidekiq.yml`. The scope of a value is its environment section. Sidekiq 7.3.9
/// `lib/sidekiq/cli.rb:397-430`: YAML through ERB, string keys or symbols, sections merged over.
pub fn read(file: &str, text: &str) -> Reading {
    let mut reading = Reading::default();
    let untagged = Untagged::new(text);
    match yaml::document(file, &untagged.text) {
        Ok(document) => {
            tree(file, &untagged, &document, &mut reading);
            if reading.values.is_empty() {
                let value = Value::text("not stated");
                reading.found(
                    Layer::SidekiqYml,
                    NOT_STATED,
                    None,
                    value,
                    FilePlace::whole(file),
                );
            }
        }
        Err(broken) => {
            let place = FilePlace {
                file: file.into(),
                line: broken.line,
            };
            let why = untagged.restore(&broken.why);
            // Ruby's YAML takes the last of two equal keys.
            let is_twice = why.contains("duplicate entry");
            if is_twice || untagged.is_template() || text.contains("<%") {
                reading.note(
                    place,
                    format!("not readable as YAML here ({why}): only plain lines were read"),
                );
                plain_lines(file, &untagged, &mut reading);
            } else {
                reading.not_read(place, format!("no valid YAML: {why}"));
            }
        }
    }
    reading
}

/// Reads the parsed text.
fn tree(file: &str, untagged: &Untagged, document: &Document, reading: &mut Reading) {
    let top = &document.root;
    if let Node::String(text) = top {
        let (number, line) = text
            .lines()
            .enumerate()
            .find(|(_, line)| line.contains("timeout"))
            .map_or((1, text.as_str()), |(index, line)| (index + 1, line));
        let place = FilePlace::new(file, number);
        reading.problem(
            place.clone(),
            "this is one YAML text, not settings: keys are written `:timeout: 60`",
        );
        if line.contains("timeout") {
            let value = unusable(untagged, line, Fault::NoBoot);
            reading.found(Layer::SidekiqYml, TIMEOUT, None, value, place);
        }
        return;
    }
    for (key, node) in yaml::entries(top) {
        match bare(key) {
            TIMEOUT => {
                let line = document.line(&[key]);
                let value = timeout(untagged, node, document.is_quoted(&[key]));
                let value = in_block(untagged, line, value);
                let place = FilePlace::new(file, line);
                reading.found(Layer::SidekiqYml, TIMEOUT, None, value, place);
            }
            "capsules" => {
                for (name, capsule) in yaml::entries(node) {
                    section(
                        file,
                        untagged,
                        document,
                        &[key, name],
                        capsule,
                        IN_CAPSULE,
                        reading,
                    );
                }
            }
            _ => section(file, untagged, document, &[key], node, TIMEOUT, reading),
        }
    }
}

/// Reads the timeout of one section.
fn section(
    file: &str,
    untagged: &Untagged,
    document: &Document,
    path: &[&str],
    node: &Node,
    setting: &'static str,
    reading: &mut Reading,
) {
    for (key, node) in yaml::entries(node) {
        if bare(key) != TIMEOUT {
            continue;
        }
        let path: Vec<&str> = path.iter().copied().chain([key]).collect();
        let scope = path
            .get(path.len() - 2)
            .map(|key| untagged.restore(bare(key)));
        let line = document.line(&path);
        let value = timeout(untagged, node, document.is_quoted(&path));
        let value = in_block(untagged, line, value);
        let place = FilePlace::new(file, line);
        reading.found(Layer::SidekiqYml, setting, scope.as_deref(), value, place);
    }
}

/// The value of one `timeout`.
fn timeout(untagged: &Untagged, node: &Node, is_quoted: bool) -> Value {
    match node {
        Node::Number(number) => seconds(number.as_f64(), &number.to_string()),
        Node::String(text) => match untagged.scalar(text) {
            Scalar::Code(code) if !is_quoted => ruby::timeout(code, Use::Printed),
            Scalar::Mixed => Value::Expression(Expression {
                code: clean(&untagged.restore(text), 200),
                default: None,
                variable: None,
                hazard: if is_quoted {
                    Hazard::Text
                } else {
                    Hazard::None
                },
            }),
            Scalar::Plain(text) if !is_quoted => match psych_number(text) {
                Some(number) => seconds(Some(number), text),
                None => unusable(untagged, text, fault_of(text)),
            },
            Scalar::Code(_) | Scalar::Plain(_) => {
                unusable(untagged, &format!("\"{text}\""), fault_of(text))
            }
        },
        Node::Null => unusable(untagged, "", Fault::NoBoot),
        Node::Bool(flag) => unusable(untagged, &flag.to_string(), Fault::NoBoot),
        Node::Sequence(_) | Node::Mapping(_) | Node::Tagged(_) => {
            unusable(untagged, "a list or a section", Fault::NoBoot)
        }
    }
}

fn unusable(untagged: &Untagged, text: &str, fault: Fault) -> Value {
    Value::Unusable {
        written: clean(&untagged.restore(text), 200),
        fault,
    }
}

/// A value that stands in a block of ERB counts or does not: it is no more than code.
fn in_block(untagged: &Untagged, line: usize, value: Value) -> Value {
    match untagged.block(line) {
        Some(code) => ruby::only_in(code, &value),
        None => value,
    }
}

/// The fault of a text: Sidekiq checks `to_i` at boot (7.3.2 `lib/sidekiq/cli.rb:335-337`),
/// so `60s` passes and `sixty` does not. A tag may print anything: the worse is taken.
fn fault_of(text: &str) -> Fault {
    let starts_with_number = text
        .trim_start()
        .trim_start_matches(['+', '0', '_'])
        .starts_with(|c: char| c.is_ascii_digit());
    if starts_with_number || super::erb::is_marked(text) {
        Fault::CrashesAtTerm
    } else {
        Fault::NoBoot
    }
}

/// A number of seconds. Sidekiq refuses what is 0 as a whole number ("timeout: 0 is not a valid
/// value"), 0.5 too.
fn seconds(number: Option<f64>, written: &str) -> Value {
    match number.map(Duration::try_from_secs_f64) {
        Some(Ok(span)) if span.as_secs() > 0 && span.as_secs() < 1_000_000_000 => Value::Span(span),
        Some(_) | None => Value::Unusable {
            written: clean(written, 60),
            fault: Fault::NoBoot,
        },
    }
}

/// Numbers that Ruby's YAML reads and others do not (measured with psych 4): `1_000`, `1,000`,
/// `060` (octal), `1:30` (5400: hours and minutes).
fn psych_number(text: &str) -> Option<f64> {
    let digits = text.replace(['_', ','], "");
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if all_digits(&digits) {
        let radix = if digits.starts_with('0') { 8 } else { 10 };
        return u32::from_str_radix(&digits, radix).ok().map(f64::from);
    }
    let parts: Vec<&str> = digits.split(':').collect();
    if !(2..=3).contains(&parts.len()) || !parts.iter().all(|part| all_digits(part)) {
        return None;
    }
    if parts[1..]
        .iter()
        .any(|part| part.parse::<u32>().is_ok_and(|n| n > 59))
    {
        return None;
    }
    let weights = [3600.0, 60.0, 1.0];
    parts
        .iter()
        .zip(weights)
        .map(|(part, weight)| part.parse::<u32>().ok().map(|n| f64::from(n) * weight))
        .sum()
}

/// Falls back to single lines: `:timeout: 60`, indented or not. An indented one belongs to the
/// last line before it that opens a section.
fn plain_lines(file: &str, untagged: &Untagged, reading: &mut Reading) {
    let mut open: Option<&str> = None;
    for (index, line) in untagged.text.lines().enumerate() {
        let code = line.split(" #").next().unwrap_or(line);
        let indented = code.starts_with([' ', '\t']);
        let Some((key, value)) = code.trim().trim_start_matches(':').split_once(':') else {
            continue;
        };
        if !indented {
            open = value.trim().is_empty().then_some(key);
        }
        if key.trim() != TIMEOUT {
            continue;
        }
        let place = FilePlace::new(file, index + 1);
        let node = serde_yaml::from_str(value.trim()).unwrap_or(Node::Null);
        let is_quoted = value.trim().starts_with(['"', '\'']);
        let scope = open.filter(|_| indented);
        let setting = if scope == Some("capsules") {
            IN_CAPSULE
        } else {
            TIMEOUT
        };
        let value = timeout(untagged, &node, is_quoted);
        let value = in_block(untagged, index + 1, value);
        reading.found(Layer::SidekiqYml, setting, scope, value, place);
    }
}

/// A key without the colon of a symbol.
fn bare(key: &str) -> &str {
    key.strip_prefix(':').unwrap_or(key)
}
