//! The console beside a real systemd: the box of TERM with the stop of the unit in its place, and
//! a unit that an abort left quiet brought back by a key.

use serde_json::json;

use super::acts::{always, restarts};
use crate::console_pty::drains::{records, signals};
use crate::support::patience::until_true;
use crate::support::real_unit::UnitScene;
use crate::support::terminal::Terminal;

/// A console that has quieted the unit's one Sidekiq by hand.
fn quiet(scene: &UnitScene) -> Terminal {
    let arguments = ["--sequence", "tstp, 300, term, 20, kill", "--timeout", "2"];
    let mut terminal = scene.console(&arguments);
    terminal.wait_for("SleepJob");
    terminal.wait_for("n next step");
    terminal.send("n");
    terminal.answer("Send TSTP to", "y");
    terminal.wait_for("quiet 1/1");
    terminal
}

#[test]
fn the_box_of_term_says_when_systemd_kills_and_its_yes_keeps_the_unit_down() {
    let unit = "console-stops.service";
    let scene = always(unit);
    let jid = scene.busy("SleepJob", &json!([600]));
    let mut terminal = quiet(&scene);
    terminal.send("n");
    // It is busy: plain TERM, unless somebody chooses the other way.
    terminal.wait_for_dialog("Send TERM now?");
    terminal.wait_for("systemd starts console-stops.service again");
    terminal.type_for("u", "this cannot be held");
    terminal.line_with("systemd kills at ");
    terminal.wait_for("systemctl stop console-stops.service takes TERM's place");
    terminal.wait_for_dialog("Send TERM now?");
    terminal.type_for("\r", "no: nothing was done");
    assert_eq!(scene.systemd.property(unit, "ActiveState"), "active");
    assert_eq!(signals(&scene), ["TSTP"]);

    terminal.send("n");
    terminal.wait_for_dialog("Send TERM now?");
    terminal.type_for("u", "this cannot be held");
    terminal.answer("Send TERM now?", "y");
    until_true("the unit is down", || {
        scene.systemd.property(unit, "ActiveState") == "inactive"
    });
    terminal.wait_for("Drained with jobs pushed back");
    terminal.wait_for("found in queue");
    terminal.send("q");
    terminal.end(3);
    let records = records(&scene);
    let at = |event: &str| records.iter().position(|record| record["event"] == event);
    assert!(
        at("payload_saved").is_some() && at("payload_saved") < at("unit_stop_begun"),
        "{records:#?}"
    );
    assert_eq!(signals(&scene), ["TSTP"]);
    assert_eq!(scene.times_queued("default", &jid), 1);
    assert_eq!(restarts(&scene, unit), 0);
}

#[test]
fn a_unit_that_an_abort_left_quiet_is_brought_back_by_a_key() {
    let unit = "console-back.service";
    let scene = always(unit);
    let jid = scene.busy("SleepJob", &json!([600]));
    let before = scene.systemd.property(unit, "MainPID");
    let mut terminal = quiet(&scene);
    terminal.send("x");
    terminal.wait_for("stays quiet until it is restarted");
    for (answer, again) in [("\r", false), ("y", true)] {
        terminal.send("u");
        terminal.wait_for_dialog("Bring the units back to work?");
        terminal.line_with("systemctl restart console-back.service");
        terminal.send(answer);
        terminal.wait_without("Bring the units back to work?");
        if again {
            until_true("the unit has another Sidekiq", || {
                let pid = scene.systemd.property(unit, "MainPID");
                pid != before && pid != "0"
            });
        } else {
            terminal.wait_for("no: nothing was done");
            assert_eq!(scene.systemd.property(unit, "MainPID"), before);
        }
    }
    // What was pushed back runs there again.
    until_true("it works again", || scene.traced("start", &jid) == 2);
    assert_eq!(signals(&scene), ["TSTP"]);
}
