//! Replies of all versions, and of none.

use std::time::Duration;

use proptest::prelude::*;
use redis::Value;
use serde_json::json;

use crate::core::fleet::{Heartbeat, Info};
use crate::core::sequence::Version;
use crate::redis::decode::{
    DecodedInfo, beat_age, fields, heartbeat, identity, info, list, pairs, server_time,
};

#[test]
fn members_that_look_alike_stay_apart() {
    let plain = identity(b"h:1:abc");
    assert_eq!(plain.as_str(), "h:1:abc");
    let others: [&[u8]; 4] = [
        "h:1:abc\u{200b}".as_bytes(),
        b"h:1:abc\x1b[m",
        b"h:1:abc\xff",
        b"h:1:abc\xfe",
    ];
    let mut all: Vec<_> = others.iter().map(|member| identity(member)).collect();
    for other in &all {
        assert!(other.as_str().contains("abc") && other.as_str().contains("(cleaned, "));
        assert_eq!((other.hostname(), other.pid()), ("h", Some(1)));
    }
    all.push(plain);
    let apart: std::collections::BTreeSet<_> = all.iter().map(ToString::to_string).collect();
    assert_eq!(apart.len(), 5);
    let long = |end: &str| identity(format!("{}{end}", "x".repeat(400)).as_bytes());
    assert_ne!(long(":1:a"), long(":1:b"), "also where both are cut");
}

fn read(value: &serde_json::Value) -> DecodedInfo {
    info(value.to_string().as_bytes())
}

fn bulk(text: &str) -> Value {
    Value::BulkString(text.into())
}

/// `HMGET` as answered; an empty text stands for a field that is not there.
fn beat(mut texts: [&str; 6]) -> (Option<Heartbeat>, Vec<String>) {
    // `info` comes last.
    texts.rotate_left(1);
    let values = texts.map(|text| {
        if text.is_empty() {
            Value::Nil
        } else {
            bulk(text)
        }
    });
    let mut faults = Vec::new();
    let Some(mut fields) = fields(Value::Array(values.into())).unwrap() else {
        return (None, faults);
    };
    let decoded = info(&fields.info.take().unwrap_or_default());
    let heartbeat = heartbeat(&fields, &decoded, &mut faults);
    (heartbeat, faults)
}

#[test]
fn info_of_5_and_6() {
    let decoded = read(
        &json!({"hostname": "vm", "started_at": 1_571_234_567.5, "pid": 7, "tag": "app",
        "concurrency": 10, "queues": ["default", "low"], "labels": ["reliable"], "identity": "vm:7:a"}),
    );
    assert_eq!(decoded.concurrency, Some(10));
    assert_eq!(decoded.fault, None);
    assert_eq!(
        *decoded.info,
        Info {
            started_at: Some(1_571_234_567.5),
            tag: "app".into(),
            queues: vec!["default".into(), "low".into()],
            labels: vec!["reliable".into()],
            ..Info::default()
        }
    );
}

#[test]
fn info_of_7_3_and_8_1() {
    let decoded = read(
        &json!({"started_at": 1_795_287_345.71, "tag": "", "concurrency": 4,
        "queues": ["default"], "weights": [{"default": 0}], "labels": [], "version": "7.3.9", "embedded": true}),
    );
    assert_eq!(decoded.info.version, Some(Version::new(7, 3, 9)));
    assert_eq!(decoded.info.version_text.as_deref(), Some("7.3.9"));
    assert!(decoded.info.embedded);
    let decoded = read(&json!({"version": "8.1.7", "queues": ["a"], "capsules": {
        "default": {"concurrency": 4, "mode": "strict", "weights": {"a": 0}},
        "single": {"concurrency": 1, "mode": "strict", "weights": {"b": 0}}}}));
    assert_eq!(decoded.concurrency, Some(5));
    assert_eq!(decoded.info.capsules, ["default", "single"]);
    let without_queues = read(&json!({"capsules": {"x": {"weights": {"b": 0, "a": 1}}, "y": 3}}));
    assert_eq!(without_queues.info.queues, ["a", "b"]);
    assert_eq!(without_queues.concurrency, None);
}

