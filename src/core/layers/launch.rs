//! How a command starts Sidekiq: which of its words is Sidekiq, and whether a shell stays in front
//! of it. A word counts as a program only where a shell would run it: `pgrep sidekiq` runs none.

#[cfg(test)]
mod tests;

use super::paths::file_name;

/// How deep commands inside commands are followed.
const DEEPEST: usize = 4;

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
    "gem",
    "getent",
    "god",
    "grep",
    "head",
    "initctl",
    "journalctl",
    "kill",
    "killall",
    "kubectl",
    "less",
    "ln",
    "logger",
    "ls",
    "mkdir",
    "monit",
    "mv",
    "nc",
    "pgrep",
    "pidof",
    "ping",
    "pkill",
    "printf",
    "promtail",
    "ps",
    "pushd",
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
    "proxy",
    "quiet",
    "redis",
    "reload",
    "restart",
    "scheduler",
    "setup",
    "stats",
    "status",
    "stop",
    "test",
    "ui",
    "uninstall",
    "wait",
    "web",
];

/// What stands between the service manager and Sidekiq, the least harm first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wrapper {
    /// Sidekiq itself, or programs that end by becoming it (`bundle exec`, `env`, `exec`, and
    /// bash for the last simple command of `-c`).
    #[default]
    None,
    /// A template, or a script whose inside is not known.
    Unknown,
    /// `sh -c` without `exec`: dash (Debian, Ubuntu) stays as the parent, bash does not.
    Shell,
    /// A shell that stays as the parent whichever it is: a pipeline, a redirection, a list that
    /// goes on, a script without `exec`.
    ShellStays,
}

/// What of a command starts Sidekiq.
#[derive(Debug, Default)]
pub(super) struct Launch {
    /// Every word before it, also of the shells around it.
    pub(super) before: Vec<String>,
    /// The word itself.
    pub(super) program: String,
    /// Its arguments.
    pub(super) arguments: Vec<String>,
    /// What stands in front of it.
    pub(super) wrapper: Wrapper,
    /// Whether the word is a script or a task named after Sidekiq, whose inside is not known.
    pub(super) is_opaque: bool,
}

/// What runs a piece of text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Around {
    /// A program starts it directly, or it is not known what does.
    Unknown,
    /// `bash -c`: bash 5.2 puts the last simple command in its own place.
    Bash,
    /// `sh -c`: dash stays, bash does not.
    Sh,
    /// A script: the shell reads on after each command.
    Script,
}

/// Finds the Sidekiq in a command.
pub(super) fn find(command: &str, around: Around) -> Option<Launch> {
    inside(&words(command, around != Around::Unknown), around, 0)
}

fn inside(words: &[String], around: Around, depth: usize) -> Option<Launch> {
    let mut start = 0;
    while start <= words.len() {
        let length = words[start..].iter().position(|word| is_separator(word));
        let end = length.map_or(words.len(), |length| start + length);
        if let Some(mut launch) = segment(&words[start..end], depth) {
            let own = stays(words, start, end, around);
            launch.wrapper = launch.wrapper.max(own);
            launch.before.splice(0..0, words[..start].iter().cloned());
            return Some(launch);
        }
        start = end + 1;
    }
    None
}

/// Finds the Sidekiq in one simple command.
fn segment(words: &[String], depth: usize) -> Option<Launch> {
    let found = |at: usize, is_opaque: bool| Launch {
        before: words[..at].to_vec(),
        program: words[at].clone(),
        arguments: words[at + 1..].to_vec(),
        wrapper: template(&words[..at]),
        is_opaque,
    };
    for (at, word) in words.iter().enumerate() {
        let before = &words[..at];
        let next = words.get(at + 1).map(String::as_str);
        let is_nested = word.contains(char::is_whitespace) || shell_of(before) != Around::Unknown;
        if is_nested && !word.starts_with("<%") {
            if depth < DEEPEST && !only_names(before) {
                let around = shell_of(before);
                let nested = self::words(word, around != Around::Unknown);
                if let Some(mut launch) = inside(&nested, around, depth + 1) {
                    if passes_on(before) {
                        launch.wrapper = Wrapper::None;
                    }
                    launch.before.splice(0..0, before.iter().cloned());
                    return Some(launch);
                }
            }
        } else if is_sidekiq(word) && !only_names(before) && !is_question(next) {
            return Some(found(at, false));
        } else if is_run(before) && (is_script(word) || is_task(before, word)) {
            return Some(found(at, true));
        }
    }
    None
}

