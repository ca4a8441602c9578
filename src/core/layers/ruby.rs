//! Plain Ruby values, read without running any Ruby: numbers, texts and the usual questions to
//! `ENV`. Everything else stays an expression; nothing is guessed.

use std::time::Duration;

use super::erb::OTHERWISE;
use super::value::{Expression, Fault, Hazard, Value};
use crate::core::clean::clean;

/// Where a piece of Ruby stands: what it gives is used as it is, or printed into YAML first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Assigned in Ruby: a text stays a text.
    Assigned,
    /// Printed by ERB: YAML reads the text again.
    Printed,
}

/// The timeout that `code` gives.
pub fn timeout(code: &str, used: Use) -> Value {
    let code = code.trim();
    let (bare, converted) = without_conversion(code);
    if let Some(number) = number(bare) {
        return number_value(number, bare, used);
    }
    if let Some(text) = quoted(bare) {
        return match (number(text), converted || used == Use::Printed) {
            (Some(number), true) => number_value(number, text, used),
            (_, _) => Value::Unusable {
                written: clean(code, 200),
                fault: Fault::CrashesAtTerm,
            },
        };
    }
    if bare == "nil" {
        return Value::Unusable {
            written: "nil".into(),
            fault: match used {
                Use::Assigned => Fault::CrashesAtTerm,
                Use::Printed => Fault::NoBoot,
            },
        };
    }
    Value::Expression(asked(code, bare, converted, used))
}

/// A value that counts only where `code` says so.
pub(super) fn only_in(code: &str, value: &Value) -> Value {
    if let (Some(condition), Value::Span(span)) = (code.strip_prefix(OTHERWISE), value)
        && let Some(variable) = asked_variable(condition)
    {
        return Value::Expression(Expression {
            code: clean(&format!("{value}, unless {condition}"), 200),
            default: Some(*span),
            variable: Some(variable.to_owned()),
            hazard: Hazard::None,
        });
    }
    let hazard = match value {
        Value::Expression(expression) => expression.hazard,
        Value::Unusable { fault, .. } => match fault {
            Fault::CrashesAtTerm => Hazard::Text,
            Fault::NoBoot => Hazard::NoBoot,
            Fault::Ignored => Hazard::None,
        },
        Value::Span(_) | Value::Infinite | Value::Text(_) | Value::Flag(_) | Value::Default(_) => {
            Hazard::None
        }
    };
    Value::Expression(Expression {
        code: clean(&format!("{value}, only inside {code}"), 200),
        default: None,
        variable: None,
        hazard,
    })
}

/// The variable whose presence a condition asks for: `if ENV["BIG"]`, `if ENV.key?("BIG")`.
fn asked_variable(condition: &str) -> Option<&str> {
    let question = condition.strip_prefix("if ")?.strip_prefix("ENV")?;
    let inner = question
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .or_else(|| question.strip_prefix(".key?(")?.strip_suffix(')'))?;
    quoted(inner)
}

/// The question to `ENV` in `bare`, as far as it is plain.
fn asked(code: &str, bare: &str, converted: bool, used: Use) -> Expression {
    let mut expression = Expression {
        code: clean(code, 200),
        default: None,
        variable: None,
        hazard: Hazard::None,
    };
    let Some(question) = question(bare) else {
        return expression;
    };
    expression.variable = Some(clean(question.variable, 80));
    let safe = converted || used == Use::Printed;
    match question.otherwise {
        Otherwise::Raises => {
            if !safe {
                expression.hazard = Hazard::Text;
            }
        }
        Otherwise::Nil => {
            expression.hazard = match (used, converted) {
                (Use::Assigned, false) => Hazard::TextOrNil,
                // `nil.to_i` is 0, and so is what ERB then prints: YAML's 0 does not boot.
                (Use::Printed, _) => Hazard::NoBoot,
                (Use::Assigned, true) => Hazard::None,
            };
            if converted && used == Use::Assigned && code.ends_with(".to_i") {
                expression.default = Some(Duration::ZERO);
            }
        }
        Otherwise::Code(default) => {
            expression.default = number(default)
                .or_else(|| quoted(default).filter(|_| safe).and_then(number))
                .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
            if !safe {
                expression.hazard = Hazard::Text;
            }
        }
    }
    expression
}

