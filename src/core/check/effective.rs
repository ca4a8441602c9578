//! Which timeout holds: flag, initializer, `-t`, environment section, top of the yml, else the
//! default of the version. It chooses between what was read; it reads nothing.

use std::time::Duration;

use super::facts::{SidekiqFacts, StartCommand};
use crate::core::layers::{
    Hazard, Layer, LocatedSetting, Value, command_line, initializer, sidekiq_yml,
};
use crate::core::sequence::Timeout;

/// The timeout that holds, and what it was chosen from.
#[derive(Clone, Debug)]
pub struct Effective {
    /// The value with its origin. Assumed where the statement that holds cannot be used.
    pub timeout: Timeout,
    /// The statement that holds.
    pub holds: Option<LocatedSetting>,
    /// Statements that a stronger one makes void.
    pub others: Vec<LocatedSetting>,
    /// Why the value is not that of the statement that holds: it is code, or no number.
    pub unread: Option<String>,
}

impl Effective {
    /// The span, or why no rule should lean on it.
    pub fn decided(&self) -> Result<Duration, String> {
        match &self.unread {
            Some(why) => Err(why.clone()),
            None => Ok(self.timeout.span),
        }
    }
}

/// The environment whose section of the yml counts for `of`: the one that was chosen, else that of
/// its own command, else that of any command where it has none.
pub(super) fn environment<'a>(sidekiq: &'a SidekiqFacts, of: Option<&str>) -> &'a str {
    let mut own = commands_of(sidekiq, of).peekable();
    let stated = match own.peek() {
        Some(_) => own.find_map(|one| one.line.environment.as_deref()),
        None => environments(sidekiq).next(),
    };
    let chosen = sidekiq.environment.as_deref();
    chosen.or(stated).unwrap_or("production")
}

/// Every environment that a command states.
pub(super) fn environments(sidekiq: &SidekiqFacts) -> impl Iterator<Item = &str> {
    let commands = sidekiq.commands.iter();
    commands.filter_map(|one| one.line.environment.as_deref())
}

/// The commands of `of`, or all when it is `None`.
fn commands_of<'a>(
    sidekiq: &'a SidekiqFacts,
    of: Option<&str>,
) -> impl Iterator<Item = &'a StartCommand> {
    let commands = sidekiq.commands.iter();
    commands.filter(move |one| match (&one.scope, of) {
        (Some(scope), Some(of)) => is_scope_of(scope, of),
        (_, _) => true,
    })
}

/// How strong a statement is (0 is the strongest); `None` if no server reads it.
fn strength(located: &LocatedSetting, environment: &str) -> Option<u8> {
    match (located.layer, located.setting) {
        (Layer::Given, _) => Some(0),
        (Layer::Initializer, initializer::TIMEOUT) => {
            let scope = located.scope.as_deref();
            initializer::counts_in(scope, environment).then_some(1)
        }
        (Layer::CommandLine, command_line::TIMEOUT) => Some(2),
        (Layer::SidekiqYml, sidekiq_yml::TIMEOUT) => match located.scope.as_deref() {
            Some(scope) if scope == environment => Some(3),
            Some(_) => None,
            None => Some(4),
        },
        _ => None,
    }
}

/// The timeout of `of` (a unit, a process, a container), or of all when it is `None`. A `-t` of
/// another unit or process does not count for it. Precedence measured on Sidekiq 7.3.2.
pub fn effective_timeout(sidekiq: &SidekiqFacts, of: Option<&str>) -> Effective {
    let environment = environment(sidekiq, of);
    let files = Files::of(sidekiq, of);
    let mut ranked: Vec<(u8, &LocatedSetting)> = sidekiq
        .timeouts
        .iter()
        .filter(|located| match (located.layer, &located.scope) {
            (Layer::CommandLine, Some(scope)) => of.is_none_or(|of| is_scope_of(scope, of)),
            (Layer::SidekiqYml, _) => files.count(&located.from.file),
            (_, _) => true,
        })
        .filter_map(|located| Some((strength(located, environment)?, located)))
        .collect();
    // The last of equals holds: a later line of an initializer, a later flag.
    ranked.reverse();
    ranked.sort_by_key(|(strength, _)| *strength);
    let mut ranked = ranked.into_iter().map(|(_, located)| located.clone());
    let Some(holds) = ranked.next() else {
        return Effective {
            timeout: Timeout::assumed(sidekiq.version),
            holds: None,
            others: Vec::new(),
            unread: files.unread(sidekiq),
        };
    };
    let (timeout, unread) = match usable(&holds) {
        Ok(timeout) => (timeout, None),
        Err(why) => (Timeout::assumed(sidekiq.version), Some(why)),
    };
    Effective {
        timeout,
        holds: Some(holds),
        others: ranked.collect(),
        unread,
    }
}

