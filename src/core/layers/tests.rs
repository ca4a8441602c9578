//! The labelled inputs of every reader, one file each under `tests/cases/layers`, and the law
//! that no text makes a reader panic.

use std::fmt::Write as _;
use std::path::Path;

use proptest::prelude::*;

use super::command_line::{CommandLine, Wrapper};
use super::{Layer, Reading, TOOLS, Text, Weight, read_together, unit};

/// What was found, one thing a line.
fn shown(reading: &Reading) -> String {
    let mut text = String::new();
    for located in &reading.values {
        let scope = located.scope.as_ref().map(|s| format!(" [{s}]"));
        let line = located
            .from
            .line
            .map_or("-".into(), |line| line.to_string());
        writeln!(
            text,
            "{line}: {} {}{} = {}",
            located.layer.word(),
            located.setting,
            scope.unwrap_or_default(),
            located.value
        )
        .unwrap();
    }
    for remark in &reading.remarks {
        let line = remark.from.line.map_or("-".into(), |line| line.to_string());
        let weight = match remark.weight {
            Weight::Note => "note",
            Weight::Problem => "problem",
            Weight::NotRead => "not read",
        };
        writeln!(text, "{line}: {weight}: {}", remark.text).unwrap();
    }
    text
}

/// Every case: its first line names the file that it stands for, then the text, then after a
/// line `====` what is to be found.
#[test]
fn labelled_inputs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/layers");
    let mut wrong = String::new();
    let mut count = 0;
    let mut names: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    names.sort();
    for path in names {
        let case = std::fs::read_to_string(&path).unwrap();
        let (file, rest) = case.split_once('\n').unwrap();
        let (text, expected) = rest.split_once("====\n").unwrap();
        let layer = Layer::of(file, text).unwrap_or_else(|| panic!("{file}: no reader"));
        let found = shown(&layer.read(file, text));
        count += 1;
        if found != expected {
            write!(
                wrong,
                "#### {}\n{found}",
                path.file_name().unwrap().display()
            )
            .unwrap();
        }
    }
    assert!(wrong.is_empty(), "these differ:\n{wrong}");
    assert!(count >= 60, "only {count} cases were found");
}

