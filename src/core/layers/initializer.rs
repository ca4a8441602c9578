//! Timeouts in an initializer: `config[:timeout] = 60` and its relatives. It runs after the
//! command line is parsed and beats everything else. Ruby is read line by line, never run.

use std::time::Duration;

use super::erb::OTHERWISE;
use super::layer::Layer;
use super::ruby::{self, Use};
use super::value::{FilePlace, Reading, Value};

/// The setting where a server reads it.
pub const TIMEOUT: &str = "timeout";
/// The setting inside `configure_client`, which no server reads.
pub const IN_CLIENT: &str = "client timeout";

/// A label that states a timeout (`labels << "timeout=60"`): drainboard and Sidekiq's web page show
/// it as that of the process.
pub const LABEL: &str = "label";

/// The block that a line stands in, with the name under which it has Sidekiq's configuration.
struct Block<'a> {
    is_client: bool,
    parameter: &'a str,
    /// The indentation of the line that opened it.
    indent: usize,
}

/// The outermost condition that lines stand under.
#[derive(Default)]
struct OuterCondition {
    code: String,
    /// The indentation of the line that opened it.
    indent: usize,
}

impl OuterCondition {
    /// The condition that holds from a line on.
    fn behind(before: Option<Self>, code: &str, indent: usize) -> Option<Self> {
        let first = code.split_whitespace().next().unwrap_or_default();
        match (before, first) {
            (None, "if" | "unless" | "case") => Some(Self {
                code: code.to_owned(),
                indent,
            }),
            (Some(open), "end") if indent <= open.indent => None,
            (Some(open), "else") if indent <= open.indent => Some(Self {
                code: format!("{OTHERWISE}{}", open.code),
                indent,
            }),
            (Some(open), "elsif") if indent <= open.indent => Some(Self {
                code: code.to_owned(),
                indent,
            }),
            (before, _) => before,
        }
    }
}

/// Reads an initializer. Several assignments are all reported; the last one holds. Only Sidekiq's
/// own configuration counts: the parameter of a `configure_…` block, `Sidekiq.options`,
/// `Sidekiq.default_configuration` (sidekiq `lib/sidekiq/config.rb`), or a variable that holds it.
pub fn read(file: &str, text: &str) -> Reading {
    let mut reading = Reading::default();
    let mut block: Option<Block<'_>> = None;
    let mut condition: Option<OuterCondition> = None;
    let names = FileVariables::of(text);
    for (number, code) in ruby::code_lines(text) {
        let indent = code.len() - code.trim_start().len();
        condition = OuterCondition::behind(condition, code.trim(), indent);
        let opened = opens(code, indent);
        let is_opened = opened.is_some();
        if code.contains(EMBEDDED) {
            reading.not_read(
                FilePlace::new(file, number),
                "Sidekiq runs inside of another process (configure_embed): how long that one waits for it was not read",
            );
        }
        if is_opened {
            block = opened;
        }
        if let Some((receiver, assigned)) = assigned(code)
            && names.holds_configuration(receiver, block.as_ref())
        {
            let is_client = block.as_ref().is_some_and(|block| block.is_client);
            let setting = if is_client { IN_CLIENT } else { TIMEOUT };
            let place = FilePlace::new(file, number);
            report(setting, &assigned, condition.as_ref(), place, &mut reading);
        }
        if let Some(label) = labelled(code) {
            let place = FilePlace::new(file, number);
            reading.found(Layer::Initializer, LABEL, None, label, place);
        }
        let closes = code.trim_start().starts_with(['}']) || code.trim() == "end";
        let one_line =
            is_opened && (code.trim_end().ends_with('}') || code.trim().ends_with(" end"));
        if one_line || (closes && block.as_ref().is_some_and(|block| indent <= block.indent)) {
            block = None;
        }
    }
    reading
}

fn report(
    setting: &'static str,
    assigned: &Assigned<'_>,
    condition: Option<&OuterCondition>,
    place: FilePlace,
    reading: &mut Reading,
) {
    match assigned {
        Assigned::Always(value) => {
            let (value, modifier) = without_modifier(value);
            if let Some((question, yes, no)) = choice(value) {
                for (code, value) in [
                    (question.clone(), yes),
                    (format!("{OTHERWISE}{question}"), no),
                ] {
                    let condition = OuterCondition {
                        code,
                        ..OuterCondition::default()
                    };
                    let assigned = Assigned::Always(value);
                    report(setting, &assigned, Some(&condition), place.clone(), reading);
                }
                return;
            }
            let mut value = ruby::timeout(value, Use::Assigned);
            let outer = condition.map(|condition| condition.code.as_str());
            let conditions = modifier.into_iter().chain(outer);
            let mut scope = None;
            for code in conditions.filter(|code| !holds_in_a_server(code)) {
                match environment_of(code) {
                    Some(environment) if scope.is_none() => scope = Some(environment),
                    Some(_) | None => value = ruby::only_in(code, &value),
                }
            }
            reading.found(Layer::Initializer, setting, scope.as_deref(), value, place);
        }
        Assigned::IfUnset => reading.problem(
            place,
            "`||=` sets nothing here: the timeout has a value already",
        ),
    }
}

