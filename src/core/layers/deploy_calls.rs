//! The commands that Ruby of a deploy runs: `execute`, `run`, `sh`, `system`, `Process.kill` and
//! `sleep`, each as a shell would get it, with the task that it stands in. Ruby is never run.

mod arguments;
mod loops;

use self::arguments::{arguments_of, behind_arguments};
use self::loops::OpenLoops;
use super::command_line::CommandLine;
use super::ruby;

/// The setting under which a command of a deploy is reported.
pub const CALL: &str = "call";

/// A command that a task runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    /// The line in which it begins, from 1.
    pub(super) line: usize,
    /// `sidekiq:quiet`; empty outside of any task.
    pub(super) task: String,
    /// As a shell gets it; interpolations stand as they are.
    pub(super) command: String,
}

/// Methods whose arguments are a command.
const RUNNERS: &[&str] = &[
    "execute",
    "run",
    "sudo",
    "capture",
    "test",
    "sh",
    "system",
    "exec",
    "as_user",
    "invoke_command",
    "queue",
    "command",
];

/// Words without which a command neither stops nor signals anything, nor waits.
const WORDS: &[&str] = &[
    "kill",
    "sidekiqctl",
    "systemctl",
    "service ",
    "supervisorctl",
    "monit ",
    "sv ",
    "docker",
    "podman",
    "kubectl",
    "start-stop-daemon",
    "sleep",
    "initctl",
    "drainboard",
];

/// Every command in `text` that may stop, signal or wait, or starts a Sidekiq, and what a task runs
/// behind such a command: it goes by before the next signal.
pub(super) fn calls(text: &str) -> Vec<Call> {
    let mut tasks: Vec<(usize, String)> = Vec::new();
    let mut found = Vec::new();
    let mut variables: Vec<(String, String)> = Vec::new();
    let mut loops = OpenLoops::default();
    let mut lines = ruby::code_lines(text).peekable();
    while let Some((line, code)) = lines.next() {
        let indent = code.len() - code.trim_start().len();
        tasks.retain(|(opener, _)| *opener < indent);
        loops.take(indent, code.trim());
        if let Some(name) = named_block(code.trim()) {
            tasks.push((indent, name));
        }
        // Arguments may go on in the next lines.
        let mut whole = code.trim().to_owned();
        while whole.ends_with([',', '\\', '('])
            && let Some((_, next)) = lines.next()
        {
            let more = next.trim();
            whole = format!("{} {more}", whole.trim_end_matches('\\'));
        }
        if let Some(end) = heredoc(&whole) {
            let mut body = String::new();
            for (_, next) in lines.by_ref() {
                if next.trim() == end {
                    break;
                }
                body.push_str(next.trim());
                body.push('\n');
            }
            push(&mut found, line, &tasks, body);
            continue;
        }
        let own = commands(&whole);
        let of_ruby = own.is_empty().then(|| method(&whole)).flatten();
        for command in own.into_iter().chain(of_ruby) {
            let command = loops.around(filled(&command, &variables));
            push(&mut found, line, &tasks, command);
        }
        variables.extend(variable(&whole));
    }
    found
}

/// A variable that names a Sidekiq's process: `pid = capture("pgrep -f sidekiq")`.
fn variable(code: &str) -> Option<(String, String)> {
    let (name, value) = code.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let is_about = value.to_ascii_lowercase().contains("sidekiq");
    let told = commands(value).into_iter().next();
    let told = told.unwrap_or_else(|| value.to_owned());
    (is_name && is_about && !value.starts_with(['=', '~'])).then(|| (name.to_owned(), told))
}

/// A command with the variables that stand in it as words, or are printed into it.
fn filled(command: &str, variables: &[(String, String)]) -> String {
    let mut filled = command.to_owned();
    for (name, value) in variables {
        let inside = format!("$({value})");
        filled = filled.replace(&format!("#{{{name}}}"), &inside);
        let words: Vec<&str> = filled
            .split(' ')
            .map(|word| if word == name { inside.as_str() } else { word })
            .collect();
        filled = words.join(" ");
    }
    filled
}

impl Call {
    /// Whether it may stop or signal something, or wait.
    pub(super) fn may_stop(&self) -> bool {
        may_stop(&self.command)
    }

    /// The Sidekiq that it starts. A script or a task of rake that is only named so is none: a
    /// deploy restarts by them, too.
    pub(super) fn starts(&self) -> Option<CommandLine> {
        CommandLine::read(&self.command).filter(|line| line.opaque.is_none())
    }
}

/// Whether a command may stop or signal something, or wait.
pub(super) fn may_stop(command: &str) -> bool {
    WORDS.iter().any(|word| command.contains(word))
}

fn push(found: &mut Vec<Call>, line: usize, tasks: &[(usize, String)], command: String) {
    let names: Vec<&str> = tasks.iter().map(|(_, name)| name.as_str()).collect();
    let call = Call {
        line,
        task: names.join(":"),
        command,
    };
    let mut before =
        (found.iter()).filter(|before| before.task == call.task && before.line < call.line);
    if call.may_stop() || call.starts().is_some() || before.any(Call::may_stop) {
        found.push(call);
    }
}

