//! What goes on beside a drain and after it: who is told of it, and what stands in the retry set.
//! None of it delays the drain or changes how it ended.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::SEQUENCE;
use crate::support::drain::Drain;
use crate::support::patience::until;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;
use crate::support::signal::Signal;

/// What the command keeps, and the configuration that names it.
struct Told {
    kept: PathBuf,
    config: PathBuf,
}

impl Told {
    /// The command reads its input to a file, then does `more`.
    fn by(scene: &Scene, more: &str) -> Self {
        let (kept, config) = (scene.path("kept"), scene.path("config.yml"));
        let script = format!(
            "cat > {0}.part; echo $DRAINBOARD_RUN $DRAINBOARD_OUTCOME > {0}.environment; mv {0}.part {0}; {more}",
            kept.display()
        );
        let words = json!(["/bin/sh", "-c", script]);
        fs::write(&config, format!("on_finish: {words}\n")).unwrap();
        Self { kept, config }
    }

    fn option(&self) -> String {
        format!("--config={}", self.config.display())
    }

    /// The report that it was given, once it is there.
    fn report(&self) -> Value {
        let text = until("the command has the report", || {
            fs::read_to_string(&self.kept).ok()
        });
        serde_json::from_str(&text).unwrap()
    }
}

fn shown(scene: &Scene, arguments: &[&str]) -> String {
    let all: Vec<&str> = ["report", "last"]
        .iter()
        .chain(arguments)
        .copied()
        .collect();
    let output = scene.drainboard(&all).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_command_is_given_the_report_of_the_drain() {
    let scene = Scene::new();
    let sidekiq = scene.sidekiq(Version::Seven);
    scene.fail_by("Sidekiq::Shutdown");
    let jid = scene.busy("SleepJob", &json!([600]));
    let told = Told::by(&scene, "");
    let more = [&sidekiq.chosen(), &told.option(), "--reason=release 4711"];
    let ended = Drain::start(&scene, SEQUENCE, &more).end();
    ended.assert_outcome(3, "requeued");
    let report = told.report();
    assert_eq!(report["run"], ended.last()["run"]);
    assert_eq!(
        (&report["outcome"], &report["why"]),
        (&json!("requeued"), &json!("release 4711"))
    );
    assert_eq!(
        (&report["fates"][0]["jid"], &report["fates"][0]["fate"]),
        (&json!(jid), &json!("pushed_back"))
    );
    assert_eq!(report["interrupted"]["before"]["retry"], 1, "{report}");
    assert_eq!(report["interrupted"]["after"]["retry"], 1, "{report}");
    assert!(report["findings"].is_array(), "{report}");
    let environment = fs::read_to_string(told.kept.with_extension("environment")).unwrap();
    let run = ended.last()["run"].as_str().unwrap();
    assert_eq!(environment, format!("{run} requeued\n"));
    // The record says who was told, and `report` prints the same but for that.
    let mut printed: Value = serde_json::from_str(&shown(&scene, &["--json"])).unwrap();
    let notified = printed["notified"].take();
    assert_eq!(
        (&notified[0]["program"], &notified[0]["error"]),
        (&json!("/bin/sh"), &Value::Null)
    );
    printed["notified"] = json!([]);
    assert_eq!(printed, report);
    let text = shown(&scene, &[]);
    assert!(
        text.contains("in the retry set with Sidekiq::Shutdown or an interrupt: 1 before, 1 after"),
        "{text}"
    );
    assert!(text.contains("on_finish: /bin/sh has the report"), "{text}");
}

#[test]
fn a_command_that_fails_is_told_and_changes_nothing() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let told = Told::by(&scene, "printf 'no \\033[31mroute\\n' >&2; exit 7");
    let ended = Drain::start(&scene, SEQUENCE, &[&told.option()]).end();
    ended.assert_outcome(0, "drained");
    ended.assert_said("on_finish: /bin/sh: exit status: 7: no route");
    let text = shown(&scene, &[]);
    assert!(
        text.contains("on_finish: /bin/sh failed: exit status: 7: no route"),
        "{text}"
    );
    assert!(sidekiq.wait_for_end().success());
}

