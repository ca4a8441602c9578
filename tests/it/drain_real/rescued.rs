//! `drain --rescue`: what a KILL cost goes back to its queue where it is provably nowhere, and
//! runs once more, not twice.

use serde_json::json;

use super::for_each_version;
use crate::support::drain::Drain;
use crate::support::patience::until_true;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;

/// KILL 2 s after TERM, long before the push-back 6 s after it.
pub(super) const HASTY: &str = "tstp, 13, term, 2, kill";
pub(super) const BLUNT: [&str; 3] = ["--kill=follow", "--despite=D01", "--rescue"];

for_each_version!(a_killed_job_runs_once_more);

fn a_killed_job_runs_once_more(version: Version) {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(version);
    let jid = scene.busy_until_released();
    let ended = Drain::start(&scene, HASTY, &BLUNT).end();
    ended
        .assert_outcome(3, "requeued")
        .assert_jobs("rescued", 1);
    ended
        .assert_fate(&jid, "rescued")
        .assert_signals(&["TSTP", "TERM", "KILL"]);
    let pushed = ended.event("rescue_ended");
    assert_eq!(
        (&pushed["jid"], &pushed["back"]),
        (&json!(jid), &json!(true))
    );
    assert!(!sidekiq.wait_for_end().success());
    assert_eq!(scene.times_queued("default", &jid), 1);
    scene.release();
    let _successor = scene.sidekiq(version);
    scene.wait_for_trace("done", &jid);
    assert_eq!(scene.traced("start", &jid), 2, "{:?}", scene.trace());
    assert_eq!(scene.traced("done", &jid), 1, "{:?}", scene.trace());
}

#[test]
fn another_process_that_lives_takes_it_at_once() {
    let scene = Scene::new();
    let sidekiq = scene.sidekiq(Version::Seven);
    let jid = scene.busy_until_released();
    let _other = scene.sidekiq(Version::Eight);
    let chosen = sidekiq.chosen();
    let more = [&BLUNT[..], &[&chosen]].concat();
    let ended = Drain::start(&scene, HASTY, &more).end();
    ended
        .assert_outcome(3, "requeued")
        .assert_fate(&jid, "rescued");
    until_true("the other one has it", || scene.traced("start", &jid) == 2);
    scene.release();
    scene.wait_for_trace("done", &jid);
    assert_eq!(scene.traced("done", &jid), 1, "{:?}", scene.trace());
}

#[test]
fn what_was_pushed_back_and_taken_up_is_not_pushed_again() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let jid = scene.busy("StuckJob", &json!([]));
    let _other = scene.sidekiq(Version::Eight);
    let chosen = sidekiq.chosen();
    let more = [&BLUNT[..], &[&chosen]].concat();
    let ended = Drain::start(&scene, "tstp, 13, term, 7, kill", &more).end();
    ended.assert_fate(&jid, "pushed_back");
    assert!(ended.events("rescue_ended").is_empty(), "{}", ended.text());
    assert_eq!(scene.times_queued("default", &jid), 0);
    sidekiq.wait_for_end();
}

#[test]
fn a_crash_under_it_is_made_good() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Eight);
    let jid = scene.busy("SleepJob", &json!([600]));
    let mut drain = Drain::start(&scene, "tstp, 60, term, 30, kill", &["--rescue"]);
    drain.wait_for("quiet_confirmed");
    sidekiq.crash();
    let ended = drain.end();
    ended.assert_fate(&jid, "rescued");
    assert_eq!(scene.times_queued("default", &jid), 1);
}

/// A drain and `rescue --requeue` after the same job at the same time.
#[test]
fn two_that_rescue_at_once_push_once() {
    let scene = Scene::new();
    let sidekiq = scene.sidekiq(Version::Seven);
    let jid = scene.busy_until_released();
    let _other = scene.sidekiq(Version::Eight);
    let chosen = sidekiq.chosen();
    let mut more = vec!["--kill=follow", "--despite=D01", chosen.as_str()];
    more.push("--rescue");
    let mut drain = Drain::start(&scene, HASTY, &more);
    drain.wait_for_signal("KILL");
    while drain.runs() {
        let requeue = ["rescue", "--requeue", "--yes"];
        scene.drainboard(&requeue).output().expect("it ends");
    }
    let ended = drain.end();
    ended.assert_code(3);
    until_true("the other one has it", || scene.traced("start", &jid) == 2);
    scene.release();
    scene.wait_for_trace("done", &jid);
    assert_eq!(scene.traced("start", &jid), 2, "{:?}", scene.trace());
    assert_eq!(scene.traced("done", &jid), 1, "{:?}", scene.trace());
    assert_eq!(scene.times_queued("default", &jid), 0);
}

#[test]
fn with_redis_gone_nothing_is_pushed_and_nothing_is_claimed() {
    let mut scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let jid = scene.busy("SleepJob", &json!([600]));
    let mut drain = Drain::start(&scene, HASTY, &BLUNT);
    drain.wait_for_signal("TERM");
    scene.redis.stop();
    let ended = drain.end();
    ended.assert_outcome(4, "lost").assert_fate(&jid, "unknown");
    assert!(ended.events("rescue_ended").is_empty(), "{}", ended.text());
    sidekiq.wait_for_end();
}

#[test]
fn read_only_refuses_it_as_a_usage_error() {
    let scene = Scene::new();
    let mut command = scene.drain_command(HASTY, &["--rescue", "--read-only"]);
    Drain::of(&mut command).end().assert_code(2);
}

#[test]
fn a_rehearsal_says_what_would_be_pushed_back_and_pushes_nothing() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let jid = scene.busy("SleepJob", &json!([600]));
    let mut arguments = vec!["rehearse", "--auto", "--json", "--timeout=6"];
    arguments.extend(["--sequence", HASTY]);
    arguments.extend(BLUNT);
    let ended = Drain::of(&mut scene.drainboard(&arguments)).end();
    ended
        .assert_outcome(3, "requeued")
        .assert_fate(&jid, "rescued");
    let pushed = ended.event("rescue_ended");
    assert_eq!(
        (&pushed["back"], &pushed["rehearsal"]),
        (&json!(false), &json!(true))
    );
    assert!(sidekiq.runs() && !sidekiq.was_disturbed());
    assert_eq!(scene.times_queued("default", &jid), 0);
    assert!(!scene.state_dir().join("rescue").exists());
}
