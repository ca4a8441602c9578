//! What happens when KILL is due.

use serde_json::json;

use super::SEQUENCE;
use crate::support::drain::Drain;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;

/// KILL long before the push-back 6 s after TERM. The first wait is long enough for a quiet beat,
/// after which the jobs are completely known.
const HASTY: &str = "tstp, 13, term, 2, kill";

#[test]
fn follow_kills_on_time_and_tells_the_loss() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let jid = scene.busy("SleepJob", &json!([600]));
    let ended = Drain::start(&scene, HASTY, &["--kill=follow", "--despite=D01"]).end();
    ended.assert_outcome(4, "lost").assert_jobs("lost", 1);
    ended
        .assert_fate(&jid, "lost")
        .assert_signals(&["TSTP", "TERM", "KILL"]);
    let killed = ended.events("signal_sent")[2];
    assert_eq!(
        (&killed["at_stake"], &killed["blind"]),
        (&json!(1), &json!(false))
    );
    assert_eq!(ended.event("exited")["clean"], false);
    assert!(!sidekiq.wait_for_end().success());
    assert_eq!(scene.times_queued("default", &jid), 0);
    assert_eq!(scene.traced("shutdown", &jid), 0);
}

#[test]
fn a_loss_can_be_accepted_by_its_name_alone() {
    let scene = Scene::new();
    let _sidekiq = scene.sidekiq(Version::Seven);
    let jid = scene.busy("SleepJob", &json!([600]));
    let accepted = ["--accept", "requeued", "--accept", "lost"];
    let more = [&["--kill=follow", "--despite=D01"][..], &accepted].concat();
    let ended = Drain::start(&scene, HASTY, &more).end();
    ended.assert_outcome(0, "lost").assert_fate(&jid, "lost");
}

#[test]
fn a_push_back_can_be_accepted() {
    let scene = Scene::new();
    let _sidekiq = scene.sidekiq(Version::Seven);
    scene.busy("SleepJob", &json!([600]));
    let ended = Drain::start(&scene, "tstp, 13, term, 30, kill", &["--accept=requeued"]).end();
    ended
        .assert_outcome(0, "requeued")
        .assert_jobs("pushed_back", 1);
}

#[test]
fn waiting_for_the_push_back_loses_nothing() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let jid = scene.busy("SleepJob", &json!([600]));
    let more = ["--kill=wait-for-requeue", "--kill-extra=30"];
    let ended = Drain::start(&scene, HASTY, &more).end();
    ended
        .assert_outcome(3, "requeued")
        .assert_jobs("pushed_back", 1);
    ended.assert_fate(&jid, "pushed_back");
    assert_eq!(scene.times_queued("default", &jid), 1);
    sidekiq.wait_for_end();
}

#[test]
fn kill_comes_as_soon_as_a_wedged_job_is_back() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Eight);
    let jid = scene.busy("WedgedJob", &json!([600, false]));
    // The default without a terminal.
    let ended = Drain::start(&scene, HASTY, &["--kill-extra=60"]).end();
    ended
        .assert_outcome(3, "requeued")
        .assert_jobs("pushed_back", 1);
    ended.assert_signals(&["TSTP", "TERM", "KILL"]);
    let waited = ended.sent_at("KILL") - ended.sent_at("TERM");
    assert!((5.0..40.0).contains(&waited), "{}", ended.text());
    assert_eq!(ended.events("signal_sent")[2]["at_stake"], 0);
    assert_eq!(scene.times_queued("default", &jid), 1);
    assert!(!sidekiq.wait_for_end().success());
}

#[test]
fn the_wait_for_the_push_back_has_an_end() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let jid = scene.busy("SleepJob", &json!([600]));
    let more = ["--kill=wait-for-requeue", "--kill-extra=1"];
    let ended = Drain::start(&scene, "tstp, 8, term, 1, kill", &more).end();
    ended.assert_outcome(4, "lost").assert_fate(&jid, "lost");
    ended.assert_signals(&["TSTP", "TERM", "KILL"]);
    sidekiq.wait_for_end();
}

#[test]
fn a_sequence_without_a_stop_ends_with_the_process_alive() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Six);
    let ended = Drain::start(&scene, "tstp", &[]).end();
    ended.assert_outcome(6, "alive").assert_signals(&["TSTP"]);
    ended.event("quiet_confirmed");
    assert!(sidekiq.runs());
}

#[test]
fn early_never_waits_the_whole_wait() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Eight);
    let ended = Drain::start(&scene, SEQUENCE, &["--early=never"]).end();
    ended.assert_outcome(0, "drained");
    assert!(ended.events("advanced_early").is_empty());
    assert!(ended.sent_at("TERM") >= 10.0, "{}", ended.text());
    sidekiq.wait_for_end();
}

#[test]
fn a_crash_during_the_drain_is_an_unclean_exit() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let jid = scene.busy("SleepJob", &json!([600]));
    // TTIN changes nothing: by then the idle threads are gone, and the one left is the job's.
    let mut drain = Drain::start(&scene, "tstp, 8, ttin, 60, term, 30, kill", &[]);
    drain.wait_for_signal("TTIN");
    sidekiq.crash();
    let ended = drain.end();
    ended.assert_outcome(4, "lost").assert_fate(&jid, "lost");
    assert_eq!(ended.event("exited")["clean"], false);
    ended.assert_signals(&["TSTP", "TTIN"]);
}
