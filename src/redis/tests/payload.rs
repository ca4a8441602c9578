//! Jobs of all versions, and of none.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::core::fleet::Work;
use crate::redis::payload::{jid, work};

fn entry(payload: &Value) -> Work {
    let entry = json!({"queue": "low", "payload": payload.to_string(), "run_at": 1_795_287_609});
    work(b"otb", entry.to_string().as_bytes())
}

fn class(payload: &Value) -> String {
    entry(payload).class
}

#[test]
fn an_entry_of_8_1() {
    let payload = r#"{"retry":true,"queue":"low","args":[1,{"jid":"no"}],"class":"ReportBuild","jid":"b4a577edbccf1d805744efa9","created_at":1795287609476,"enqueued_at":1795287609476}"#;
    let entry = json!({"queue": "low", "payload": payload, "run_at": 1_795_287_609});
    let work = work(b"otb", entry.to_string().as_bytes());
    assert_eq!(work.tid, "otb");
    assert_eq!(work.jid.as_deref(), Some("b4a577edbccf1d805744efa9"));
    assert_eq!(
        (work.class.as_str(), work.queue.as_str()),
        ("ReportBuild", "low")
    );
    assert_eq!(work.run_at, Some(1_795_287_609.0));
    assert_eq!(work.enqueued_at, Some(1_795_287_609.476));
    assert_eq!(&*work.payload, payload.as_bytes());
    assert_eq!(work.fault, None);
}

