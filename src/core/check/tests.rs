//! The rules, each fired and not fired, from cases under `tests/cases/rules`; the labelled
//! sequences; recommendations, drawing and JSON.

use std::path::PathBuf;
use std::time::Duration;

use super::*;
use crate::core::layers::{Kind, Located};
use crate::core::sequence::{Timeout, Version};

mod cases;

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases/rules")
}

/// Reads texts by their paths.
fn read(files: &[(&str, &str)]) -> Vec<Located> {
    files
        .iter()
        .flat_map(|(path, text)| {
            let kind = Kind::of(path, text).unwrap_or_else(|| panic!("{path}: no reader"));
            kind.read(path, text).values
        })
        .collect()
}

/// The ids of the rules that speak at `least` or graver.
fn speaks(facts: &Facts, least: Severity) -> Vec<&'static str> {
    let mut ids: Vec<_> = check(facts)
        .iter()
        .filter(|finding| finding.is_decided() && finding.severity >= least)
        .map(|finding| finding.rule)
        .collect();
    ids.sort_unstable();
    ids
}

fn with_sequence(text: &str, version: Option<Version>) -> Facts {
    gather(
        &[],
        &Chosen {
            sequence: Some((text.into(), "--sequence".into())),
            version,
            ..Chosen::default()
        },
    )
}

#[test]
fn labelled_sequences() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("S1", "tstp, 120, term, 30, kill", &[]),
        ("S2", "term, 90, kill", &["D10"]),
        ("S3", "ttin, 120, term, 5, kill", &["D01", "D09", "D10"]),
        ("S4", "QUIT,30,TERM,11,KILL", &["D01", "D08", "D10"]),
        ("S5", ":quit,75,:term,15,:kill", &["D01", "D08", "D10"]),
        ("S6", "usr1, 120, term, 30, kill", &["D06", "D10"]),
        ("S7", "term, 30, int, 10, kill", &["D10", "D19"]),
        ("S8", "SIGTSTP,60,SIGTERM,30,SIGKILL", &[]),
        ("S9", "tstp, 120, kill", &["D12"]),
        ("S10", "tstp, 120, term", &["D13"]),
        ("S11", "tstp, term, 30, kill", &["D16"]),
        ("S12", "120, tstp, term", &["D16"]),
        ("S13", "tstp, 2m, term, 30s, kill", &["D16"]),
        ("S14", "term, 30, kill, 10", &["D14"]),
        ("S15", "tstp, -5, term, 30, kill", &["D16"]),
        ("S15", "tstp, 1.5, term, 30, kill", &["D16"]),
        ("S16", "tstp, 120, term, 30, kil", &["D16"]),
        ("S17", "", &["D16"]),
        ("S17", ",", &["D16"]),
        ("S17", "term,,kill", &["D16"]),
        ("S17", "tstp 120 term", &["D16"]),
        ("S19", "term, 0, kill", &["D01", "D10", "D15"]),
        ("S20", "term", &["D10", "D13"]),
        ("S21", "1m:USR2:30s:USR1:50s", &["D16"]),
        ("S22", "USR1;1h;TERM;10s;KILL", &["D16"]),
        ("S23", "tstp, 99999999999999999999, term, 1, kill", &["D16"]),
    ];
    for (id, text, rules) in cases {
        let facts = with_sequence(text, Some(Version::new(7, 3, 2)));
        assert_eq!(speaks(&facts, Severity::Warning), *rules, "{id} {text}");
    }
    let five = with_sequence("usr1, 120, term, 30, kill", Some(Version::new(5, 2, 10)));
    assert_eq!(speaks(&five, Severity::Warning), ["D07"]);
}

const FOREMAN: &str = "[Service]\nExecStart=/bin/bash -lc 'exec -a \"app-worker.1\" bundle exec sidekiq'\nRestart=always\nKillMode=mixed\nTimeoutStopSec=5\n";

#[test]
fn a_unit_of_foreman_kills_early() {
    let values = read(&[("/etc/systemd/system/app-worker.1.service", FOREMAN)]);
    let facts = gather(&values, &Chosen::default());
    assert_eq!(speaks(&facts, Severity::Warning), ["D03"]);
}

