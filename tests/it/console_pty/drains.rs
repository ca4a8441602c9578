//! Whole drains of a real Sidekiq from the console: by hand, by itself, and up to a KILL that
//! costs a job.

use serde_json::{Value, json};

use crate::support::patience::until;
use crate::support::recorded::journals;
use crate::support::scene::Scene;
use crate::support::sidekiq::{TIMEOUT, Version};
use crate::support::terminal::Terminal;

/// The arguments of a console that drains by `sequence`.
pub(crate) fn by(sequence: &str) -> [&str; 4] {
    ["--sequence", sequence, "--timeout", TIMEOUT]
}

impl Terminal {
    /// Begins a drain that goes by itself, once one may begin.
    #[track_caller]
    pub(crate) fn begin_automatic(&mut self) {
        self.wait_for("a auto");
        self.send("a");
        self.answer("Start automatic drain?", "y");
    }
}

/// The records that the drains of this scene left, in their order.
pub(crate) fn records(scene: &Scene) -> Vec<Value> {
    let text: String = journals(&scene.state_dir())
        .iter()
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The signals that were sent, as the record has them.
pub(crate) fn signals(scene: &Scene) -> Vec<String> {
    records(scene)
        .iter()
        .filter(|record| record["event"] == "signal_sent")
        .map(|record| record["signal"].as_str().unwrap().to_owned())
        .collect()
}

/// After the screen was left the terminal tells how it ended.
#[track_caller]
pub(super) fn assert_told(terminal: &Terminal, words: &str) {
    terminal.assert_restored();
    // Lines of the terminal are as wide as it is.
    let text = terminal.text().replace('\n', " ");
    assert!(text.contains(words), "no `{words}` in {text}");
}

#[test]
fn an_idle_sidekiq_is_drained_by_itself() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let mut terminal = Terminal::console(&scene, &by("tstp, 300, term, 14, kill"));
    terminal.wait_for(&format!(":{}", sidekiq.pid()));
    terminal.begin_automatic();
    terminal.wait_for("the process has exited");
    assert!(sidekiq.wait_for_end().success());
    // The page is shown by itself, and the main screen is one key away.
    terminal.type_for("\x1b", "done: drained");
    terminal.type_for("o", "the process has exited");
    terminal.send("q");
    terminal.end(0);
    assert_told(&terminal, "and every job ended");
    assert_eq!(signals(&scene), ["TSTP", "TERM"]);
}

#[test]
fn each_step_waits_for_a_hand() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let jid = scene.busy("SleepJob", &json!([600]));
    let mut terminal = Terminal::console(&scene, &by("tstp, 10, term, 14, kill"));
    terminal.wait_for("SleepJob");
    terminal.wait_for("n next step");
    // No is the default, on Enter, Escape and n.
    for no in ["\r", "\x1b", "n"] {
        terminal.send("n");
        terminal.answer("Send TSTP to", no);
        terminal.wait_for("no: nothing was done");
    }
    assert!(!sidekiq.was_disturbed(), "{}", sidekiq.log());
    terminal.send("n");
    terminal.answer("Send TSTP to", "y");
    terminal.wait_for("quiet 1/1");
    terminal.wait_for("waits for you");
    terminal.send("n");
    terminal.answer("Send TERM now?", "y");
    terminal.wait_for("Drained with jobs pushed back");
    terminal.wait_for("found in queue");
    assert!(sidekiq.wait_for_end().success());
    assert_eq!(scene.times_queued("default", &jid), 1);
    terminal.send("q");
    terminal.end(3);
    assert_told(&terminal, &jid);
    assert_eq!(signals(&scene), ["TSTP", "TERM"]);
    let records = records(&scene);
    let started = records.iter().find(|record| record["event"] == "started");
    assert_eq!(started.unwrap()["mode"], "manual");
}

