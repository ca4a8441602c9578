//! Kamal's `config/deploy.yml`: how long it lets a container stop, for the roles that run a
//! Sidekiq. ERB is left alone.

use std::time::Duration;

use serde_yaml::Value as Node;

use super::compose::command;
use super::erb::{Scalar, Untagged};
use super::tool::Layer;
use super::value::{Expression, Hazard, Place, Reading, Value};
use super::yaml::{self, Document};

/// 2.12 and later, at the root or in a role.
pub const STOP_TIMEOUT: &str = "stop_timeout";
/// 2.x; roles without a proxy stop after it where there is no `stop_timeout`.
pub const DRAIN_TIMEOUT: &str = "drain_timeout";
/// 1.x.
pub const STOP_WAIT_TIME: &str = "stop_wait_time";

/// Reads a `deploy.yml`. The scope of a value is its role; values at the root are repeated for
/// each role that does not say otherwise (basecamp/kamal `lib/kamal/configuration/role.rb`,
/// `stop_args`).
pub fn read(file: &str, text: &str) -> Reading {
    let mut reading = Reading::default();
    let untagged = Untagged::new(text);
    let document = match yaml::document(&untagged.text) {
        Ok(document) => document,
        Err(broken) => {
            let place = Place {
                file: file.into(),
                line: broken.line,
            };
            let why = untagged.restore(&broken.why);
            reading.problem(place, format!("no valid YAML: {why}"));
            return reading;
        }
    };
    let Some(servers) = document.get(&["servers"]) else {
        return reading;
    };
    for (name, role) in yaml::entries(servers) {
        one_role(file, &untagged, &document, name, role, &mut reading);
    }
    reading
}

fn one_role(
    file: &str,
    untagged: &Untagged,
    document: &Document,
    name: &str,
    role: &Node,
    reading: &mut Reading,
) {
    let Some((cmd, _)) = role.get("cmd").and_then(command) else {
        return;
    };
    let cmd = untagged.restore(&cmd);
    let place = Place::new(file, document.line(&["servers", name, "cmd"]));
    let mut scope = reading.scope(Layer::Kamal, name);
    if scope.command(&cmd, &place).is_none() {
        return;
    }
    let candidates: [(&'static str, Vec<&str>); 4] = [
        (STOP_TIMEOUT, vec!["servers", name, STOP_TIMEOUT]),
        (STOP_TIMEOUT, vec![STOP_TIMEOUT]),
        (STOP_WAIT_TIME, vec![STOP_WAIT_TIME]),
        (DRAIN_TIMEOUT, vec![DRAIN_TIMEOUT]),
    ];
    for (setting, path) in candidates {
        if let Some(node) = document.get(&path) {
            let place = Place::new(file, document.line(&path));
            let value = seconds(untagged, node);
            scope.found(setting, value, &place);
            return;
        }
    }
    scope.found(
        STOP_TIMEOUT,
        Value::Default(Duration::from_secs(30)),
        &place,
    );
    reading.note(
        place,
        format!(
            "role {name} sets no stop_timeout: Kamal 2.12 and later wait 30 s, earlier ones 10 s"
        ),
    );
}

fn seconds(untagged: &Untagged, node: &Node) -> Value {
    if let Some(Ok(span)) = node.as_f64().map(Duration::try_from_secs_f64) {
        return Value::Span(span);
    }
    let text = yaml::scalar(node).unwrap_or_default();
    match untagged.scalar(&text) {
        Scalar::Code(code) => super::ruby::timeout(code, super::ruby::Use::Printed),
        Scalar::Plain(_) | Scalar::Mixed => Value::Expression(Expression {
            code: untagged.restore(&text),
            default: None,
            variable: None,
            hazard: Hazard::None,
        }),
    }
}