#[test]
fn a_unit_of_capistrano_3_is_clean_but_for_its_quiet_task() {
    let unit = "[Service]\nType=notify\nWatchdogSec=10\nExecStart=/usr/local/bin/bundle exec sidekiq -e production\nRestart=on-failure\n";
    let lock = "GEM\n  specs:\n    capistrano-sidekiq (3.2.0)\n    sidekiq-pro (7.3.0)\n    sidekiq (7.3.2)\n";
    let values = read(&[
        (
            "/home/deploy/.config/systemd/user/app_sidekiq_production.service",
            unit,
        ),
        ("Gemfile.lock", lock),
    ]);
    let facts = gather(&values, &Chosen::default());
    assert_eq!(speaks(&facts, Severity::Info), ["D05", "D27"]);
    assert_eq!(facts.units[0].is_user_unit, Some(true));
}

#[test]
fn precedence_of_timeouts() {
    let yml = ":timeout: 6\nproduction:\n  :timeout: 7\nstaging:\n  :timeout: 8\n";
    let unit = "[Service]\nExecStart=/usr/bin/sidekiq -t 9\n";
    let ruby = "Sidekiq.configure_server do |config|\n  config[:timeout] = 10\nend\n";
    let all = [
        ("config/sidekiq.yml", yml),
        ("/etc/systemd/system/sidekiq.service", unit),
        ("config/initializers/sidekiq.rb", ruby),
    ];
    let holds = |files: usize, environment: Option<&str>| {
        let chosen = Chosen {
            environment: environment.map(Into::into),
            ..Chosen::default()
        };
        let facts = gather(&read(&all[..files]), &chosen);
        effective_timeout(&facts.sidekiq, None).timeout.to_string()
    };
    assert_eq!(holds(0, None), "25 s assumed");
    assert_eq!(holds(1, None), "7 s from config/sidekiq.yml:3 (production)");
    assert_eq!(
        holds(1, Some("staging")),
        "8 s from config/sidekiq.yml:5 (staging)"
    );
    assert_eq!(holds(1, Some("test")), "6 s from config/sidekiq.yml:1");
    assert_eq!(
        holds(2, None),
        "9 s from -t at /etc/systemd/system/sidekiq.service:2"
    );
    assert_eq!(holds(3, None), "10 s from config/initializers/sidekiq.rb:2");
    let given = Chosen {
        timeout: Some((seconds(11), "--timeout".into())),
        ..Chosen::default()
    };
    let facts = gather(&read(&all), &given);
    let effective = effective_timeout(&facts.sidekiq, None);
    assert_eq!(effective.timeout.to_string(), "11 s from --timeout");
    assert_eq!(effective.others.len(), 4);
}

#[test]
fn a_timeout_that_is_code_decides_nothing() {
    let ruby = "Sidekiq.configure_server { |c| c[:timeout] = 2.minutes }\n";
    let mut facts = gather(
        &read(&[("config/initializers/sidekiq.rb", ruby)]),
        &Chosen::default(),
    );
    facts
        .sequences
        .push(StatedSequence::new("term, 1, kill", "--sequence"));
    let findings = check(&facts);
    let first = findings
        .iter()
        .find(|finding| finding.rule == "D01")
        .unwrap();
    assert_eq!(
        first.undecided.as_deref(),
        Some(
            "the timeout is set by `2.minutes` at config/initializers/sidekiq.rb:1, which was not evaluated"
        )
    );
}

#[test]
fn a_unit_that_is_not_loaded_gives_no_facts() {
    let show = "TimeoutStopUSec=1min 30s\nMainPID=0\nLoadState=not-found\n";
    let facts = gather(
        &read(&[("systemctl show sidekiq.service", show)]),
        &Chosen::default(),
    );
    assert!(facts.units.is_empty());
}

#[test]
fn what_is_loaded_beats_the_file() {
    let file = "[Service]\nExecStart=/usr/bin/sidekiq -t 20\nTimeoutStopSec=90\n";
    let show = "LoadState=loaded\nTimeoutStopUSec=10s\nNeedDaemonReload=yes\n";
    let values = read(&[
        ("systemctl show sidekiq.service", show),
        ("/etc/systemd/system/sidekiq.service", file),
    ]);
    let facts = gather(&values, &Chosen::default());
    assert_eq!(facts.units.len(), 1);
    assert_eq!(facts.units[0].stop_limit().span(), Some(seconds(10)));
    assert_eq!(speaks(&facts, Severity::Warning), ["D03", "D41"]);
}

fn paste(facts: &Facts, longest: Option<u64>) -> Vec<(String, Option<u64>)> {
    recommend(facts, longest.map(seconds))
        .into_iter()
        .map(|advice| (advice.paste, advice.saves.map(|span| span.as_secs())))
        .collect()
}

