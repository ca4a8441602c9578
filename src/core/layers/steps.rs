//! Files that list commands of a deploy in a grammar of their own: pipelines of CI and Makefiles. Only
//! the lines that stop or signal a Sidekiq are read, each as a shell gets it.

use super::deploy_calls::{CALL, may_stop};
use super::layer::Layer;
use super::tool::SeenFile;
use super::value::{FilePlace, Reading, Value};

/// Names of such files, and parts of their paths.
const NAMES: &[&str] = &[
    ".gitlab-ci.yml",
    "Jenkinsfile",
    "Justfile",
    "Makefile",
    "Taskfile.yaml",
    "Taskfile.yml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "buildspec.yml",
    "cloudbuild.yaml",
    "justfile",
    "makefile",
];
const FOLDERS: &[&str] = &[
    ".buildkite/",
    ".circleci/",
    ".github/workflows/",
    ".gitlab/",
    ".semaphore/",
    "handlers/",
    "playbook",
    "tasks/",
];

/// A pause counts if it stands so many lines behind a command that was read.
const NEAR: usize = 4;

/// Keys in front of a command.
const KEYS: &[&str] = &[
    "- ",
    "run:",
    "script:",
    "command:",
    "cmd:",
    "cmds:",
    "sh ",
    "shell:",
    "raw:",
    "ansible.builtin.",
];

/// Whether a file lists commands that may stop a Sidekiq.
pub(super) fn is_one(file: &SeenFile<'_>) -> bool {
    let is_named = NAMES.contains(&file.stem) || file.ends(&[".mk"]);
    let in_folder = FOLDERS.iter().any(|folder| file.path.contains(folder));
    let is_ruby = file.ends(&[".rake", ".rb"]);
    (is_named || in_folder && !is_ruby) && file.text().lines().any(is_about_sidekiq)
}

fn is_about_sidekiq(line: &str) -> bool {
    line.contains("sidekiq") && may_stop(line) && !line.trim_start().starts_with('#')
}

/// Reads such a file. The scope of every command is the file.
pub(super) fn read(file: &str, text: &str) -> Reading {
    let mut reading = Reading::default();
    let names = containers(text);
    let mut last = None;
    for (index, line) in text.lines().enumerate() {
        let code = command(line);
        let is_near = last.is_some_and(|last| index - last < NEAR);
        let is_of_container = may_stop(line) && names.iter().any(|name| has_word(line, name));
        if is_about_sidekiq(line) || is_of_container || is_near && code.starts_with("sleep ") {
            last = Some(index);
            let place = FilePlace::new(file, index + 1);
            reading.found(Layer::Steps, CALL, Some(file), Value::text(code), place);
        }
    }
    reading
}

/// The names of containers that a line starts with a Sidekiq in them.
fn containers(text: &str) -> Vec<&str> {
    let started = text.lines().filter(|line| {
        let is_run = [" run ", " create "].iter().any(|verb| line.contains(verb));
        is_run && is_about_sidekiq(line)
    });
    let names = started.filter_map(|line| {
        let (_, rest) = line.split_once("--name")?;
        let rest = rest.trim_start_matches(['=', ' ']);
        rest.split_whitespace().next()
    });
    names.collect()
}

fn has_word(line: &str, word: &str) -> bool {
    line.split_whitespace()
        .any(|part| part.trim_matches(['"', '\'']) == word)
}

/// The command of a line, without the keys and marks in front of it.
fn command(line: &str) -> &str {
    let mut code = line.trim();
    while let Some(rest) = KEYS.iter().find_map(|key| code.strip_prefix(key)) {
        code = rest.trim();
    }
    let code = code.trim_start_matches(['@', '-', '+']).trim();
    let quote = code.chars().next().filter(|c| matches!(c, '"' | '\''));
    let inside = quote.and_then(|quote| code.strip_prefix(quote)?.strip_suffix(quote));
    inside
        .filter(|inside| !inside.contains(['"', '\'']))
        .unwrap_or(code)
}
