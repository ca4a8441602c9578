//! Lines of JSON: Sidekiq's own formatter (6.0 and later, `{"ts":…,"pid":…,"tid":…,"lvl":…,
//! "msg":…,"ctx":{"class":…,"jid":…}}`) and those of applications, which call things otherwise.

use std::time::Duration;

use serde_json::{Map, Value};

use super::entry::{Entry, Happening, happening, of};
use super::header::Header;
use crate::core::clean::clean;

/// How deep the fields of a job may lie.
const DEPTH: usize = 3;

/// Reads a line of JSON; `None` if it is none.
pub(super) fn structured(text: &str) -> Option<Entry> {
    let text = text.trim();
    if !text.starts_with('{') {
        return None;
    }
    let object: Map<String, Value> = serde_json::from_str(text).ok()?;
    let find = |names: &[&str]| names.iter().find_map(|name| field(&object, name, DEPTH));
    let string = |names: &[&str]| find(names)?.as_str().map(|text| clean(text, 200));
    let elapsed = find(&["elapsed", "duration_s", "duration"]).and_then(number);
    let header = Header {
        pid: find(&["pid"])
            .and_then(number)
            .and_then(|pid| format!("{pid}").parse().ok()),
        tid: string(&["tid"]).map(|tid| tid.trim_start_matches("TID-").to_owned()),
        jid: string(&["jid"]),
        class: string(&["class"]),
        elapsed: elapsed.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
        time: find(&["ts", "@timestamp", "timestamp", "time"])
            .and_then(|time| time.as_str()?.parse().ok()),
    };
    let message = ["msg", "message", "event", "text"]
        .iter()
        .find_map(|name| object.get(*name)?.as_str())
        .unwrap_or_default();
    let mut entry = of(header, message);
    if entry.happening == Happening::Text && entry.jid.is_some() {
        entry.happening = ended(&object, message);
    }
    Some(entry)
}

/// What formatters of applications say of a job: a field for its state, or a message that ends
/// like Sidekiq 5's (`ReportBuild JID-0123: done: 0.3 sec`).
fn ended(object: &Map<String, Value>, message: &str) -> Happening {
    let stated = ["job_status", "status", "event"]
        .iter()
        .find_map(|name| field(object, name, DEPTH)?.as_str());
    let said = stated
        .map(|word| happening(word).0)
        .or_else(|| Some(happening(message.split_once(": ")?.1).0));
    match said {
        Some(said @ (Happening::Start | Happening::Done | Happening::Fail)) => said,
        Some(
            Happening::Milestone(_)
            | Happening::Thread { .. }
            | Happening::Text
            | Happening::Continued,
        )
        | None => Happening::Text,
    }
}

/// The value called `name`, here or in an object below; a job's own arguments are not looked
/// into.
fn field<'a>(object: &'a Map<String, Value>, name: &str, depth: usize) -> Option<&'a Value> {
    if let Some(found) = object.get(name) {
        return Some(found);
    }
    let below = depth.checked_sub(1)?;
    object
        .iter()
        .filter(|(key, _)| *key != "args")
        .find_map(|(_, value)| field(value.as_object()?, name, below))
}

fn number(value: &Value) -> Option<f64> {
    value
        .as_f64()
        .or_else(|| value.as_str()?.trim_end_matches(" sec").parse().ok())
}
