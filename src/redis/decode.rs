//! From replies to rows. Pure; whatever a reply holds, it spoils its own row alone and is said
//! there in words. Nothing here may panic on any bytes.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use redis::Value;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::loose::{Loose, whole};
use super::payload::{LONGEST_NAME, name, object};
use crate::core::clean::{clean, clean_bytes};
use crate::core::fleet::{Heartbeat, Identity, Info};
use crate::core::sequence::Version;

/// The fields asked of an identity's hash, in this order.
pub(super) const FIELDS: [&str; 6] = ["busy", "beat", "quiet", "rss", "concurrency", "info"];

/// The fields that a beat changes.
pub(super) const BEAT_FIELDS: [&str; 5] = ["busy", "beat", "quiet", "rss", "concurrency"];

/// How long Sidekiq lets an identity's hash live after a beat (5.2.10 `launcher.rb:108`, 8.1.7
/// `launcher.rb:181`: `EXPIRE … 60`).
const LIFE_AFTER_BEAT: Duration = Duration::from_mins(1);

/// Queues of one process that are followed. Each of them costs every look.
const MOST_QUEUES: usize = 2_000;

/// Names of capsules of one process that are read.
const MOST_CAPSULES: usize = 100;
/// Labels of one process that are read.
const MOST_LABELS: usize = 100;

/// No identity that a Sidekiq writes is longer, in characters.
const LONGEST_IDENTITY: usize = 300;

/// The identity that a member of `processes` is. One that had to be cleaned for screens carries a
/// digest of its own bytes, so that two members that look alike stay two identities.
pub(super) fn identity(member: &[u8]) -> Identity {
    let text = clean_bytes(member, LONGEST_IDENTITY);
    if text.as_bytes() == member {
        return Identity::new(&text);
    }
    let mut digest = DefaultHasher::new();
    member.hash(&mut digest);
    Identity::new(&format!("{text} (cleaned, {:016x})", digest.finish()))
}

/// `info` read, with what belongs to it but not into [`Info`].
#[derive(Clone, Debug, Default)]
pub(super) struct DecodedInfo {
    pub(super) info: Arc<Info>,
    /// Threads as `info` counts them, its own field or the sum over capsules.
    pub(super) concurrency: Option<u64>,
    /// Why it is malformed.
    pub(super) fault: Option<String>,
    /// The part left out of it, because no Sidekiq has so much.
    pub(super) excess: Option<String>,
}

/// `info` as it is written (7.3.9 `launcher.rb:247-262`, 8.1.7 `launcher.rb:255-275`).
#[derive(Deserialize)]
struct InfoRow<'a> {
    #[serde(borrow, default)]
    started_at: Loose<'a>,
    #[serde(borrow, default)]
    tag: Loose<'a>,
    #[serde(borrow, default)]
    concurrency: Loose<'a>,
    #[serde(borrow, default)]
    queues: Option<&'a RawValue>,
    #[serde(borrow, default)]
    labels: Option<&'a RawValue>,
    #[serde(borrow, default)]
    version: Loose<'a>,
    #[serde(borrow, default)]
    embedded: Loose<'a>,
    #[serde(borrow, default)]
    capsules: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct CapsuleRow<'a> {
    #[serde(borrow, default)]
    concurrency: Loose<'a>,
    #[serde(borrow, default)]
    weights: Option<&'a RawValue>,
}

/// Reads `info`.
pub(super) fn info(bytes: &[u8]) -> DecodedInfo {
    let text = String::from_utf8_lossy(bytes);
    let row: InfoRow<'_> = match object(&text) {
        Ok(row) => row,
        Err(why) => {
            return DecodedInfo {
                fault: Some(format!("its info is {why}")),
                ..DecodedInfo::default()
            };
        }
    };
    let mut names_of_capsules = keys(row.capsules);
    names_of_capsules.truncate(MOST_CAPSULES);
    let capsules = capsules(row.capsules);
    let mut queues = names(row.queues);
    if queues.is_empty() {
        queues = capsules
            .iter()
            .flat_map(|capsule| keys(capsule.weights))
            .collect();
        queues.sort();
        queues.dedup();
    }
    let count = queues.len();
    let excess = (count > MOST_QUEUES).then(|| {
        queues = Vec::new();
        format!("it names {count} queues, more than any Sidekiq: it is taken to serve all")
    });
    let mut labels = names(row.labels);
    labels.truncate(MOST_LABELS);
    let version_text = name(&row.version);
    let threads: Vec<u64> = capsules
        .iter()
        .filter_map(|capsule| capsule.concurrency.count())
        .collect();
    let summed = (!threads.is_empty()).then(|| threads.iter().sum());
    DecodedInfo {
        info: Arc::new(Info {
            started_at: row.started_at.epoch(),
            tag: name(&row.tag).unwrap_or_default(),
            queues,
            labels,
            version: version_text.as_deref().and_then(Version::parse),
            version_text,
            embedded: row.embedded.is_true(),
            capsules: names_of_capsules,
        }),
        concurrency: row.concurrency.count().or(summed),
        fault: None,
        excess,
    }
}

/// The texts of a list, clean; anything else in it is left out.
fn names(list: Option<&RawValue>) -> Vec<String> {
    let Some(list) = list else { return Vec::new() };
    serde_json::from_str::<Vec<Loose<'_>>>(list.get())
        .unwrap_or_default()
        .iter()
        .filter_map(name)
        .collect()
}

