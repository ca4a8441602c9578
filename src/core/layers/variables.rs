//! Variables of the environment that state a wait, wherever they are set.

use super::span::duration_text;
use super::value::Value;

/// The waits of overmind and of hivemind (their `main.go`).
pub(super) const VARIABLES: &[&str] = &["OVERMIND_TIMEOUT", "HIVEMIND_TIMEOUT"];

/// The wait that an assignment of the environment states: the variable's name, and the value.
pub(super) fn assigned(text: &str) -> Option<(&'static str, Value)> {
    let (name, written) = text.trim().split_once('=')?;
    variable(name.trim().trim_start_matches("export "), written)
}

/// The wait that a variable states.
pub(super) fn variable(name: &str, written: &str) -> Option<(&'static str, Value)> {
    let name = VARIABLES.iter().find(|known| **known == name)?;
    let written = written.trim().trim_matches(['"', '\'']);
    let span = duration_text(written);
    Some((name, span.map_or_else(|| Value::text(written), Value::Span)))
}
