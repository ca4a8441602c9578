//! The cases under `tests/cases/rules`: one file a rule, each with cases that fire it, cases
//! that do not, and cases in which it cannot be decided.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::super::*;
use super::{folder, seconds};
use crate::core::layers::{FilePlace, Layer, Remark, Text, Weight, read_together};
use crate::core::sequence::{Timeout, TimeoutLabel, Version};

/// A case of a file.
struct Case {
    /// `fires`, `silent` or `undecided`, then a title.
    heading: String,
    /// Facts that stand in no file: `set NAME VALUE`.
    settings: Vec<(String, String)>,
    /// Path and text.
    files: Vec<(String, String)>,
}

/// The cases of one file, and what its rule is to say.
fn cases(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("#### ") {
            cases.push(Case {
                heading: heading.to_string(),
                settings: Vec::new(),
                files: Vec::new(),
            });
            continue;
        }
        let case = cases.last_mut().expect("a case begins with ####");
        if let Some(path) = line.strip_prefix("== ") {
            case.files.push((path.to_string(), String::new()));
        } else if let Some((_, text)) = case.files.last_mut() {
            text.push_str(line);
            text.push('\n');
        } else if let Some(setting) = line.strip_prefix("set ") {
            let (name, value) = setting.split_once(' ').unwrap_or((setting, ""));
            case.settings.push((name.to_string(), value.to_string()));
        } else {
            panic!("what is `{line}`?");
        }
    }
    cases
}

fn facts(case: &Case) -> Facts {
    let setting = |name: &str| {
        case.settings
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    };
    let files: Vec<(&str, &str)> = case
        .files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let number = |name: &str| setting(name).map(|n| seconds(n.parse().unwrap()));
    let chosen = Chosen {
        sequence: setting("sequence").map(|text| (text.into(), "--sequence".into())),
        timeout: number("timeout").map(|span| (span, "--timeout".into())),
        version: setting("version").map(|text| Version::parse(text).unwrap()),
        longest_job: number("longest"),
        read: files
            .iter()
            .filter_map(|(path, text)| Some((Layer::of(path, text)?, (*path).to_owned())))
            .chain(setting("jobs_read").map(|_| (Layer::JobClass, "app".to_owned())))
            .collect(),
        ..Chosen::default()
    };
    let texts = files.iter().map(|(path, text)| Text {
        layer: Layer::of(path, text).unwrap_or_else(|| panic!("{path}: no reader")),
        path,
        text,
    });
    let reading = read_together(&texts.collect::<Vec<_>>());
    let mut facts = gather(&reading.values, &chosen);
    for (name, value) in &case.settings {
        live(&mut facts, name, value);
    }
    facts
}

/// Facts that only a running system tells.
fn live(facts: &mut Facts, name: &str, value: &str) {
    let yes = || Some(value == "yes");
    match name {
        "not_read" => facts.not_read.push(Remark {
            weight: Weight::NotRead,
            text: value.into(),
            from: FilePlace::whole("k8s/jobs.yaml"),
        }),
        "edition" => {
            facts.sidekiq.edition = Some(match value {
                "enterprise" => Edition::Enterprise,
                "pro" => Edition::Pro,
                _ => Edition::OpenSource,
            });
        }
        "super_fetch" => facts.sidekiq.super_fetch = yes(),
        "person" => facts.drain.tstp_by_person = yes(),
        "restart_planned" => facts.drain.restart_planned = yes(),
        "term" => {
            facts.drain.term = Some(match value {
                "direct" => TermRoute::Direct,
                "stop" => TermRoute::SystemctlStop,
                _ => TermRoute::SystemctlRestart,
            });
        }
        "main" => {
            let main = match value {
                "wrapper" => MainProcess::Wrapper,
                "swarm" => MainProcess::Swarm,
                _ => MainProcess::Sidekiq,
            };
            facts
                .units
                .iter_mut()
                .for_each(|unit| unit.main = Some(main));
        }
        "linger" => facts
            .units
            .iter_mut()
            .for_each(|unit| unit.lingering = yes()),
        "queue" => {
            let words: Vec<&str> = value.split(' ').collect();
            facts.drain.queues.get_or_insert_default().push(QueueFacts {
                name: words[0].into(),
                waiting: words[1].parse().ok(),
                service: match words[2] {
                    "quiet" => QueueService::AllQuiet,
                    "unknown" => QueueService::NotKnown,
                    "targets" => QueueService::OnlyByTargets,
                    _ => QueueService::Fetched,
                },
            });
        }
        "published" => {
            let words: Vec<&str> = value.split(' ').collect();
            let label = match words[1].parse() {
                Ok(span) => TimeoutLabel::States(seconds(span)),
                Err(_) if words[1] == "-" => TimeoutLabel::Absent,
                Err(_) => TimeoutLabel::Unusable(format!("timeout={}", words[1])),
            };
            let stated = words.get(2).map(|span| {
                let place = words.get(3).copied().unwrap_or("config/sidekiq.yml:3");
                Timeout::stated(seconds(span.parse().unwrap()), place)
            });
            let published = facts.sidekiq.published.get_or_insert_default();
            published.push(PublishedTimeout {
                who: words[0].into(),
                label,
                stated,
            });
        }
        "queues_unread" => facts.drain.queues_unread.push(value.into()),
        "limit" => {
            let (tool, span) = value.rsplit_once(' ').unwrap();
            facts.deploy.limits.push(DeployLimit {
                tool: tool.into(),
                span: seconds(span.parse().unwrap()),
                from: None,
            });
        }
        "sequence" | "timeout" | "version" | "longest" | "jobs_read" => {}
        other => panic!("what is `set {other}`?"),
    }
}

