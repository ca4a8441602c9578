//! Stops through the loop: by a key, by a front that is gone, while a signal is under way.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::front::{Key, Script};
use super::seconds;
use super::stage::Stage;
use crate::console::Request;
use crate::core::drain::{Command, Outcome, Run};
use crate::core::sequence::Signal;
use crate::core::session::Session;
use crate::shell::{Ended, run};

/// Three Sidekiqs, on which a signal is under way for `act_takes` each.
fn slow(act_takes: f64) -> Stage {
    let mut stage = Stage::new(&[&[600.0], &[600.0], &[600.0]]);
    stage.act_takes = seconds(act_takes);
    stage
}

/// Drives `script`, and tells when it ended.
async fn drive(stage: &Stage, script: Script) -> (Session, Script, Ended, Duration) {
    let session = Stage::session("tstp, 120, term, 30, kill");
    let (session, script, ended) = run(session, script, stage.world()).await.unwrap();
    let took = stage.now().since(super::stage::start());
    (session, script, ended, took)
}

#[track_caller]
fn assert_stopped(stage: &Stage, session: &Session, signals: usize) {
    let outcome = session.run.as_ref().and_then(Run::outcome);
    assert_eq!(outcome, Some(Outcome::Stopped));
    let sent = stage.sidekiqs().signals.clone();
    assert_eq!(sent.len(), signals, "{sent:?}");
    assert!(sent.iter().all(|(_, signal)| *signal == Signal::Tstp));
    assert!(
        !stage.licence.load(Ordering::SeqCst),
        "the licence was taken back"
    );
    assert_eq!(stage.over.load(Ordering::SeqCst), 1, "it lets go once");
    let last = session.journal.back().map(crate::core::drain::Record::json);
    assert!(last.is_some_and(|last| last.contains("\"event\":\"finished\"")));
    // A performer that hangs in a system call writes nothing down either.
    if stage.act_takes < seconds(1.0) {
        assert_eq!(stage.events().last().map(String::as_str), Some("finished"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_stops_while_a_signal_is_under_way() {
    // The first of three is in its system call for 20 s when the key comes.
    let stage = slow(20.0);
    let script = Script::new()
        .drains(seconds(2.0), stage.targets())
        .commands(seconds(2.5), Command::StopHere);
    let (session, _, ended, took) = drive(&stage, script).await;
    assert_eq!(ended, Ended::Done);
    assert!(took < seconds(3.5), "{took:?}");
    // The one that was under way counts as sent; the two behind it never left.
    assert_stopped(&stage, &session, 1);
}

#[tokio::test(start_paused = true)]
async fn a_front_that_is_gone_is_a_hang_up() {
    for act_takes in [0.001, 20.0] {
        let stage = slow(act_takes);
        let script = Script::new()
            .drains(seconds(2.0), stage.targets())
            .key(seconds(2.5), Key::Gone);
        let (session, _, ended, took) = drive(&stage, script).await;
        assert_eq!(ended, Ended::HangUp);
        assert!(took < seconds(3.5), "{took:?}");
        assert_stopped(&stage, &session, if act_takes < 1.0 { 3 } else { 1 });
    }
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_cannot_be_shown_is_a_hang_up() {
    let stage = slow(0.001);
    let mut script = Script::new().drains(seconds(2.0), stage.targets());
    script.breaks = Some(60);
    let (session, script, ended, took) = drive(&stage, script).await;
    assert_eq!(ended, Ended::HangUp);
    assert!(took < seconds(10.0), "{took:?}");
    assert_eq!(script.frames.len(), 60, "nothing more is shown there");
    assert_stopped(&stage, &session, 3);
}

#[tokio::test(start_paused = true)]
async fn leaving_holds_the_drain() {
    let stage = slow(0.001);
    let leave = vec![Request::Command(Command::Leave), Request::Quit];
    let script = Script::new()
        .drains(seconds(2.0), stage.targets())
        .key(seconds(9.0), Key::Asks(leave));
    let (session, _, ended, took) = drive(&stage, script).await;
    assert_eq!(ended, Ended::Quit);
    assert!(took < seconds(10.0), "{took:?}");
    assert_stopped(&stage, &session, 3);
}

#[tokio::test(start_paused = true)]
async fn leaving_without_a_drain_ends_at_once() {
    let stage = slow(0.001);
    let script = Script::new().key(seconds(3.0), Key::Asks(vec![Request::Quit]));
    let (session, _, ended, took) = drive(&stage, script).await;
    assert_eq!(ended, Ended::Quit);
    assert!(took < seconds(3.6), "{took:?}");
    assert!(session.run.is_none() && stage.sidekiqs().signals.is_empty());
}
