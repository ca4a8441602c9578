//! What `check` takes in: rendered text on standard input, several roots, what cannot be read. Each
//! place that was not understood is a finding, never silence.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself has failed"
)]

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::Value;

use super::{code, drainboard, err, out};
use crate::support::scene::Scene;
use crate::support::terminal::Terminal;

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// `check` with this text on standard input.
fn check_text(text: &str, more: &[&str]) -> Output {
    let root = tempfile::tempdir().unwrap();
    let mut child = drainboard(&[&["check", "-"], more].concat())
        .current_dir(root.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

fn check_in(root: &Path, more: &[&str]) -> Output {
    let mut arguments = vec!["check"];
    arguments.extend_from_slice(more);
    drainboard(&arguments).current_dir(root).output().unwrap()
}

/// The findings of a rule: severity, place and message.
fn findings(output: &Output, rule: &str) -> Vec<String> {
    let row: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let all = row["findings"].as_array().unwrap().iter();
    all.filter(|one| one["rule"] == rule)
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap_or("-").to_owned();
            format!("{} {} {}", text("severity"), text("from"), text("message"))
        })
        .collect()
}

/// What `helm template` prints: a comment with the source before each document, an empty document
/// for a template that is switched off.
const OF_HELM: &str = "---
# Source: bakery/templates/config.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: bakery
data:
  note: \"{{ this is text }}\"
