//! Cases against these slips: a wait not added, a TERM not counted from, another
//! program's signal taken for Sidekiq's.

use super::*;
use crate::core::layers::{Layer, Value};

fn command(runner: Runner, lines: &[&str]) -> StopCommand {
    let located: Vec<LocatedSetting> = lines
        .iter()
        .enumerate()
        .map(|(index, text)| LocatedSetting {
            layer: Layer::Systemd,
            setting: "ExecStop",
            scope: None,
            value: Value::text(text),
            from: FilePlace::new("f", index + 1),
        })
        .collect();
    StopCommand::new(runner, &located)
}

fn shown(runner: Runner, lines: &[&str], version: &str) -> Vec<String> {
    let command = command(runner, lines);
    let seconds = |span: Option<Duration>| {
        span.map_or_else(|| "?".into(), |span| span.as_secs_f64().to_string())
    };
    command
        .signals(Version::parse(version))
        .iter()
        .map(|sent| {
            let after = match sent.after_term {
                AfterTerm::NoTerm => String::new(),
                AfterTerm::Known(span) => format!(" +{}", span.as_secs_f64()),
                AfterTerm::Unknown => " +?".into(),
            };
            format!("{}@{}{after}", sent.signal, seconds(sent.at))
        })
        .collect()
}

#[test]
fn a_command_is_a_time_line() {
    let unit = || Runner::ExecStop("s.service".into());
    let cases: [(&[&str], &str, &[&str]); 7] = [
        (&["/bin/kill -9 $MAINPID"], "7.3.9", &["KILL@0"]),
        (
            &["/bin/kill -TSTP $MAINPID", "/bin/sleep 60"],
            "7.3.9",
            &["TSTP@0"],
        ),
        (
            &["sh -c 'kill -TERM $MAINPID; sleep 10; kill -9 $MAINPID'"],
            "7.3.9",
            &["TERM@0", "KILL@10 +10"],
        ),
        (
            &["bin/wait", "kill $MAINPID", "bin/wait", "kill -9 $MAINPID"],
            "7.3.9",
            &["TERM@?", "KILL@? +?"],
        ),
        (
            &["sidekiqctl stop x.pid 20"],
            "5.2.9",
            &["TERM@0", "KILL@20 +20"],
        ),
        (&["sidekiqctl stop x.pid 20"], "6.5.0", &[]),
        (&["kill -9 $(cat tmp/pids/puma.pid)"], "7.3.9", &[]),
    ];
    for (lines, version, expected) in cases {
        assert_eq!(shown(unit(), lines, version), expected, "{lines:?}");
    }
}

#[test]
fn a_task_concerns_sidekiq_by_its_name_or_by_what_it_signals() {
    let task = |name: &str| Runner::Task(Some(name.into()));
    for (runner, line, expected) in [
        (task("sidekiq:quiet"), "kill -USR1 $(cat shop.pid)", true),
        (task("restart_jobs"), "pkill -QUIT -f sidekiq", true),
        (task("puma:stop"), "kill -USR1 $(cat shop.pid)", false),
        (Runner::Task(None), "systemctl kill -s TSTP unit", true),
        (Runner::Task(None), "systemctl restart nginx", false),
    ] {
        let command = command(runner, &[line]);
        assert_eq!(command.concerns_sidekiq(), expected, "{line}");
    }
}

#[test]
fn the_length_is_known_or_the_command_named() {
    let hook = || Runner::PreStop("jobs".into());
    let known = command(hook(), &["sh -c 'kill -TSTP 1; sleep 30'"]);
    assert_eq!(known.length(), Ok(Duration::from_secs(30)));
    let unknown = command(hook(), &["bin/quiet-and-wait"]);
    assert_eq!(unknown.length(), Err("bin/quiet-and-wait"));
}

#[test]
fn a_hook_that_leaves_the_stop_to_a_service_manager_sends_term_at_once() {
    let hook = |lines: &[&str]| command(Runner::PreStop("jobs".into()), lines);
    let stopped = hook(&["sleep 4", "supervisorctl stop sidekiq"]);
    assert_eq!(stopped.before_term(), Ok(Duration::from_secs(4)));
    assert_eq!(stopped.length(), Err("supervisorctl stop sidekiq"));
    assert_eq!(hook(&["bin/quiet"]).before_term(), Err("bin/quiet"));
}
