//! The labelled sequences S1 to S23, which sequence is followed, and the two situations that
//! the product was conceived from.

use super::super::*;
use super::{read, speaks};
use crate::core::sequence::Version;

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
        ("S2", "term, 90, kill", &[]),
        ("S3", "ttin, 120, term, 5, kill", &["D01", "D09"]),
        ("S4", "QUIT,30,TERM,11,KILL", &["D01", "D08"]),
        ("S5", ":quit,75,:term,15,:kill", &["D01", "D08"]),
        ("S6", "usr1, 120, term, 30, kill", &["D06"]),
        ("S7", "term, 30, int, 10, kill", &["D19"]),
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
        ("S19", "term, 0, kill", &["D01", "D15"]),
        ("S20", "term", &["D13"]),
        ("S21", "1m:USR2:30s:USR1:50s", &["D16"]),
        ("S22", "USR1;1h;TERM;10s;KILL", &["D16"]),
        ("S23", "tstp, 99999999999999999999, term, 1, kill", &["D16"]),
    ];
    for (id, text, rules) in cases {
        let facts = with_sequence(text, Some(Version::new(7, 3, 2)));
        assert_eq!(speaks(&facts, Severity::Warning), *rules, "{id} {text}");
    }
    // How long the longest job takes is not known: worth a note.
    let facts = with_sequence("term, 90, kill", None);
    assert!(speaks(&facts, Severity::Info).contains(&"D10"));
    let five = with_sequence("usr1, 120, term, 30, kill", Some(Version::new(5, 2, 10)));
    assert_eq!(speaks(&five, Severity::Warning), ["D07"]);
}

#[test]
fn the_sequence_that_is_followed() {
    let followed = |files: &[(&str, &str)], inside| {
        let facts = gather(&read(files), &Chosen::default());
        let stated = sequence_in_force(&facts, inside).map_err(|error| error.to_string())?;
        Ok::<_, String>((stated.text, stated.origin.0))
    };
    let said = |text: &str, origin: &str| Ok((text.to_string(), origin.to_string()));
    let unit = "/etc/systemd/system/sidekiq.service";
    let reload =
        "[Service]\nExecStart=sidekiq\nExecReload=/bin/kill -TSTP $MAINPID\nTimeoutStopSec=40\n";
    let endless = "[Service]\nExecStart=sidekiq\nTimeoutStopSec=0\n";
    let manifest = (
        ".cloud66/manifest.yml",
        "procfile_metadata:\n  worker:\n    stop_sequence: term, 30, kill\n  low:\n    stop_sequence: term, 60, kill\n",
    );
    assert_eq!(
        followed(&[], false),
        said("tstp, 120, term, 30, kill", "default")
    );
    assert_eq!(
        followed(&[(unit, reload)], false),
        said(
            "tstp, 120, term, 40, kill",
            "/etc/systemd/system/sidekiq.service:4 (120 ours)"
        )
    );
    assert_eq!(
        followed(&[(unit, reload)], true),
        said("tstp, 120, term, 30, kill", "default")
    );
    assert_eq!(
        followed(&[(unit, endless)], false),
        said("term", "/etc/systemd/system/sidekiq.service:3")
    );
    assert_eq!(
        followed(&[(unit, "[Service]\nExecStart=sidekiq\n")], false),
        said("term, 90, kill", "the default of sidekiq.service")
    );
    assert_eq!(
        followed(&[manifest], false),
        Err("several processes have a stop sequence (worker, low): name one with --process".into())
    );
    let procfile = ("Procfile", "worker: bin/other\nlow: bundle exec sidekiq\n");
    assert_eq!(
        followed(&[manifest, procfile], false),
        said("term, 60, kill", ".cloud66/manifest.yml:5 (low)")
    );
}

/// The two situations that the product was conceived from.
#[test]
fn the_two_situations() {
    let messages = |files: &[(&str, &str)]| {
        let facts = gather(&read(files), &Chosen::default());
        check(&facts)
            .into_iter()
            .filter(|f| f.is_decided() && f.severity > Severity::Info)
            .map(|f| format!("{} {}", f.rule, f.message))
            .collect::<Vec<_>>()
    };
    let manifest = (
        ".cloud66/manifest.yml",
        "procfile_metadata:\n  worker:\n    stop_sequence: tstp, 120, term, 30, kill\n",
    );
    let procfile = (
        "Procfile",
        "web: puma\nworker: bundle exec sidekiq -C config/sidekiq.yml\n",
    );
    let yml = |text| [manifest, procfile, ("config/sidekiq.yml", text)];
    assert_eq!(messages(&yml(":timeout: 25\n")), Vec::<String>::new());
    assert_eq!(
        messages(&yml(":timeout: 60\n")),
        [
            "D01 The sequence kills 30 s after TERM, but Sidekiq uses up to 60 s (from config/sidekiq.yml:1). Jobs still running at 30 s are lost. Set at least 65 s."
        ]
    );
    let capistrano = [
        ("config/sidekiq.yml", ":timeout: 60\n"),
        ("config/deploy.rb", "set :sidekiq_timeout, 60\n"),
        ("Capfile", super::CAPFILE),
        (
            "Gemfile.lock",
            "GEM\n  specs:\n    capistrano-sidekiq (2.3.1)\n    sidekiq (7.3.9)\n",
        ),
        (
            "/etc/systemd/system/sidekiq.service",
            "[Service]\nType=notify\nExecStart=/usr/local/bin/bundle exec sidekiq -e production\nTimeoutStopSec=90\nRestart=always\n",
        ),
    ];
    let facts = gather(&read(&capistrano), &Chosen::default());
    assert_eq!(speaks(&facts, Severity::Info), ["D24", "D27", "D49"]);
}
