//! Which sequence is taken, and which findings stop a drain, for targets with given files.

mod own_stop;
mod unserved;

use std::time::Duration;

use super::*;
use crate::core::check::Severity;
use crate::core::drain::{Plan, Policy};
use crate::core::fleet::{LocalId, LocalProcess, Observation, Surroundings, Title};
use crate::core::layers::Layer;
use crate::core::moment::Moment;
use crate::core::sequence::{SequenceOrigin, Timeout};
use crate::core::sidekiq::shown;

/// A running Sidekiq with these files, in `sidekiq.service`.
fn process(pid: u32, timeout: Option<u64>, files: &[(&str, &str)]) -> LocalProcess {
    let read = |(path, text): &(&str, &str)| Layer::of(path, text).unwrap().read(path, text).values;
    let id = LocalId {
        pid,
        start_ticks: 1,
    };
    let process = shown::process(id, "util1", 0.0);
    LocalProcess {
        title: Title::Beating {
            version: "7.3.2".into(),
            tag: String::new(),
            busy: 0,
            concurrency: 5,
            stopping: false,
        },
        surroundings: Surroundings {
            unit: Some(Unit::of_system("sidekiq.service")),
            stated_timeout: timeout.map(|seconds| {
                Timeout::stated(Duration::from_secs(seconds), "config/sidekiq.yml:1")
            }),
            layers: files.iter().flat_map(read).collect(),
            ..process.surroundings.clone()
        },
        ..process
    }
}

fn fleet(processes: Vec<LocalProcess>) -> (Fleet, Vec<ProcessKey>) {
    let ids = processes.iter().map(|process| process.id.into()).collect();
    let mut fleet = Fleet::default();
    let now = Moment::new(Duration::ZERO, jiff::Timestamp::UNIX_EPOCH);
    fleet.observe(Observation::Host(shown::scan("util1", processes, now)));
    (fleet, ids)
}

fn plan(sequence: &str, policy: Policy) -> Plan {
    Plan {
        policy,
        ..Plan::of(sequence.parse().unwrap())
    }
}

/// Rules that speak of draining one process, with their severity.
fn spoken(
    process: LocalProcess,
    plan: &Plan,
    preflight: &Preflight,
) -> Vec<(&'static str, Severity)> {
    let (fleet, ids) = fleet(vec![process]);
    let origin = SequenceOrigin("--sequence".into());
    findings(&fleet, &ids, plan, &origin, preflight)
        .iter()
        .filter(|finding| finding.is_decided())
        .map(|finding| (finding.rule, finding.severity))
        .collect()
}

