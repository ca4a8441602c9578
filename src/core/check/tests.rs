//! The rules, each fired and not fired, from cases under `tests/cases/rules`; the labelled
//! sequences; recommendations, drawing and JSON.

use std::path::PathBuf;
use std::time::Duration;

use super::*;
use crate::core::layers::{Layer, LocatedSetting, Remark, Weight};
use crate::core::sequence::Timeout;

mod cases;
mod sequences;

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases/rules")
}

/// A unit of which systemd has loaded these properties.
pub(in crate::core::check) fn loaded_unit(properties: &str) -> UnitFacts {
    let text = format!("Id=s.service\nLoadState=loaded\n{properties}");
    UnitFacts {
        settings: crate::core::layers::systemd_show::read("s.service", &text).values,
        ..UnitFacts::default()
    }
}

/// Reads texts by their paths.
fn read(files: &[(&str, &str)]) -> Vec<LocatedSetting> {
    files
        .iter()
        .flat_map(|(path, text)| {
            let layer = Layer::of(path, text).unwrap_or_else(|| panic!("{path}: no reader"));
            layer.read(path, text).values
        })
        .collect()
}

/// The facts that one text gives.
pub(in crate::core::check) fn facts_of(path: &str, text: &str) -> Facts {
    gather(&read(&[(path, text)]), &Chosen::default())
}

#[test]
fn a_place_that_was_not_read_is_named_once() {
    let unit = "[Service]\nExecStart=/usr/bin/sidekiq\nTimeoutStopSec=<%= stop %>\n";
    let mut facts = facts_of("dist/jobs.service.erb", unit);
    let told = |facts: &Facts| speaks(facts, Severity::Warning);
    assert_eq!(told(&facts), ["D51"]);
    let place = facts.units[0]
        .setting("TimeoutStopSec")
        .unwrap()
        .from
        .clone();
    facts.not_read.push(Remark {
        weight: Weight::NotRead,
        text: "a template".into(),
        from: place,
    });
    assert_eq!(told(&facts), ["D51"]);
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

/// A Capfile with all that capistrano-sidekiq 2.0 and later need.
const CAPFILE: &str = "require \"capistrano/sidekiq\"\ninstall_plugin Capistrano::Sidekiq\ninstall_plugin Capistrano::Sidekiq::Systemd\n";

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
        ("Capfile", CAPFILE),
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
    // The recommendation is clean once it is written.
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
        drawn(cloud, 25, None, 60, DrawnGlyphs::Unicode),
        "TSTP 0 ─────────────── TERM 120 ──── -t ends 145 ─ KILL 150"
    );
    assert_eq!(
        drawn(cloud, 60, Some(90), 100, DrawnGlyphs::Ascii),
        "TSTP 0 ----------------- TERM 120 ----- KILL 150 ----- -t would end 180 ----- systemd would kill 210"
    );
    assert_eq!(
        drawn(cloud, 25, Some(30), 30, DrawnGlyphs::Unicode),
        "TSTP 0 ─ TERM 120\n-t ends 145 ─ KILL 150\nsystemd kills 150"
    );
    assert_eq!(drawn("tstp", 25, None, 0, DrawnGlyphs::Ascii), "TSTP 0");
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

#[test]
fn instances_have_the_settings_of_their_template() {
    let values = read(&[
        (
            "/etc/systemd/system/sidekiq@.service",
            "[Service]\nExecStart=/usr/bin/sidekiq -t 50\nTimeoutStopSec=40\n",
        ),
        (
            "systemctl show sidekiq@1.service",
            "LoadState=loaded\nMainPID=7\nId=sidekiq@1.service\n",
        ),
    ]);
    let facts = gather(&values, &Chosen::default());
    assert_eq!(facts.units.len(), 1);
    assert_eq!(facts.units[0].name, "sidekiq@1.service");
    assert_eq!(speaks(&facts, Severity::Error), ["D03"]);
}

proptest::proptest! {
    /// Whatever is read, asking the rules, recommending, drawing and printing end.
    #[test]
    fn no_text_makes_the_rules_panic(
        sequence in "([a-z]{3,4}|tstp|term|kill), [0-9]{1,10}, (term|int|kill)(, [0-9]{1,9}, kill)?|.*",
        timeout in "[0-9.]{1,30}|<%= .* %>|.*",
        span in "[0-9]{1,19}(s|min|y|us)?|infinity|.*",
        width in 0usize..300,
    ) {
        let unit = format!("[Service]\nExecStart=/usr/bin/sidekiq\nTimeoutStopSec={span}\nExecStop=x\n");
        let yml = format!(":timeout: {timeout}\n");
        let show = format!("TimeoutStopUSec={span}\nWatchdogUSec=t {span}\n");
        let values = read(&[
            ("config/sidekiq.yml", &yml),
            ("/etc/systemd/system/sidekiq.service", &unit),
            ("systemctl show sidekiq.service", &show),
        ]);
        let chosen = Chosen { sequence: Some((sequence, "--sequence".into())), ..Chosen::default() };
        let facts = gather(&values, &chosen);
        let findings = check(&facts);
        let _json = serde_json::to_string(&rows(&facts, &values, &findings)).unwrap();
        let _advice = recommend(&facts, Some(seconds(u64::from(u32::MAX))));
        let effective = effective_timeout(&facts.sidekiq, None);
        if let Ok(sequence) = &facts.sequences[0].parsed {
            let drawn = draw(sequence, &effective.timeout, facts.units[0].stop_limit().span(), width, DrawnGlyphs::Ascii);
            proptest::prop_assert!(!drawn.is_empty());
        }
    }
}
