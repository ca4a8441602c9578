//! Findings for the pipelines of others: as SARIF 2.1.0 (OASIS, errata 01), and as annotations of
//! a GitHub workflow. Text only; nothing is decided.

use std::fmt::Write;

use serde_json::{Value as Json, json};

use super::finding::{Finding, Rule, Severity};
use super::rules::rules;
use crate::core::layers::FilePlace;

/// Where the schema of SARIF 2.1.0 stands.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The findings as one SARIF log. `below` is put before every path (`services/api/`).
pub fn sarif(findings: &[Finding], below: &str) -> Json {
    let told: Vec<&Finding> = findings.iter().filter(|one| one.is_decided()).collect();
    let mut used: Vec<&'static Rule> = rules()
        .filter(|rule| told.iter().any(|one| one.rule == rule.id))
        .collect();
    used.sort_by_key(|rule| rule.id);
    let result = |one: &&Finding| {
        let index = used.iter().position(|rule| rule.id == one.rule);
        let mut result = json!({
            "ruleId": one.rule,
            "level": level(one.severity),
            "message": {"text": one.message},
        });
        if let Some(index) = index {
            result["ruleIndex"] = json!(index);
        }
        if let Some(location) = one.from.as_ref().and_then(|from| location(from, below)) {
            result["locations"] = json!([location]);
        }
        result
    };
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "drainboard",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": used.iter().map(|rule| descriptor(rule)).collect::<Vec<Json>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": told.iter().map(result).collect::<Vec<Json>>(),
        }],
    })
}

fn descriptor(rule: &Rule) -> Json {
    json!({
        "id": rule.id,
        "shortDescription": {"text": rule.condition},
        "fullDescription": {"text": rule.explanation},
        "help": {"text": format!("{}\n\nSource: {}", rule.explanation, rule.source)},
        "defaultConfiguration": {"level": level(rule.severity)},
    })
}

/// `level` of SARIF (3.27.10).
fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

fn location(place: &FilePlace, below: &str) -> Option<Json> {
    let uri = percent_encoded(&path_of(place, below)?);
    let mut physical = json!({"artifactLocation": {"uri": uri}});
    if let Some(line) = place.line.filter(|line| *line > 0) {
        physical["region"] = json!({"startLine": line});
    }
    Some(json!({"physicalLocation": physical}))
}

/// The path of a place that is a file; `None` for a command, an option or standard input.
fn path_of(place: &FilePlace, below: &str) -> Option<String> {
    let file: &str = &place.file;
    let is_file =
        !file.starts_with(['-', '$']) && !file.starts_with("systemctl ") && !file.is_empty();
    is_file.then(|| {
        if file.starts_with('/') {
            file.to_owned()
        } else {
            format!("{below}{file}")
        }
    })
}

/// A path as a URI reference (RFC 3986): everything but unreserved characters and `/` is encoded.
fn percent_encoded(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/@+,=".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            write!(uri, "%{byte:02X}").expect("a String takes every text");
        }
    }
    uri
}

/// The findings as workflow commands, one a line: `::error file=Procfile,line=2,title=D01::…`
/// (GitHub docs, "Workflow commands for GitHub Actions").
pub fn github(findings: &[Finding], below: &str) -> String {
    let mut text = String::new();
    for one in findings.iter().filter(|one| one.is_decided()) {
        let command = match one.severity {
            Severity::Info => "notice",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        let mut properties = Vec::new();
        if let Some(place) = &one.from
            && let Some(path) = path_of(place, below)
        {
            properties.push(format!("file={}", property(&path)));
            properties.extend(place.line.map(|line| format!("line={line}")));
        }
        properties.push(format!("title=drainboard {}", one.rule));
        writeln!(
            text,
            "::{command} {}::{}",
            properties.join(","),
            escaped(&one.message)
        )
        .expect("a String takes every text");
    }
    text
}

/// A message of a workflow command (`@actions/core`, `escapeData`).
fn escaped(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property of a workflow command (`@actions/core`, `escapeProperty`).
fn property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    //! Cases against these slips: a character not escaped, a place that is no file
    //! written as one, an undecided rule told.

    use super::*;

    fn finding(rule: &'static str, message: &str, from: Option<FilePlace>) -> Finding {
        Finding {
            rule,
            severity: Severity::Warning,
            message: message.into(),
            from,
            undecided: None,
        }
    }

    #[test]
    fn annotations_are_escaped_and_name_file_and_line() {
        let undecided = Finding {
            undecided: Some("x".into()),
            ..finding("D02", "", None)
        };
        let findings = [
            finding("D01", "100% of\nit", Some(FilePlace::new("a,b:c.yml", 3))),
            finding(
                "D41",
                "old",
                Some(FilePlace::whole("systemctl show sidekiq")),
            ),
            undecided,
        ];
        assert_eq!(
            github(&findings, "services/api/"),
            "::warning file=services/api/a%2Cb%3Ac.yml,line=3,title=drainboard D01::100%25 of%0Ait\n\
             ::warning title=drainboard D41::old\n"
        );
    }

    #[test]
    fn sarif_names_the_rule_the_level_and_the_place() {
        let findings = [
            finding(
                "D04",
                "close",
                Some(FilePlace::new("my units/s.service", 4)),
            ),
            finding("D01", "early", Some(FilePlace::whole("--sequence"))),
            Finding {
                undecided: Some("no unit is known".into()),
                ..finding("D03", "", None)
            },
        ];
        let log = sarif(&findings, "");
        let run = &log["runs"][0];
        assert_eq!(run["tool"]["driver"]["rules"][1]["id"], "D04");
        let first = &run["results"][0];
        assert_eq!(
            (&first["ruleIndex"], &first["level"]),
            (&json!(1), &json!("warning"))
        );
        assert_eq!(
            first["locations"][0]["physicalLocation"],
            json!({"artifactLocation": {"uri": "my%20units/s.service"}, "region": {"startLine": 4}})
        );
        assert!(run["results"][1].get("locations").is_none());
        assert_eq!(run["results"].as_array().map(Vec::len), Some(2));
    }
}