#[test]
fn before_6_0_2_the_payload_is_an_object() {
    let payload = r#"{"class":"Old","args":["ü"],"jid":"a1","enqueued_at":1571234567.25}"#;
    let text = format!(r#"{{"queue":"default","payload":{payload},"run_at":1571234568}}"#);
    let work = work(b"x", text.as_bytes());
    assert_eq!(
        (work.class.as_str(), work.jid.as_deref()),
        ("Old", Some("a1"))
    );
    assert_eq!(work.enqueued_at, Some(1_571_234_567.25));
    assert_eq!(&*work.payload, payload.as_bytes());
}

#[test]
fn numbers_of_all_kinds() {
    for (run_at, expected) in [
        (json!(1_571_234_568), Some(1_571_234_568.0)),
        (json!(1_571_234_568.5), Some(1_571_234_568.5)),
        (json!("1571234568"), Some(1_571_234_568.0)),
        (json!(1_571_234_568_000_u64), Some(1_571_234_568.0)),
        (json!("soon"), None),
        (json!({"at": 1}), None),
        (Value::Null, None),
    ] {
        let entry = json!({"queue": "q", "payload": {"class": "A", "jid": "j"}, "run_at": run_at});
        let work = work(b"t", entry.to_string().as_bytes());
        assert_eq!(work.run_at, expected, "{run_at}");
        assert_eq!(work.fault.is_some(), expected.is_none());
    }
}

#[test]
fn the_class_people_know() {
    let wrapper = "ActiveJob::QueueAdapters::SidekiqAdapter::JobWrapper";
    assert_eq!(class(&json!({"class": "Plain"})), "Plain");
    assert_eq!(
        class(&json!({"class": wrapper, "wrapped": "Inner", "args": [{}]})),
        "Inner"
    );
    assert_eq!(
        class(&json!({"class": "Sidekiq::ActiveJob::Wrapper", "wrapped": "Inner"})),
        "Inner"
    );
    assert_eq!(
        class(&json!({"class": wrapper, "wrapped": "Inner", "display_class": "Shown"})),
        "Shown"
    );
    assert_eq!(
        class(&json!({"class": wrapper, "args": [{"job_class": "Deep"}]})),
        "Deep"
    );
    assert_eq!(class(&json!({"class": wrapper, "args": ["Bare"]})), "Bare");
    assert_eq!(class(&json!({"class": wrapper, "args": []})), wrapper);
    let mail = json!({"class": wrapper, "wrapped": "ActionMailer::MailDeliveryJob",
        "args": [{"job_class": "ActionMailer::MailDeliveryJob",
                  "arguments": ["UserMailer", "welcome", "deliver_now", {"secret": 1}]}]});
    assert_eq!(class(&mail), "UserMailer#welcome");
    let odd = json!({"class": wrapper, "wrapped": "ActionMailer::DeliveryJob", "args": [{"arguments": 3}]});
    assert_eq!(class(&odd), "ActionMailer::DeliveryJob");
}

#[test]
fn what_is_malformed_is_said() {
    let fault = |bytes: &[u8]| work(b"t", bytes).fault.unwrap();
    assert!(fault(b"{\"queue\":").contains("malformed JSON"));
    assert!(fault(b"[1,2,3]").contains("no JSON object"));
    assert!(fault(b"").contains("no JSON object"));
    assert!(fault(b"{}").contains("no payload"));
    assert!(fault(b"{\"payload\":null}").contains("no payload"));
    assert!(fault(b"{\"payload\":7}").contains("neither"));
    assert!(fault(br#"{"payload":"{\"class\":"}"#).contains("malformed JSON"));
    let unnamed = work(
        b"t",
        br#"{"payload":"{\"jid\":\"j\"}","queue":"q","run_at":1}"#,
    );
    assert_eq!(unnamed.jid.as_deref(), Some("j"));
    assert!(unnamed.fault.unwrap().contains("no class"));
}

#[test]
fn a_malformed_payload_is_kept_byte_for_byte() {
    let work = work(b"t", br#"{"payload":"not json","queue":"q","run_at":1}"#);
    assert_eq!(&*work.payload, b"not json");
    assert_eq!(work.queue, "q");
}

#[test]
fn bytes_that_are_no_text_are_kept_too() {
    let value = b"{\"payload\":\"{\\\"jid\\\":\\\"a\\\",\\\"class\\\":\\\"C\xff\\\",\\\"args\\\":[\\\"\xfe\xc3\xa9\\\"]}\",\"queue\":\"q\",\"run_at\":1}";
    let work = work(b"t", value);
    assert_eq!(
        &*work.payload,
        b"{\"jid\":\"a\",\"class\":\"C\xff\",\"args\":[\"\xfe\xc3\xa9\"]}"
    );
    assert_eq!(work.jid.as_deref(), Some("a"));
    assert_eq!(work.class, "C\u{fffd}");
}

#[test]
fn what_a_terminal_obeys_is_gone() {
    let work = entry(&json!({"class": "A\u{1b}[2Jb", "jid": "j\u{202e}", "queue": "q"}));
    assert_eq!(work.class, "Ab");
    assert_eq!(work.jid.as_deref(), Some("j"));
}

#[test]
fn five_megabytes_are_a_job_like_any_other() {
    let work = entry(&json!({"class": "Big", "jid": "j", "args": ["é\"".repeat(1_500_000)]}));
    assert_eq!(work.class, "Big");
    assert!(work.payload.len() > 5_000_000);
}

#[test]
fn an_id_counts_at_the_top_alone() {
    assert_eq!(jid(br#"{"jid":"a","args":[]}"#).as_deref(), Some("a"));
    assert_eq!(jid(br#"{"args":[{"jid":"a"}]}"#), None);
    assert_eq!(jid(br#"["a"]"#), None);
    assert_eq!(jid(b"\xff\xfe"), None);
    assert_eq!(
        jid(b"{\"jid\":\"a\",\"args\":[\"\xff\"]}").as_deref(),
        Some("a")
    );
}

proptest! {
    #[test]
    fn no_bytes_panic(tid: Vec<u8>, bytes: Vec<u8>) {
        let _ = work(&tid, &bytes);
        let _ = jid(&bytes);
    }

    #[test]
    fn nothing_that_looks_like_json_panics(text in "[\\[\\]{}\",:0-9eE.+\\-a-z\\\\ ]{0,80}") {
        let inside = format!("{{\"payload\":{text},\"run_at\":{text},\"queue\":{text}}}");
        let _ = work(b"t", text.as_bytes());
        let _ = work(b"t", inside.as_bytes());
        let job = format!("{{\"class\":\"Sidekiq::ActiveJob::Wrapper\",\"args\":{text}}}");
        let _ = entry(&Value::String(job.clone()));
        let _ = work(b"t", format!("{{\"payload\":{job}}}").as_bytes());
    }
}