/// The timeout of the process `name` whose command stands in `file`. What other files say of
/// another process of the same name does not count for it.
pub fn timeout_in(sidekiq: &SidekiqFacts, name: &str, file: &str) -> Effective {
    effective_timeout(&only_of(sidekiq, name, file), Some(name))
}

/// The same facts without what other files say of a process of this name. A script that the
/// command runs is no other process: no command of this name stands in it.
pub(super) fn only_of(sidekiq: &SidekiqFacts, name: &str, file: &str) -> SidekiqFacts {
    let mut own = sidekiq.clone();
    let named = |one: &&StartCommand| one.scope.as_deref() == Some(name);
    let files: Vec<&str> = sidekiq
        .commands
        .iter()
        .filter(named)
        .filter_map(|one| one.file.as_deref())
        .collect();
    if !files.contains(&file) {
        return own;
    }
    let is_other = |scope: Option<&str>, of: Option<&str>| {
        scope == Some(name) && of.is_some_and(|of| of != file && files.contains(&of))
    };
    own.commands
        .retain(|one| !is_other(one.scope.as_deref(), one.file.as_deref()));
    own.timeouts.retain(|located| {
        located.layer != Layer::CommandLine
            || !is_other(located.scope.as_deref(), Some(&located.from.file))
    });
    own
}

/// The timeout of `of` in words, with where it is written, or why the default counts:
/// `25 s, the default of Sidekiq 8.1.6; config/sidekiq.yml was read and states none`.
pub fn timeout_words(sidekiq: &SidekiqFacts, of: Option<&str>) -> String {
    let effective = effective_timeout(sidekiq, of);
    if !effective.timeout.is_assumed() {
        return effective.timeout.to_string();
    }
    let span = effective.timeout.span.as_secs_f64();
    let default = sidekiq.version.map_or_else(
        || "Sidekiq's default".to_owned(),
        |version| format!("the default of Sidekiq {version}"),
    );
    let why = match (&effective.unread, yml_file_of(sidekiq, of)) {
        (Some(why), _) => return format!("not known ({why}); counted with {span} s, {default}"),
        (None, Some(file)) => format!("{file} was read and states none"),
        (None, None) => "no file states one".to_owned(),
    };
    format!("{span} s, {default}; {why}")
}

/// The timeout that a statement gives, or why none can be told.
fn usable(located: &LocatedSetting) -> Result<Timeout, String> {
    let place = &located.from;
    match &located.value {
        Value::Span(span) => Ok(Timeout::stated(*span, origin(located))),
        Value::Expression(expression) => match (expression.default, &expression.variable) {
            (Some(span), Some(variable)) if expression.hazard != Hazard::NoBoot => {
                Ok(Timeout::stated(
                    span,
                    format!("{} unless {variable} is set", origin(located)),
                ))
            }
            (Some(span), None) => Ok(Timeout::stated(
                span,
                format!("{} by `{}`", origin(located), expression.code),
            )),
            (Some(_) | None, variable) => {
                let is_shell = variable.is_some() && located.layer == Layer::CommandLine;
                let why = if is_shell {
                    "cannot be known from here"
                } else {
                    "was not evaluated"
                };
                let code = &expression.code;
                Err(format!(
                    "the timeout is set by `{code}` at {place}, which {why}"
                ))
            }
        },
        Value::Unusable { written, .. } => Err(format!(
            "the timeout `{written}` at {place} is no number of seconds"
        )),
        Value::Infinite | Value::Text(_) | Value::Flag(_) | Value::Default(_) => {
            Err(format!("the timeout at {place} is no number of seconds"))
        }
    }
}

