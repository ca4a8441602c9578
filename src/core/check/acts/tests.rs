//! Commands of real deploy scripts, hooks and units, each with what it does. Cases against
//! these slips: another form of a signal, a receiver not looked up, a wait not added.

use super::*;

/// The acts as short texts.
fn read(command: &str) -> Vec<String> {
    acts(command).iter().map(shown).collect()
}

fn shown(act: &ShellAct) -> String {
    match act {
        ShellAct::Sends { signal, to, .. } => match to {
            Receiver::Named(text) | Receiver::Container(text) => format!("{signal} to {text}"),
            Receiver::Unit {
                name,
                main_only: true,
            } => format!("{signal} to the main process of {name}"),
            Receiver::Unit { name, .. } => format!("{signal} to all of {name}"),
        },
        ShellAct::Waits(span) => format!("wait {}", span.as_secs_f64()),
        ShellAct::Runs(command) => format!("run {command}"),
        ShellAct::Sidekiqctl { stops_within, .. } => match stops_within {
            Some(span) => format!("sidekiqctl stops within {}", span.as_secs_f64()),
            None => "sidekiqctl quiets".into(),
        },
        ShellAct::Stops { within, to, .. } => {
            format!("stop {} within {}", to.text(), within.as_secs_f64())
        }
        ShellAct::StopsUnit(command) => format!("stop the unit: {command}"),
        ShellAct::ReloadsUnit(command) => format!("reload the unit: {command}"),
        ShellAct::Drains { .. } => "drain".into(),
    }
}

#[test]
fn what_runs_on_another_host_or_by_another_shell_is_looked_into() {
    for (command, expected) in [
        (
            "ssh -p 2222 shop \"sudo pkill -9 -f sidekiq\"",
            "KILL to sidekiq",
        ),
        (
            "su - baker -c 'kill -9 $(cat a.pid)'",
            "KILL to $(cat a.pid)",
        ),
        ("runuser -u baker -- sh -c 'kill -9 7'", "KILL to 7"),
        (
            "rbenv exec bundle exec sidekiqctl quiet a.pid",
            "sidekiqctl quiets",
        ),
        (
            "kubectl delete pod jobs-1 --grace-period=0 --force",
            "KILL to delete pod jobs-1 --grace-period=0 --force",
        ),
        (
            "kubectl delete pod jobs-1 --grace-period 5",
            "stop delete pod jobs-1 --grace-period 5 within 5",
        ),
    ] {
        assert_eq!(read(command), [expected], "{command}");
    }
    assert!(read("kubectl delete pod jobs-1").is_empty());
}

#[test]
fn every_form_of_a_signal_is_read() {
    let cases: [(&str, &[&str]); 24] = [
        ("/bin/kill -9 $MAINPID", &["KILL to $MAINPID"]),
        ("/bin/kill -s KILL $MAINPID", &["KILL to $MAINPID"]),
        ("/bin/kill -n 9 $MAINPID", &["KILL to $MAINPID"]),
        ("kill --signal SIGQUIT $MAINPID", &["QUIT to $MAINPID"]),
        ("kill -SIGUSR1 $MAINPID", &["USR1 to $MAINPID"]),
        ("kill $MAINPID", &["TERM to $MAINPID"]),
        ("-/bin/kill -TSTP $MAINPID", &["TSTP to $MAINPID"]),
        ("kill -0 $MAINPID", &[]),
        ("kill -l", &[]),
        ("pkill -QUIT -f sidekiq", &["QUIT to sidekiq"]),
        ("pkill -f sidekiq -9", &["KILL to sidekiq"]),
        (
            "pkill -u deploy --signal USR1 -f 'sidekiq 7'",
            &["USR1 to sidekiq 7"],
        ),
        ("pkill -f sidekiq > /dev/null 2>&1", &["TERM to sidekiq"]),
        ("killall -9 sidekiq", &["KILL to sidekiq"]),
        (
            "sudo -u deploy kill -USR1 $(cat a.pid) || :",
            &["USR1 to $(cat a.pid)"],
        ),
        (
            "pgrep -f sidekiq | xargs kill -TERM",
            &["TERM to pgrep -f sidekiq"],
        ),
        (
            "ps aux | grep sidekiq | awk '{print $2}' | xargs -r sudo kill -9",
            &["KILL to ps aux grep sidekiq awk {print $2}"],
        ),
        (
            "PID=$(cat tmp/pids/sidekiq.pid); kill -9 $PID",
            &["KILL to $(cat tmp/pids/sidekiq.pid)"],
        ),
        (
            "for p in $(pgrep -f sidekiq); do kill -KILL $p; done",
            &["run a loop", "KILL to $(pgrep -f sidekiq)"],
        ),
        (
            "systemctl kill -s TSTP sidekiq",
            &["TSTP to all of sidekiq"],
        ),
        (
            "sudo systemctl --user kill --kill-who=main --signal=USR1 sidekiq@1",
            &["USR1 to the main process of sidekiq@1"],
        ),
        (
            "docker kill -s QUIT sidekiq",
            &["QUIT to kill -s QUIT sidekiq"],
        ),
        (
            "docker compose kill sidekiq",
            &["KILL to compose kill sidekiq"],
        ),
        (
            "start-stop-daemon --stop --signal QUIT --pidfile /run/sidekiq.pid",
            &["QUIT to --stop --signal QUIT --pidfile /run/sidekiq.pid"],
        ),
    ];
    for (command, expected) in cases {
        assert_eq!(read(command), expected, "{command}");
    }
}

