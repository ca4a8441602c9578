//! The words that the program says: one term for one thing, in plain English. Read off the texts
//! in its sources.

use std::fmt::Write;

use super::source;

/// Words that were said before, and what is said in their place.
const OLD_WORDS: &[(&str, &str)] = &[
    ("holds it up", "waiting for"),
    ("exited in order", "stopped by itself"),
    ("left in order", "stopped by itself"),
    ("cleanly", "stopped by itself, or died"),
    ("its registry", "stopped by itself, or died"),
    ("back in queue", "found in queue"),
    ("requeued;", "pushed back"),
    ("shows it no more", "gone from the next heartbeat"),
    ("provably nowhere", "in no queue, no set and no process"),
    ("it is being looked", "searching"),
    ("no known job runs", "0 known jobs"),
    ("that no beat has shown", "that no heartbeat has shown"),
    ("no beat", "no heartbeat"),
    ("not beaten", "sent no heartbeat"),
    ("would lose nothing", "no job would be lost now"),
    ("all the same", "anyway"),
    ("the clock stands", "on hold since"),
    ("nothing grave", "no warnings"),
    ("Could not be decided", "Not checked"),
    ("no command line of a Sidekiq is known", "Not checked"),
    ("looks stuck", "longer than a drain gives it"),
    ("NOBODY FETCHES", "no process takes from it"),
    ("nobody serves", "no process takes from it"),
    ("stand still", "wait: all processes are quiet"),
    ("goes with TERM", "idle, stops at TERM"),
    ("on its way out", "stopping"),
    ("no signal goes to it", "not part of this drain"),
    ("nothing here says", "no unit or Procfile was found"),
    ("lift the filter", "clear the filter"),
    ("paint the screen", "redraw"),
    ("go on from a hold", "resume"),
    ("going on from a hold", "resumed"),
    ("question stand", "ask again in 30 s"),
    ("stands in the retry", "Sidekiq will retry it"),
    ("Start the drain, by itself", "Start automatic drain?"),
    ("Start by hand", "Send TSTP to 2 processes?"),
    ("Quit while", "Leave while"),
    ("said ages", "values from Redis are old"),
    ("not said", "no reason given"),
    ("holds the drain up", "what the drain waits for"),
    ("how much work again", "an unknown amount of work again"),
];

/// The texts of `code`, without what stands between them.
fn texts(code: &str) -> Vec<String> {
    let (mut texts, mut text, mut within) = (Vec::new(), String::new(), false);
    let mut letters = code.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if within => text.extend(letters.next()),
            // The character `"` is no beginning of a text.
            '\'' if !within && letters.as_str().starts_with("\"'") => drop(letters.nth(1)),
            '"' if within => {
                texts.push(std::mem::take(&mut text));
                within = false;
            }
            '"' => within = true,
            _ if within => text.push(letter),
            _ => {}
        }
    }
    texts
}

/// `job(s)` for a number that is known.
fn leaves_the_number_open(text: &str) -> bool {
    let mut before = text.match_indices("(s)").map(|(at, _)| &text[..at]);
    before.any(|before| before.ends_with(|letter: char| letter.is_alphabetic()))
}

#[test]
fn texts_are_found() {
    let code = r#"say("one", '"', "two \"three\" job(s)"); // "four""#;
    let found = texts(code);
    assert_eq!(found, ["one", "two \"three\" job(s)", "four"]);
    assert!(leaves_the_number_open(&found[1]) && !leaves_the_number_open("(s)"));
}

/// What the old words in `text` are to be.
fn old_words(text: &str) -> impl Iterator<Item = String> {
    let old = OLD_WORDS.iter().filter(|(old, _)| text.contains(old));
    old.map(|(old, new)| format!("`{old}`, say `{new}`"))
}

/// The README, and the words of the command line's help.
#[test]
fn what_is_read_beside_the_screen_has_the_same_words() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let mut wrong = String::new();
    for line in readme.lines() {
        wrong.extend(old_words(line).map(|old| format!("README.md: {old}\n")));
    }
    for (path, text) in source::files(&["src/cli"]) {
        let said = text.lines().map(str::trim);
        for line in said.filter(|line| line.starts_with("///")) {
            wrong.extend(old_words(line).map(|old| format!("{path}: {old}\n")));
        }
    }
    super::assert_none(&wrong);
}

#[test]
fn one_thing_has_one_name_for_people() {
    let mut wrong = String::new();
    for source in source::all() {
        for text in texts(&source.code) {
            for old in old_words(&text) {
                writeln!(wrong, "{}: {old}", source.path).unwrap();
            }
            if leaves_the_number_open(&text) {
                writeln!(wrong, "{}: `(s)` in `{text}`", source.path).unwrap();
            }
        }
    }
    super::assert_none(&wrong);
}