/// Whether a value that is set only in some environments counts in this one.
pub fn counts_in(scope: Option<&str>, environment: &str) -> bool {
    let Some(scope) = scope else {
        return true;
    };
    match scope.strip_prefix(NOT) {
        Some(other) => other != environment,
        None => scope == environment,
    }
}

/// The beginning of the scope of a value that counts in every environment but one.
const NOT: &str = "not ";

/// The environment that a condition asks for, as a scope: `if Rails.env.production?`.
fn environment_of(code: &str) -> Option<String> {
    // The branch behind several questions is no plain answer to one of them.
    let (is_else, code) = match (code.strip_prefix(OTHERWISE), code.strip_prefix("els")) {
        (Some(code), _) => (true, code),
        (None, Some(code)) => (false, code),
        (None, None) => (false, code),
    };
    let (is_unless, question) = match (code.strip_prefix("if "), code.strip_prefix("unless ")) {
        (Some(question), _) => (false, question),
        (None, Some(question)) => (true, question),
        (None, None) => return None,
    };
    let (is_not, question) = match question.trim().strip_prefix('!') {
        Some(question) => (true, question),
        None => (false, question.trim()),
    };
    let question = question.strip_prefix("Rails.env")?;
    let named = question
        .strip_prefix('.')
        .and_then(|name| name.strip_suffix('?'));
    let equal = || ruby::quoted(question.trim().strip_prefix("==")?.trim());
    let name = named.or_else(equal)?;
    let is_word = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let is_inverted = is_else ^ is_unless ^ is_not;
    let before = if is_inverted { NOT } else { "" };
    is_word.then(|| format!("{before}{name}"))
}

/// `Rails.env.production? ? 60 : 20` as a question and two values.
fn choice(code: &str) -> Option<(String, &str, &str)> {
    let (question, values) = code.split_once(" ? ")?;
    let (yes, no) = values.split_once(" : ")?;
    let condition = format!("if {}", question.trim_matches(['(', ' ']));
    environment_of(&condition)?;
    Some((condition, yes.trim(), no.trim_matches([')', ' '])))
}

/// Whether a condition holds in every Sidekiq of a deploy: it asks whether this is one, or keeps
/// tests and developers' machines out.
fn holds_in_a_server(condition: &str) -> bool {
    let all = |code: &str, known: &[&str], between: &str| {
        code.split(between).all(|part| known.contains(&part.trim()))
    };
    match (
        condition.strip_prefix("if "),
        condition.strip_prefix("unless "),
    ) {
        (Some(code), _) => all(code, IS_SIDEKIQ, "&&"),
        (None, Some(code)) => all(code, IS_FOR_DEVELOPMENT, "||"),
        (None, None) => false,
    }
}

/// Questions to which a Sidekiq of a deploy says yes.
const IS_SIDEKIQ: &[&str] = &[
    "!Rails.env.development?",
    "!Rails.env.local?",
    "!Rails.env.test?",
    "Sidekiq.server?",
    "defined? Sidekiq",
    "defined?(::Sidekiq)",
    "defined?(Sidekiq)",
    "defined?(Sidekiq::CLI)",
];

/// Questions to which it says no.
const IS_FOR_DEVELOPMENT: &[&str] = &[
    "Rails.env.development?",
    "Rails.env.local?",
    "Rails.env.test?",
];

/// A value and the condition behind it: `60 if Sidekiq.server?`.
fn without_modifier(code: &str) -> (&str, Option<&str>) {
    let places = [" if ", " unless "]
        .iter()
        .filter_map(|word| code.find(word));
    match places.min() {
        Some(at) => (code[..at].trim_end(), Some(code[at..].trim_start())),
        None => (code, None),
    }
}

/// The variables of a file, as far as they matter here.
struct FileVariables<'a> {
    /// The names of those that hold Sidekiq's configuration.
    configurations: Vec<&'a str>,
    /// Whether `config` is a variable of something else.
    config_is_other: bool,
    /// Whether a `configure_…` block stands in the file.
    has_block: bool,
}

