//! A drain whose drainboard was killed, or lost its terminal, goes on in another one: no step
//! twice, no signal to another process, and the account of a drain that was not cut off.

use std::fs;

use serde_json::{Value, json};

use super::for_each_version;
use crate::console_pty::drains::by;
use crate::support::drain::Drain;
use crate::support::ended::Ended;
use crate::support::patience::until_true;
use crate::support::recorded::journals;
use crate::support::scene::Scene;
use crate::support::sidekiq::{Sidekiq, Version};
use crate::support::signal::Signal;
use crate::support::terminal::Terminal;

pub(super) fn resume(scene: &Scene, more: &[&str]) -> Drain {
    let all = [&["resume", "--yes", "--json"], more].concat();
    Drain::of(&mut scene.drainboard(&all))
}

/// The report of the last drain.
pub(super) fn report(scene: &Scene) -> Value {
    let output = scene.drainboard(&["report", "last", "--json"]).output();
    serde_json::from_slice(&output.unwrap().stdout).unwrap()
}

/// Resumes a drain of one busy Sidekiq in a console, and lets its job end: no signal is sent twice.
pub(super) fn resumes_to_the_end(scene: &Scene, mut sidekiq: Sidekiq, mut terminal: Terminal) {
    terminal.send("r");
    terminal.answer("Resume the drain of", "y");
    terminal.wait_for("quiet 1/1");
    scene.release();
    terminal.wait_for("the process has exited");
    sidekiq.wait_for_end();
    terminal.send("q");
    terminal.end(0);
    terminal.assert_restored();
    assert_eq!(signals(scene), ["TSTP", "TERM"]);
}

/// The records of the only drain, and how often each signal was sent by them.
pub(super) fn signals(scene: &Scene) -> Vec<String> {
    let journals = journals(&scene.state_dir());
    assert_eq!(journals.len(), 1, "{journals:?}");
    let text = fs::read_to_string(&journals[0]).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    for line in &lines {
        let same = lines.iter().filter(|other| *other == line).count();
        assert_eq!(same, 1, "written twice: {line}");
    }
    let values = lines
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    values
        .filter(|line| line["event"] == "signal_sent")
        .map(|line| line["signal"].as_str().unwrap().to_owned())
        .collect()
}

fn killed_while_quiet(version: Version) {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(version);
    let jid = scene.busy_until_released();
    let mut drain = Drain::start(
        &scene,
        "tstp, 300, term, 14, kill",
        &["--reason=release 4711"],
    );
    drain.wait_for("quiet_confirmed");
    let run = drain.kill()[0]["run"].clone();
    let mut resumed = resume(&scene, &[]);
    resumed.wait_for("resumed");
    scene.release();
    let ended = resumed.end();
    ended.assert_outcome(0, "drained").assert_signals(&["TERM"]);
    ended
        .assert_jobs("finished", 1)
        .assert_fate(&jid, "finished");
    assert_eq!(ended.last()["run"], run);
    assert_eq!(signals(&scene), ["TSTP", "TERM"]);
    let report = report(&scene);
    assert_eq!(
        (&report["outcome"], &report["why"]),
        (&json!("drained"), &json!("release 4711"))
    );
    assert_eq!(report["fates"][0]["fate"], "finished", "{report}");
    sidekiq.wait_for_end();
}

fn killed_after_term(version: Version) {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(version);
    let jid = scene.busy("SleepJob", &json!([600]));
    let mut drain = Drain::start(&scene, "tstp, 12, term, 60, kill", &[]);
    drain.wait_for_signal("TERM");
    drain.kill();
    let ended = resume(&scene, &[]).end();
    ended.assert_outcome(3, "requeued").assert_signals(&[]);
    ended
        .assert_jobs("pushed_back", 1)
        .assert_fate(&jid, "pushed_back");
    assert_eq!(signals(&scene), ["TSTP", "TERM"]);
    assert_eq!(scene.times_queued("default", &jid), 1);
    sidekiq.wait_for_end();
}

fn left_by_a_hang_up(version: Version) {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(version);
    let jid = scene.busy_until_released();
    let mut drain = Drain::start(&scene, "tstp, 300, term, 14, kill", &[]);
    drain.wait_for_signal("TSTP");
    drain.signal(Signal::HUP);
    drain.end().assert_outcome(5, "stopped");
    assert_eq!(report(&scene)["outcome"], "stopped");
    let mut resumed = resume(&scene, &[]);
    resumed.wait_for("resumed");
    scene.release();
    let ended = resumed.end();
    ended.assert_outcome(0, "drained").assert_signals(&["TERM"]);
    ended.assert_fate(&jid, "finished");
    let report = report(&scene);
    assert_eq!(report["outcome"], "drained", "{report}");
    assert_eq!(report["fates"].as_array().unwrap().len(), 1, "{report}");
    sidekiq.wait_for_end();
}

