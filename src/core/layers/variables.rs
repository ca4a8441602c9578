//! Variables of the environment that matter to a stop, wherever they are set: those that state a
//! wait, and those that name the environment of Rails, whose section of the yml counts.

use super::span::duration_text;
use super::value::Value;

/// The waits of overmind and of hivemind (their `main.go`).
pub(super) const VARIABLES: &[&str] = &["OVERMIND_TIMEOUT", "HIVEMIND_TIMEOUT"];

/// The variables that name the environment, in the order in which Sidekiq asks (7.3.9
/// `cli.rb:234`).
pub const ENVIRONMENTS: &[&str] = &["APP_ENV", "RAILS_ENV", "RACK_ENV"];

/// The variable's name and the value that an assignment of the environment states.
pub(super) fn assigned(text: &str) -> Option<(&'static str, Value)> {
    let (name, written) = text.trim().split_once('=')?;
    variable(name.trim().trim_start_matches("export "), written)
}

/// The name and the value that a variable states.
pub(super) fn variable(name: &str, written: &str) -> Option<(&'static str, Value)> {
    let written = written.trim().trim_matches(['"', '\'']);
    if let Some(name) = ENVIRONMENTS.iter().find(|known| **known == name) {
        return Some((name, Value::text(written)));
    }
    let name = VARIABLES.iter().find(|known| **known == name)?;
    let span = duration_text(written);
    Some((name, span.map_or_else(|| Value::text(written), Value::Span)))
}
