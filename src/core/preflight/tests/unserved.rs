//! Which queues a drain leaves without a process, and how many jobs wait in them.

use std::sync::Arc;

use super::super::*;
use super::{Severity, plan};
use crate::core::check::Finding;
use crate::core::drain::Policy;
use crate::core::fleet::{
    DeadMembers, Link, LocalId, Look, LookRow, Observation, ProcessKey, QueueDepth,
};
use crate::core::moment::Moment;
use crate::core::sequence::SequenceOrigin;
use crate::core::sidekiq::{Registered, shown};

fn now() -> Moment {
    Moment::new(
        Duration::from_secs(1000),
        jiff::Timestamp::from_second(1_800_000_000).unwrap(),
    )
}

/// `util1:1 a,b quiet`: a process, its queues, and how it stands.
fn row(text: &str) -> LookRow {
    let words: Vec<&str> = text.split(' ').collect();
    let identity = format!("{}:aa", words[0]);
    let mut registered = Registered::new(&identity, "7.3.9", 5, now().epoch() - 500.0);
    let queues = words[1].split(',').filter(|queue| *queue != "-");
    Arc::make_mut(&mut registered.info).queues = queues.map(str::to_owned).collect();
    let state = words.get(2).copied().unwrap_or_default();
    let age = if state == "silent" { 90.0 } else { 2.0 };
    let mut row = registered.row(now().epoch() - age, state == "quiet", Vec::new());
    if state == "ghost" {
        row.heartbeat = None;
    }
    row
}

/// A fleet whose processes on util1 are here. The targets are those of them with a pid below 10.
fn scene(rows: &[&str], depths: &[(&str, u64)]) -> (Fleet, Vec<ProcessKey>) {
    let mut fleet = Fleet::default();
    let mut targets = Vec::new();
    let mut local = Vec::new();
    for text in rows.iter().filter(|text| text.starts_with("util1:")) {
        let pid: u32 = text[6..].split(' ').next().unwrap().parse().unwrap();
        let id = LocalId {
            pid,
            start_ticks: u64::from(pid) * 1000,
        };
        local.push(shown::process(id, "util1", now().epoch() - 501.0));
        targets.extend((pid < 10).then_some(id.into()));
    }
    fleet.observe(Observation::Link(Link::Connected {
        round_trip: Duration::from_millis(1),
        at: now(),
    }));
    fleet.observe(Observation::Host(shown::scan("util1", local, now())));
    fleet.observe(Observation::Look(Look {
        asked: now(),
        answered: now(),
        server_time: now().epoch(),
        server: None,
        counter: None,
        rows: rows.iter().map(|text| row(text)).collect(),
        dead: DeadMembers::default(),
    }));
    let depth = |(name, waiting): &(&str, u64)| QueueDepth {
        name: (*name).into(),
        waiting: *waiting,
        at: now(),
    };
    fleet.observe(Observation::Queues(depths.iter().map(depth).collect()));
    (fleet, targets)
}

/// The queues that are left, as `low 3` or `low ?`, and who is not known.
fn left(rows: &[&str], sequence: &str) -> String {
    let (fleet, targets) = scene(rows, &[("low", 3), ("default", 1204)]);
    let found = unserved(&fleet, &targets, &sequence.parse().unwrap()).unwrap();
    let queue = |queue: &UnservedQueue| {
        let waiting = queue.waiting.map_or("?".into(), |n| n.to_string());
        format!("{} {waiting}", queue.name)
    };
    let mut words: Vec<String> = found.queues.iter().map(queue).collect();
    let unread = found.unread.iter().map(|name| format!("not known: {name}"));
    words.extend(unread);
    words.join("; ")
}

#[test]
fn queues_are_left_that_no_process_of_any_host_serves_beside_the_targets() {
    for (rows, expected) in [
        // One process, and its capsules and weights name a queue several times.
        (
            &["util1:1 low,default,default,edi"][..],
            "default 1204; low 3; edi ?",
        ),
        (
            &["util1:1 low,default", "util1:2 low"],
            "default 1204; low 3",
        ),
        (&["util1:1 low,default", "util1:10 low"], "default 1204"),
        (&["util1:1 low,default", "util2:7 default"], "low 3"),
        (&["util1:1 low", "util2:7 default,low"], ""),
        (&["util1:1 low", "util2:7 low quiet"], "low 3"),
        (&["util1:1 low", "util2:7 low silent"], "low 3"),
        (&["util1:1 low", "util2:7 low ghost"], "low 3"),
        (&["util1:1 low", "util2:7 -"], "not known: util2:7"),
        (&["util1:1 low", "util2:7 - quiet"], "low 3"),
        (&["util1:1 -"], "not known: util1:1"),
        (&["util1:1 -", "util1:2 low"], "low 3; not known: util1:1"),
    ] {
        assert_eq!(left(rows, "tstp, 60, term"), expected, "{rows:?}");
    }
}

#[test]
fn a_sequence_after_which_all_go_on_leaves_none() {
    let rows = ["util1:1 low"];
    assert_eq!(left(&rows, "ttin"), "");
    for sequence in ["tstp", "term", "int", "kill"] {
        assert_eq!(left(&rows, sequence), "low 3", "{sequence}");
    }
}

#[test]
fn without_a_look_at_redis_it_is_not_known() {
    let sequence = "tstp, 60, term".parse().unwrap();
    assert_eq!(unserved(&Fleet::default(), &[], &sequence), None);
}

fn found(fleet: &Fleet, targets: &[ProcessKey]) -> Vec<Finding> {
    let plan = plan("tstp, 60, term, 30, kill", Policy::Ask);
    let origin = SequenceOrigin("--sequence".into());
    let all = findings(fleet, targets, &plan, &origin, &Preflight::default());
    let own = all.into_iter().filter(|finding| finding.rule == "D45");
    own.collect()
}

#[test]
fn the_check_before_a_drain_names_them_once_and_keeps_no_drain_from_beginning() {
    let rows = ["util1:1 low,default", "util1:2 low,default"];
    let (fleet, targets) = scene(&rows, &[("low", 3), ("default", 1204)]);
    let told = found(&fleet, &targets);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].severity, Severity::Warning);
    assert_eq!(
        told[0].message,
        "Once this drain has begun no process takes jobs from default (1,204 waiting), low (3 waiting). Jobs wait there until a new one starts."
    );
    let seen = PlanSeen {
        trouble: None,
        findings: told,
    };
    assert_eq!(seen.grave().count(), 0);
    assert!(seen.warnings().any(|warning| warning.starts_with("D45 ")));
}

#[test]
fn a_look_renews_what_is_said_of_the_queues_alone() {
    let rows = ["util1:1 low"];
    let (mut fleet, targets) = scene(&rows, &[("low", 3)]);
    let sequence = "tstp, 60, term".parse().unwrap();
    let other = Finding {
        rule: "D44",
        severity: Severity::Info,
        message: "stays".into(),
        from: None,
        undecided: None,
    };
    let mut seen = PlanSeen {
        trouble: None,
        findings: vec![other.clone()],
    };
    seen.take_queues(&fleet, &targets, &sequence);
    assert!(seen.unserved().unwrap().contains("low (3 waiting)"));
    fleet.observe(Observation::Queues(vec![QueueDepth {
        name: "low".into(),
        waiting: 4,
        at: now(),
    }]));
    seen.take_queues(&fleet, &targets, &sequence);
    assert!(seen.unserved().unwrap().contains("low (4 waiting)"));
    assert_eq!(seen.findings.len(), 2);
    assert_eq!(seen.findings[1], other, "the gravest first");
}