#[test]
fn recommendations_fit_together() {
    let values = read(&[
        ("config/sidekiq.yml", ":timeout: 60\n"),
        (
            ".cloud66/manifest.yml",
            "procfile_metadata:\n  worker:\n    stop_sequence: tstp, 120, term, 30, kill\n",
        ),
        (
            "/etc/systemd/system/sidekiq.service",
            "[Service]\nExecStart=/usr/bin/sidekiq\nTimeoutStopSec=30\n",
        ),
        ("compose.yml", "services:\n  w:\n    command: sidekiq\n"),
    ]);
    let mut facts = gather(&values, &Chosen::default());
    assert_eq!(
        paste(&facts, None),
        [
            ("stop_sequence: tstp, 120, term, 65, kill".to_string(), None),
            (":timeout: 60".into(), None),
            ("TimeoutStopSec=65".into(), None),
            ("stop_grace_period: 65s".into(), None),
        ]
    );
    assert_eq!(
        paste(&facts, Some(90))[0],
        (
            "stop_sequence: tstp, 30, term, 65, kill".to_string(),
            Some(90)
        )
    );
    assert_eq!(
        paste(&facts, Some(40))[0],
        ("stop_sequence: term, 65, kill".to_string(), Some(120))
    );
    assert_eq!(
        paste(&facts, Some(400))[0],
        ("stop_sequence: tstp, 340, term, 65, kill".to_string(), None)
    );
    // What is recommended is clean once it is written.
    facts.sequences = vec![StatedSequence::new("tstp, 30, term, 65, kill", "ours")];
    let findings = check(&facts);
    assert!(!findings.iter().any(|f| f.is_decided()
        && ["D01", "D02"].contains(&f.rule)
        && f.message.starts_with("The sequence")));
}

#[test]
fn heroku_leaves_25_seconds() {
    let values = read(&[
        ("Procfile", "worker: bundle exec sidekiq -t 60\n"),
        ("app.json", "{\"addons\":[]}"),
    ]);
    let facts = gather(&values, &Chosen::default());
    assert_eq!(speaks(&facts, Severity::Error), ["D01"]);
    assert_eq!(paste(&facts, None), [("-t 25".to_string(), None)]);
}

#[test]
fn drawn_timelines() {
    let drawn = |text: &str, timeout: u64, systemd: Option<u64>, width, glyphs| {
        let timeout = Timeout::stated(seconds(timeout), "x");
        draw(
            &text.parse().unwrap(),
            &timeout,
            systemd.map(seconds),
            width,
            glyphs,
        )
    };
    let cloud = "tstp, 120, term, 30, kill";
    assert_eq!(
        drawn(cloud, 25, None, 60, Glyphs::Unicode),
        "TSTP 0 ─────────────── TERM 120 ──── -t ends 145 ─ KILL 150"
    );
    assert_eq!(
        drawn(cloud, 60, Some(90), 100, Glyphs::Ascii),
        "TSTP 0 ----------------- TERM 120 ----- KILL 150 ----- -t would end 180 ----- systemd would kill 210"
    );
    assert_eq!(
        drawn(cloud, 25, Some(30), 30, Glyphs::Unicode),
        "TSTP 0 ─ TERM 120\n-t ends 145 ─ KILL 150\nsystemd kills 150"
    );
    assert_eq!(drawn("tstp", 25, None, 0, Glyphs::Ascii), "TSTP 0");
}

#[test]
fn the_answer_as_json() {
    let values = read(&[(
        "config/deploy/sidekiq.service",
        "[Service]\nExecStart=/usr/bin/sidekiq\nTimeoutStopSec=infinity\n",
    )]);
    let facts = gather(&values, &Chosen::default());
    let json = serde_json::to_value(rows(&facts, &values, &check(&facts))).unwrap();
    assert_eq!(json["sequence"], serde_json::Value::Null);
    assert_eq!(
        json["layers"],
        serde_json::json!([{"layer": "systemd", "setting": "TimeoutStopSec", "scope": "sidekiq.service",
            "seconds": null, "value": "infinity", "from": "config/deploy/sidekiq.service:3"}])
    );
    assert_eq!(
        json["findings"],
        serde_json::json!([{"rule": "D33", "severity": "warning",
            "message": "sidekiq.service: TimeoutStopSec has no end (0 means infinity). A stuck job blocks the deploy for ever.",
            "from": "config/deploy/sidekiq.service:3"}])
    );
    assert!(!json["undecided"].as_array().unwrap().is_empty());
}
