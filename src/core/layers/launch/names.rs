//! Which words name a program that is run, a script or a task that starts a Sidekiq, or only a
//! name: tables of programs, and the questions to them.

use super::super::paths::file_name;
use super::is_option;

/// Programs whose arguments are not run: what stands behind them is only named.
const NAMES_ONLY: &[&str] = &[
    "[",
    "bluepill",
    "cap",
    "cat",
    "cd",
    "chmod",
    "chown",
    "cp",
    "curl",
    "dig",
    "echo",
    "egrep",
    "eye",
    "filebeat",
    "find",
    "fluent-bit",
    "fluentd",
    "gem",
    "getent",
    "god",
    "grep",
    "haproxy",
    "head",
    "initctl",
    "journalctl",
    "kill",
    "killall",
    "kubectl",
    "less",
    "ln",
    "logger",
    "logrotate",
    "logstash",
    "ls",
    "metricbeat",
    "mkdir",
    "monit",
    "mv",
    "nc",
    "nginx",
    "node",
    "pgrep",
    "pidof",
    "ping",
    "pkill",
    "printf",
    "promtail",
    "ps",
    "pushd",
    "python",
    "python3",
    "redis-cli",
    "rg",
    "rm",
    "rspec",
    "rsync",
    "rubocop",
    "scp",
    "sed",
    "service",
    "source",
    "supervisorctl",
    "sv",
    "systemctl",
    "tail",
    "tar",
    "td-agent",
    "td-agent-bit",
    "telegraf",
    "test",
    "touch",
    "trap",
    "type",
    "vector",
    "wget",
    "which",
];

/// The same, where the word stands first (upstart's own commands).
const NAMES_ONLY_FIRST: &[&str] = &["reload", "restart", "start", "status", "stop"];

/// Programs of which one of these verbs keeps the rest from being run.
const VERBS: &[(&str, &[&str])] = &[
    (
        "bundle",
        &[
            "add", "info", "install", "list", "open", "outdated", "show", "update",
        ],
    ),
    (
        "docker",
        &[
            "build", "inspect", "kill", "logs", "pull", "restart", "rm", "start", "stop",
        ],
    ),
    (
        "compose",
        &[
            "build", "kill", "logs", "ps", "pull", "restart", "rm", "stop",
        ],
    ),
    (
        "docker-compose",
        &[
            "build", "kill", "logs", "ps", "pull", "restart", "rm", "stop",
        ],
    ),
    ("command", &["-v", "-V"]),
];

/// Options whose value is only a name.
const NAMING: &[&str] = &[
    "--name",
    "--tag",
    "--label",
    "--service",
    "--queue",
    "-a",
    "--only",
];

/// Programs that end by running what stands behind them, for the question whether a script or a
/// task stands where a program is run.
const RUNNERS: &[&str] = &[
    "bash",
    "bundle",
    "chamber",
    "chpst",
    "dash",
    "do",
    "doppler",
    "dotenv",
    "dumb-init",
    "env",
    "exec",
    "gosu",
    "ionice",
    "nice",
    "nohup",
    "setsid",
    "setuidgid",
    "sh",
    "su-exec",
    "sudo",
    "then",
    "time",
    "tini",
    "zsh",
];

/// Words of a task or a script that only looks after a Sidekiq.
const LOOKS_AFTER: &[&str] = &[
    "alert",
    "autoscaler",
    "check",
    "clean",
    "clear",
    "cron",
    "dashboard",
    "exporter",
    "health",
    "healthcheck",
    "install",
    "kill",
    "log",
    "logs",
    "metrics",
    "monit",
    "monitor",
    "monitoring",
    "ping",
    "prometheus",
    "prober",
    "proxy",
    "quiet",
    "redis",
    "reload",
    "restart",
    "rotate",
    "scheduler",
    "setup",
    "stats",
    "status",
    "stop",
    "test",
    "ui",
    "uninstall",
    "wait",
    "watch",
    "watchdog",
    "watcher",
    "web",
];

/// A word without the mark that opens a substitution in front of it.
fn substituted(word: &str) -> &str {
    word.trim_start_matches(['$', '(', '`', '"'])
}

/// Whether a program in front only takes the word as a name.
pub(super) fn only_names(before: &[String]) -> bool {
    let is_verb = |(program, verbs): &(&str, &[&str])| {
        let at = before.iter().position(|word| file_name(word) == *program);
        at.and_then(|at| before.get(at + 1))
            .is_some_and(|next| verbs.contains(&next.as_str()))
    };
    before
        .iter()
        .any(|word| NAMES_ONLY.contains(&file_name(substituted(word))) || word == ".")
        || program_of(before).is_some_and(|word| NAMES_ONLY_FIRST.contains(&word.as_str()))
        || before
            .last()
            .is_some_and(|word| NAMING.contains(&word.as_str()))
        || VERBS.iter().any(is_verb)
}

/// The first word that is a program and no runner of others.
fn program_of(words: &[String]) -> Option<&String> {
    let is_runner = |word: &&String| {
        is_option(word) || word.contains('=') || RUNNERS.contains(&file_name(word))
    };
    words.iter().find(|word| !is_runner(word))
}

/// Whether the program that a command runs is one that runs none of its arguments, so that it is no
/// Sidekiq whatever it is named.
pub(in crate::core::layers) fn runs_no_other(words: &[String]) -> bool {
    program_of(words).is_some_and(|program| NAMES_ONLY.contains(&file_name(program)))
}

/// Whether a word stands where a program is run: only runners, their options and assignments are
/// in front of it.
pub(super) fn is_run(before: &[String]) -> bool {
    let harmless = |word: &String| {
        is_option(word)
            || word.contains('=')
            || word.parse::<u32>().is_ok()
            || matches!(file_name(word), "rake" | "rails")
            || RUNNERS.contains(&file_name(word))
    };
    before.iter().all(harmless)
}

/// `sidekiq --version` and the like run no worker.
pub(super) fn is_question(next: Option<&str>) -> bool {
    matches!(next, Some("-V" | "--version" | "-h" | "--help"))
}

/// Whether a word is a script of System V, which is called to stop as well as to start.
fn is_of_system_v(word: &str) -> bool {
    word.contains("init.d/")
}

/// Whether a word is Sidekiq's own program.
pub(in crate::core::layers) fn is_sidekiq(word: &str) -> bool {
    matches!(file_name(word), "sidekiq" | "sidekiqswarm") && !is_of_system_v(word)
}

/// A shell script that is named after what it starts: `script/start-sidekiq.sh`.
pub(super) fn is_script(word: &str) -> bool {
    let name = file_name(word);
    let stem = [".sh", ".bash"]
        .iter()
        .find_map(|end| name.strip_suffix(end));
    (stem.is_some() || word.contains('/') && !is_of_system_v(word))
        && starts_one(stem.unwrap_or(name))
}

/// A task of rake that is named after what it starts: `rake sidekiq:worker`.
pub(super) fn is_task(before: &[String], word: &str) -> bool {
    let is_rake = |word: &String| matches!(file_name(word), "rake" | "rails");
    before.iter().any(is_rake) && word.contains(':') && starts_one(word)
}

/// Whether a name is that of a Sidekiq, and not of something that looks after one.
pub(in crate::core::layers) fn starts_one(name: &str) -> bool {
    if name.contains('.') && !name.contains(".service") {
        return false;
    }
    let parts = || name.split(['-', '_', ':', '.', '@', '/']);
    parts().any(|part| matches!(part, "sidekiq" | "sidekiqs" | "sidekiqswarm"))
        && !parts().any(|part| LOOKS_AFTER.contains(&part))
}
