//! Lines of JSON: Sidekiq's own formatter (6.0 and later, `lib/sidekiq/logger.rb`,
//! `Formatters::JSON`), and those of applications, of which only the words of a shutdown and
//! backtraces are read.

use serde_json::{Map, Value};

use super::form::{Context, Head, Shape, cut, is_level, row, seconds, time};
use crate::core::clean::clean;

/// The fields that Sidekiq writes beside `ctx`.
const FIELDS: [&str; 5] = ["ts", "pid", "tid", "lvl", "msg"];

/// A line of JSON.
pub(super) enum Structured {
    /// Written by Sidekiq's own formatter.
    Own {
        /// Everything but the message.
        head: Box<Head>,
        /// The message.
        message: String,
    },
    /// Written by a formatter that is not known. Its message and its pid may stand under several
    /// names; nothing that it says is evidence about a job.
    Foreign {
        /// The process that wrote it, as far as it says so.
        pid: Option<u32>,
        /// The message; empty where none was found.
        message: String,
    },
}

/// Reads a line of JSON; `None` if it is none.
pub(super) fn structured(text: &str) -> Option<Structured> {
    let text = text.trim();
    if !text.starts_with('{') {
        return None;
    }
    let object: Map<String, Value> = serde_json::from_str(text).ok()?;
    match head(&object) {
        Some(head) => Some(Structured::Own {
            head: Box::new(head),
            message: string(&object, "msg")?.to_owned(),
        }),
        None => Some(foreign(&object)),
    }
}

/// The head of a line of Sidekiq's own formatter: its very fields, each of its own type.
fn head(object: &Map<String, Value>) -> Option<Head> {
    let context = object.get("ctx");
    let fields = FIELDS.len() + usize::from(context.is_some());
    let level = string(object, "lvl").filter(|level| is_level(level))?;
    string(object, "msg")?;
    if object.len() != fields {
        return None;
    }
    Some(Head {
        form: row(Shape::Object, true)?,
        level: level.to_owned(),
        time: Some(time(string(object, "ts")?)?),
        pid: object.get("pid")?.as_u64()?.try_into().ok()?,
        tid: clean(&cut(string(object, "tid")?), usize::MAX),
        context: match context {
            Some(context) => of_object(context.as_object()?),
            None => Context::default(),
        },
    })
}

fn of_object(context: &Map<String, Value>) -> Context {
    let text = |name: &str| string(context, name).map(|text| clean(&cut(text), usize::MAX));
    let elapsed = context.get("elapsed").and_then(Value::as_number);
    Context {
        jid: text("jid"),
        class: text("class"),
        elapsed: elapsed.and_then(|number| seconds(&number.to_string())),
        given: true,
    }
}

fn foreign(object: &Map<String, Value>) -> Structured {
    let message = ["msg", "message", "event", "text"]
        .iter()
        .find_map(|name| string(object, name));
    let pid = object.get("pid").and_then(Value::as_u64);
    let pid = pid.and_then(|pid| pid.try_into().ok());
    let message = message.unwrap_or_default().to_owned();
    Structured::Foreign { pid, message }
}

fn string<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str()
}