/// Words of Ruby and of Capistrano with which a line begins that runs nothing by itself.
const NO_METHODS: &[&str] = &[
    "as",
    "begin",
    "break",
    "case",
    "comment",
    "debug",
    "def",
    "desc",
    "else",
    "elsif",
    "end",
    "ensure",
    "error",
    "fail",
    "fatal",
    "if",
    "in",
    "info",
    "log",
    "namespace",
    "next",
    "on",
    "p",
    "print",
    "puts",
    "raise",
    "require",
    "rescue",
    "return",
    "role",
    "roles",
    "run_locally",
    "set",
    "task",
    "then",
    "unless",
    "until",
    "upload",
    "warn",
    "when",
    "while",
    "with",
    "within",
];

/// The method of one's own, or the other task, that a line calls: how long it takes is not known.
fn method(code: &str) -> Option<String> {
    if code.starts_with("Rake::Task[") {
        return Some("Rake::Task".to_owned());
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let rest = code.trim_start_matches(is_name);
    let name = &code[..code.len() - rest.len()];
    let rest = rest.trim_start_matches(['?', '!']);
    let argument = rest.strip_prefix(' ').map(str::trim_start);
    let is_call = rest.is_empty()
        || rest.starts_with('(')
        || argument.is_some_and(|rest| {
            !rest.starts_with(['=', '+', '-', '*', '|', '<', '>', '&', '?', '.', '!'])
        });
    (!name.is_empty() && is_call && !NO_METHODS.contains(&name)).then(|| name.to_owned())
}

/// The name of `namespace :x do`, `task :x`, `task x: :y`, `def x`.
fn named_block(code: &str) -> Option<String> {
    let rest = ["namespace", "task", "remote_task", "def"]
        .iter()
        .find_map(|word| code.strip_prefix(word))?;
    let rest = rest.strip_prefix([' ', '('])?.trim_start();
    let rest = rest.trim_start_matches([':', '"', '\'']);
    let name: String = rest
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ':' | '?' | '!'))
        .collect();
    let name = name.trim_end_matches(':');
    (!name.is_empty()).then(|| name.to_owned())
}

/// The word that ends a heredoc which begins in this line.
fn heredoc(code: &str) -> Option<&str> {
    let (before, rest) = code.split_once("<<")?;
    let is_call = RUNNERS.iter().any(|name| before.contains(name));
    let rest = rest
        .trim_start_matches(['~', '-'])
        .trim_start_matches(['"', '\'', '`']);
    let end = rest
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .unwrap_or(rest.len());
    let word = &rest[..end];
    let is_word = word.starts_with(|c: char| c.is_ascii_uppercase());
    (is_call && is_word).then_some(word)
}

/// The commands of one line.
fn commands(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some((name, arguments)) = next_call(code, &mut at) {
        let command = match name {
            "Process.kill" => {
                let parts = arguments_of(arguments);
                let signal = parts.first().map(String::as_str).unwrap_or_default();
                Some(format!(
                    "kill -{signal} {}",
                    parts[1.min(parts.len())..].join(" ")
                ))
            }
            "sleep" => Some(format!("sleep {}", arguments_of(arguments).join(" "))),
            "`" | "%x" => arguments
                .find(if name == "`" { '`' } else { ')' })
                .map(|end| arguments[..end].to_owned()),
            _ => Some(arguments_of(arguments).join(" ")),
        };
        found.extend(command.filter(|command| !command.trim().is_empty()));
    }
    found
}

/// The next call at or behind `at`: its name and the text behind it. Texts in quotes hold none.
fn next_call<'a>(code: &'a str, at: &mut usize) -> Option<(&'static str, &'a str)> {
    let mut quote: Option<char> = None;
    let mut escaped = false;
    let mut previous = ' ';
    for (offset, character) in code[*at..].char_indices() {
        let here = *at + offset;
        let is_start =
            !(previous.is_ascii_alphanumeric() || matches!(previous, '_' | '.' | ':' | '@'));
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if character == '\\' => escaped = true,
            Some(open) if character == open => quote = None,
            None if character == '`' => {
                *at = here
                    + 1
                    + code[here + 1..]
                        .find('`')
                        .map_or(code.len() - here - 1, |end| end + 1);
                return Some(("`", &code[here + 1..]));
            }
            None if matches!(character, '"' | '\'') => quote = Some(character),
            None if is_start => {
                let rest = &code[here..];
                if let Some(inside) = rest
                    .strip_prefix("%x(")
                    .or_else(|| rest.strip_prefix("%x["))
                {
                    *at = here + 3;
                    return Some(("%x", inside));
                }
                let names = RUNNERS.iter().chain(&["Process.kill", "sleep"]);
                for name in names {
                    let Some(after) = rest.strip_prefix(name) else {
                        continue;
                    };
                    if after.starts_with([' ', '(']) {
                        let after = after.trim_start();
                        let after = after.strip_prefix('(').unwrap_or(after);
                        let end = after.len() - behind_arguments(after).len();
                        *at = code.len() - after.len() + end;
                        return Some((name, after));
                    }
                }
            }
            Some(_) | None => {}
        }
        previous = character;
    }
    *at = code.len();
    None
}

#[cfg(test)]
mod tests;