fn severity(spoken: &[(&'static str, Severity)], rule: &str) -> Option<Severity> {
    let found = spoken.iter().find(|(id, _)| *id == rule);
    found.map(|(_, severity)| *severity)
}

const UNIT: (&str, &str) = (
    "/etc/systemd/system/sidekiq.service",
    "[Service]\nType=notify\nRestart=always\nExecStart=bundle exec sidekiq\nTimeoutStopSec=90\n",
);
const MANIFEST: &str =
    "procfile_metadata:\n  worker:\n    stop_sequence: tstp, 60, term, 30, kill\n";

fn sequence_of(
    processes: Vec<LocalProcess>,
    inside: Option<&str>,
) -> Result<Option<(String, String)>, Unsettled> {
    let (fleet, ids) = fleet(processes);
    let inside = inside.map(Unit::of_system);
    let found = found_sequence(&fleet, &ids, None, inside.as_ref())?;
    Ok(found.map(|found| (found.sequence.to_string(), found.origin.0)))
}

#[test]
fn a_manifest_goes_before_the_unit_and_the_unit_before_the_default() {
    let both = process(1, None, &[(".cloud66/manifest.yml", MANIFEST), UNIT]);
    assert_eq!(
        sequence_of(vec![both], None).unwrap(),
        Some((
            "tstp, 60, term, 30, kill".into(),
            ".cloud66/manifest.yml:3 (worker)".into()
        ))
    );
    let unit = process(1, None, &[UNIT]);
    assert_eq!(
        sequence_of(vec![unit.clone()], None).unwrap(),
        Some((
            "term, 90, kill".into(),
            "/etc/systemd/system/sidekiq.service:5".into()
        ))
    );
    // Within its own ExecStop the unit is the limit, and no source.
    assert_eq!(
        sequence_of(vec![unit], Some("sidekiq.service")).unwrap(),
        None
    );
    assert_eq!(
        sequence_of(vec![process(1, None, &[])], None).unwrap(),
        None
    );
}

#[test]
fn a_unit_is_a_source_whatever_its_command_looks_like() {
    let text = UNIT
        .1
        .replace("bundle exec sidekiq", "/srv/app/bin/start-jobs");
    let in_unit = |name: &str, path: &str| {
        let mut process = process(1, None, &[(path, &text)]);
        process.surroundings.unit = Some(Unit::of_system(name));
        process
    };
    for (unit, file) in [
        ("jobs.service", "jobs.service"),
        ("jobs@1.service", "jobs@.service"),
    ] {
        let path = format!("/etc/systemd/system/{file}");
        let found = sequence_of(vec![in_unit(unit, &path)], None).unwrap();
        let found = found.unwrap_or_else(|| panic!("{unit} is no source"));
        assert_eq!(found, ("term, 90, kill".into(), format!("{path}:5")));
    }
    // Another unit's file is none.
    let other = in_unit("jobs.service", "/etc/systemd/system/other.service");
    assert_eq!(sequence_of(vec![other], None).unwrap(), None);
}

#[test]
fn a_reload_that_quiets_makes_a_quiet_step_of_our_own_length() {
    let text = format!("{}ExecReload=/bin/kill -TSTP $MAINPID\n", UNIT.1);
    let unit = process(1, None, &[(UNIT.0, &text)]);
    let (sequence, origin) = sequence_of(vec![unit], None).unwrap().unwrap();
    assert_eq!(sequence, "tstp, 120, term, 90, kill");
    assert!(origin.ends_with("(120 ours)"), "{origin}");
    let endless = UNIT.1.replace("=90", "=infinity");
    let unit = process(1, None, &[(UNIT.0, &endless)]);
    assert_eq!(sequence_of(vec![unit], None).unwrap().unwrap().0, "term");
}

#[test]
fn targets_that_ask_for_different_sequences_are_named() {
    let other = MANIFEST.replace("60", "10");
    let error = sequence_of(
        vec![
            process(1, None, &[(".cloud66/manifest.yml", MANIFEST)]),
            process(2, None, &[(".cloud66/manifest.yml", &other)]),
        ],
        None,
    )
    .unwrap_err()
    .to_string();
    for part in [
        "util1:1",
        "util1:2",
        "`tstp, 10, term, 30, kill`",
        "--sequence",
    ] {
        assert!(error.contains(part), "{error}");
    }
    let broken = MANIFEST.replace("kill", "kil");
    let error = sequence_of(
        vec![process(1, None, &[(".cloud66/manifest.yml", &broken)])],
        None,
    );
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("did you mean `kill`?")
    );
    let two = format!("{MANIFEST}  slow:\n    stop_sequence: term, 5, kill\n");
    let error = sequence_of(
        vec![process(1, None, &[(".cloud66/manifest.yml", &two)])],
        None,
    );
    assert!(error.unwrap_err().to_string().contains("--process"));
}

#[test]
fn an_early_kill_stops_a_drain_unless_a_gate_waits_or_the_timeout_is_assumed() {
    let hasty = |policy, timeout| {
        let plan = plan("term, 2, kill", policy);
        severity(
            &spoken(process(1, timeout, &[]), &plan, &Preflight::default()),
            "D01",
        )
    };
    assert_eq!(hasty(Policy::Follow, Some(6)), Some(Severity::Error));
    assert_eq!(
        hasty(Policy::WaitForRequeue, Some(6)),
        Some(Severity::Warning)
    );
    assert_eq!(hasty(Policy::Ask, Some(6)), Some(Severity::Warning));
    assert_eq!(hasty(Policy::Follow, None), Some(Severity::Warning));
    assert_eq!(hasty(Policy::Follow, Some(1)), None);
}

#[test]
fn what_is_set_aside_by_name_is_no_objection() {
    let (fleet, ids) = fleet(vec![process(1, Some(6), &[])]);
    let plan = plan("term, 2, kill", Policy::Follow);
    let origin = SequenceOrigin("--sequence".into());
    let objections = |despite: Option<Vec<&'static str>>| {
        let mut preflight = Preflight {
            despite,
            ..Preflight::default()
        };
        preflight.seen.findings = findings(&fleet, &ids, &plan, &origin, &preflight);
        assert!(preflight.seen.warnings().next().is_some());
        preflight.objections()
    };
    let said = objections(Some(Vec::new()));
    assert!(
        said[0].contains("D01") && said[0].contains("--despite D01"),
        "{said:?}"
    );
    assert!(objections(Some(vec!["D02"])).len() == said.len());
    assert!(objections(Some(vec!["D01", "D15"])).is_empty());
    // Where a person confirms, nothing is refused.
    assert!(objections(None).is_empty());
}