for_each_version!(killed_while_quiet, killed_after_term, left_by_a_hang_up);

#[test]
fn its_targets_have_all_exited_meanwhile() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let jid = scene.busy("SleepJob", &json!([600]));
    let mut drain = Drain::start(&scene, "tstp, 12, term, 60, kill", &[]);
    drain.wait_for_signal("TERM");
    drain.kill();
    sidekiq.wait_for_end();
    let ended = resume(&scene, &[]).end();
    ended.assert_outcome(3, "requeued").assert_signals(&[]);
    ended.assert_fate(&jid, "pushed_back");
    // It is over now: there is nothing left to go on with.
    let again = resume(&scene, &[]).end();
    again.assert_code(1).assert_said("no drain was cut off");
}

/// `WedgedJob` is pushed back, and its process never ends by itself.
#[test]
fn a_kill_that_fell_due_meanwhile_is_held() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Eight);
    scene.busy("WedgedJob", &json!([600, false]));
    let mut drain = Drain::start(&scene, "tstp, 12, term, 12, kill", &["--kill=follow"]);
    drain.wait_for_signal("TERM");
    let due = drainboard::clock::now().after(std::time::Duration::from_secs(13));
    drain.kill();
    until_true("KILL has fallen due", || drainboard::clock::now() > due);
    for _ in 0..2 {
        let ended = resume(&scene, &[]).end();
        ended.assert_outcome(5, "stopped").assert_signals(&[]);
        let held = ended.event("held")["why"].as_str().unwrap();
        assert!(held.contains("KILL fell due"), "{}", ended.text());
        // Nobody answered: it may be resumed again.
    }
    assert!(sidekiq.runs());
}

fn assert_refused(ended: &Ended) {
    ended.assert_outcome(7, "refused").assert_signals(&[]);
    assert!(
        ended.text().contains("another drainboard drives it"),
        "{}",
        ended.text()
    );
}

#[test]
fn of_two_that_resume_at_once_one_is_refused() {
    let scene = Scene::new();
    let _sidekiq = scene.sidekiq(Version::Seven);
    scene.busy_until_released();
    let mut drain = Drain::start(&scene, "tstp, 300, term, 14, kill", &[]);
    drain.wait_for_signal("TSTP");
    assert_refused(&resume(&scene, &[]).end());
    drain.kill();
    let mut first = resume(&scene, &[]);
    first.wait_for("resumed");
    assert_refused(&resume(&scene, &[]).end());
    scene.release();
    first.end().assert_outcome(0, "drained");
}

/// The inputs say that they were written before this machine was started.
#[test]
fn after_a_start_of_the_machine_only_the_account_is_finished() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    scene.busy("SleepJob", &json!([600]));
    let mut drain = Drain::start(&scene, "tstp, 300, term, 14, kill", &[]);
    drain.wait_for("quiet_confirmed");
    let run = drain.kill()[0]["run"].as_str().unwrap().to_owned();
    let path = drainboard::recorder::place(&scene.state_dir(), &run);
    let text = fs::read_to_string(&path).unwrap();
    let (head, rest) = text.split_once('\n').unwrap();
    let mut head: Value = serde_json::from_str(&head[9..]).unwrap();
    head["boot_id"] = json!("00000000-0000-0000-0000-000000000000");
    let head = head.to_string();
    let sum = crc32fast::hash(head.as_bytes());
    fs::write(&path, format!("{sum:08x} {head}\n{rest}")).unwrap();
    let ended = resume(&scene, &[]).end();
    ended.assert_signals(&[]);
    assert_eq!(ended.events("exited").len(), 1, "{}", ended.text());
    assert!(
        sidekiq.runs(),
        "another process has its pid, for all that is known"
    );
}

/// A record of the journal that was not written any more is written by who goes on.
#[test]
fn what_the_record_lacks_is_written_down() {
    let scene = Scene::new();
    let _sidekiq = scene.sidekiq(Version::Seven);
    let mut drain = Drain::start(&scene, "tstp, 300, term, 14, kill", &["--early=never"]);
    drain.wait_for("quiet_confirmed");
    let run = drain.kill()[0]["run"].as_str().unwrap().to_owned();
    let path = scene.state_dir().join(format!("drains/{run}.jsonl"));
    let text = fs::read_to_string(&path).unwrap();
    // Its last line is torn; the one before may not have been written either.
    fs::write(&path, &text[..text.len() - 20]).unwrap();
    let mut resumed = resume(&scene, &[]);
    resumed.wait_for("resumed");
    resumed.signal(Signal::INT);
    resumed.end().assert_outcome(5, "stopped");
    let text = fs::read_to_string(&path).unwrap();
    let whole = |name: &str| {
        let named = |line: &&str| {
            let value = serde_json::from_str::<Value>(line).ok();
            value.is_some_and(|value| value["event"] == name)
        };
        text.lines().filter(named).count()
    };
    assert_eq!(
        (whole("quiet_confirmed"), whole("signal_sent")),
        (1, 1),
        "{text}"
    );
}

