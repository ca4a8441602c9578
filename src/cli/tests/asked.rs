//! What `ps` says of timeouts that differ, and which processes it lists.

use std::time::Duration;

use super::{fleet, local, now, settings, shown, with};
use crate::cli::opening::planned;
use crate::cli::rows::{Picture, PsRow};
use crate::core::choice::Choice;
use crate::core::drain::Policy;
use crate::core::fleet::{Fleet, HostLook, Observation, StatedTimeout, Written};
use crate::core::preflight::Preflight;
use crate::core::sequence::Timeout;

/// A process whose initializer and yml differ, the yml changed under it.
fn two_minds() -> Fleet {
    let statement = |seconds, from: &str, holds| StatedTimeout {
        layer: "sidekiq.yml",
        setting: "timeout",
        span: Some(Duration::from_secs(seconds)),
        value: format!("{seconds} s"),
        from: from.into(),
        holds,
        changed: !holds,
    };
    let yml = "config/sidekiq.yml";
    let mut process = local(4242, Some(60));
    process.surroundings.layers = Written::new(
        Vec::new(),
        vec![
            statement(60, "config/initializers/sidekiq.rb:3", true),
            statement(25, "config/sidekiq.yml:3", false),
            statement(60, "config/sidekiq.yml:9", false),
        ],
        vec![yml.into()],
    );
    let mut fleet = Fleet::default();
    fleet.observe(Observation::Host(HostLook {
        at: now(),
        hostname: "util1".into(),
        processes: vec![process, local(4300, None)],
    }));
    fleet
}

#[test]
fn timeouts_that_differ_and_files_that_changed_are_told() {
    let text = shown(&two_minds(), 100);
    let (_, notes) = text.rsplit_once("\n\n").unwrap();
    insta::assert_snapshot!(notes, @r"
    util1:4242: -t is 60 from its command line; not gone by: 25 s at config/sidekiq.yml:3
    util1:4242: changed since it started: config/sidekiq.yml
    ");
    let rows = with(&two_minds(), |picture| {
        PsRow::of(picture, &Choice::default())
    });
    let layers = serde_json::to_value(&rows.processes[0].timeout_layers).unwrap();
    assert_eq!(layers[0]["holds"], true);
    assert_eq!(
        (&layers[1]["seconds"], &layers[1]["changed"]),
        (&serde_json::json!(25), &serde_json::json!(true))
    );
    // A flag goes before all of them, and that is said too.
    let mut settings = settings();
    settings.timeout = Some(Timeout::by_flag(Duration::from_secs(7)));
    let fleet = two_minds();
    let picture = Picture {
        fleet: &fleet,
        plan: &planned(&settings, Policy::Ask),
        preflight: &Preflight::default(),
        settings: &settings,
        url: None,
        now: now(),
    };
    let rows = PsRow::of(picture, &Choice::default());
    let layers = rows.processes[0].timeout_layers.as_ref().unwrap();
    assert!(layers.iter().all(|layer| !layer.holds));
}

#[test]
fn only_what_was_asked_for_is_listed() {
    let fleet = fleet();
    let names = |choice: &Choice| -> Vec<String> {
        let rows = with(&fleet, |picture| PsRow::of(picture, choice));
        let jobs = rows.jobs.iter().map(|job| job.process.clone());
        let mut all: Vec<String> = rows.processes.iter().map(|row| row.name.clone()).collect();
        assert!(jobs.clone().all(|process| all.contains(&process)));
        all.sort();
        all
    };
    let asked = Choice {
        asked: true,
        ..Choice::default()
    };
    assert_eq!(names(&Choice::default()).len(), 5);
    assert!(names(&asked).is_empty(), "an empty option widens nothing");
    let by = |choice: Choice| names(&choice);
    let pids = vec![4300];
    assert_eq!(
        by(Choice {
            pids,
            ..asked.clone()
        }),
        ["util1:4300"]
    );
    let identities = vec!["util2:8:dd".to_owned()];
    assert_eq!(
        by(Choice {
            identities,
            ..asked.clone()
        }),
        ["util2:8"]
    );
    let units = vec!["sidekiq@4242".to_owned()];
    assert_eq!(
        by(Choice {
            units,
            ..asked.clone()
        }),
        ["util1:4242"]
    );
    let hosts = vec!["util2".to_owned()];
    assert_eq!(
        by(Choice {
            hosts,
            ..asked.clone()
        }),
        ["util2:7", "util2:8"]
    );
    let queues = vec!["low".to_owned()];
    assert_eq!(
        by(Choice {
            queues,
            ..asked.clone()
        }),
        ["util1:4242", "util2:7", "util2:8"]
    );
    assert_eq!(
        by(Choice { all: true, ..asked }),
        ["util1:4242", "util1:4300"]
    );
}