/// A question to `ENV`.
struct EnvQuestion<'a> {
    variable: &'a str,
    otherwise: Otherwise<'a>,
}

/// The value that is used when the variable is not set.
enum Otherwise<'a> {
    Raises,
    Nil,
    Code(&'a str),
}

/// Reads `ENV["X"]`, `ENV["X"] || 60`, `ENV.fetch("X")`, `ENV.fetch("X", 60)` and
/// `ENV.fetch("X") { 60 }`.
fn question(code: &str) -> Option<EnvQuestion<'_>> {
    let rest = code.strip_prefix("ENV")?;
    if let Some(rest) = rest.strip_prefix('[') {
        let (name, rest) = rest.split_once(']')?;
        let rest = rest.trim();
        return Some(EnvQuestion {
            variable: quoted(name.trim())?,
            otherwise: match rest.strip_prefix("||") {
                Some(default) => Otherwise::Code(default.trim()),
                None if rest.is_empty() => Otherwise::Nil,
                None => return None,
            },
        });
    }
    let (arguments, rest) = rest.strip_prefix(".fetch(")?.split_once(')')?;
    let (name, default) = match arguments.split_once(',') {
        Some((name, default)) => (name, Some(default.trim())),
        None => (arguments, None),
    };
    let rest = rest.trim();
    let block = rest
        .strip_prefix('{')
        .and_then(|block| block.strip_suffix('}'))
        .map(str::trim);
    if !rest.is_empty() && block.is_none() {
        return None;
    }
    Some(EnvQuestion {
        variable: quoted(name.trim())?,
        otherwise: block.or(default).map_or(Otherwise::Raises, Otherwise::Code),
    })
}

/// Takes off `.to_i`, `.to_f`, `Integer(…)`, `Float(…)` and outer parentheses; says whether a
/// conversion to a number was among them.
fn without_conversion(code: &str) -> (&str, bool) {
    let mut bare = code.trim();
    let mut converted = false;
    loop {
        let inner = [".to_i", ".to_f"]
            .iter()
            .find_map(|suffix| bare.strip_suffix(suffix))
            .or_else(|| {
                ["Integer(", "Float("]
                    .iter()
                    .find_map(|prefix| enclosed(bare, prefix))
            });
        if let Some(inner) = inner {
            converted = true;
            bare = inner.trim();
        } else if let Some(inner) = enclosed(bare, "(") {
            bare = inner.trim();
        } else {
            return (bare, converted);
        }
    }
}

/// The text between `prefix` and the closing parenthesis that belongs to it, if that ends
/// the text.
fn enclosed<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let inner = text.strip_prefix(prefix)?.strip_suffix(')')?;
    let mut depth = 0_i32;
    for character in inner.chars() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return None;
        }
    }
    (depth == 0).then_some(inner)
}

/// The inside of a text in single or double quotes without interpolation.
pub(super) fn quoted(code: &str) -> Option<&str> {
    ['"', '\'']
        .iter()
        .find_map(|quote| code.strip_prefix(*quote)?.strip_suffix(*quote))
        .filter(|inner| !inner.contains(['"', '\'', '\\']) && !inner.contains("#{"))
}

/// A plain number of Ruby: `60`, `1_000`, `2.5`; not negative, not an expression.
pub(super) fn number(code: &str) -> Option<f64> {
    let digits = code.replace('_', "");
    let plain = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || c == '.')
        && !digits.ends_with('.')
        && !code.ends_with('_');
    let octal = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    (plain && !octal)
        .then(|| digits.parse().ok())
        .flatten()
        .filter(|number: &f64| *number < 1e12)
}

/// A number as a timeout. In YAML, 0 keeps Sidekiq from booting; assigned in Ruby it counts.
fn number_value(number: f64, written: &str, used: Use) -> Value {
    if number == 0.0 && used == Use::Printed {
        return Value::Unusable {
            written: written.into(),
            fault: Fault::NoBoot,
        };
    }
    Value::Span(Duration::try_from_secs_f64(number).unwrap_or_default())
}