/// What a rule says in a case, one thing a line.
fn said(rule: &str, facts: &Facts) -> String {
    let mut text = String::new();
    for finding in check(facts).iter().filter(|finding| finding.rule == rule) {
        match (&finding.undecided, &finding.from) {
            (Some(why), _) => writeln!(text, "undecided: {why}"),
            (None, Some(from)) => {
                writeln!(text, "{}: {} ({from})", finding.severity, finding.message)
            }
            (None, None) => writeln!(text, "{}: {}", finding.severity, finding.message),
        }
        .unwrap();
    }
    text
}

#[test]
fn every_rule_speaks_and_keeps_silent() {
    let mut wrong = String::new();
    for rule in rules() {
        let path = folder().join(format!("{}.txt", rule.id));
        let file =
            std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("no cases for {}", rule.id));
        let (text, expected) = file.split_once("====\n").unwrap();
        let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
        let mut found = String::new();
        for case in cases(text) {
            let said = said(rule.id, &facts(&case));
            let outcome = case.heading.split(':').next().unwrap().to_string();
            let fires = said.lines().any(|line| !line.starts_with("undecided"));
            let right = match outcome.as_str() {
                "fires" => fires,
                "silent" => said.is_empty(),
                "undecided" => !fires && !said.is_empty(),
                other => panic!("{}: what is `{other}`?", rule.id),
            };
            let mark = if right { "" } else { " WRONG" };
            assert!(!said.contains('{'), "{}: not filled in: {said}", rule.id);
            write!(found, "#### {}{mark}\n{said}", case.heading).unwrap();
            *outcomes.entry(outcome).or_default() += 1;
        }
        for needed in ["fires", "silent"] {
            assert!(
                outcomes.contains_key(needed),
                "{}: no case {needed}",
                rule.id
            );
        }
        if found != expected || found.contains(" WRONG\n") {
            write!(wrong, "######## {}.txt\n{found}", rule.id).unwrap();
        }
    }
    assert!(wrong.is_empty(), "these differ:\n{wrong}");
}

#[test]
fn the_table_is_whole() {
    let ids: Vec<_> = rules().map(|rule| rule.id.to_string()).collect();
    let wanted: Vec<_> = (1..=61).map(|n| format!("D{n:02}")).collect();
    assert_eq!(ids, wanted);
    for rule in rules() {
        for text in [rule.condition, rule.message, rule.explanation, rule.source] {
            assert!(!text.is_empty(), "{}", rule.id);
        }
    }
    assert_eq!(explain("d01").unwrap().id, "D01");
    assert!(explain("D62").is_none());
}

#[test]
fn nothing_known_is_undecided_and_never_a_finding() {
    let findings = check(&Facts::default());
    assert!(findings.iter().all(|finding| !finding.is_decided()));
    for rule in rules() {
        let spoken = findings.iter().any(|finding| finding.rule == rule.id);
        assert!(spoken, "{} keeps silent where nothing is known", rule.id);
    }
}
