//! The answer of a reader: values with the place where they stand, and remarks. Types only;
//! which value holds is decided by `check`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::layer::Layer;
use crate::core::clean::clean;
use crate::core::interned::KnownName;

/// A file (or a command's output) and the line in it.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct FilePlace {
    /// Path as it was given, or a command such as `systemctl show sidekiq`.
    pub file: Arc<str>,
    /// Line from 1; `None` for the file as a whole.
    pub line: Option<usize>,
}

impl FilePlace {
    /// A line of a file.
    pub fn new(file: &str, line: usize) -> Self {
        Self {
            file: file.into(),
            line: Some(line),
        }
    }

    /// A file as a whole.
    pub fn whole(file: &str) -> Self {
        Self {
            file: file.into(),
            line: None,
        }
    }
}

impl fmt::Display for FilePlace {
    /// `config/sidekiq.yml:3`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&clean(&self.file, 300))?;
        match self.line {
            Some(line) => write!(formatter, ":{line}"),
            None => Ok(()),
        }
    }
}

/// The effect of a value that is no good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Fault {
    /// Sidekiq boots with it and crashes at TERM (`String can't be coerced into Float`).
    CrashesAtTerm,
    /// Sidekiq refuses to boot.
    NoBoot,
    /// The program says so in its log and takes its default, or an earlier value.
    Ignored,
}

/// The unwanted result that an expression can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Hazard {
    /// Nothing known.
    None,
    /// A text, when the variable is set: Sidekiq crashes at TERM.
    Text,
    /// A text when the variable is set, nil when it is not: Sidekiq crashes at TERM either way.
    TextOrNil,
    /// Nothing, when the variable is not set: Sidekiq does not boot.
    NoBoot,
}

/// Code that nobody runs here, with what can be read from it without running it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Expression {
    /// As written, clean.
    pub code: String,
    /// The value that it has when its variable is not set, where that is plain.
    pub default: Option<Duration>,
    /// The environment variable that it asks for, where that is plain.
    pub variable: Option<String>,
    /// The unwanted result that may come out.
    pub hazard: Hazard,
}

/// A value as found.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Value {
    /// A span of time.
    Span(Duration),
    /// Without end (`infinity`; 0 in a unit's `TimeoutStopSec`).
    Infinite,
    /// A word or a text, clean.
    Text(String),
    /// Yes or no.
    Flag(bool),
    /// Code, not run.
    Expression(Expression),
    /// Written, and no good.
    Unusable {
        /// As written, clean.
        written: String,
        /// Its effect.
        fault: Fault,
    },
    /// Not written: the tool's own default holds.
    Default(Duration),
}

impl Value {
    /// A command of one or more lines as one line, made clean: a line break ends a command, as
    /// `;` does. Comment lines are left out.
    pub fn command(text: &str) -> Self {
        Self::text(&one_line(text))
    }

    /// A text from outside, made clean.
    pub fn text(text: &str) -> Self {
        Self::Text(clean(text, 2000))
    }

    /// The span that it stands for: stated, the tool's default, or an expression's default.
    pub fn span(&self) -> Option<Duration> {
        match self {
            Self::Span(span) | Self::Default(span) => Some(*span),
            Self::Expression(expression) => expression.default,
            Self::Infinite | Self::Text(_) | Self::Flag(_) | Self::Unusable { .. } => None,
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Span(_)
            | Self::Infinite
            | Self::Flag(_)
            | Self::Expression(_)
            | Self::Unusable { .. }
            | Self::Default(_) => None,
        }
    }