#[test]
fn files_of_a_deploy_do_not_concern_a_drain() {
    let files = [
        ("config/deploy.rb", "set :sidekiq_timeout, 5\n"),
        (
            "Gemfile.lock",
            "GEM\n  specs:\n    capistrano-sidekiq (1.0.3)\n    sidekiq (7.3.2)\n",
        ),
    ];
    let plan = plan("tstp, 10, term, 30, kill", Policy::Follow);
    let spoken = spoken(process(1, Some(6), &files), &plan, &Preflight::default());
    assert_eq!(spoken, [("D44", Severity::Info)]);
}

#[test]
fn a_text_that_crashes_at_term_stops_a_drain_where_it_holds() {
    let plan = plan("tstp, 10, term, 30, kill", Policy::WaitForRequeue);
    let bomb = [(
        "config/initializers/sidekiq.rb",
        "Sidekiq.configure_server { |c| c[:timeout] = \"60\" }\n",
    )];
    let spoken_of =
        |files: &[(&str, &str)]| spoken(process(1, None, files), &plan, &Preflight::default());
    assert_eq!(severity(&spoken_of(&bomb), "D20"), Some(Severity::Error));
    let beaten = [
        (
            "config/initializers/sidekiq.rb",
            "Sidekiq.configure_server { |c| c[:timeout] = 60 }\n",
        ),
        ("config/sidekiq.yml", ":timeout: \"60\"\n"),
    ];
    assert_eq!(
        severity(&spoken_of(&beaten), "D20"),
        Some(Severity::Warning)
    );
}

#[test]
fn the_record_keeps_what_was_found_and_what_was_set_aside() {
    let (fleet, ids) = fleet(vec![process(1, Some(6), &[])]);
    let plan = plan("term, 2, kill", Policy::Follow);
    let origin = SequenceOrigin("--sequence".into());
    let seen = PlanSeen {
        trouble: Some("the targets ask for different stop sequences".into()),
        findings: findings(&fleet, &ids, &plan, &origin, &Preflight::default()),
    };
    let checked = serde_json::to_value(seen.checked("--sequence")).unwrap();
    assert_eq!(checked["event"], "checked");
    assert_eq!(checked["sequence_from"], "--sequence");
    assert!(checked["trouble"].as_str().unwrap().contains("different"));
    let rows = checked["findings"].as_array().unwrap();
    assert_eq!(rows.len(), seen.found().count());
    assert!(seen.undecided().count() > 0);
    for (row, finding) in rows.iter().zip(seen.found()) {
        assert_eq!(row["rule"], finding.rule);
        assert_eq!(row["message"], finding.message.as_str());
        assert_eq!(row["severity"], finding.severity.word());
        assert_eq!(row["set_aside"], finding.severity == Severity::Error);
        assert!(row.as_object().unwrap().contains_key("from"));
    }
    assert_eq!(rows[0]["rule"], "D01");
}