#[test]
fn command_lines() {
    let read = |command: &str| {
        let line = CommandLine::read(command)?;
        let timeout = line
            .timeout
            .map_or("none".to_string(), |value| value.to_string());
        Some((timeout, line.wrapper))
    };
    let cases: &[(&str, &str, Wrapper)] = &[
        ("bundle exec sidekiq -t 60", "60 s", Wrapper::None),
        ("bundle exec sidekiq -t60", "60 s", Wrapper::None),
        ("sidekiq --timeout 60", "60 s", Wrapper::None),
        ("sidekiq --timeout=60 -c 5", "60 s", Wrapper::None),
        ("sidekiq --time=60 --con 3", "60 s", Wrapper::None),
        ("sidekiq --t=60", "none", Wrapper::None),
        ("sidekiq -t 010", "8 s", Wrapper::None),
        ("sidekiq -t 0x3c", "60 s", Wrapper::None),
        ("sidekiq -t=60", "`=60`, unusable", Wrapper::None),
        ("sidekiq -t 30 -t 45", "45 s", Wrapper::None),
        ("sidekiq -t 2.5", "`2.5`, unusable", Wrapper::None),
        ("sidekiq -t 3s", "`3s`, unusable", Wrapper::None),
        ("sidekiq -t 0", "`0`, unusable", Wrapper::None),
        ("sidekiq -t", "(empty)", Wrapper::None),
        ("sidekiq -t ${T:-40}", "40 s unless T is set", Wrapper::None),
        ("sidekiq -t $T", "`$T`, not evaluated", Wrapper::None),
        (
            "sidekiq <%= args %>",
            "`<%= args %>`, not evaluated",
            Wrapper::None,
        ),
        (
            "sidekiq {{ args }}",
            "`{{ args }}`, not evaluated",
            Wrapper::None,
        ),
        ("sidekiq {{ args }} -t 9", "9 s", Wrapper::None),
        ("sidekiq -t 9 {{ args }}", "9 s", Wrapper::None),
        ("sidekiq -t 9 ${ARGS:--e live -t 60}", "9 s", Wrapper::None),
        (
            "sidekiq -C config/sidekiq.yml $ARGS",
            "`$ARGS`, not evaluated",
            Wrapper::None,
        ),
        (
            "sidekiq -C config/sidekiq.yml -e live $ARGS",
            "`$ARGS`, not evaluated",
            Wrapper::None,
        ),
        ("sidekiq -C {{ file }} -e {{ name }}", "none", Wrapper::None),
        ("sidekiq -t 9 > log -t 3", "9 s", Wrapper::None),
        ("sidekiq ${ARGS} -t 9", "9 s", Wrapper::None),
        ("sidekiq ${ARGS:-}", "none", Wrapper::None),
        ("sidekiq $$ARGS", "`$ARGS`, not evaluated", Wrapper::None),
        ("sidekiq -c {{ threads }}", "none", Wrapper::None),
        (
            "sidekiq ${ARGS:--e production -t 60}",
            "`${ARGS:--e`, not evaluated",
            Wrapper::None,
        ),
        ("foreman start -t 5 sidekiq", "none", Wrapper::None),
        ("sidekiqswarm -t 30", "30 s", Wrapper::None),
        ("sidekiq -e production; echo -t 3", "none", Wrapper::None),
        ("sh -c 'bundle exec sidekiq -t 60'", "60 s", Wrapper::Shell),
        (
            "/bin/bash -lc 'exec bundle exec sidekiq -t 60'",
            "60 s",
            Wrapper::None,
        ),
        (
            "/bin/sh -c 'cd /app && exec sidekiq -t 9'",
            "9 s",
            Wrapper::None,
        ),
        (
            "<%= bundle %> exec sidekiq -t <%= t %>",
            "`<%= t %>`, not evaluated",
            Wrapper::Unknown,
        ),
    ];
    for (command, timeout, wrapper) in cases {
        assert_eq!(
            read(command),
            Some(((*timeout).to_string(), *wrapper)),
            "{command}"
        );
    }
}

#[test]
fn other_commands_and_other_flags() {
    for command in [
        "foreman start -t 5",
        "bundle exec puma -t 5:5",
        "sidekiqctl stop",
        "",
    ] {
        assert_eq!(CommandLine::read(command), None, "{command}");
    }
    let line = CommandLine::read("RAILS_ENV=staging sidekiq -C config/low.yml").unwrap();
    assert_eq!(line.environment.as_deref(), Some("staging"));
    assert_eq!(line.config.as_deref(), Some("config/low.yml"));
}

fn read_by_all(text: &str) {
    for tool in &TOOLS {
        let _reading = tool.layer.read("x.service", text);
    }
    let _command = CommandLine::read(text);
}

#[test]
fn usual_paths_have_their_reader() {
    let cases = [
        (".cloud66/manifest.yml", "production:", Some(Layer::Cloud66)),
        ("config/sidekiq.yml.erb", "", Some(Layer::SidekiqYml)),
        ("config/deploy.yml", "servers:\n", Some(Layer::Kamal)),
        ("docker-compose.prod.yml", "", Some(Layer::Compose)),
        (
            "k8s/worker.yaml",
            "apiVersion: apps/v1\nkind: Deployment",
            Some(Layer::Kubernetes),
        ),
        ("config/deploy/production.rb", "", Some(Layer::Capistrano)),
        (
            "config/initializers/sidekiq.rb",
            "Sidekiq[:timeout]",
            Some(Layer::Initializer),
        ),
        (
            "app/jobs/report_job.rb",
            "include Sidekiq::Job",
            Some(Layer::JobClass),
        ),
        ("worker.conf", "[program:sidekiq]", Some(Layer::Supervisord)),
        (
            "/etc/init/sidekiq.conf",
            "start on runlevel",
            Some(Layer::Upstart),
        ),
        ("README.md", "", None),
    ];
    for (path, text, layer) in cases {
        assert_eq!(Layer::of(path, text), layer, "{path}");
    }
    assert_eq!(
        unit("a/sidekiq@.service.d/x.conf"),
        Some("sidekiq@.service")
    );
    assert_eq!(
        unit("a/sidekiq.service.capistrano.erb"),
        Some("sidekiq.service")
    );
    assert_eq!(unit("a/x.service.bak"), None);
}

