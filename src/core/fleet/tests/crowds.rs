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

fn counting(seconds: f64, rows: Vec<LookRow>, dead: &[&str]) -> Observation {
    let Observation::Look(look) = look(seconds, rows) else {
        unreachable!("it is a look");
    };
    let dead: Vec<Identity> = dead.iter().map(|name| Identity::new(name)).collect();
    Observation::Look(Look {
        dead: dead.into(),
        ..look
    })
}

#[test]
fn members_that_are_only_counted_stand_nowhere_else() {
    let mut fleet = Fleet::default();
    let alive = row("util2:9:a", Some(heartbeat(1.0, -100.0)));
    let dead = ["web1:1:a", "web2:2:b", "web3:3:c"];
    fleet.observe(counting(1.0, vec![alive.clone()], &dead));
    assert_eq!((fleet.processes.len(), fleet.dead.counted()), (1, 3));
    // One that was seen alive is followed on, whatever the look does with it.
    fleet.observe(counting(2.0, Vec::new(), &["util2:9:a", "web1:1:a"]));
    assert_eq!((fleet.processes.len(), fleet.dead.counted()), (1, 1));
    let (_, process) = fleet.processes.first_key_value().unwrap();
    assert_eq!(
        (process.listed, process.beat.is_none()),
        (Listed::Yes, true)
    );
    fleet.observe(look(3.0, vec![alive]));
    assert_eq!((fleet.processes.len(), fleet.dead.counted()), (1, 0));
}

/// A process that lost its hash stands among the dead ones: it may be one of this host that hangs.
#[test]
fn a_counted_member_that_may_be_a_process_of_this_host_is_compared_with_it() {
    let beating = LocalProcess {
        title: Title::Beating {
            version: "7.3.2".into(),
            tag: "app".into(),
            busy: 1,
            concurrency: 5,
            stopping: false,
        },
        ..local(7, -900.0)
    };
    let mut fleet = Fleet::default();
    fleet.observe(scan(0.5, vec![beating, local(71, -5.0)]));
    let dead = ["util1:7:a", "util1:70:b", "util2:7:c", "web1:1:d"];
    fleet.observe(counting(1.0, Vec::new(), &dead));
    let known: Vec<Option<&str>> = fleet
        .processes
        .values()
        .map(|process| process.identity.as_ref().map(Identity::as_str))
        .collect();
    assert_eq!(known, [Some("util1:7:a"), None]);
    assert_eq!(fleet.dead.counted(), 3);
}
