//! Monit's control files: the commands that start, stop and restart a process. The time that Monit
//! waits for their effect is left out: when it is over Monit logs that, and kills nothing (monit(1),
//! "SERVICE METHODS"). Text in; processes that are no Sidekiq are left out.

use super::command_line::{is_named_sidekiq, starts_sidekiq};
use super::layer::Layer;
use super::paths::file_name;
use super::tool::SeenFile;
use super::value::{FilePlace, Reading, Value};
use super::watched;

/// The command that stops a process.
pub const STOP: &str = "stop program";
/// The command that restarts it, where that is no stop and start.
pub const RESTART: &str = "restart program";
/// The command of a test that fails: `if mem > 1 GB then exec "…"`.
pub const EXEC: &str = "exec";

/// Whether a file is a control file of Monit.
pub(super) fn is_one(file: &SeenFile<'_>) -> bool {
    let is_named = file.stem == "monitrc" || file.path.contains("monit");
    let may_be = is_named || file.ends(&[".conf", ".cfg"]);
    may_be && !file.is_yaml() && file.has("check process")
}

/// Reads a control file. The scope of a value is the process that is watched.
pub fn read(file: &str, text: &str) -> Reading {
    let mut reading = Reading::default();
    let tokens = tokens(text);
    let is_check = |at: &usize| tokens[*at].is("check");
    let starts: Vec<usize> = (0..tokens.len()).filter(is_check).collect();
    for (index, start) in starts.iter().enumerate() {
        let end = starts.get(index + 1).copied().unwrap_or(tokens.len());
        let check = &tokens[*start..end];
        if check.get(1).is_some_and(|kind| kind.is("process")) {
            process(file, check, &mut reading);
        }
    }
    reading
}

/// The statements of `check process NAME …`, if that is a Sidekiq.
fn process(file: &str, check: &[ControlWord], reading: &mut Reading) {
    let Some(name) = check.get(2) else {
        return;
    };
    let mut is_sidekiq = is_named_sidekiq(&name.text);
    let mut commands: Vec<(&'static str, &ControlWord)> = Vec::new();
    let mut setting = None;
    for token in &check[3..] {
        let method = METHODS.iter().find(|(word, _)| token.is(word));
        match (setting, method) {
            (_, Some((_, method))) => setting = Some(*method),
            (Some(_), None) if token.is_noise() => {}
            (Some(PROCESS), None) => {
                is_sidekiq |= names_sidekiq(&token.text);
                setting = None;
            }
            // `then restart` names an act of Monit's own, and no command.
            (Some(method), None) => {
                if token.is_quoted || token.text.starts_with('/') {
                    commands.push((method, token));
                }
                setting = None;
            }
            (None, None) => {}
        }
    }
    let start = commands.iter().find(|(method, _)| *method == START);
    is_sidekiq |= start.is_some_and(|(_, token)| starts_sidekiq(&token.text));
    if !is_sidekiq {
        return;
    }
    let mut scope = reading.scope(Layer::Monit, &name.text);
    for (method, token) in commands {
        let place = FilePlace::new(file, token.line);
        if method == START {
            scope.command(&token.text, &place);
        } else {
            scope.found(method, Value::command(&token.text), &place);
        }
    }
    scope.found(
        watched::WATCHES,
        Value::Flag(true),
        &FilePlace::new(file, name.line),
    );
}

const START: &str = "start program";
const PROCESS: &str = "process";

/// Words behind which a command stands, or what tells the process.
const METHODS: &[(&str, &str)] = &[
    ("start", START),
    ("stop", STOP),
    ("restart", RESTART),
    ("exec", EXEC),
    ("pidfile", PROCESS),
    ("matching", PROCESS),
    ("match", PROCESS),
];

/// Whether a pid file or a pattern is that of a Sidekiq: `/run/sidekiq-0.pid`, `sidekiq 7`.
fn names_sidekiq(text: &str) -> bool {
    let name = file_name(text).trim_start_matches(['^', '(']);
    let name = name.split(['.', ' ', '\\']).next().unwrap_or(name);
    is_named_sidekiq(name)
}

/// A word or a text of a control file.
struct ControlWord {
    text: String,
    line: usize,
    is_quoted: bool,
}

impl ControlWord {
    fn is(&self, word: &str) -> bool {
        !self.is_quoted && self.text.eq_ignore_ascii_case(word)
    }

    /// Words that Monit reads over.
    fn is_noise(&self) -> bool {
        ["program", "=", "with", "using", "the", "path"]
            .iter()
            .any(|word| self.is(word))
    }
}

/// The words of a control file: `#` begins a comment, quotes hold a text of one or more lines. Tags of
/// a template stay in one piece.
fn tokens(text: &str) -> Vec<ControlWord> {
    let mut found: Vec<ControlWord> = Vec::new();
    let mut line = 1;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '"' | '\'' => end_of_text(rest, first),
            '=' => 1,
            _ if first.is_whitespace() => first.len_utf8(),
            _ => end_of_word(rest),
        };
        let piece = &rest[..length];
        let inside = piece.strip_prefix(first).unwrap_or(piece);
        let quoted = inside.strip_suffix(first).unwrap_or(inside);
        match first {
            '#' => {}
            '"' | '\'' => found.push(ControlWord {
                text: watched::without_tags(&quoted.replace("\\\"", "\"")),
                line,
                is_quoted: true,
            }),
            _ if first.is_whitespace() => {}
            _ => found.push(ControlWord {
                text: watched::without_tags(piece),
                line,
                is_quoted: false,
            }),
        }
        line += piece.matches('\n').count();
        rest = &rest[length..];
    }
    found
}

/// The length of a text in quotes, with them.
fn end_of_text(text: &str, quote: char) -> usize {
    let mut at = 1;
    while at < text.len() {
        let rest = &text[at..];
        match rest.chars().next() {
            Some('\\') => at += 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            Some(character) if character == quote => return at + 1,
            Some(character) => at += tag(rest).unwrap_or(character.len_utf8()),
            None => break,
        }
    }
    text.len()
}

/// The length of a word.
fn end_of_word(text: &str) -> usize {
    let mut at = 0;
    while let Some(character) = text[at..].chars().next() {
        if at > 0 && (character.is_whitespace() || matches!(character, '"' | '\'' | '=')) {
            break;
        }
        at += tag(&text[at..]).unwrap_or(character.len_utf8());
    }
    at
}

/// The length of a tag that a text begins with.
fn tag(text: &str) -> Option<usize> {
    let close = ["<%", "{{", "{%"]
        .iter()
        .zip(["%>", "}}", "%}"])
        .find_map(|(open, close)| text.starts_with(open).then_some(close))?;
    Some(text.find(close)? + close.len())
}