/// A template in front of it may hide anything.
fn template(before: &[String]) -> Wrapper {
    let hides = |word: &String| ["<%", "#{", "{{"].iter().any(|open| word.contains(open));
    if before.iter().any(hides) {
        Wrapper::Unknown
    } else {
        Wrapper::None
    }
}

/// Whether the shell around a simple command stays in front of it (measured with bash 5.2.15 and
/// dash 0.5.12; the table stands in the tests).
fn stays(words: &[String], start: usize, end: usize, around: Around) -> Wrapper {
    if around == Around::Unknown {
        let has_list = start > 0 || words.first().is_some_and(|word| word == "cd");
        let execs = first_program(&words[start..end]).is_some_and(|word| word == "exec");
        return if has_list && !execs {
            Wrapper::Unknown
        } else {
            Wrapper::None
        };
    }
    let piped = |at: Option<usize>| {
        at.and_then(|at| words.get(at))
            .is_some_and(|word| word == "|")
    };
    let behind = words.get(end).map(String::as_str);
    let in_pipe = piped(start.checked_sub(1)) || piped(Some(end));
    let own = &words[start..end];
    let program = first_program(own);
    if in_pipe || behind == Some("&") || program.is_some_and(|word| word == "(") {
        return Wrapper::ShellStays;
    }
    if program.is_some_and(|word| word == "exec") {
        return Wrapper::None;
    }
    let is_last = words[end..].iter().all(|word| word == ";");
    let compound =
        |word: &String| COMPOUND.contains(&word.as_str()) || word.starts_with(['(', '{']);
    let is_redirected = own
        .iter()
        .any(|word| word.contains('>') && !word.contains("<%"));
    if !is_last || is_redirected || words[..end].iter().any(compound) {
        return Wrapper::ShellStays;
    }
    match around {
        Around::Bash => Wrapper::None,
        Around::Sh | Around::Unknown => Wrapper::Shell,
        Around::Script => Wrapper::ShellStays,
    }
}

/// Words that make a shell wait for what follows.
const COMPOUND: &[&str] = &[
    "!", "case", "do", "eval", "for", "if", "then", "time", "trap", "until", "while",
];

/// The first word that is no assignment.
fn first_program(words: &[String]) -> Option<&String> {
    let is_assignment = |word: &&String| word.contains('=') && !word.starts_with(['-', '=']);
    words
        .iter()
        .find(|word| !is_assignment(word) && !is_option(word))
}

fn is_option(word: &str) -> bool {
    word.starts_with('-')
}

/// Whether an init process in front hands each signal to every process below it.
fn passes_on(before: &[String]) -> bool {
    let at = |wanted: &str| before.iter().position(|word| file_name(word) == wanted);
    let next = |at: usize| before.get(at + 1).map(String::as_str);
    let to_all =
        at("dumb-init").is_some_and(|at| !matches!(next(at), Some("-c" | "--single-child")));
    to_all || at("tini").is_some_and(|at| next(at) == Some("-g"))
}

/// The shell that runs the word behind `before` as a command.
fn shell_of(before: &[String]) -> Around {
    let takes_command =
        |word: &String| is_option(word) && !word.starts_with("--") && word.ends_with('c');
    let shell = before
        .iter()
        .rev()
        .skip_while(|word| takes_command(word) || is_option(word));
    let is_command = before.last().is_some_and(takes_command);
    match shell.map(|word| file_name(word)).next() {
        Some("bash") if is_command => Around::Bash,
        Some("sh" | "dash" | "ash" | "zsh" | "ksh") if is_command => Around::Sh,
        _ => Around::Unknown,
    }
}