    /// Whether it was written and can be used (an expression counts).
    pub fn is_usable(&self) -> bool {
        !matches!(self, Self::Unusable { .. } | Self::Default(_))
    }
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Span(span) => write!(formatter, "{} s", span.as_secs_f64()),
            Self::Infinite => formatter.write_str("infinity"),
            Self::Text(text) => formatter.write_str(text),
            Self::Flag(flag) => formatter.write_str(if *flag { "yes" } else { "no" }),
            Self::Expression(expression) => match (&expression.default, &expression.variable) {
                (Some(default), Some(variable)) => {
                    write!(
                        formatter,
                        "{} s unless {variable} is set",
                        default.as_secs_f64()
                    )
                }
                (Some(default), None) => write!(
                    formatter,
                    "{} s, or what `{}` gives",
                    default.as_secs_f64(),
                    expression.code
                ),
                (None, _) => write!(formatter, "`{}`, not evaluated", expression.code),
            },
            Self::Unusable { written, .. } if written.is_empty() => formatter.write_str("(empty)"),
            Self::Unusable { written, .. } => write!(formatter, "`{written}`, unusable"),
            Self::Default(span) => write!(formatter, "{} s, the default", span.as_secs_f64()),
        }
    }
}

/// A setting as it stands somewhere.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LocatedSetting {
    /// Which layer.
    pub layer: Layer,
    /// The setting's own name there.
    #[serde(deserialize_with = "crate::core::interned::interned")]
    pub setting: KnownName,
    /// Its owner within the file: environment, process, unit, role, container.
    pub scope: Option<String>,
    /// Its message.
    pub value: Value,
    /// Where.
    pub from: FilePlace,
}

/// How much a remark matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Worth knowing.
    Note,
    /// Something could not be read, or will not do what its author meant.
    Problem,
    /// A place that may say how Sidekiq is stopped was seen and not understood: a template, YAML
    /// that is none. `check` makes a finding of it.
    NotRead,
}

/// Something that a reader has to say beside the values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Note or problem.
    pub weight: Weight,
    /// In an operator's words.
    pub text: String,
    /// Where.
    pub from: FilePlace,
}

/// All that one reader found in one text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// In the order of the text.
    pub values: Vec<LocatedSetting>,
    /// In the order of the text.
    pub remarks: Vec<Remark>,
}

impl Reading {
    /// Adds a value.
    pub fn found(
        &mut self,
        layer: Layer,
        setting: &'static str,
        scope: Option<&str>,
        value: Value,
        from: FilePlace,
    ) {
        self.values.push(LocatedSetting {
            layer,
            setting,
            scope: scope.map(|scope| clean(scope, 120)),
            value,
            from,
        });
    }

    /// Adds a remark worth knowing.
    pub fn note(&mut self, from: FilePlace, text: impl Into<String>) {
        self.remarks.push(Remark {
            weight: Weight::Note,
            text: text.into(),
            from,
        });
    }

    /// Adds a problem.
    pub fn problem(&mut self, from: FilePlace, text: impl Into<String>) {
        self.remarks.push(Remark {
            weight: Weight::Problem,
            text: text.into(),
            from,
        });
    }

    /// Adds a place that may say how Sidekiq is stopped, and was not understood.
    pub fn not_read(&mut self, from: FilePlace, text: impl Into<String>) {
        self.remarks.push(Remark {
            weight: Weight::NotRead,
            text: text.into(),
            from,
        });
    }

    /// Takes in what another reader found.
    pub fn extend(&mut self, other: Self) {
        self.values.extend(other.values);
        self.remarks.extend(other.remarks);
    }
}

/// The lines of a shell script in one line.
fn one_line(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    for line in text.trim().lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(open) = whole.strip_suffix('\\') {
            whole = format!("{} ", open.trim_end());
        } else if !whole.is_empty() {
            let goes_on = ["do", "then", "else", "{", "(", "&&", "||", "|", ";", "&"]
                .iter()
                .any(|end| whole.ends_with(end));
            whole.push_str(if goes_on { " " } else { "; " });
        }
        whole.push_str(line);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_break_ends_a_command() {
        for (text, expected) in [
            ("kill -TSTP 1", "kill -TSTP 1"),
            ("kill -TSTP 1\nsleep 20\n", "kill -TSTP 1; sleep 20"),
            ("# quiet\nsidekiq \\\n  -t 5\n\nb", "sidekiq -t 5; b"),
            ("while a; do\n  sleep 1\ndone", "while a; do sleep 1; done"),
            ("a &&\nb", "a && b"),
        ] {
            assert_eq!(Value::command(text), Value::text(expected), "{text:?}");
        }
    }
}
