//! What shows that Redis lost what it had, and since when.

use super::*;

/// A look at these processes; the server that answered, and its clock in seconds after the start.
fn answered(seconds: f64, rows: Vec<LookRow>, run: &str, clock: f64) -> Observation {
    let mut seen = look(seconds, rows);
    if let Observation::Look(look) = &mut seen {
        look.server_time = EPOCH + clock;
        look.server = Some(ServerIdentity {
            run_id: run.into(),
            replication: None,
        });
    }
    seen
}

fn beating(host: f64) -> Vec<LookRow> {
    vec![row("util2:9:a", Some(heartbeat(host, -100.0)))]
}

#[test]
fn another_server_lost_what_the_one_before_had() {
    let mut fleet = fleet(vec![
        answered(0.0, beating(-1.0), "run1", 0.0),
        answered(1.0, beating(-1.0), "run1", 1.0),
    ]);
    assert_eq!(fleet.memory.lost_at(), None);
    fleet.observe(answered(2.0, vec![], "run2", 2.0));
    assert_eq!(fleet.memory.lost_at(), Some(at(1.0)));
    // A later loss does not hide the first one.
    fleet.observe(answered(3.0, vec![], "run2", 3.0));
    fleet.observe(answered(4.0, vec![], "run3", 4.0));
    assert_eq!(fleet.memory.lost_at(), Some(at(1.0)));
}

#[test]
fn a_server_whose_clock_ran_back_by_much_is_another_one() {
    let lost = |clock: f64| {
        let rows = || beating(-1.0);
        let fleet = fleet(vec![
            answered(0.0, rows(), "run1", 0.0),
            answered(1.0, rows(), "run1", 1.0),
            answered(2.0, rows(), "run1", clock),
        ]);
        fleet.memory.lost_at()
    };
    assert_eq!(lost(-3.0), None, "it was set");
    assert_eq!(lost(-5.0), Some(at(1.0)));
}

#[test]
fn a_process_that_was_forgotten_and_beats_again_had_not_left() {
    let mut fleet = fleet(vec![look(0.0, beating(-1.0)), look(1.0, beating(-1.0))]);
    let mine = vec![local(42, -110.0)];
    let own = |host: f64| vec![row("util1:42:a", Some(heartbeat(host, -100.0)))];
    fleet.observe(scan(1.5, mine));
    fleet.observe(look(2.0, own(1.0)));
    fleet.observe(look(3.0, own(1.0)));
    fleet.observe(look(4.0, vec![]));
    assert_eq!(fleet.memory.lost_at(), None, "it may have left");
    fleet.observe(look(12.0, own(11.0)));
    assert_eq!(fleet.memory.lost_at(), Some(at(3.0)));
}