#[test]
fn nobody_is_told_of_a_rehearsal_or_of_what_did_not_begin() {
    let scene = Scene::new();
    let told = Told::by(&scene, "");
    let option = told.option();
    Drain::start(&scene, SEQUENCE, &[&option])
        .end()
        .assert_code(1);
    let _sidekiq = scene.sidekiq(Version::Seven);
    let refused = Drain::start(&scene, "term, 1, kill", &[&option, "--kill=follow"]).end();
    refused.assert_outcome(7, "refused");
    let mut rehearsal = scene.drainboard(&["rehearse", "--auto", "--json", "--timeout=6", &option]);
    Drain::of(rehearsal.args(["--sequence", "tstp, 1, term, 14, kill"])).end();
    assert!(!told.kept.exists());
}

/// Waits for a file, or for the end of the test, which removes the directory.
fn waits_for(go: &Path) -> String {
    let directory = go.parent().unwrap();
    format!(
        "while [ -d {} ] && ! [ -e {} ]; do sleep 0.1; done",
        directory.display(),
        go.display()
    )
}

#[test]
fn after_a_hang_up_the_command_is_started_and_left_to_itself() {
    let scene = Scene::new();
    let _sidekiq = scene.sidekiq(Version::Seven);
    scene.busy("SleepJob", &json!([600]));
    let go = scene.path("go");
    let told = Told::by(&scene, &waits_for(&go));
    let mut drain = Drain::start(&scene, "tstp, 300, term, 14, kill", &[&told.option()]);
    drain.wait_for_signal("TSTP");
    drain.signal(Signal::HUP);
    // It waits for what nobody does before it has ended.
    drain.end().assert_outcome(5, "stopped");
    let report = told.report();
    assert_eq!(report["outcome"], "stopped");
    assert!(shown(&scene, &[]).contains("it was left by a hang-up"));
    fs::write(go, "").unwrap();
}

#[test]
fn the_command_is_told_what_came_up() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let told = Told::by(&scene, "");
    let mut drain = Drain::start(&scene, SEQUENCE, &[&told.option(), "--successor=120"]);
    drain.wait_for("exited");
    sidekiq.wait_for_end();
    let next = scene.sidekiq(Version::Seven);
    drain.end().assert_outcome(0, "drained");
    let report = told.report();
    assert_eq!(report["successors"][0]["pid"], next.pid(), "{report}");
}

#[test]
fn an_interrupt_ends_the_watch_and_the_command_is_still_told() {
    let scene = Scene::new();
    let _sidekiq = scene.sidekiq(Version::Seven);
    let told = Told::by(&scene, "");
    let mut drain = Drain::start(&scene, SEQUENCE, &[&told.option(), "--successor=300"]);
    drain.wait_for("exited");
    until("all is over but for the watch", || {
        let shown: Value = serde_json::from_str(&shown(&scene, &["--json"])).ok()?;
        shown["interrupted"]["after"].is_object().then_some(())
    });
    assert!(!told.kept.exists());
    drain.signal(Signal::INT);
    drain.end();
    let report = told.report();
    assert_eq!(report["outcome"], "drained");
    assert_eq!(report["successors"], json!([]), "{report}");
}

#[test]
fn a_second_interrupt_leaves_a_command_that_takes_long() {
    let scene = Scene::new();
    let _sidekiq = scene.sidekiq(Version::Seven);
    let go = scene.path("go");
    let told = Told::by(&scene, &waits_for(&go));
    let drain = Drain::start(&scene, SEQUENCE, &[&told.option()]);
    told.report();
    drain.signal(Signal::INT);
    drain.end().assert_outcome(0, "drained");
    assert!(!go.exists());
    fs::write(go, "").unwrap();
}

#[test]
fn a_redis_that_cannot_be_counted_is_said_to_be_so() {
    let scene = Scene::new();
    let sidekiq = scene.sidekiq(Version::Seven);
    let mut command = scene.drain_command(SEQUENCE, &[&sidekiq.chosen()]);
    command.args(["--redis", "redis://127.0.0.1:1/0"]);
    let ended = Drain::of(&mut command).end();
    ended.assert_code(0);
    let text = shown(&scene, &["--markdown"]);
    for when in ["before", "after"] {
        assert!(
            text.contains(&format!("- {when}: Redis could not be asked: ")),
            "{text}"
        );
    }
    assert!(text.contains("not known before, not known after"), "{text}");
}
