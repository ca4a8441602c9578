//! How a drain ended: its code, its lines, what it said to people. Every line is checked.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself has failed"
)]

use std::collections::BTreeMap;
use std::process::ExitStatus;

use serde_json::Value;

/// The end of a drain.
pub(crate) struct Ended {
    status: ExitStatus,
    pub(crate) lines: Vec<Value>,
    pub(crate) said: String,
    text: String,
}

impl Ended {
    /// Reads its lines, each of which must be as the contract has it.
    #[track_caller]
    pub(crate) fn new(status: ExitStatus, printed: &str, said: String) -> Self {
        let text = format!("{status}\n{printed}{said}");
        let lines: Vec<Value> = printed
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {text}")))
            .collect();
        for line in &lines {
            let whole = line["at"].is_string() && line["t_s"].is_number();
            let named = line["run"].is_string() && line["event"].is_string();
            assert!(whole && named, "{line} in {text}");
            assert!(line["at"].as_str().unwrap().ends_with('Z'), "{line}");
        }
        let ended = Self {
            status,
            lines,
            said,
            text,
        };
        if !ended.lines.is_empty() {
            assert_eq!(ended.events("finished").len(), 1, "{}", ended.text);
            assert_eq!(ended.lines.last().unwrap()["event"], "finished");
        }
        ended
    }

    /// Everything, to be printed where an assertion fails.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    #[track_caller]
    pub(crate) fn assert_code(&self, code: i32) -> &Self {
        assert_eq!(self.status.code(), Some(code), "{}", self.text);
        self
    }

    /// The outcome, and its code.
    #[track_caller]
    pub(crate) fn assert_outcome(&self, code: i32, outcome: &str) -> &Self {
        self.assert_code(code);
        assert_eq!(self.last()["outcome"], outcome, "{}", self.text);
        self
    }

    /// What it said to people.
    #[track_caller]
    pub(crate) fn assert_said(&self, words: &str) -> &Self {
        assert!(self.said.contains(words), "no `{words}`: {}", self.text);
        self
    }

    /// How many jobs had that fate, and that no other had another.
    #[track_caller]
    pub(crate) fn assert_jobs(&self, fate: &str, count: u64) -> &Self {
        let jobs = self.last()["jobs"].as_object().unwrap();
        let total: u64 = jobs.values().filter_map(Value::as_u64).sum();
        assert_eq!(jobs[fate], count, "{}", self.text);
        assert_eq!(total, count, "{}", self.text);
        self
    }

    #[track_caller]
    pub(crate) fn assert_signals(&self, names: &[&str]) -> &Self {
        assert_eq!(self.signals(), names, "{}", self.text);
        self
    }

    /// The same where a KILL may or may not follow.
    #[track_caller]
    pub(crate) fn assert_first_signals(&self, names: &[&str]) -> &Self {
        assert!(self.signals().starts_with(names), "{}", self.text);
        self
    }

    #[track_caller]
    pub(crate) fn last(&self) -> &Value {
        self.lines
            .last()
            .unwrap_or_else(|| panic!("no line: {}", self.text))
    }

    pub(crate) fn events(&self, name: &str) -> Vec<&Value> {
        let named = |line: &&Value| line["event"] == name;
        self.lines.iter().filter(named).collect()
    }

    #[track_caller]
    pub(crate) fn event(&self, name: &str) -> &Value {
        let found = self.events(name).first().copied();
        found.unwrap_or_else(|| panic!("no {name}: {}", self.text))
    }

    /// The signals sent, in order.
    pub(crate) fn signals(&self) -> Vec<&str> {
        let sent = self.events("signal_sent");
        sent.iter()
            .map(|line| line["signal"].as_str().unwrap())
            .collect()
    }

    /// Fates by job.
    pub(crate) fn fates(&self) -> BTreeMap<&str, &str> {
        let reconciled = self.events("reconciled");
        let fate = |line: &&'_ Value| line["fate"].as_str().map(str::len).is_some();
        let known = reconciled.into_iter().filter(fate);
        known
            .map(|line| {
                (
                    line["jid"].as_str().unwrap_or("-"),
                    line["fate"].as_str().unwrap(),
                )
            })
            .collect()
    }

    #[track_caller]
    pub(crate) fn assert_fate(&self, jid: &str, fate: &str) -> &Self {
        assert_eq!(self.fates().get(jid), Some(&fate), "{}", self.text);
        self
    }

    /// Seconds from the start to the end.
    pub(crate) fn seconds(&self) -> f64 {
        self.last()["seconds"].as_f64().unwrap()
    }

    /// When `signal` was sent, in seconds since the start.
    #[track_caller]
    pub(crate) fn sent_at(&self, signal: &str) -> f64 {
        let sent = self.events("signal_sent");
        let found = sent.iter().find(|line| line["signal"] == signal);
        found.unwrap_or_else(|| panic!("no {signal}: {}", self.text))["t_s"]
            .as_f64()
            .unwrap()
    }
}