#[test]
fn typing_ahead_fires_nothing() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let mut terminal = Terminal::console(&scene, &by("tstp, 10, term, 14, kill"));
    terminal.wait_for("a auto");
    // Pasted, it is not even a key.
    terminal.send("\x1b[200~ayyyyy\x1b[201~");
    terminal.type_for("?", "Possible now");
    terminal.type_for("\x1b", "nothing has been sent");
    terminal.send("ayyyyy");
    terminal.wait_for("Start automatic drain?");
    // Keys are heeded in their order: when this has closed it, the others were seen.
    terminal.type_for("\x1b", "no: nothing was done");
    terminal.send("nyyyyy");
    terminal.answer("Send TSTP to", "\x1b");
    terminal.wait_for("nothing has been sent");
    assert!(
        sidekiq.runs() && !sidekiq.was_disturbed(),
        "{}",
        sidekiq.log()
    );
    terminal.send("q");
    terminal.end(0);
    assert!(!scene.state_dir().join("drains").exists());
}

#[test]
fn a_kill_that_costs_a_job_asks_for_its_number() {
    let scene = Scene::new();
    // With a second thread a job that no beat shows may be at stake too, until the next beat.
    let mut sidekiq = scene.wide_sidekiq(Version::Seven, 1);
    scene.busy("SleepJob", &json!([600]));
    let mut terminal = Terminal::console(&scene, &by("tstp, 300, term, 14, kill"));
    terminal.wait_for("SleepJob");
    terminal.begin_automatic();
    terminal.wait_for("quiet 1/1");
    terminal.send("K");
    terminal.wait_for_dialog(&format!(":{}?", sidekiq.pid()));
    // Neither yes nor another number will do.
    terminal.type_for("y2\r", "is not the number");
    assert!(sidekiq.runs());
    terminal.send("1\r");
    terminal.wait_for("Work is lost");
    assert!(!sidekiq.wait_for_end().success());
    terminal.send("q");
    terminal.end(4);
    assert_told(&terminal, "Work is lost");
    assert_eq!(signals(&scene), ["TSTP", "KILL"]);
}

#[test]
fn a_question_calls_the_operator_once() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let jid = scene.busy("StuckJob", &json!([]));
    // KILL comes long before the push-back.
    let mut terminal = Terminal::console(&scene, &by("term, 1, kill"));
    terminal.wait_for("StuckJob");
    terminal.begin_automatic();
    terminal.wait_for("KILL waits for your answer");
    // Nobody answers: the job is pushed back, the process exits, the question is gone.
    terminal.wait_for("Drained with jobs pushed back");
    terminal.wait_for("found in queue");
    assert!(sidekiq.wait_for_end().success());
    assert_eq!(terminal.heard(|heard| heard.bells), 1);
    let titles = terminal.heard(|heard| heard.titles.clone());
    assert!(
        titles.len() == 2 && titles[0].starts_with("! drainboard held"),
        "{titles:?}"
    );
    assert_eq!(titles[1], "drainboard");
    assert_eq!(scene.times_queued("default", &jid), 1);
    terminal.send("q");
    terminal.end(3);
    assert_eq!(signals(&scene), ["TERM"]);
}

#[test]
fn the_report_of_a_drain_is_given_away_while_the_screen_stays() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let (kept, go, config) = (
        scene.path("kept"),
        scene.path("go"),
        scene.path("config.yml"),
    );
    // It reads the report, then waits for what nobody does before the screen was left.
    let script = format!(
        "cat > {0}.part; mv {0}.part {0}; while [ -e {0} ] && ! [ -e {1} ]; do sleep 0.1; done",
        kept.display(),
        go.display()
    );
    let words = serde_json::json!(["/bin/sh", "-c", script]);
    std::fs::write(&config, format!("on_finish: {words}\n")).unwrap();
    let config = format!("--config={}", config.display());
    let [one, two, three, four] = by("tstp, 300, term, 14, kill");
    let mut terminal = Terminal::console(&scene, &[one, two, three, four, &config]);
    terminal.wait_for(&format!(":{}", sidekiq.pid()));
    terminal.begin_automatic();
    terminal.wait_for("the process has exited");
    let text = until("it has the report", || std::fs::read_to_string(&kept).ok());
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["outcome"], "drained");
    assert!(terminal.runs() && terminal.is_raw());
    // Whoever leaves gets the terminal back at once, and may wait or not.
    terminal.send("q");
    terminal.wait_for("on_finish runs; Ctrl-C leaves it to itself");
    assert!(!terminal.is_raw());
    terminal.send("\x03");
    terminal.end(0);
    assert_told(&terminal, "and every job ended");
    std::fs::write(go, "").unwrap();
    assert!(sidekiq.wait_for_end().success());
}
