//! Inputs without what must not be written down: addresses without their passwords.

use serde::Serialize;
use serde_json::Value;

/// As JSON, without passwords.
pub(super) fn written(value: &impl Serialize) -> Value {
    let mut value = serde_json::to_value(value).expect("inputs have texts for keys alone");
    without_passwords(&mut value);
    value
}

/// Takes user and password out of every address in every text of `value`.
fn without_passwords(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some(clean) = masked(text) {
                *text = clean;
            }
        }
        Value::Array(values) => values.iter_mut().for_each(without_passwords),
        Value::Object(members) => members.values_mut().for_each(without_passwords),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// `text` with `//user:password@` as `//`; `None` if there is no such thing in it.
fn masked(text: &str) -> Option<String> {
    if !text.contains("://") || !text.contains('@') {
        return None;
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, behind) = rest.split_at(at + 3);
        clean.push_str(before);
        let word = behind
            .split([' ', '\t', '\n', '"', '\''])
            .next()
            .unwrap_or_default();
        rest = match word.rfind('@') {
            Some(end) => &behind[end + 1..],
            None => behind,
        };
    }
    clean.push_str(rest);
    Some(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_stays_in_any_text() {
        let mut value =
            serde_json::json!({"a": ["run redis://u:p@ss@h/1 and https://x", 5], "b": "plain@x"});
        without_passwords(&mut value);
        assert_eq!(
            value,
            serde_json::json!({"a": ["run redis://h/1 and https://x", 5], "b": "plain@x"})
        );
    }
}
