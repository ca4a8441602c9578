//! What many rows, and one with many jobs, cost: so much each, not so much for each pair.

use super::*;

/// How long five looks take whose rows `rows` makes.
fn five_looks(rows: impl Fn(f64) -> Vec<LookRow>) -> Duration {
    let looks: Vec<Observation> = (1..6)
        .map(|number| look(f64::from(number), rows(f64::from(number))))
        .collect();
    let begun = crate::clock::now();
    let mut fleet = Fleet::default();
    for look in looks {
        fleet.observe(look);
    }
    assert!(!fleet.processes.is_empty());
    crate::clock::now().since(begun)
}

/// Four times as much may take ten times as long on a busy machine; as a square it takes sixteen
/// times as long, and with these numbers many seconds.
fn is_linear(cost: impl Fn(usize) -> Duration, many: usize) {
    let tries = (0..5).map(|_| (cost(many / 4), cost(many)));
    let is_fine =
        |(few, all): (Duration, Duration)| all < few * 10 || all < Duration::from_millis(50);
    assert!(tries.into_iter().any(is_fine), "it grows as a square");
}

#[test]
fn dead_members_cost_what_they_are() {
    let rows = |count: usize| {
        move |_| -> Vec<LookRow> {
            let name = |number: usize| format!("web{number}:{number}:abcabcabcabc");
            (0..count).map(|number| row(&name(number), None)).collect()
        }
    };
    is_linear(|count| five_looks(rows(count)), 24_000);
}

#[test]
fn the_jobs_of_one_row_cost_what_they_are() {
    let rows = |count: usize| {
        move |seconds: f64| {
            let job = |number: usize| work(&format!("t{number}"), &format!("j{number}"), -9.0);
            let jobs = (0..count).map(job).collect();
            // Every beat claims one more than it has, so that none is taken for whole.
            let beat = Heartbeat {
                busy: count as u64 + 1,
                ..heartbeat(seconds, -100.0)
            };
            vec![LookRow {
                work: jobs,
                ..row("util2:9:a", Some(beat))
            }]
        }
    };
    is_linear(|count| five_looks(rows(count)), 10_000);
}