/// `line` without its comment: a `#` that stands in no text and begins no `#{…}`.
pub(super) fn without_comment(line: &str) -> &str {
    let mut quote = None;
    let mut escaped = false;
    for (index, character) in line.char_indices() {
        match (quote, character) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if open == character => quote = None,
            (None, '"' | '\'') => quote = Some(character),
            (None, '#') if !line[index..].starts_with("#{") => return &line[..index],
            _ => {}
        }
    }
    line
}

/// The lines of a Ruby file that hold code, with their numbers: no comments, no `=begin`
/// blocks, nothing after `__END__`.
pub(super) fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut inside = false;
    text.lines()
        .take_while(|line| *line != "__END__")
        .enumerate()
        .filter_map(move |(index, line)| {
            if line.starts_with("=begin") {
                inside = true;
            }
            let skipped = inside;
            if line.starts_with("=end") {
                inside = false;
            }
            let code = without_comment(line);
            (!skipped && !code.trim().is_empty()).then_some((index + 1, code))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(code: &str, used: Use) -> (Option<u64>, Hazard) {
        match timeout(code, used) {
            Value::Span(span) => (Some(span.as_secs()), Hazard::None),
            Value::Expression(expression) => (
                expression.default.map(|span| span.as_secs()),
                expression.hazard,
            ),
            Value::Infinite
            | Value::Text(_)
            | Value::Flag(_)
            | Value::Unusable { .. }
            | Value::Default(_) => panic!("{code} is neither"),
        }
    }

    #[test]
    fn the_usual_questions_to_the_environment() {
        use Hazard::{None as Fine, Text, TextOrNil};
        let cases = [
            ("60", Some(60), Fine),
            ("1_000", Some(1000), Fine),
            ("(60)", Some(60), Fine),
            (r#"ENV.fetch("X", 60).to_i"#, Some(60), Fine),
            (r#"Integer(ENV.fetch("X", "60"))"#, Some(60), Fine),
            (r#"(ENV["X"] || 60).to_i"#, Some(60), Fine),
            (r#"ENV.fetch("X") { 60 }.to_i"#, Some(60), Fine),
            (r#"ENV.fetch("X", 60)"#, Some(60), Text),
            (r#"ENV["X"]"#, None, TextOrNil),
            (r#"ENV["X"].to_i"#, Some(0), Fine),
            (r#"ENV.fetch("X")"#, None, Text),
            ("2.minutes", None, Fine),
            ("SETTINGS[:t] + 5", None, Fine),
        ];
        for (code, seconds, hazard) in cases {
            assert_eq!(plain(code, Use::Assigned), (seconds, hazard), "{code}");
        }
        assert_eq!(
            plain(r#"ENV.fetch("X", 60)"#, Use::Printed),
            (Some(60), Fine)
        );
        assert_eq!(plain(r#"ENV["X"]"#, Use::Printed), (None, Hazard::NoBoot));
    }

    #[test]
    fn texts_are_bombs_unless_converted() {
        assert!(matches!(
            timeout("\"60\"", Use::Assigned),
            Value::Unusable {
                fault: Fault::CrashesAtTerm,
                ..
            }
        ));
        assert_eq!(plain("\"60\".to_i", Use::Assigned).0, Some(60));
    }

    #[test]
    fn comments_end_code() {
        assert_eq!(without_comment("a = '#' # b"), "a = '#' ");
        for whole in ["\"#{x}\" + 1", "command %[kill #{pid}]", "`kill #{pid}`"] {
            assert_eq!(without_comment(whole), whole);
        }
    }

    proptest! {
        #[test]
        fn no_code_panics(code in "[ENV.fetch()\\[\\]{}|\"'0-9_,# toi]{0,40}|.*") {
            let _values = (timeout(&code, Use::Assigned), timeout(&code, Use::Printed));
            let _lines = code_lines(&code).count();
        }
    }
}
