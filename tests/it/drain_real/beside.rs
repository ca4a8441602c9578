//! A drain beside what others leave in its Redis, or send instead of one: nothing of that delays a
//! signal, a record or the end.

use std::process::{Command, Stdio};
use std::time::Duration;

use drainboard::clock;
use serde_json::json;

use crate::support::drain::Drain;
use crate::support::ended::Ended;
use crate::support::endless::{EndlessReply, endless};
use crate::support::pipes::full_pipe;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;

/// By the contract 50 ms; the rest is for a busy machine.
const LATE: f64 = 3.0;

const PLAN: &str = "tstp, 13, term, 30, kill";

/// Fills the Redis of `scene` with what no Sidekiq leaves there.
fn crowd(scene: &Scene) {
    scene.register_dead(24_000);
    scene.register_row_of(10_000);
}

/// TERM went when it was due, `after` the first signal.
#[track_caller]
fn assert_on_time(ended: &Ended, after: f64) {
    let late = ended.sent_at("TERM") - ended.sent_at("TSTP") - after;
    assert!((-0.1..LATE).contains(&late), "{late} s: {}", ended.text());
}

/// A drain by [`PLAN`] pushes the job back, and TERM went on time.
#[track_caller]
fn assert_pushes_back_on_time(command: &mut Command, jid: &str) {
    let ended = Drain::of(command).end();
    ended.assert_outcome(3, "requeued");
    ended.assert_fate(jid, "pushed_back");
    assert_on_time(&ended, 13.0);
}

/// It ends soon after TERM in its quiet wait, and sends nothing more.
#[track_caller]
fn assert_ends_by_term(mut drain: Drain) {
    drain.wait_for_signal("TSTP");
    let told = clock::now();
    drain.signal(crate::support::signal::Signal::TERM);
    let ended = drain.end();
    let took = clock::now().since(told);
    ended.assert_code(5).assert_signals(&["TSTP"]);
    assert!(took < Duration::from_secs_f64(LATE), "{took:?}");
}

#[test]
fn a_crowd_in_redis_delays_no_signal_no_record_and_no_end() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    crowd(&scene);
    let jid = scene.busy("SleepJob", &json!([600]));
    assert_ends_by_term(Drain::start(&scene, "tstp, 600, term, 14, kill", &[]));
    assert_pushes_back_on_time(&mut scene.drain_command(PLAN, &[]), &jid);
    assert!(sidekiq.wait_for_end().success());
}

#[test]
fn a_crowd_and_a_full_pipe_together_delay_no_signal() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    crowd(&scene);
    let jid = scene.busy("SleepJob", &json!([600]));
    let (_unread, errors) = full_pipe();
    let mut command = scene.drain_command(PLAN, &[]);
    command.stderr(Stdio::from(errors));
    assert_pushes_back_on_time(&mut command, &jid);
    assert!(sidekiq.wait_for_end().success());
}

#[test]
fn an_endless_answer_delays_no_signal_and_no_end_and_is_told_by_its_size() {
    for kind in [EndlessReply::OneText, EndlessReply::ManyTexts] {
        let scene = Scene::new();
        let mut sidekiq = scene.sidekiq(Version::Seven);
        scene.busy("SleepJob", &json!([600]));
        let redis = format!("--redis={}", endless(kind));
        let more = [&sidekiq.chosen(), &redis, "--redis-gone=go"];
        assert_ends_by_term(Drain::start(&scene, "tstp, 600, term, 14, kill", &more));
        let ended = Drain::start(&scene, "tstp, 5, term, 14, kill", &more).end();
        ended.assert_first_signals(&["TSTP", "TERM"]);
        assert_on_time(&ended, 5.0);
        if let EndlessReply::OneText = kind {
            ended.assert_said("longer than 64 MiB");
        }
        assert!(sidekiq.wait_for_end().success());
    }
}