fn capsules(object: Option<&RawValue>) -> Vec<CapsuleRow<'_>> {
    let Some(object) = object else {
        return Vec::new();
    };
    serde_json::from_str::<BTreeMap<String, &RawValue>>(object.get())
        .unwrap_or_default()
        .values()
        .filter_map(|capsule| super::payload::object(capsule.get()).ok())
        .collect()
}

fn keys(object: Option<&RawValue>) -> Vec<String> {
    let Some(object) = object else {
        return Vec::new();
    };
    serde_json::from_str::<BTreeMap<String, &RawValue>>(object.get())
        .unwrap_or_default()
        .keys()
        .map(|key| clean(key, LONGEST_NAME))
        .collect()
}

/// The fields of an identity's hash, each as bytes; `None` where there is no hash at all.
pub(super) struct Fields {
    pub(super) info: Option<Vec<u8>>,
    numbers: [Option<Vec<u8>>; 5],
}

/// Takes the answer to `HMGET` of [`FIELDS`] or [`BEAT_FIELDS`] apart; `Ok(None)` is a ghost.
pub(super) fn fields(answer: Value) -> Result<Option<Fields>, String> {
    let Value::Array(values) = answer else {
        return Err(format!("its hash cannot be read: {}", unexpected(&answer)));
    };
    let mut bytes = values.into_iter().map(bulk);
    let mut next = || bytes.next().flatten();
    let numbers = [next(), next(), next(), next(), next()];
    let fields = Fields {
        info: next(),
        numbers,
    };
    let empty = fields.info.is_none() && fields.numbers.iter().all(Option::is_none);
    Ok((!empty).then_some(fields))
}

/// A heartbeat from its fields. Without a beat or a number of jobs there is none: a zero in
/// their place would prove something.
pub(super) fn heartbeat(
    fields: &Fields,
    decoded: &DecodedInfo,
    faults: &mut Vec<String>,
) -> Option<Heartbeat> {
    let [busy, beat, quiet, rss, concurrency] = &fields.numbers;
    let count = |field: &Option<Vec<u8>>| number(field.as_deref()?).and_then(whole);
    let beat = beat.as_deref().and_then(number);
    let busy = count(busy);
    if beat.is_none() {
        faults.push("its hash names no time of its last beat".into());
    }
    if busy.is_none() {
        faults.push("its hash does not say how many jobs it has".into());
    }
    Some(Heartbeat {
        info: Arc::clone(&decoded.info),
        beat: beat?,
        busy: busy?,
        quiet: quiet.as_deref() == Some(b"true"),
        rss_kb: count(rss),
        concurrency: count(concurrency).or(decoded.concurrency),
    })
}

/// A number written as a text.
fn number(bytes: &[u8]) -> Option<f64> {
    let number: f64 = std::str::from_utf8(bytes).ok()?.trim().parse().ok()?;
    number.is_finite().then_some(number)
}

/// The age of the last beat from the time its hash has left to live; `None` where it has no
/// limit or does not exist.
pub(super) fn beat_age(answer: &Value) -> Option<Duration> {
    let Value::Int(left) = answer else {
        return None;
    };
    let left = Duration::from_millis(u64::try_from(*left).ok()?);
    Some(LIFE_AFTER_BEAT.saturating_sub(left))
}

/// Redis `TIME` in seconds since 1970.
pub(super) fn server_time(answer: Value) -> Option<f64> {
    let Value::Array(parts) = answer else {
        return None;
    };
    let mut parts = parts
        .into_iter()
        .map(|part| bulk(part).and_then(|bytes| number(&bytes)));
    let (seconds, microseconds) = (parts.next()??, parts.next()??);
    Some(seconds + microseconds / 1e6)
}

/// The bytes of a text; `None` for anything else.
pub(super) fn bulk(value: Value) -> Option<Vec<u8>> {
    if let Value::BulkString(bytes) = value {
        Some(bytes)
    } else {
        None
    }
}

/// The elements of a list or a set.
pub(super) fn list(answer: Value) -> Result<Vec<Vec<u8>>, String> {
    if let Value::Array(values) | Value::Set(values) = answer {
        Ok(values.into_iter().filter_map(bulk).collect())
    } else {
        Err(unexpected(&answer))
    }
}

/// The fields of a hash with their values.
pub(super) type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// The fields and values of a whole hash.
pub(super) fn pairs(answer: Value) -> Result<Pairs, String> {
    if let Value::Map(entries) = answer {
        let both = |(key, value)| Some((bulk(key)?, bulk(value)?));
        return Ok(entries.into_iter().filter_map(both).collect());
    }
    let mut pairs = Vec::new();
    let mut values = list(answer)?.into_iter();
    while let (Some(field), Some(value)) = (values.next(), values.next()) {
        pairs.push((field, value));
    }
    Ok(pairs)
}

/// The kind of an answer that was not expected.
pub(super) fn unexpected(answer: &Value) -> String {
    if let Value::ServerError(error) = answer {
        let text = format!("{} {}", error.code(), error.details().unwrap_or_default());
        clean(text.trim(), LONGEST_NAME)
    } else {
        "an answer of another kind".into()
    }
}
