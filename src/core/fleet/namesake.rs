//! Another job under the id of one that runs: an application may enqueue it, by hand or from
//! within the job itself. It is no push-back of that one. Pure; arguments are compared and never
//! kept.

use serde::Deserialize;
use serde_json::Value;

/// The parts of a payload that stay the same however often Sidekiq puts a job back, retries or
/// schedules it (7.3.9 `lib/sidekiq/job_util.rb`: `created_at` is set only where there is none).
#[derive(Deserialize)]
struct Made {
    #[serde(default)]
    class: Value,
    #[serde(default)]
    args: Value,
    #[serde(default)]
    created_at: Value,
}

/// Whether `found`, which has the id of the job of `seen`, may be that very job: made by the same
/// push. Fields that Sidekiq or a middleware adds later do not count. Where one of them cannot be
/// read, or does not say, it may be.
pub fn may_be_same_job(seen: &[u8], found: &[u8]) -> bool {
    if seen == found {
        return true;
    }
    let (Some(seen), Some(found)) = (made(seen), made(found)) else {
        return true;
    };
    let created = match (seen.created_at.as_f64(), found.created_at.as_f64()) {
        (Some(one), Some(other)) => (one - other).abs() < 1e-6,
        (None, _) | (_, None) => true,
    };
    let same = |one: &Value, other: &Value| one.is_null() || other.is_null() || one == other;
    same(&seen.class, &found.class) && same(&seen.args, &found.args) && created
}

fn made(payload: &[u8]) -> Option<Made> {
    let starts = |byte: &&u8| !byte.is_ascii_whitespace();
    if payload.iter().find(starts) != Some(&b'{') {
        return None;
    }
    serde_json::from_str(&String::from_utf8_lossy(payload)).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn same(seen: &Value, found: &Value) -> bool {
        may_be_same_job(seen.to_string().as_bytes(), found.to_string().as_bytes())
    }

    #[test]
    fn what_sidekiq_adds_makes_no_other_job() {
        let seen = json!({"class": "A", "args": [1, {"b": 2.5}], "jid": "j", "queue": "low",
            "created_at": 1_795_287_000.25, "enqueued_at": 1_795_287_000.3});
        let mut retried = seen.clone();
        retried["enqueued_at"] = json!(1_795_287_090.0);
        retried["retry_count"] = json!(0);
        retried["error_class"] = json!("RuntimeError");
        retried["queue"] = json!("slow");
        assert!(same(&seen, &retried));
        assert!(same(&seen, &seen));
    }

    #[test]
    fn another_push_under_the_same_id_is_another_job() {
        let seen = json!({"class": "A", "args": [1], "jid": "j", "created_at": 1_795_287_000.25});
        for (field, other) in [
            ("class", json!("B")),
            ("args", json!([0])),
            ("created_at", json!(1_795_287_000.75)),
        ] {
            let mut found = seen.clone();
            found[field] = other;
            assert!(!same(&seen, &found), "{field}");
        }
        // Sidekiq 8 counts in milliseconds.
        let eight = |made: u64| json!({"class": "A", "args": [1], "jid": "j", "created_at": made});
        assert!(!same(&eight(1_795_287_000_250), &eight(1_795_287_000_251)));
        assert!(same(&eight(1_795_287_000_250), &eight(1_795_287_000_250)));
    }

    #[test]
    fn what_cannot_be_compared_may_be_the_same() {
        let seen = br#"{"class": "A", "args": [1], "created_at": 5.5}"#;
        for found in [
            &b""[..],
            b"no json",
            b"[1]",
            br#"{"class": "A", "args": [1]}"#,
        ] {
            assert!(may_be_same_job(seen, found));
            assert!(may_be_same_job(found, seen));
        }
    }
}