/// `config/sidekiq.yml:5 (production)`.
fn origin(located: &LocatedSetting) -> String {
    match (located.layer, &located.scope) {
        (Layer::SidekiqYml, Some(scope)) => format!("{} ({scope})", located.from),
        (Layer::CommandLine, _) => format!("-t at {}", located.from),
        _ => located.from.to_string(),
    }
}

/// Whether what is said of `scope` holds for `of`: the same name, or the template of an
/// instance.
pub(super) fn is_scope_of(scope: &str, of: &str) -> bool {
    scope == of
        || scope.split_once("@.").is_some_and(|(name, suffix)| {
            of.strip_prefix(name)
                .and_then(|rest| rest.strip_prefix('@'))
                .and_then(|rest| rest.strip_suffix(suffix))
                .is_some_and(|instance| instance.ends_with('.') && instance.len() > 1)
        })
}

/// Which yml files a process reads: the one that its `-C` names, else `config/sidekiq.yml` or
/// `.yml.erb` (Sidekiq 7.3.2 `lib/sidekiq/cli.rb:255-274`).
struct Files<'a> {
    /// Named by `-C`.
    named: Vec<&'a str>,
    /// Whether the usual one is read, because a command names none.
    usual: bool,
    /// Whether the usual one is among what was read; another one alone is taken for it, if no
    /// command names that.
    has_usual: bool,
    /// Named by `-C` of any command.
    of_any: Vec<&'a str>,
}

impl<'a> Files<'a> {
    fn of(sidekiq: &'a SidekiqFacts, of: Option<&str>) -> Self {
        let commands: Vec<_> = commands_of(sidekiq, of)
            .map(|one| one.line.config.as_deref())
            .collect();
        let of_any = sidekiq.commands.iter();
        Self {
            usual: commands.is_empty() || commands.iter().any(Option::is_none),
            named: commands.into_iter().flatten().collect(),
            has_usual: yml_files(sidekiq).any(is_usual),
            of_any: of_any
                .filter_map(|one| one.line.config.as_deref())
                .collect(),
        }
    }

    /// Whether what stands in `file` is read.
    fn count(&self, file: &str) -> bool {
        let is_of = |names: &[&str]| names.iter().any(|named| is_same_file(named, file));
        let is_alone = || !self.has_usual && !is_of(&self.of_any);
        is_of(&self.named) || self.usual && (is_usual(file) || is_alone())
    }

    /// Why nothing can be said, if a named file is not among what was read, or one that is there
    /// could not be read. The usual one need not exist.
    fn unread(&self, sidekiq: &SidekiqFacts) -> Option<String> {
        let missed = self.named.iter().find(|named| {
            !is_in_config(named) && !yml_files(sidekiq).any(|file| is_same_file(named, file))
        });
        if let Some(missed) = missed {
            return Some(format!("{missed}, which -C names, was not read"));
        }
        let mut unread = sidekiq.files.unread.iter();
        let unread = unread.find(|file| self.count(file) || !is_usual(file))?;
        Some(format!("{unread} could not be read"))
    }
}

fn yml_files(sidekiq: &SidekiqFacts) -> impl Iterator<Item = &str> {
    let stated = sidekiq.timeouts.iter();
    stated
        .filter(|located| located.layer == Layer::SidekiqYml)
        .map(|located| &*located.from.file)
        .chain(sidekiq.files.read.iter().map(String::as_str))
}

pub(super) fn is_usual(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    matches!(name, "sidekiq.yml" | "sidekiq.yml.erb")
}

/// Whether a path is that of the usual file of an application, seen from wherever it is deployed.
fn is_in_config(path: &str) -> bool {
    let folder = path.rsplit('/').nth(1);
    is_usual(path) && folder.is_none_or(|folder| folder == "config")
}

/// The file of Sidekiq's own configuration that a process reads, among those that were read.
pub(super) fn yml_file_of<'a>(sidekiq: &'a SidekiqFacts, of: Option<&str>) -> Option<&'a str> {
    let files = Files::of(sidekiq, of);
    yml_files(sidekiq).find(|file| files.count(file))
}

/// Whether two paths end alike, as far as both go and at most in folder and name: the same file
/// has one path in a release and another in a checkout.
fn is_same_file(one: &str, other: &str) -> bool {
    one.rsplit('/')
        .zip(other.rsplit('/'))
        .take(2)
        .all(|(one, other)| one == other)
}
