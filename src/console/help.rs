//! The help page, made from the table of keys: first what is possible now, then the rest, then
//! the words of the screen. No key is named here by hand.

use super::bindings::{BINDINGS, Binding, Group};
use super::page_line::{LineWeight, PageLine};
use super::state::{Console, Screen};
use crate::core::session::Session;

/// The words of the screen: each with its meaning.
const WORDS: &[(&str, &str)] = &[
    (
        "drain budget",
        "how long a job that runs at the start may go on before it is interrupted or killed",
    ),
    (
        "-t",
        "Sidekiq's own timeout, counted from its TERM; shown with where it was found",
    ),
    (
        "25? 25!",
        "assumed; stated otherwise elsewhere, or changed since the process started: Enter tells",
    ),
    (
        "LEFT",
        "until the job is interrupted or killed, the same for all of a process; ~: with a -t that is only assumed; \
         -: nothing ends it, or its process can react to nothing",
    ),
    ("fits", "it has run less than half of the time that is left"),
    (
        "at risk",
        "it has run more than half of the time that is left",
    ),
    (
        "pushed back",
        "Sidekiq puts it back into its queue if it still runs then; it runs again from its start",
    ),
    ("lost", "KILL ends it before it can be pushed back"),
    ("unknown", "nothing can be said, and why"),
    (
        "NOT BACK YET",
        "its push-back was due and it was not seen in its queue: a KILL now would lose it",
    ),
    (
        "+2:25",
        "so long after the start of the drain, or after it is resumed",
    ),
    (
        "sent, quiet, idle, exited",
        "the signal left; proven to take no more jobs; proven to run nothing; the process is gone",
    ),
    (
        "▸ (>)",
        "the selected row; at the end of a bar: longer than its budget",
    ),
    ("*", "a process that is drained, or would be"),
    (
        "- +",
        "the head of a group of processes, and of a folded one; it counts all of its processes and the verdicts of \
         those that are drained",
    ),
    (
        "HANGS",
        "it lives on this host and sends no heartbeat, or does not react to a signal",
    ),
    (
        "DEAD, DIED",
        "it ended without a word to Redis, and not by this drain",
    ),
    (
        "may be lost",
        "nothing can push the job back: Redis does not answer, or its process cannot react",
    ),
    (
        "◆ (*) before a job",
        "to be watched; its page says why: longer than a drain gives it, many times its class's usual time, not \
         reported any more, or without a thread",
    ),
    (
        "! before a job",
        "the heartbeat of its process is more than two periods late: it may not run any more",
    ),
    (
        "ok, late, none",
        "the heartbeat is in time; more than one period late; more than two: do not trust the row",
    ),
    (
        "new",
        "it appeared after the drain began, and is no part of it",
    ),
];

/// The lines of the help page.
pub(super) fn lines(session: &Session, console: &Console) -> Vec<PageLine> {
    // Help is about the screen that it was called from.
    let before = Console {
        screen: Screen::Main,
        ..console.clone()
    };
    let possible = |binding: &&Binding| (binding.possible)(session, &before);
    let mut lines = vec![PageLine::heading("Possible now")];
    lines.extend(grouped(BINDINGS.iter().filter(possible), LineWeight::Plain));
    lines.push(PageLine::gap());
    lines.push(PageLine::heading("Not now"));
    lines.extend(grouped(
        BINDINGS.iter().filter(|binding| !possible(binding)),
        LineWeight::Faint,
    ));
    lines.push(PageLine::gap());
    lines.push(PageLine::heading("In a dialog"));
    lines.push(PageLine::fact("y", "yes, where no job would be lost"));
    lines.push(PageLine::fact(
        "a number",
        "typed out and Enter: yes, where that many jobs would be lost",
    ));
    lines.push(PageLine::fact(
        "D01",
        "typed out and Enter: yes, where the check finds that error; where it finds several, their number",
    ));
    lines.push(PageLine::fact("Enter, Esc, n", "no"));
    lines.push(PageLine::gap());
    lines.push(PageLine::heading("Words"));
    lines.extend(
        WORDS
            .iter()
            .map(|(word, meaning)| PageLine::fact(word, *meaning)),
    );
    lines
}

/// The rows of the table, by their subject. Those that only move the selection share one.
fn grouped<'a>(bindings: impl Iterator<Item = &'a Binding>, weight: LineWeight) -> Vec<PageLine> {
    let (moving, bindings): (Vec<&Binding>, Vec<&Binding>) =
        bindings.partition(|binding| binding.group == Group::Find && binding.label.is_none());
    let mut lines = Vec::new();
    for group in [Group::Drain, Group::Find, Group::Program] {
        let of_group = bindings.iter().filter(|binding| binding.group == group);
        lines.extend(of_group.map(|binding| PageLine {
            weight,
            label: binding.shown(),
            text: binding.help.into(),
        }));
        if group == Group::Find && !moving.is_empty() {
            let of_all = |words: fn(&Binding) -> String| {
                let words: Vec<String> = moving.iter().map(|binding| words(binding)).collect();
                words.join(", ")
            };
            lines.push(PageLine {
                weight,
                label: of_all(|binding| binding.keys[0].to_string()),
                text: of_all(|binding| binding.help.to_owned()),
            });
        }
    }
    lines
}

/// The table of keys in Markdown, for the README.
pub fn markdown() -> String {
    let row = |binding: &Binding| {
        let keys: Vec<String> = binding.keys.iter().map(|key| format!("`{key}`")).collect();
        format!("| {} | {} |\n", keys.join(" "), binding.help)
    };
    let rows: String = BINDINGS.iter().map(row).collect();
    format!("| key | does |\n|---|---|\n{rows}")
}
