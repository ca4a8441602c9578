//! Variables of scripts, Makefiles and playbooks that name the process of a Sidekiq: a command that
//! signals `$pid` is read as one that signals what `$pid` was given.

/// The variables, the last one of a name counts.
#[derive(Default)]
pub(super) struct ProcessVariables(Vec<(String, String)>);

/// Words in front of an assignment.
const BEFORE: &[&str] = &["export ", "local ", "readonly ", "declare "];

impl ProcessVariables {
    /// Takes `for pid in $(pgrep -f sidekiq)`, `pid=$(cat tmp/sidekiq.pid)` and, of a Makefile,
    /// `PID := $(shell cat tmp/sidekiq.pid)`.
    pub(super) fn take(&mut self, code: &str) {
        let mut code = code.trim();
        while let Some(rest) = BEFORE.iter().find_map(|word| code.strip_prefix(word)) {
            code = rest.trim_start();
        }
        let in_loop = code.strip_prefix("for ").and_then(|rest| {
            let (name, values) = rest.split_once(" in ")?;
            Some((name, values.split("; do").next().unwrap_or(values)))
        });
        let Some((name, value)) = in_loop.or_else(|| code.split_once('=')) else {
            return;
        };
        let name = name.trim().trim_end_matches([':', '?']).trim_end();
        let value = self.filled(value.trim().trim_matches('"'));
        self.set(name, value);
    }

    /// Takes what Ansible registers: `{{ running.stdout }}` is then what `command` printed.
    pub(super) fn take_registered(&mut self, name: &str, command: &str) {
        self.set(name, format!("$({command})"));
    }

    /// Leaves out a variable.
    pub(super) fn forget(&mut self, name: &str) {
        self.0.retain(|(known, _)| known != name);
    }

    fn set(&mut self, name: &str, value: String) {
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        if is_name && value.contains("sidekiq") {
            self.0.push((name.to_owned(), value));
        }
    }

    /// `code` with what the variables in it stand for.
    pub(super) fn filled(&self, code: &str) -> String {
        let mut filled = code.to_owned();
        if !code.contains(['$', '{']) {
            return filled;
        }
        for (name, value) in self.0.iter().rev() {
            for form in [
                format!("\"${name}\""),
                format!("${{{name}}}"),
                format!("$({name})"),
                format!("$${name}"),
                format!("${name}"),
            ] {
                filled = replaced(&filled, &form, value);
            }
            filled = without_expressions(&filled, name, value);
        }
        filled
    }
}

/// `text` with `value` for `form`, where no longer name begins so.
fn replaced(text: &str, form: &str, value: &str) -> String {
    let mut whole = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(form) {
        whole.push_str(before);
        let goes_on = after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        whole.push_str(if goes_on { form } else { value });
        rest = after;
    }
    whole + rest
}

/// `text` with `value` for every `{{ … }}` that asks for `name`.
fn without_expressions(text: &str, name: &str, value: &str) -> String {
    let mut whole = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((inside, behind)) = after.split_once("}}") else {
            break;
        };
        whole.push_str(before);
        let asked = inside.trim().split(['.', '[', ' ', '|']).next();
        if asked == Some(name) {
            whole.push_str(value);
        } else {
            whole.extend(["{{", inside, "}}"]);
        }
        rest = behind;
    }
    whole + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_stands_for_what_names_a_sidekiq() {
        let cases: [(&[&str], &str, &str); 7] = [
            (
                &["PIDFILE=/srv/sidekiq.pid", "local pid=$(cat \"$PIDFILE\")"],
                "kill -9 \"$pid\"",
                "kill -9 $(cat /srv/sidekiq.pid)",
            ),
            (
                &["PID := $(shell cat sidekiq.pid)"],
                "kill $(PID) $$PID",
                "kill $(shell cat sidekiq.pid) $(shell cat sidekiq.pid)",
            ),
            (
                &["for p in $(pgrep -f sidekiq); do"],
                "kill ${p} $pids",
                "kill $(pgrep -f sidekiq) $pids",
            ),
            (&["pid=$(pgrep -f puma)"], "kill $pid", "kill $pid"),
            (
                &["UNIT=sidekiq.service"],
                "stop $UNIT",
                "stop sidekiq.service",
            ),
            (
                &["a=$(cat sidekiq.pid)"],
                "kill {{ a.b }}",
                "kill $(cat sidekiq.pid)",
            ),
            (
                &["a=$(cat sidekiq.pid)"],
                "kill {{ b.a }}",
                "kill {{ b.a }}",
            ),
        ];
        for (lines, code, expected) in cases {
            let mut variables = ProcessVariables::default();
            for line in lines {
                variables.take(line);
            }
            assert_eq!(variables.filled(code), expected, "{code}");
        }
    }
}
