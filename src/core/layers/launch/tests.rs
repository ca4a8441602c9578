//! Which words start a Sidekiq, and whether a shell stays in front of it: the table, held against
//! the real bash and dash of this host.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::super::command_line::{CommandLine, Wrapper, is_named_sidekiq, is_unknown_script};

/// A form of a command, and whether the shell stays in front of it: bash with `-c`, dash with
/// `-c`, either of them as a script.
const FORMS: &[(&str, [bool; 3])] = &[
    ("sidekiq 60", [false, true, true]),
    ("exec sidekiq 60", [false, false, false]),
    ("cd /tmp && sidekiq 60", [false, true, true]),
    ("cd /tmp && exec sidekiq 60", [false, false, false]),
    ("true; sidekiq 60", [false, true, true]),
    ("false || sidekiq 60", [false, true, true]),
    ("X=1 sidekiq 60", [false, true, true]),
    ("X=1 exec sidekiq 60", [false, false, false]),
    ("set -e; sidekiq 60", [false, true, true]),
    ("export X=1; sidekiq 60", [false, true, true]),
    ("sidekiq 60 > /dev/null 2>&1", [true, true, true]),
    ("exec sidekiq 60 > /dev/null 2>&1", [false, false, false]),
    ("sidekiq 60 2>&1 | cat", [true, true, true]),
    ("exec sidekiq 60 | cat", [true, true, true]),
    ("sidekiq 60; true", [true, true, true]),
    ("sidekiq 60 && true", [true, true, true]),
    ("sidekiq 60 || true", [true, true, true]),
    ("sidekiq 60 & wait", [true, true, true]),
    ("(sidekiq 60)", [true, true, true]),
    ("{ sidekiq 60; }", [true, true, true]),
    ("if true; then sidekiq 60; fi", [true, true, true]),
    ("while true; do sidekiq 60; done", [true, true, true]),
    ("trap 'true' TERM; sidekiq 60", [true, true, true]),
    ("trap 'true' TERM; exec sidekiq 60", [false, false, false]),
    ("! sidekiq 60", [true, true, true]),
];

/// Whether a reading says that the shell stays.
fn stays(text: &str) -> Option<bool> {
    let line = CommandLine::read(text)?;
    Some(matches!(line.wrapper, Wrapper::Shell | Wrapper::ShellStays))
}

/// Whether the shell stays in front of the program, as the processes show it.
#[expect(
    clippy::disallowed_methods,
    reason = "a test waits up to a deadline, and ends the group that it started itself"
)]
fn really_stays(folder: &Path, shell: &[&str]) -> bool {
    let path = format!("{}:/usr/bin:/bin", folder.display());
    let mut child = Command::new(shell[0])
        .args(&shell[1..])
        .env("PATH", path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap();
    let group = child.id();
    let deadline = Instant::now() + Duration::from_secs(60);
    let stays = loop {
        match sidekiq_of(group) {
            Some(pid) => break pid != group,
            None if Instant::now() > deadline => panic!("{shell:?} starts nothing"),
            None => std::thread::yield_now(),
        }
    };
    let group = rustix::process::Pid::from_raw(group.cast_signed()).unwrap();
    rustix::process::kill_process_group(group, rustix::process::Signal::KILL).unwrap();
    child.wait().unwrap();
    stays
}

/// The process called `sidekiq` of a group.
fn sidekiq_of(group: u32) -> Option<u32> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let mut pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.find(|pid| {
        let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else {
            return false;
        };
        let Some((before, after)) = stat.rsplit_once(')') else {
            return false;
        };
        let of_group = after.split_whitespace().nth(2) == Some(&group.to_string());
        of_group
            && before
                .split_once('(')
                .is_some_and(|(_, name)| name == "sidekiq")
    })
}

