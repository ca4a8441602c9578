//! Lists of commands in their forms: what is a command of a stop in them, and what is none.

use super::read;

/// The commands that are read of `text`.
pub(super) fn commands(file: &str, text: &str) -> Vec<String> {
    let reading = read(file, text);
    let texts = reading
        .values
        .iter()
        .filter_map(|found| found.value.as_text());
    texts.map(str::to_owned).collect()
}

const STOP: &str = "pkill -TERM -f sidekiq";

#[test]
fn what_stands_behind_a_stop_and_runs_nothing_is_no_command() {
    let cases = [
        // A line at the margin of a Makefile, and a comment in a recipe.
        (
            "Makefile",
            format!("stop:\n\t{STOP}\n\t# ./wait\nWAIT = ./wait\n"),
        ),
        (
            "justfile",
            format!("stop:\n    {STOP}\n\nwait := './wait'\n"),
        ),
        // The key of a list.
        (
            "azure-pipelines.yml",
            format!("steps:\n- script: {STOP}\n- steps:\n"),
        ),
        // A stop that is a comment is none.
        (
            "Makefile",
            format!("stop:\n\t# pkill -KILL -f sidekiq\n\t./wait\n\t{STOP}\n"),
        ),
    ];
    for (file, text) in cases {
        assert_eq!(commands(file, &text), [STOP], "{text}");
    }
}

#[test]
fn a_pause_takes_its_seconds_from_its_own_step() {
    let text =
        format!("- command: {STOP}\n- pause:\n    prompt: ready\n- other:\n    seconds: 30\n");
    assert_eq!(commands("tasks/a.yml", &text), [STOP, "pause"]);
}

#[test]
fn a_sleep_and_a_command_whose_failure_does_not_matter_are_commands() {
    let text = format!("  steps {{\n    sh '{STOP}'\n    sleep 30\n  }}\n");
    assert_eq!(commands("Jenkinsfile", &text), [STOP, "sleep 30"]);
    let text = format!("stop:\n\t-{STOP}\n\t-./wait\n");
    assert_eq!(commands("Makefile", &text), [STOP, "./wait"]);
}

#[test]
fn a_container_with_a_sidekiq_is_stopped_by_its_name() {
    let text = "start:\n\tdocker run --name jobs -d shop sidekiq\nstop:\n\tdocker stop -t 5 jobs\n\
                other:\n\tdocker stop -t 5 web\n";
    let found = commands("Makefile", text);
    assert!(found.contains(&"docker stop -t 5 jobs".into()), "{found:?}");
    assert!(!found.iter().any(|one| one.ends_with("web")), "{found:?}");
}

#[test]
fn a_step_of_ansible_knows_what_an_older_one_registered_and_no_more() {
    let looks = "- shell: pgrep -f sidekiq\n";
    // The step that registers is another one than the step that looks.
    let other = format!(
        "{looks}- shell: pgrep -f puma\n  register: pids\n- shell: kill -9 {{{{ pids.stdout }}}}\n"
    );
    assert_eq!(commands("tasks/a.yml", &other), [] as [&str; 0]);
    let own = format!("{looks}  register: pids\n- shell: kill -9 {{{{ pids.stdout }}}}\n");
    let filled = "kill -9 $(pgrep -f sidekiq)";
    assert_eq!(commands("tasks/a.yml", &own), [filled]);
    // What `item` was in an older step it is not in a later one.
    let items = format!(
        "{looks}  register: pids\n- shell: kill -9 {{{{ item }}}}\n  loop: \"{{{{ pids.stdout_lines }}}}\"\n\
         - shell: kill -9 {{{{ item }}}}\n  with_sequence: count=3\n"
    );
    let expected = ["kill -9 $($(pgrep -f sidekiq))", "kill -9 {{ item }}"];
    assert_eq!(commands("tasks/a.yml", &items), expected);
}

#[test]
fn a_variable_whose_name_speaks_of_tests_is_no_target() {
    let text = "TEST_STOP:=pkill -9 -f sidekiq\nstop:\n\t$(TEST_STOP)\n";
    let found = commands("Makefile", text);
    assert!(found.contains(&"pkill -9 -f sidekiq".into()), "{found:?}");
}