/// Forgets what was written after the `number`th act had been begun.
fn forget_after_act(scene: &Scene, run: &str, number: usize) {
    let path = drainboard::recorder::place(&scene.state_dir(), run);
    let text = fs::read_to_string(&path).unwrap();
    let begun = |line: &&str| line.contains("\"act\":") && line.ends_with("\"ended\":null}");
    let act = text.lines().filter(begun).nth(number).unwrap();
    let end = text.find(act).unwrap() + act.len() + 1;
    fs::write(&path, &text[..end]).unwrap();
}

/// `TSTP` may come twice: where somebody said yes beforehand it is sent again.
#[test]
fn a_tstp_that_may_have_left_is_sent_again_where_that_was_allowed() {
    let scene = Scene::new();
    let _sidekiq = scene.sidekiq(Version::Seven);
    scene.busy_until_released();
    let mut drain = Drain::start(&scene, "tstp, 300, term, 14, kill", &[]);
    let run = drain.wait_for_signal("TSTP")["run"].clone();
    drain.kill();
    forget_after_act(&scene, run.as_str().unwrap(), 0);
    let asked = Drain::of(&mut scene.drainboard(&["resume", "--json"])).end();
    asked.assert_outcome(5, "stopped").assert_signals(&[]);
    assert_eq!(asked.event("signal_failed")["may_have_happened"], true);
    scene.release();
    let ended = resume(&scene, &[]).end();
    ended
        .assert_outcome(0, "drained")
        .assert_signals(&["TSTP", "TERM"]);
}

/// A second TERM would break off the shutdown that the first one began.
#[test]
fn a_term_that_may_have_left_is_never_sent_again_unasked() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Eight);
    scene.busy("WedgedJob", &json!([600, false]));
    let mut drain = Drain::start(&scene, "tstp, 12, term, 60, kill", &[]);
    let run = drain.wait_for_signal("TERM")["run"].clone();
    drain.kill();
    forget_after_act(&scene, run.as_str().unwrap(), 1);
    let ended = resume(&scene, &[]).end();
    ended.assert_outcome(5, "stopped").assert_signals(&[]);
    assert!(
        ended
            .text()
            .contains("ended before it knew whether it had left")
    );
    assert!(sidekiq.runs());
}

#[test]
fn on_a_terminal_it_goes_on_on_the_screen() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    scene.busy_until_released();
    let mut drain = Drain::start(&scene, "tstp, 300, term, 14, kill", &[]);
    drain.wait_for("quiet_confirmed");
    drain.kill();
    let mut terminal = Terminal::console(&scene, &["resume"]);
    terminal.wait_for("quiet 1/1");
    scene.release();
    terminal.wait_for("the process has exited");
    sidekiq.wait_for_end();
    terminal.send("q");
    terminal.end(0);
    terminal.assert_restored();
    assert_eq!(signals(&scene), ["TSTP", "TERM"]);
}

/// A console whose drain of one busy Sidekiq is cut off by a hang-up in its quiet wait.
fn hung_up_while_quiet(scene: &Scene) {
    scene.busy_until_released();
    let mut terminal = Terminal::console(scene, &by("tstp, 300, term, 14, kill"));
    terminal.begin_automatic();
    terminal.wait_for("quiet 1/1");
    terminal.hang_up();
    terminal.end(5);
}

#[test]
fn the_start_page_goes_on_with_what_was_cut_off() {
    let scene = Scene::new();
    let sidekiq = scene.sidekiq(Version::Seven);
    hung_up_while_quiet(&scene);
    let mut terminal = Terminal::console(&scene, &[]);
    terminal.wait_for("was cut off after TSTP");
    terminal.wait_for("r resume it");
    resumes_to_the_end(&scene, sidekiq, terminal);
}

#[test]
fn what_a_resumed_drain_of_a_console_still_waits_for_is_said() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    hung_up_while_quiet(&scene);
    let mut resumed = resume(&scene, &[]);
    resumed.wait_for("resumed");
    scene.release();
    sidekiq.wait_for_end();
    // What comes up in its place ends the wait.
    let _successor = scene.sidekiq(Version::Seven);
    let ended = resumed.end();
    ended.assert_outcome(0, "drained");
    ended.assert_said("the drain is over; drainboard waits until ");
    ended.assert_said("for what starts in the place of ");
}
