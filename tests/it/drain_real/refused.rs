//! What is refused before the first signal: exit 7 (or 1, or 2), and nobody is signalled.

use std::process::{Child, Command, Stdio};

use super::SEQUENCE;
use crate::support::drain::Drain;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;

/// A child that is no Sidekiq and waits for its input to end.
struct Bystander(Child);

impl Bystander {
    fn start() -> Self {
        let mut command = Command::new("cat");
        Self(command.stdin(Stdio::piped()).spawn().unwrap())
    }

    fn runs(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn a_second_drain_is_told_who_holds_the_first() {
    let scene = Scene::new();
    let sidekiq = scene.sidekiq(Version::Seven);
    scene.busy_until_released();
    let mut first = Drain::start(&scene, "tstp, 60, term, 14, kill", &[]);
    first.wait_for_signal("TSTP");
    let second = Drain::start(&scene, SEQUENCE, &[&sidekiq.chosen()]).end();
    second.assert_outcome(7, "refused").assert_signals(&[]);
    let why = second.last()["why"].as_str().unwrap();
    assert!(why.contains(&first.pid().to_string()), "{why}");
    scene.release();
    first.end().assert_outcome(0, "drained");
    // The lock goes with the drain, and the process is gone.
    let third = Drain::start(&scene, SEQUENCE, &[&sidekiq.chosen()]).end();
    third.assert_outcome(1, "error");
}

#[test]
fn a_pid_that_is_no_sidekiq_is_refused() {
    let scene = Scene::new();
    let mut bystander = Bystander::start();
    let chosen = format!("--pid={}", bystander.0.id());
    for more in [&[chosen.as_str()][..], &[&chosen, "--allow-empty"]] {
        let ended = Drain::start(&scene, SEQUENCE, more).end();
        ended.assert_outcome(7, "refused").assert_signals(&[]);
        ended.assert_said("is no Sidekiq");
    }
    assert!(bystander.runs());
}

#[test]
fn one_that_is_no_sidekiq_spares_the_others_too() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let mut bystander = Bystander::start();
    let chosen = format!("--pid={}", bystander.0.id());
    let ended = Drain::start(&scene, SEQUENCE, &[&chosen, &sidekiq.chosen()]).end();
    ended.assert_outcome(7, "refused").assert_signals(&[]);
    assert!(bystander.runs() && sidekiq.runs());
    let jid = scene.push("SleepJob", &serde_json::json!([0.1]));
    scene.wait_for_trace("done", &jid);
    assert!(!sidekiq.was_disturbed());
}

#[test]
fn one_that_still_boots_is_not_suspended() {
    for version in [Version::Six, Version::Eight] {
        let scene = Scene::new();
        let mut sidekiq = scene.booting(version, 600);
        let pid = sidekiq.chosen();
        // Until it is Ruby, it is a shell, and no Sidekiq at all.
        crate::support::patience::until_true("Sidekiq boots", || {
            let title = sidekiq.title();
            let program = title.split(' ').next().unwrap_or_default();
            program
                .rsplit('/')
                .next()
                .is_some_and(|name| name.starts_with("ruby"))
        });
        let ended = Drain::start(&scene, SEQUENCE, &[&pid]).end();
        ended.assert_outcome(7, "refused").assert_signals(&[]);
        ended.assert_said("has no handler for TSTP yet");
        assert!(sidekiq.runs());
        assert_ne!(sidekiq.state(), 'T');
    }
}

#[test]
fn signals_that_destroy_work_need_to_be_forced() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    for sequence in ["usr1, 5, term, 14, kill", "tstp, 5, usr2", "hup"] {
        let ended = Drain::start(&scene, sequence, &[]).end();
        ended.assert_outcome(7, "refused").assert_signals(&[]);
        ended.assert_said("--force-signal");
    }
    assert!(sidekiq.runs() && !sidekiq.was_disturbed());
    let forced = ["--force-signal=usr1"];
    let ended = Drain::start(&scene, "usr1, 5, term, 14, kill", &forced).end();
    ended.assert_signals(&["USR1"]);
    assert_eq!(ended.event("exited")["clean"], false, "{}", ended.text());
    assert!(!sidekiq.wait_for_end().success());
}

#[test]
fn read_only_sends_nothing() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let ended = Drain::start(&scene, SEQUENCE, &["--read-only"]).end();
    ended.assert_outcome(7, "refused").assert_signals(&[]);
    assert!(sidekiq.runs() && !sidekiq.was_disturbed());
}

#[test]
fn a_choice_of_nothing_drains_nothing() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Eight);
    for choice in ["--pid=", "--pid=0", "--unit=", "--queue=-x", "--identity="] {
        let empty = Drain::start(&scene, SEQUENCE, &[choice, "--allow-empty"]).end();
        empty.assert_outcome(0, "drained").assert_signals(&[]);
        let error = Drain::start(&scene, SEQUENCE, &[choice]).end();
        error.assert_outcome(1, "error").assert_signals(&[]);
    }
    let jid = scene.push("SleepJob", &serde_json::json!([0.1]));
    scene.wait_for_trace("done", &jid);
    assert!(sidekiq.runs() && !sidekiq.was_disturbed());
}

#[test]
fn nothing_to_drain_is_an_error_unless_allowed() {
    let scene = Scene::new();
    let ended = Drain::start(&scene, SEQUENCE, &[]).end();
    ended
        .assert_outcome(1, "error")
        .assert_said("nothing to drain");
    let ended = Drain::start(&scene, SEQUENCE, &["--allow-empty"]).end();
    ended.assert_outcome(0, "drained");
}

#[test]
fn what_the_command_line_cannot_mean_is_a_usage_error() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let wrong: [(&[&str], &str); 6] = [
        (&["drain"], "--yes"),
        (&["drain", "--yes", "--kill", "ask"], "needs a terminal"),
        (
            &["drain", "--yes", "--sequence", "tstp, 10, kil"],
            "did you mean `kill`?",
        ),
        (&["drain", "--yes", "--sequence", "tstp, term"], "term"),
        (
            &["drain", "--yes", "--accept", "requeud"],
            "did you mean `requeued`?",
        ),
        (&["drain", "--yes", "--pid", "abc"], "not a pid"),
    ];
    for (arguments, words) in wrong {
        let ended = Drain::of(&mut scene.drainboard(arguments)).end();
        ended.assert_code(2).assert_said(words);
        assert!(ended.lines.is_empty(), "{}", ended.text());
    }
    assert!(sidekiq.runs() && !sidekiq.was_disturbed());
}

/// Another machine of the same name, whose Sidekiq has this one's pid and start.
#[test]
fn a_sidekiq_that_two_identities_fit_is_not_passed_over_in_silence() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let identity = scene.identities().remove(0);
    let twin = scene.twin_of(&identity);
    let ended = Drain::start(&scene, SEQUENCE, &[]).end();
    ended.assert_outcome(7, "refused").assert_signals(&[]);
    let why = ended.last()["why"].as_str().unwrap().to_owned();
    let pid = format!("pid {}", sidekiq.pid());
    for part in [pid.as_str(), &identity, &twin, "--pid"] {
        assert!(why.contains(part), "{part} in {why}");
    }
    assert!(sidekiq.runs());
    let named = Drain::start(&scene, SEQUENCE, &[&sidekiq.chosen()]).end();
    named.assert_signals(&["TSTP", "TERM"]);
    assert!(sidekiq.wait_for_end().success());
}
