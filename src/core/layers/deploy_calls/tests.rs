//! Cases against these slips: an option taken for a word, a task not left, a symbol
//! with its colon.

use super::*;

fn shown(text: &str) -> Vec<String> {
    calls(text)
        .iter()
        .map(|call| format!("{} {}: {}", call.line, call.task, call.command))
        .collect()
}

#[test]
fn commands_are_read_as_a_shell_gets_them() {
    let cases: [(&str, &[&str]); 29] = [
        ("text = <<~SH\n  pkill -9 -f sidekiq\nSH", &[]),
        ("puts \"a \\\" sleep 5\"", &[]),
        ("logger.test \"kill -9 1\"", &[]),
        ("execute \"kill\", pids(a, b)", &["1 : kill pids(a, b)"]),
        ("execute \"kill -9 1, 2\"", &["1 : kill -9 1, 2"]),
        ("execute \"kill -9 1\", :raise => false", &["1 : kill -9 1"]),
        (
            "Process.kill 9, Sidekiq::PID",
            &["1 : kill -9 Sidekiq::PID"],
        ),
        (
            "execute \"kill -9 \\\"$PID\\\"\"",
            &["1 : kill -9 \"$PID\""],
        ),
        ("execute [\"kill\", \"-9\", \"1\"]", &["1 : kill -9 1"]),
        (
            "while up?\n  execute \"kill -9 1\"\nend",
            &["2 : kill -9 1"],
        ),
        (
            "execute \"kill -USR1 $(cat /run/a.pid) || :\"",
            &["1 : kill -USR1 $(cat /run/a.pid) || :"],
        ),
        (
            "execute :pkill, \"-QUIT -f sidekiq\", raise_on_non_zero_exit: false",
            &["1 : pkill -QUIT -f sidekiq"],
        ),
        (
            "x.each { |unit| execute :sudo, \"systemctl\", \"kill\", \"-s\", \"TSTP\", unit, raise_on_non_zero_exit: false }",
            &["1 : sudo systemctl kill -s TSTP unit"],
        ),
        (
            "task(:stop) { on(roles(:app)) { execute \"pgrep -f sidekiq | xargs kill -TERM\" } }",
            &["1 stop: pgrep -f sidekiq | xargs kill -TERM"],
        ),
        (
            "execute(:kill, '-9', '`cat x.pid`') if test(\"[ -f x.pid ]\")",
            &["1 : kill -9 `cat x.pid`"],
        ),
        ("run \"kill -9 #{pid}\"", &["1 : kill -9 #{pid}"]),
        (
            "Process.kill(:QUIT, File.read('a.pid').to_i)",
            &["1 : kill -QUIT File.read('a.pid').to_i"],
        ),
        ("Process.kill 9, pid", &["1 : kill -9 pid"]),
        ("sleep 30", &["1 : sleep 30"]),
        ("`pkill -9 -f sidekiq`", &["1 : pkill -9 -f sidekiq"]),
        ("execute :echo, 'hello'", &[]),
        (
            "execute :bundle, :exec, :sidekiq, '-d', '-t 50'",
            &["1 : bundle exec sidekiq -d -t 50"],
        ),
        (
            "command %[kill -9 `cat #{fetch(:shared)}/sidekiq.pid`]",
            &["1 : kill -9 `cat #{fetch(:shared)}/sidekiq.pid`"],
        ),
        ("comment %{Stop sidekiq by kill -9}", &[]),
        ("execute :sudo, :start, :sidekiq", &[]),
        ("execute :rake, 'sidekiq:start'", &[]),
        ("# execute \"kill -9 1\"", &[]),
        (
            "execute <<~SH\n  pkill -TERM -f sidekiq\n  sleep 10\nSH\nexecute \"sleep 1\"",
            &["1 : pkill -TERM -f sidekiq\nsleep 10\n", "5 : sleep 1"],
        ),
        (
            "execute :sudo,\n  :systemctl, :stop, 'sidekiq'",
            &["1 : sudo systemctl stop sidekiq"],
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(shown(text), expected, "{text}");
    }
}

#[test]
fn a_command_belongs_to_the_task_around_it() {
    let text = "namespace :sidekiq do\n  task :quiet do\n    on roles(:app) do\n      execute \"kill -TSTP 7\"\n    end\n  end\n  task stop: :quiet do\n    execute \"kill -9 7\"\n  end\nend\ntask :other do\n  execute \"kill -9 8\"\nend\n";
    assert_eq!(
        shown(text),
        [
            "4 sidekiq:quiet: kill -TSTP 7",
            "8 sidekiq:stop: kill -9 7",
            "12 other: kill -9 8"
        ]
    );
}

#[test]
fn what_a_task_runs_behind_a_stop_goes_by_before_its_next_signal() {
    for (text, expected) in [
        ("execute \"./wait\"", "4 stop: ./wait"),
        ("execute :rake, 'jobs:wait'", "4 stop: rake jobs:wait"),
        ("wait_for_jobs(pid)", "4 stop: wait_for_jobs"),
        ("wait_for_jobs pid, 30", "4 stop: wait_for_jobs"),
        ("wait_until_quiet!", "4 stop: wait_until_quiet"),
        ("invoke 'sidekiq:wait'", "4 stop: invoke"),
        ("Rake::Task['sidekiq:wait'].invoke", "4 stop: Rake::Task"),
        ("info 'waiting'", ""),
        ("count = 3", ""),
        ("on roles(:app) do", ""),
        ("if alive?(pid)", ""),
        ("pid.to_i", ""),
        ("(wait)", ""),
        ("# wait_for_jobs", ""),
    ] {
        let text = format!(
            "task :stop do\n  execute \"./prepare\"\n  execute \"pkill -TERM -f sidekiq\"\n  {text}\n  end\nend\ntask :other do\n  execute \"./wait\"\nend\n"
        );
        let expected: Vec<&str> = ["3 stop: pkill -TERM -f sidekiq", expected]
            .into_iter()
            .filter(|line| !line.is_empty())
            .collect();
        assert_eq!(shown(&text), expected, "{text}");
    }
}

#[test]
fn a_pause_in_a_loop_is_repeated() {
    for (text, expected) in [
        ("sleep 1 while alive?(pid)", "while :; do sleep 1; done"),
        (
            "30.times { sleep 1 }",
            "for i in $(seq 30); do sleep 1; done",
        ),
        (
            "30.times do\n  sleep 1\nend",
            "for i in $(seq 30); do sleep 1; done",
        ),
        (
            "(1..20).each do |i|\n  sleep 1\nend",
            "for i in $(seq 20); do sleep 1; done",
        ),
        ("until gone?\n  sleep 1\nend", "while :; do sleep 1; done"),
        ("loop do\n  sleep 1\nend", "while :; do sleep 1; done"),
        (
            "2.times do\n  3.times do\n    sleep 1\n  end\nend",
            "while :; do sleep 1; done",
        ),
        ("until gone?\n  check\nend\nsleep 1", "sleep 1"),
    ] {
        let found: Vec<String> = calls(text).into_iter().map(|call| call.command).collect();
        assert_eq!(found, [expected], "{text}");
    }
}

#[test]
fn a_variable_stands_for_what_it_was_given() {
    for (text, expected) in [
        (
            "pid = capture(\"pgrep -f sidekiq\")\nexecute \"kill -9 #{pid}\"",
            "2 : kill -9 $(pgrep -f sidekiq)",
        ),
        (
            "jobs = 'shop-sidekiq.service'\nexecute :sudo, :systemctl, :kill, '-s', :KILL, jobs",
            "2 : sudo systemctl kill -s KILL $('shop-sidekiq.service')",
        ),
        (
            "pid = capture(\"pgrep -f puma\")\nexecute \"kill -9 #{pid}\"",
            "2 : kill -9 #{pid}",
        ),
    ] {
        assert_eq!(shown(text), [expected], "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(execute|run|`|sleep|task|namespace|do|end|Process[.]kill|:a|\"|'|[(]|[)]|[{]|[}]|,|<<~X|\n| |é|\\\\|=>|b:){0,30}") {
        let _ = calls(&text);
    }
}
