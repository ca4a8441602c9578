//! Whole drains through the loop.

use std::sync::atomic::Ordering;

use super::front::Script;
use super::seconds;
use super::stage::Stage;
use crate::core::drain::{Command, Mode, Outcome, Run};
use crate::core::sequence::Signal;
use crate::shell::{Ended, run};

#[tokio::test(start_paused = true)]
async fn an_idle_fleet_is_down_long_before_the_sequence_ends() {
    let stage = Stage::new(&[&[], &[5.0]]);
    let script = Script::new().drains(seconds(2.0), stage.targets());
    let session = Stage::session("tstp, 120, term, 30, kill");
    let (session, script, ended) = run(session, script, stage.world()).await.unwrap();

    assert_eq!(ended, Ended::Done);
    let run = session.run.as_ref().unwrap();
    assert_eq!(
        run.outcome(),
        Some(Outcome::Drained),
        "{:?}",
        stage.events()
    );
    let signals = stage.sidekiqs().signals.clone();
    let names: Vec<Signal> = signals.iter().map(|(_, signal)| *signal).collect();
    assert_eq!(
        names,
        [Signal::Tstp, Signal::Tstp, Signal::Term, Signal::Term]
    );
    // At once after the key, and at once after the proof: the job ends 5 s after the start,
    // idle threads leave their fetch within 2 s of TSTP.
    assert!(signals[0].0 < seconds(2.1), "{signals:?}");
    assert!(signals[2].0 < seconds(6.5), "{signals:?}");
    // The last frame was shown when it was over, and none waited long for its turn.
    let last = *script.frames.last().unwrap();
    assert!(last < seconds(30.0), "{last:?}");
    let pauses = script
        .frames
        .windows(2)
        .map(|pair| pair[1].saturating_sub(pair[0]));
    assert!(pauses.max().unwrap() <= seconds(1.0));
    assert_eq!(stage.over.load(Ordering::SeqCst), 1, "it lets go once");
    let events = stage.events();
    for name in [
        "started",
        "quiet_confirmed",
        "advanced_early",
        "job_finished",
        "exited",
    ] {
        assert!(
            events.iter().any(|event| event == name),
            "no {name}: {events:?}"
        );
    }
    assert_eq!(events.last().map(String::as_str), Some("finished"));
    assert!(script.refused.is_empty() && script.told.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_outlives_its_time_is_pushed_back_and_accounted_for() {
    let stage = Stage::new(&[&[600.0]]);
    let script = Script::new().drains(seconds(2.0), stage.targets());
    let session = Stage::session("tstp, 10, term, 60, kill");
    let (session, _, _) = run(session, script, stage.world()).await.unwrap();
    let outcome = session.run.as_ref().and_then(Run::outcome);
    assert_eq!(outcome, Some(Outcome::Requeued), "{:?}", stage.events());
    let signals = stage.sidekiqs().signals.clone();
    assert_eq!(signals.len(), 2, "{signals:?}");
    // A wait counts from the moment at which the signal before it was sent.
    let between = signals[1].0.abs_diff(signals[0].0);
    assert!(
        (seconds(10.0)..seconds(10.05)).contains(&between),
        "{signals:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn by_hand_nothing_moves_but_by_hand() {
    let stage = Stage::new(&[&[]]);
    let begin = crate::console::Request::Begin {
        targets: stage.targets(),
        consent: None,
    };
    let go = |step| Command::Go { step, accepted: 0 };
    let first = vec![begin, crate::console::Request::Command(go(0))];
    let script = Script::new()
        .key(seconds(2.0), super::front::Key::Asks(first))
        .commands(seconds(600.0), go(1));
    let session = Stage::session("tstp, 10, term, 30, kill");
    let (session, _, _) = run(session, script, stage.world()).await.unwrap();
    let outcome = session.run.as_ref().and_then(Run::outcome);
    assert_eq!(outcome, Some(Outcome::Drained));
    let signals = stage.sidekiqs().signals.clone();
    assert_eq!(signals[1].1, Signal::Term);
    assert!(signals[1].0 >= seconds(600.0), "{signals:?}");
    let plan = session.run.as_ref().map(|run| run.plan().mode);
    assert_eq!(plan, Some(Mode::Manual), "as its record says");
}

#[tokio::test(start_paused = true)]
async fn a_refused_run_sends_nothing_and_what_followed_it_is_dropped() {
    let mut stage = Stage::new(&[&[]]);
    stage.refuses = Some("locked by another");
    let script = Script::new()
        .drains(seconds(2.0), stage.targets())
        .key(seconds(5.0), super::front::Key::Gone);
    let session = Stage::session("tstp, 10, term");
    let (session, script, ended) = run(session, script, stage.world()).await.unwrap();
    assert_eq!(ended, Ended::HangUp);
    assert!(session.run.is_none());
    assert_eq!(script.refused, ["locked by another"]);
    assert!(stage.sidekiqs().signals.is_empty() && stage.events().is_empty());
}
