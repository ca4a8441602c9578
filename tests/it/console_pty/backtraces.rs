//! `t`: where a job is, before a drain and after TERM.

use serde_json::json;

use crate::support::scene::Scene;
use crate::support::sidekiq::Version;
use crate::support::terminal::Terminal;

#[test]
fn t_shows_where_the_job_is_until_term() {
    let scene = Scene::new();
    let sidekiq = scene.sidekiq(Version::Seven);
    scene.busy("StuckJob", &json!([]));
    let arguments = ["--timeout=6", "--sequence=term, 60, kill"];
    let mut terminal = Terminal::console(&scene, &arguments);
    terminal.wait_for("StuckJob");
    terminal.wait_for("t backtrace");
    // To the jobs: other Sidekiqs may run on this machine.
    terminal.send("\tt");
    terminal.answer("for its backtraces?", "y");
    terminal.wait_for("jobs.rb:");
    terminal.wait_for("of gems and of Ruby: f shows them");
    terminal.send("f");
    terminal.wait_for("Gems and Ruby");
    assert!(sidekiq.log().contains("Thread TID-"));
    terminal.send("\u{1b}");
    terminal.begin_automatic();
    terminal.wait_for("TERM sent to");
    terminal.wait_for("StuckJob");
    terminal.send("t");
    terminal.wait_for("no longer listens for TTIN");
    terminal.send("x");
    terminal.wait_for("no KILL will be sent");
    terminal.send("q");
    terminal.end(5);
}
