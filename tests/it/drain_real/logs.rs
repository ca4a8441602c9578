//! What the logs of real Sidekiqs add to a drain.

use serde_json::{Value, json};

use super::{SEQUENCE, for_each_version};
use crate::support::drain::Drain;
use crate::support::ended::Ended;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;

for_each_version!(
    the_milestones_of_a_shutdown_are_recorded,
    a_job_that_ends_after_term_is_finished_by_its_log,
    what_the_application_logs_ends_no_job,
);

/// What the logs told of, in their order.
fn logged(ended: &Ended) -> Vec<String> {
    let text = |line: &Value| line["text"].as_str().unwrap().to_owned();
    ended.events("logged").into_iter().map(text).collect()
}

/// All but the last: a drain is over with the exit, which may be before that line is read.
fn the_milestones_of_a_shutdown_are_recorded(version: Version) {
    let scene = Scene::new();
    let sidekiq = scene.sidekiq(version);
    scene.busy("SleepJob", &json!([600]));
    let ended = Drain::start(&scene, SEQUENCE, &[]).end();
    ended.assert_outcome(3, "requeued");
    let logged = logged(&ended);
    let position = |words: &str| logged.iter().position(|text| text.starts_with(words));
    let order = [
        "Received TSTP",
        "Shutting down",
        "Terminating ",
        "Pushed 1 jobs back",
    ]
    .map(position);
    assert!(
        order.iter().all(Option::is_some) && order.is_sorted(),
        "{}",
        ended.text()
    );
    for line in ended.events("logged") {
        assert_eq!(line["pid"], sidekiq.pid());
    }
}

/// Nobody stated `-t`: that it was not interrupted shows in its log alone.
fn a_job_that_ends_after_term_is_finished_by_its_log(version: Version) {
    let scene = Scene::new();
    let _sidekiq = scene.sidekiq(version);
    let done = scene.busy_until_released();
    let arguments = ["drain", "--json", "--yes", "--sequence=term, 30, kill"];
    let mut drain = Drain::of(&mut scene.drainboard(&arguments));
    drain.wait_for_signal("TERM");
    scene.release();
    let ended = drain.end();
    ended.assert_fate(&done, "finished");
    let finished = ended.event("job_finished");
    assert_eq!(finished["jid"], done.as_str());
    let evidence = finished["evidence"].as_str().unwrap();
    assert!(evidence.starts_with("its log: done in "), "{evidence}");
}

/// Jobs that log an end in the middle of their work, and are then killed: through Sidekiq's own
/// logger, and past it.
fn what_the_application_logs_ends_no_job(version: Version) {
    let scene = Scene::new();
    let sidekiq = scene.wide_sidekiq(version, 4);
    let raw = |words: &str| json!([words, 600, true]);
    let jids = [
        scene.push("TalkingJob", &json!(["done", 600])),
        scene.push(
            "TalkingJob",
            &raw(r#"{"msg":"stored","jid":"JID","status":"done"}"#),
        ),
        scene.push(
            "TalkingJob",
            &raw("pid=PID tid=zzz class=TalkingJob jid=JID elapsed=0.5 INFO: done"),
        ),
        scene.busy("TalkingJob", &raw("[import JID] page 1 done")),
    ];
    let chosen = sidekiq.chosen();
    let more = ["--kill=follow", "--despite=D01", &chosen];
    let ended = Drain::start(&scene, "tstp, 13, term, 2, kill", &more).end();
    ended.assert_outcome(4, "lost");
    let fates = ended.events("reconciled");
    for jid in &jids {
        let told = fates.iter().find(|line| line["jid"] == jid.as_str());
        let told = told.unwrap_or_else(|| panic!("{jid}: {}", ended.text()));
        assert!(
            told["fate"] == "lost" || told["fate"] == "unknown",
            "{told}: {}",
            ended.text()
        );
    }
    let saved = ended.events("payload_saved");
    for jid in &jids {
        let is_saved = saved.iter().any(|line| line["jid"] == jid.as_str());
        assert!(is_saved, "{jid}: {}", ended.text());
    }
}

/// It is fetched and pushed back between two beats: nothing but the log names it, and which of
/// the queues it came from stands nowhere.
#[test]
fn a_job_that_only_the_log_names_is_found_in_its_queue() {
    for version in [Version::Seven, Version::Eight] {
        let scene = Scene::new();
        let sidekiq = scene.sidekiq(version);
        let jid = scene.push("NapJob", &json!([600]));
        scene.wait_for_trace("start", &jid);
        let more = [sidekiq.chosen(), "--kill=follow".into()];
        let more: Vec<&str> = more.iter().map(String::as_str).collect();
        let ended = Drain::start(&scene, "term, 14, kill", &more).end();
        ended.assert_outcome(3, "requeued");
        ended.assert_fate(&jid, "pushed_back");
        let told = ended.events("reconciled");
        let [told] = told[..] else {
            panic!("{}", ended.text())
        };
        assert_eq!(told["evidence"], "found in queue low", "{}", ended.text());
        assert_eq!(scene.times_queued("low", &jid), 1);
    }
}