#[test]
fn waits_stops_and_what_is_not_known_stand_in_order() {
    let cases: [(&str, &[&str]); 24] = [
        ("sh -c 'kill -TSTP 1; sleep 30'", &["TSTP to 1", "wait 30"]),
        (
            "bash -lc \"kill -TERM $MAINPID && sleep 1m && kill -9 $MAINPID\"",
            &["TERM to $MAINPID", "wait 60", "KILL to $MAINPID"],
        ),
        ("N=20; sleep $N", &["wait 20"]),
        ("sleep $N", &["run sleep $N"]),
        ("bin/quiet-and-wait", &["run bin/quiet-and-wait"]),
        (
            "/bin/sh /usr/local/bin/stop.sh",
            &["run /bin/sh /usr/local/bin/stop.sh"],
        ),
        (
            "kill -TSTP 1; while pgrep -f sidekiq; do sleep 1; done",
            &["TSTP to 1", "run a loop"],
        ),
        (
            "for i in $(seq 1 30); do kill -0 7 || exit 0; sleep 2; done; kill -9 7",
            &["wait 60", "KILL to 7"],
        ),
        ("for i in {5..9}; do sleep 1; done", &["wait 5"]),
        (
            "for i in a b c; do sleep 1; done; sleep 1",
            &["wait 3", "wait 1"],
        ),
        ("for i in $LIST; do sleep 1; done", &["run a loop"]),
        (
            "for i in `seq 2`; do for j in 1 2; do sleep 1; done; done",
            &["run a loop"],
        ),
        (
            "/usr/local/bin/bundle exec sidekiqctl quiet x.pid",
            &["sidekiqctl quiets"],
        ),
        (
            "bundle exec sidekiqctl stop x.pid",
            &["sidekiqctl stops within 10"],
        ),
        ("sidekiqctl stop x.pid 60", &["sidekiqctl stops within 60"]),
        (
            "start-stop-daemon --stop --retry=QUIT/9/KILL/5 --pidfile x.pid",
            &["QUIT to --stop --retry=QUIT/9/KILL/5 --pidfile x.pid"],
        ),
        (
            "start-stop-daemon --stop --retry TERM/9/KILL/5 --pidfile x.pid",
            &["stop --stop --retry TERM/9/KILL/5 --pidfile x.pid within 9"],
        ),
        (
            "docker stop -t 5 sidekiq",
            &["stop stop -t 5 sidekiq within 5"],
        ),
        (
            "T=40; docker stop --time=$T sidekiq",
            &["stop stop --time=$T sidekiq within 40"],
        ),
        (
            "docker stop --time=$UNKNOWN sidekiq",
            &["stop the unit: docker stop --time=$UNKNOWN sidekiq"],
        ),
        (
            "sudo systemctl restart sidekiq",
            &["stop the unit: systemctl restart sidekiq"],
        ),
        (
            "systemctl reload sidekiq",
            &["reload the unit: systemctl reload sidekiq"],
        ),
        ("/usr/bin/drainboard drain --yes", &["drain"]),
        ("echo stop; true", &[]),
    ];
    for (command, expected) in cases {
        assert_eq!(read(command), expected, "{command}");
    }
}

#[test]
fn the_receiver_decides_whether_it_is_a_sidekiq() {
    let receiver = |text: &str| Receiver::Named(text.into());
    for (text, about, expected) in [
        ("sidekiq", false, true),
        ("$(cat /run/shop-jobs.pid)", true, true),
        ("$(cat /run/shop-jobs.pid)", false, false),
        ("$(cat tmp/pids/puma.pid)", true, false),
        ("ruby", false, true),
        ("ruby_server", false, false),
    ] {
        assert_eq!(receiver(text).is_sidekiq(about), expected, "{text}");
    }
    assert!(receiver("1").is_first_of_container() && !receiver("12").is_first_of_container());
}

proptest::proptest! {
    #[test]
    fn no_command_makes_it_panic(command in "(kill|pkill|sudo|docker|systemctl|sh -c|sleep|xargs|timeout|ssh|for|do|env| |-s|-9|'|\"|[$]|;|[|]|=|x|[(]|[)]){0,14}") {
        let _ = acts(&command);
    }
}