/// Whether a program in front only takes the word as a name.
fn only_names(before: &[String]) -> bool {
    let is_verb = |(program, verbs): &(&str, &[&str])| {
        let at = before.iter().position(|word| file_name(word) == *program);
        at.and_then(|at| before.get(at + 1))
            .is_some_and(|next| verbs.contains(&next.as_str()))
    };
    before
        .iter()
        .any(|word| NAMES_ONLY.contains(&file_name(word)) || word == ".")
        || before
            .first()
            .is_some_and(|word| NAMES_ONLY_FIRST.contains(&word.as_str()))
        || before
            .last()
            .is_some_and(|word| NAMING.contains(&word.as_str()))
        || VERBS.iter().any(is_verb)
}

/// Whether a word stands where a program is run: only runners, their options and assignments are
/// in front of it.
fn is_run(before: &[String]) -> bool {
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
fn is_question(next: Option<&str>) -> bool {
    matches!(next, Some("-V" | "--version" | "-h" | "--help"))
}

/// Whether a word is Sidekiq's own program.
pub(super) fn is_sidekiq(word: &str) -> bool {
    matches!(file_name(word), "sidekiq" | "sidekiqswarm")
}

/// A shell script that is named after what it starts: `script/start-sidekiq.sh`.
fn is_script(word: &str) -> bool {
    let name = file_name(word);
    let stem = [".sh", ".bash"]
        .iter()
        .find_map(|end| name.strip_suffix(end));
    (stem.is_some() || word.contains('/')) && starts_one(stem.unwrap_or(name))
}

/// A task of rake that is named after what it starts: `rake sidekiq:worker`.
fn is_task(before: &[String], word: &str) -> bool {
    let is_rake = |word: &String| matches!(file_name(word), "rake" | "rails");
    before.iter().any(is_rake) && word.contains(':') && starts_one(word)
}

/// Whether a name is that of a Sidekiq, and not of something that looks after one.
pub(super) fn starts_one(name: &str) -> bool {
    if name.contains('.') && !name.contains(".service") {
        return false;
    }
    let parts = || name.split(['-', '_', ':', '.', '@', '/']);
    parts().any(|part| matches!(part, "sidekiq" | "sidekiqs" | "sidekiqswarm"))
        && !parts().any(|part| LOOKS_AFTER.contains(&part))
}

fn is_separator(word: &str) -> bool {
    matches!(word, ";" | "&&" | "||" | "|" | "&")
}

/// Splits as a shell does: blanks, quotes, backslashes; separators stand alone. In a shell a line
/// end separates commands, and `#` begins a comment.
pub(super) fn words(command: &str, in_shell: bool) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut groups = 0_usize;
    let mut characters = command.chars().peekable();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (None, '(') if in_shell && word.is_none() => {
                groups += 1;
                words.push("(".into());
            }
            (None, ')') if groups > 0 => {
                groups -= 1;
                words.extend(word.take());
                words.push(")".into());
            }
            (_, '#') if characters.peek() == Some(&'{') => {
                // A Ruby interpolation stays in one piece.
                let word = word.get_or_insert_default();
                word.push(character);
                for inside in characters.by_ref() {
                    word.push(inside);
                    if inside == '}' {
                        break;
                    }
                }
            }
            (None, '#') if in_shell && word.is_none() => {
                while characters.next_if(|next| *next != '\n').is_some() {}
            }
            (Some(open), _) if open == character => quote = None,
            (Some('"') | None, '\\') => {
                let next = characters.next().unwrap_or('\\');
                if next != '\n' {
                    word.get_or_insert_default().push(next);
                }
            }
            (None, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, '\n') if in_shell => {
                words.extend(word.take());
                words.push(";".into());
            }
            (None, _) if character.is_whitespace() => words.extend(word.take()),
            (None, '&') if word.as_deref().is_some_and(|word| word.ends_with('>')) => {
                // `2>&1` is one word.
                word.get_or_insert_default().push(character);
            }
            (None, ';' | '|' | '&') => {
                words.extend(word.take());
                let mut separator = character.to_string();
                if character != ';' && characters.peek() == Some(&character) {
                    separator.extend(characters.next());
                }
                words.push(separator);
            }
            (_, _) => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}