proptest! {
    #[test]
    fn no_text_makes_a_reader_panic(text in ".*") {
        read_by_all(&text);
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        read_by_all(&String::from_utf8_lossy(&bytes));
    }

    /// Pieces of real files, in any order: nearer to what a reader looks for.
    #[test]
    fn no_mixture_makes_a_reader_panic(
        pieces in proptest::collection::vec(
            prop_oneof![
                Just(":timeout: "), Just("production:\n"), Just("  "), Just("\n"), Just("<%= "), Just(" %>"), Just("ENV[\"X\"]"),
                Just("procfile_metadata:\n"), Just("worker:\n"), Just("stop_sequence: "), Just("tstp, 120, term"), Just("services:\n"),
                Just("[Service]\n"), Just("TimeoutStopSec="), Just("ExecStart="), Just("sidekiq -t "), Just("60"), Just("1min 30s"), Just("\\\n"),
                Just("config[:timeout] = "), Just("Sidekiq.configure_client do |c|\n"), Just("end\n"), Just("{ "), Just("}"), Just("set :sidekiq_timeout, "),
                Just("systemctl kill -s TSTP "), Just("task \"x\" {\n"), Just("kill_timeout = "), Just("spec:\n"), Just("containers:\n"), Just("- name: x\n"),
                Just("rescue Sidekiq::Shutdown\n"), Just("perform_async"), Just("é\u{1b}[2J"), Just("\t"), Just("'"), Just("\""), Just("argv[]="), Just("LoadState="),
                Just("\n\n"), Just("#{"), Just("&a "), Just("*a"), Just("[program:x]\n"), Just("kill timeout "), Just("${X:-"), Just("servers:\n"), Just("cmd: "),
            ],
            0..40,
        )
    ) {
        read_by_all(&pieces.concat());
    }
}

#[test]
fn a_reset_takes_back_the_commands_of_its_own_unit_alone() {
    let whole = "[Service]\nExecStart=/usr/bin/sidekiq\nExecStop=/bin/kill -9 $MAINPID\n";
    let kept = |other: &str| {
        let text = |path, text| Text {
            layer: Layer::Systemd,
            path,
            text,
        };
        let reading = read_together(&[
            text("deploy/sidekiq.service", whole),
            text(other, "[Service]\nExecStop=\n"),
        ]);
        let mut values = reading.values.iter();
        values.any(|located| located.setting == "ExecStop")
    };
    assert!(!kept("deploy/sidekiq.service.d/short.conf"));
    assert!(kept("dist/sidekiq.service"), "another unit of that name");
    assert!(kept("deploy/mail.service.d/short.conf"), "another unit");
}

#[test]
fn a_reset_of_another_setting_leaves_the_flags_of_the_command() {
    let unit = "[Service]\nExecStart=/usr/bin/sidekiq \\\n; it waits\n  -t 60\nExecStop=\n";
    let reading = read_together(&[Text {
        layer: Layer::Systemd,
        path: "deploy/sidekiq.service",
        text: unit,
    }]);
    let mut values = reading.values.iter();
    let flag = values.find(|located| located.layer == Layer::CommandLine);
    assert_eq!(flag.unwrap().value.to_string(), "60 s");
}