impl<'a> FileVariables<'a> {
    fn of(text: &'a str) -> Self {
        let mut names = Self {
            configurations: Vec::new(),
            config_is_other: false,
            has_block: false,
        };
        for (_, code) in ruby::code_lines(text) {
            names.has_block |= opens(code, 0).is_some();
            let Some((name, value)) = code.split_once('=') else {
                continue;
            };
            let (name, value) = (name.trim(), value.trim());
            if OWN.contains(&value) {
                names.configurations.push(name);
            } else if name == "config" {
                names.config_is_other = true;
            }
        }
        names
    }

    /// Whether a receiver is Sidekiq's own configuration.
    fn holds_configuration(&self, receiver: &str, block: Option<&Block<'_>>) -> bool {
        let receiver = receiver.strip_prefix("::").unwrap_or(receiver);
        let bare = receiver.strip_suffix(".options").unwrap_or(receiver);
        if OWN.contains(&receiver) || OWN.contains(&bare) || self.configurations.contains(&receiver)
        {
            return true;
        }
        match block {
            Some(block) => bare == block.parameter,
            // A method that is given the configuration, or a part of a file.
            None => bare == "config" && !self.config_is_other && !self.has_block,
        }
    }
}

/// Sidekiq inside of another process, as Puma (sidekiq `lib/sidekiq/embedded.rb`).
pub(super) const EMBEDDED: &str = "configure_embed";

/// Sidekiq's own configuration by its full name.
const OWN: &[&str] = &[
    "Sidekiq",
    "Sidekiq.options",
    "Sidekiq.default_configuration",
    "Sidekiq::CLI.instance.config",
];

/// The block that a line opens.
fn opens(code: &str, indent: usize) -> Option<Block<'_>> {
    let (at, is_client) = [
        ("configure_client", true),
        ("configure_server", false),
        (EMBEDDED, false),
    ]
    .iter()
    .find_map(|(name, is_client)| Some((code.find(name)? + name.len(), *is_client)))?;
    let parameter = match code[at..].split('|').nth(1) {
        Some(parameter) => parameter.trim(),
        None if code[at..].contains("_1") => "_1",
        None => "it",
    };
    Some(Block {
        is_client,
        parameter,
        indent,
    })
}

/// How a line assigns.
enum Assigned<'a> {
    Always(&'a str),
    IfUnset,
}

/// The receiver and the right-hand side of `…[:timeout] = …` or `….merge!(timeout: …)`.
fn assigned(code: &str) -> Option<(&str, Assigned<'_>)> {
    if let Some((before, after)) = code.split_once(".merge!(") {
        let (_, value) = after.split_once("timeout:")?;
        let end = value.find([',', ')'])?;
        return Some((receiver(before)?, Assigned::Always(value[..end].trim())));
    }
    let start = code.find("[:timeout]")?;
    let before = &code[..start];
    let receiver = receiver(before)?;
    let rest = code[start + "[:timeout]".len()..].trim_start();
    if rest.starts_with("||=") {
        return Some((receiver, Assigned::IfUnset));
    }
    let value = rest
        .strip_prefix('=')
        .filter(|v| !v.starts_with(['=', '~']))?;
    let value = value.split(';').next().unwrap_or(value);
    let value = value.trim();
    // The brace that closes `{ |c| c[:timeout] = 60 }`.
    let opened = before.matches('{').count() > before.matches('}').count();
    let value = match value.strip_suffix('}') {
        Some(inner) if opened && value.matches('}').count() > value.matches('{').count() => inner,
        _ => value,
    };
    let value = value.trim();
    let value = value.strip_suffix(" end").unwrap_or(value).trim();
    Some((receiver, Assigned::Always(value)))
}

/// The label that a line adds: seconds of a plain text (`config[:labels] << "timeout=60"`), or the
/// code that publishes what is in force (`"timeout=#{config[:timeout]}"`).
fn labelled(code: &str) -> Option<Value> {
    let (_, behind) = code.split_once("labels")?;
    let (_, value) = behind.split_once("timeout=")?;
    if value.starts_with("#{") {
        return Some(Value::text("timeout in force"));
    }
    let digits = value.find(|c: char| !c.is_ascii_digit())?;
    let is_text = value[digits..].starts_with(['"', '\'']);
    let seconds = value[..digits].parse::<u32>().ok().filter(|_| is_text)?;
    Some(Value::Span(Duration::from_secs(u64::from(seconds))))
}

/// The name at the end of a piece of Ruby.
fn receiver(before: &str) -> Option<&str> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | ':' | '@');
    let receiver = before.rsplit(|c: char| !is_part(c)).next()?;
    (!receiver.is_empty()).then_some(receiver)
}
