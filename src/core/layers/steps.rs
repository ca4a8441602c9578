//! Files that list commands of a deploy in a grammar of their own: pipelines of CI and Makefiles. Only
//! the lines that stop or signal a Sidekiq are read, and what runs behind them, each as a shell gets
//! it.

use super::deploy_calls::{CALL, may_stop};
use super::layer::Layer;
use super::paths::is_for_tests;
use super::process_variables::ProcessVariables;
use super::tool::SeenFile;
use super::value::{FilePlace, Reading, Value};

mod behind;

use self::behind::Behind;

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
/// Folders of pipelines.
const PIPELINES: &[&str] = &[
    ".buildkite/",
    ".circleci/",
    ".github/workflows/",
    ".gitlab/",
    ".semaphore/",
];
/// Folders of Ansible, which hold templates of other files, too.
const OF_ANSIBLE: &[&str] = &["handlers/", "playbook", "tasks/"];

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
    let is_in = |folders: &[&str]| folders.iter().any(|folder| file.path.contains(folder));
    let is_other = file.has("apiVersion:") || file.has("services:");
    let in_folder = is_in(PIPELINES) || is_in(OF_ANSIBLE) && !is_other;
    let is_list = file.is_yaml();
    let is_about = file.text().lines().any(|line| line.contains("sidekiq"));
    (is_named || in_folder && is_list) && is_about && file.text().lines().any(is_stop)
}

fn is_about_sidekiq(line: &str) -> bool {
    line.contains("sidekiq") && is_stop(line)
}

fn is_stop(line: &str) -> bool {
    may_stop(line) && !line.trim_start().starts_with('#')
}

/// Reads such a file. The scope of every command is the file.
pub(super) fn read(file: &str, text: &str) -> Reading {
    let mut reading = Reading::default();
    let names = containers(text);
    let mut behind = Behind::of(file);
    let mut variables = ProcessVariables::default();
    let mut step = AnsibleStep::default();
    let mut target = "";
    for (index, line) in text.lines().enumerate() {
        if let Some(name) = target_of(line) {
            target = name;
            behind = Behind::of(file);
        }
        if is_for_tests(target) {
            continue;
        }
        let code = command(line);
        step.take(line, code, text, index, &mut variables);
        let code = variables.filled(code);
        let is_of_container = is_stop(line) && names.iter().any(|name| has_word(line, name));
        let found = if is_about_sidekiq(&code) || is_of_container {
            behind.begin();
            Some(code.clone())
        } else {
            behind.command(line, &code, text.lines().skip(index + 1))
        };
        if let Some(found) = found {
            let place = FilePlace::new(file, index + 1);
            reading.found(Layer::Steps, CALL, Some(file), Value::text(&found), place);
        }
        variables.take(&code);
    }
    reading
}

/// A step of Ansible: what its command prints is registered, and a later step runs through it.
#[derive(Default)]
struct AnsibleStep {
    /// The last command that names Sidekiq.
    command: String,
}

impl AnsibleStep {
    /// Goes on to a line: takes what is registered, and what `item` stands for in the step that
    /// begins there.
    fn take(
        &mut self,
        line: &str,
        code: &str,
        text: &str,
        index: usize,
        variables: &mut ProcessVariables,
    ) {
        let begins = line.trim_start().starts_with("- ");
        if begins {
            self.command.clear();
            variables.forget(ITEM);
            let rest = text.lines().skip(index + 1);
            let mut own = rest.take_while(|line| !line.trim_start().starts_with("- "));
            let list = own.find_map(|line| {
                let (key, value) = line.trim().split_once(':')?;
                matches!(key, "with_items" | "loop").then_some(value)
            });
            if let Some(list) = list {
                let list = variables.filled(list);
                variables.take_registered(ITEM, list.trim().trim_matches('"'));
            }
        }
        match line.trim().split_once("register:") {
            Some(("", name)) => variables.take_registered(name.trim(), &self.command),
            Some(_) | None if code.contains("sidekiq") => code.clone_into(&mut self.command),
            Some(_) | None => {}
        }
    }
}

/// The loop variable of a step that is repeated.
const ITEM: &str = "item";

/// The target that a line of a Makefile or a Justfile begins.
fn target_of(line: &str) -> Option<&str> {
    let (name, rest) = line.split_once(':')?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || "._-%/".contains(c);
    let is_target = !name.is_empty() && name.chars().all(is_name) && !rest.starts_with('=');
    is_target.then_some(name)
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

#[cfg(test)]
mod tests;