---
# Source: bakery/templates/off.yaml
---
# Source: bakery/templates/ovens.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: bakery-ovens
spec:
  template:
    spec:
      terminationGracePeriodSeconds: 30
      containers:
        - name: sidekiq
          image: bakery
          args: [bundle, exec, sidekiq, -t, \"60\"]
---
# Source: bakery/templates/mail.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: bakery-mail
spec:
  template:
    spec:
      terminationGracePeriodSeconds: 30
      containers:
        - name: sidekiq
          image: bakery
          args: [bundle, exec, sidekiq, -t, \"20\"]
";

/// What `kustomize build` prints: keys in order of the alphabet, no comments.
const OF_KUSTOMIZE: &str = "apiVersion: v1
kind: Service
metadata:
  name: bakery
spec:
  ports:
  - port: 80
---
apiVersion: apps/v1
kind: Deployment
metadata:
  labels:
    app: bakery
  name: bakery
spec:
  template:
    spec:
      containers:
      - command:
        - bundle
        - exec
        - sidekiq
        image: bakery
        lifecycle:
          preStop:
            exec:
              command:
              - sleep
              - \"20\"
        name: sidekiq
      terminationGracePeriodSeconds: 40
";

#[test]
fn text_as_helm_renders_it_is_read_from_standard_input_helm_itself_is_not_run() {
    let output = check_text(OF_HELM, &["--json"]);
    assert_eq!(code(&output), 1, "{}", err(&output));
    let early = findings(&output, "D01");
    assert_eq!(early.len(), 1, "{early:?}");
    assert!(
        early[0]
            .starts_with("error -:20 Kubernetes (sidekiq of bakery-ovens) kills 30 s after TERM")
            && early[0].contains("60 s (from -t at -:24)"),
        "{early:?}"
    );
    assert_eq!(findings(&output, "D51"), Vec::<String>::new());
    let row: Value = serde_json::from_slice(&output.stdout).unwrap();
    let timeouts: Vec<&Value> = row["sidekiqs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["timeout_s"])
        .collect();
    assert_eq!(timeouts, [60, 20]);
}

#[test]
fn text_as_kustomize_builds_it_is_read_from_standard_input_kustomize_itself_is_not_run() {
    let output = check_text(OF_KUSTOMIZE, &["--json"]);
    assert_eq!(code(&output), 1, "{}", err(&output));
    let early = findings(&output, "D01");
    assert!(
        early.len() == 1 && early[0].contains("kills 20 s after TERM"),
        "{early:?}"
    );
}

#[test]
fn text_of_which_nothing_is_understood_is_no_all_clear() {
    for text in ["", "hello\n", "a: [\n", "apiVersion: v1\nkind: [\n"] {
        let output = check_text(text, &[]);
        assert_eq!(
            code(&output),
            2,
            "{text:?}: {}{}",
            out(&output),
            err(&output)
        );
    }
    // An object without pods is read, and holds no Sidekiq.
    let output = check_text("apiVersion: v1\nkind: Service\n", &[]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(out(&output).contains("No Sidekiq was recognised"));
}

#[test]
fn aliases_that_stand_for_a_million_nodes_are_not_read_and_said() {
    let root = tempfile::tempdir().unwrap();
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..7 {
        let below = format!("*a{}, ", level - 1).repeat(10);
        writeln!(text, "a{level}: &a{level} [{below}]").unwrap();
    }
    for path in ["docker-compose.yml", "config/sidekiq.yml", "values.yaml"] {
        write(root.path(), path, &text);
    }
    let output = check_in(root.path(), &["--json", "--deny", "warning"]);
    assert_eq!(code(&output), 1, "{}", err(&output));
    let said = findings(&output, "D51");
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(said.iter().all(|one| one.contains("nodes")), "{said:?}");
}

#[test]
fn every_named_root_is_searched_below_too() {
    let root = tempfile::tempdir().unwrap();
    for app in ["shop", "bank"] {
        write(root.path(), &format!("{app}/Gemfile.lock"), "GEM\n");
        write(root.path(), &format!("{app}/mail/Gemfile.lock"), "GEM\n");
        let compose = "services:\n  mail: {command: sidekiq -t 60}\n";
        write(root.path(), &format!("{app}/mail/compose.yaml"), compose);
    }
    let output = check_in(root.path(), &["--json", "shop", "bank"]);
    assert_eq!(code(&output), 1, "{}", err(&output));
    let early = findings(&output, "D01");
    for place in ["shop/mail/compose.yaml:2", "bank/mail/compose.yaml:2"] {
        let found = early.iter().any(|one| one.contains(place));
        assert!(found, "{place}: {early:?}");
    }
    let text = out(&check_in(root.path(), &["shop", "bank"]));
    assert!(text.contains("application in bank/mail"), "{text}");
}

#[test]
fn a_wait_that_is_code_and_a_file_that_is_not_here_are_no_all_clear() {
    let root = tempfile::tempdir().unwrap();
    write(
        root.path(),
        "docker-compose.yml",
        "services:\n  jobs: {command: sidekiq, stop_grace_period: \"${GRACE}\"}\n  mail: {command: sidekiq -C /etc/mail.yml, stop_grace_period: 40s}\n",
    );
    write(
        root.path(),
        "config/systemd/slow.service",
        "[Service]\nExecStart=/usr/bin/sidekiq\nTimeoutStopSec=<%= fetch(:wait) %>\n",
    );
    let output = check_in(root.path(), &["--json", "--deny", "warning"]);
    assert_eq!(code(&output), 1, "{}", err(&output));
    let said = findings(&output, "D51").join("\n");
    for words in [
        "docker-compose.yml:2 Not read: when Docker Compose (jobs) kills is not known",
        "/etc/mail.yml, which -C names, was not read",
        "config/systemd/slow.service:3 Not read: when systemd kills slow.service is not known",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

/// A place that is nearly as long as a line.
const FAR: &str = "deploy/containers/production/workers-of-the-bakery/docker-compose.yml";

#[test]
fn on_a_terminal_of_80_and_of_200_columns_file_and_line_stay_whole() {
    let scene = Scene::new();
    let services = "services:\n  sidekiq-of-the-slow-queues:\n    command: bundle exec sidekiq -t 60\n    stop_grace_period: \"${GRACE:-20s}\"\n";
    write(&scene.path("bakery"), FAR, services);
    write(&scene.path("bakery"), "app.json", "no JSON");
    for (columns, more) in [
        (80, "-v"),
        (200, "-v"),
        (80, "--format=github"),
        (80, "--format=text"),
    ] {
        let arguments = ["check", more, "bakery"];
        let mut terminal = Terminal::start(&scene, &arguments, &[], (columns, 60));
        terminal.end(1);
        let text = String::from_utf8(terminal.bytes())
            .unwrap()
            .replace('\r', "");
        let page = text.split("\n::").next().unwrap();
        for line in page.lines() {
            let long = line.chars().count() > usize::from(columns);
            assert!(!long, "{columns} {more}: {line}");
        }
        for place in [format!("at {FAR}:4\n"), format!("{FAR}:3")] {
            assert!(page.contains(&place), "{columns} {more} {place}: {page}");
        }
    }
}