#[test]
fn fields_of_other_kinds_spoil_nothing_else() {
    let decoded = read(
        &json!({"started_at": "1571234567", "tag": 7, "concurrency": "10",
        "queues": {"a": 1}, "labels": [1, "reliable", null], "version": [], "embedded": "true"}),
    );
    assert_eq!(decoded.info.started_at, Some(1_571_234_567.0));
    assert_eq!(decoded.concurrency, Some(10));
    assert_eq!(decoded.info.labels, ["reliable"]);
    assert!(decoded.info.embedded && decoded.info.queues.is_empty());
    assert!(read(&json!([1])).fault.unwrap().contains("no JSON object"));
    assert!(info(b"{\"tag\":").fault.unwrap().contains("malformed"));
}

#[test]
fn a_heartbeat_from_its_fields() {
    let (heartbeat, faults) = beat([
        "{\"concurrency\":4}",
        "3",
        "1795287345.712",
        "true",
        "31476",
        "8",
    ]);
    let heartbeat = heartbeat.unwrap();
    assert!(faults.is_empty());
    assert_eq!((heartbeat.busy, heartbeat.quiet), (3, true));
    assert_eq!(
        (heartbeat.rss_kb, heartbeat.concurrency),
        (Some(31_476), Some(8))
    );
    assert_eq!(heartbeat.beat.to_bits(), 1_795_287_345.712_f64.to_bits());
    let (heartbeat, _) = beat(["{\"concurrency\":4}", "0", "1", "false", "", ""]);
    let heartbeat = heartbeat.unwrap();
    assert_eq!((heartbeat.rss_kb, heartbeat.concurrency), (None, Some(4)));
    assert!(!heartbeat.quiet);
}

#[test]
fn what_is_missing_is_never_zero() {
    assert_eq!(beat([""; 6]), (None, vec![]));
    for broken in [
        ["{}", "", "1.5", "true", "", ""],
        ["{}", "1", "", "true", "", ""],
        ["{}", "-1", "1.5", "true", "", ""],
        ["{}", "1", "NaN", "true", "", ""],
    ] {
        let (heartbeat, faults) = beat(broken);
        assert_eq!(heartbeat, None);
        assert_eq!(faults.len(), 1, "{broken:?}");
    }
}

#[test]
fn ages_and_times() {
    assert_eq!(
        beat_age(&Value::Int(57_500)),
        Some(Duration::from_millis(2_500))
    );
    assert_eq!(beat_age(&Value::Int(90_000)), Some(Duration::ZERO));
    assert_eq!(beat_age(&Value::Int(-1)), None);
    assert_eq!(beat_age(&Value::Int(-2)), None);
    let time = Value::Array(vec![bulk("1795287345"), bulk("250000")]);
    assert_eq!(server_time(time), Some(1_795_287_345.25));
    assert_eq!(server_time(Value::Nil), None);
}

#[test]
fn lists_and_hashes_of_both_protocols() {
    let flat = Value::Array(vec![bulk("a"), bulk("1"), bulk("b")]);
    assert_eq!(pairs(flat).unwrap(), [(b"a".to_vec(), b"1".to_vec())]);
    let map = Value::Map(vec![(bulk("a"), bulk("1"))]);
    assert_eq!(pairs(map).unwrap(), [(b"a".to_vec(), b"1".to_vec())]);
    assert_eq!(list(Value::Set(vec![bulk("m")])).unwrap(), [b"m".to_vec()]);
    assert!(list(Value::Nil).is_err());
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes: Vec<u8>, texts in "[\\[\\]{}\",:0-9eE.+\\-a-z\\\\ ]{0,80}") {
        let _ = info(&bytes);
        let _ = info(texts.as_bytes());
        let _ = info(format!("{{\"capsules\":{texts},\"queues\":{texts}}}").as_bytes());
        let _ = beat(["{}", &texts, &texts, &texts, &texts, &texts]);
        let _ = server_time(Value::Array(vec![Value::BulkString(bytes.clone()), Value::BulkString(bytes)]));
    }
}

#[test]
fn more_queues_than_any_sidekiq_has_are_not_followed_and_may_be_any() {
    let of = |count: usize| {
        let queues: Vec<String> = (0..count).map(|number| format!("q{number}")).collect();
        read(&json!({"queues": queues, "labels": queues, "version": "7.3.2"}))
    };
    let many = of(2_000);
    assert_eq!((many.info.queues.len(), &many.excess), (2_000, &None));
    assert!(!many.info.may_serve("other"));
    let excess = of(200_000);
    assert!(excess.info.queues.is_empty() && excess.info.may_serve("other"));
    assert_eq!(excess.info.labels.len(), 100);
    assert_eq!((excess.fault, excess.info.version.is_some()), (None, true));
    assert!(excess.excess.unwrap().starts_with("it names 200000 queues"));
}
