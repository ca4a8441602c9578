//! A Sidekiq that died before anything was drained: it is named with the jobs that died with it,
//! and their payloads are saved.

use serde_json::json;

use super::drains::by;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;
use crate::support::terminal::Terminal;

#[test]
fn a_process_that_died_is_named_and_its_payloads_are_saved() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let _jid = scene.busy("SleepJob", &json!([600]));
    let pid = sidekiq.pid();
    sidekiq.crash();
    // Two beat periods later it is no pid of a container that is merely not to be seen.
    let mut terminal = Terminal::console(&scene, &by("tstp, 300, term, 14, kill"));
    terminal.wait_for(&format!("{pid} is DEAD: 1 job died with it"));
    terminal.wait_for("s on its row saves its payload while Redis still shows it");
    terminal.wait_for(&format!("pid {pid} is gone"));
    terminal.send("s");
    terminal.answer("Save the payloads of 1 job?", "y");
    terminal.wait_for("1 payload saved to");
    terminal.send("q");
    terminal.end(0);
}