#[test]
fn real_shells_stay_in_front_as_the_table_says() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::copy("/bin/sleep", folder.join("sidekiq")).unwrap();
    let mut wrong = String::new();
    for (form, expected) in FORMS {
        let script = folder.join("start.sh");
        fs::write(&script, format!("{form}\n")).unwrap();
        let script = script.to_str().unwrap();
        let quoted = format!("\"{form}\"");
        let readings = [
            stays(&format!("bash -c {quoted}")),
            stays(&format!("dash -c {quoted}")),
            stays(&format!("start.sh {{ {form} }}")),
        ];
        let real = [
            really_stays(folder, &["bash", "-c", form]),
            really_stays(folder, &["dash", "-c", form]),
            really_stays(folder, &["bash", script]),
        ];
        let is_right = real == *expected && readings == expected.map(Some);
        if !is_right {
            writeln!(
                wrong,
                "{form}: {expected:?}, really {real:?}, read {readings:?}"
            )
            .unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn an_init_process_that_hands_signals_on_makes_up_for_the_shell() {
    let wrapper = |text: &str| CommandLine::read(text).unwrap().wrapper;
    assert_eq!(wrapper("dumb-init sh -c 'sidekiq -t 9'"), Wrapper::None);
    assert_eq!(wrapper("tini -g -- sh -c 'sidekiq -t 9'"), Wrapper::None);
    assert_eq!(wrapper("tini -- sh -c 'sidekiq -t 9'"), Wrapper::Shell);
    assert_eq!(wrapper("dumb-init -c sh -c 'sidekiq'"), Wrapper::Shell);
}

#[test]
fn only_what_a_shell_would_run_is_a_sidekiq() {
    for text in [
        "pgrep -f sidekiq",
        "sh -c 'while sleep 5; do pgrep -f sidekiq; done'",
        "tail -F /log/sidekiq",
        "systemctl restart sidekiq",
        "docker logs sidekiq",
        "cd /srv/sidekiq && bundle exec puma",
        "bundle exec rspec spec/sidekiq",
        "bundle show sidekiq",
        "sidekiq --version",
        "docker run --name sidekiq bakery bin/rails server",
        "bundle exec rake sidekiq:stop",
        "script/stop-sidekiq.sh",
        "script/watch-sidekiq.sh",
        "bin/sidekiq-rotate",
        "sidekiq-exporter --port 9",
        "rm -f tmp/pids/sidekiq",
        "kill $(pidof sidekiq)",
        "sudo start sidekiq index=0",
        "sudo -n restart sidekiq",
        "/etc/init.d/sidekiq restart",
    ] {
        assert_eq!(CommandLine::read(text), None, "{text}");
    }
    for (text, opaque) in [
        ("bundle exec sidekiq", None),
        ("RAILS_ENV=production nice -n 5 bundle exec sidekiq", None),
        ("test -f x && bundle exec sidekiq", None),
        (
            "/app/script/start-sidekiq.sh",
            Some("/app/script/start-sidekiq.sh"),
        ),
        ("bash ./bin/sidekiq-worker", Some("./bin/sidekiq-worker")),
        ("bundle exec rake sidekiq:worker", Some("sidekiq:worker")),
        (
            "sh -c 'exec bin/run-sidekiq.sh'",
            Some("bin/run-sidekiq.sh"),
        ),
    ] {
        let line = CommandLine::read(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(line.opaque.as_deref(), opaque, "{text}");
    }
}

#[test]
fn names_tell_where_commands_do_not() {
    for name in [
        "sidekiq",
        "shop-sidekiq",
        "sidekiq_low",
        "sidekiq@1.service",
    ] {
        assert!(is_named_sidekiq(name), "{name}");
    }
    for name in [
        "sidekiq-exporter",
        "sidekiq-web",
        "sidekiq-watch",
        "sidekiq_watcher",
        "rotate-sidekiq-logs",
        "sidekiq-rotate",
        "worker",
        "sidekiq.log",
    ] {
        assert!(!is_named_sidekiq(name), "{name}");
    }
    assert!(is_unknown_script("/app/docker/start.sh"));
    assert!(!is_unknown_script("bin/rails server"));
}
