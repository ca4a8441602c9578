//! Timeouts in an initializer: `config[:timeout] = 60` and its relatives. It runs after the
//! command line is parsed and beats everything else. Ruby is read line by line, never run.

use super::ruby::{self, Use};
use super::tool::Layer;
use super::value::{Place, Reading, Value};

/// The setting where a server reads it.
pub const TIMEOUT: &str = "timeout";
/// The setting inside `configure_client`, which no server reads.
pub const IN_CLIENT: &str = "client timeout";

/// The block that a line stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    Server,
    Client,
}

/// Reads an initializer. Several assignments are all reported; the last one holds.
pub fn read(file: &str, text: &str) -> Reading {
    let mut reading = Reading::default();
    // The block with the indentation of the line that opened it.
    let mut block: Option<(Block, usize)> = None;
    // The condition that lines stand under, with its indentation.
    let mut condition: Option<(String, usize)> = None;
    for (number, code) in ruby::code_lines(text) {
        let indent = code.len() - code.trim_start().len();
        let first = code.split_whitespace().next().unwrap_or_default();
        if condition.is_none() && matches!(first, "if" | "unless" | "case") {
            condition = Some((code.trim().to_string(), indent));
        } else if first == "end"
            && condition
                .as_ref()
                .is_some_and(|(_, opener)| indent <= *opener)
        {
            condition = None;
        }
        let opened = opens(code);
        if let Some(kind) = opened {
            block = Some((kind, indent));
        }
        if let Some(assigned) = assigned(code) {
            let setting = match block {
                Some((Block::Client, _)) => IN_CLIENT,
                Some((Block::Server, _)) | None => TIMEOUT,
            };
            let place = Place::new(file, number);
            match assigned {
                Assigned::Always(value) => {
                    let value = ruby::timeout(value, Use::Assigned);
                    let value = match &condition {
                        Some((code, _)) => ruby::only_in(code, &value),
                        None => value,
                    };
                    reading.found(Layer::Initializer, setting, None, value, place);
                }
                Assigned::IfUnset => reading.problem(
                    place,
                    "`||=` sets nothing here: the timeout has a value already",
                ),
            }
        }
        let closes = code.trim_start().starts_with(['}']) || code.trim() == "end";
        let one_line = opened.is_some() && code.trim_end().ends_with(['}']);
        if one_line || (closes && block.is_some_and(|(_, opener)| indent <= opener)) {
            block = None;
        }
    }
    reading
}

/// The block that a line opens.
fn opens(code: &str) -> Option<Block> {
    if code.contains("configure_client") {
        Some(Block::Client)
    } else if code.contains("configure_server") || code.contains("configure_embed") {
        Some(Block::Server)
    } else {
        None
    }
}

/// How a line assigns.
enum Assigned<'a> {
    Always(&'a str),
    IfUnset,
}

/// The right-hand side of `…[:timeout] = …`.
fn assigned(code: &str) -> Option<Assigned<'_>> {
    let start = code.find("[:timeout]")?;
    let before = &code[..start];
    let receiver = before
        .rsplit(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | ':')))
        .next()?;
    if receiver.is_empty() {
        return None;
    }
    let rest = code[start + "[:timeout]".len()..].trim_start();
    if rest.starts_with("||=") {
        return Some(Assigned::IfUnset);
    }
    let value = rest
        .strip_prefix('=')
        .filter(|v| !v.starts_with(['=', '~']))?;
    let value = value.split(';').next().unwrap_or(value);
    let value = value.trim();
    // The brace that closes `{ |c| c[:timeout] = 60 }`.
    let opened = before.matches('{').count() > before.matches('}').count();
    let value = match value.strip_suffix('}') {
        Some(inner) if opened && value.matches('}').count() > value.matches('{').count() => inner,
        _ => value,
    };
    let value = value.trim();
    Some(Assigned::Always(
        value.strip_suffix(" end").unwrap_or(value).trim(),
    ))
}

/// Whether the value is code whose outcome is not known here.
pub fn is_open(value: &Value) -> bool {
    matches!(value, Value::Expression(expression) if expression.default.is_none())
}
