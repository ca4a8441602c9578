//! The README says what is: its keys, its exit codes, its commands and its picture are those of
//! the program. `UPDATE_README=1 cargo test readme` writes its keys anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use drainboard::cli::Arguments;
use drainboard::console::markdown;
use drainboard::core::drain::Outcome;

const BEGIN: &str = "<!-- keys: generated, do not edit -->\n";
/// What runs the program from a clone.
const CARGO: &str = "cargo run --release -- ";
const END: &str = "<!-- /keys -->";

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")
}

fn readme() -> String {
    fs::read_to_string(path()).unwrap()
}

#[test]
fn its_keys_are_those_of_the_console() {
    let text = readme();
    let (before, rest) = text.split_once(BEGIN).expect("the marker before the keys");
    let (_, after) = rest.split_once(END).expect("the marker after the keys");
    let fresh = format!("{before}{BEGIN}{}{END}{after}", markdown());
    if std::env::var_os("UPDATE_README").is_some() {
        fs::write(path(), &fresh).unwrap();
    }
    assert!(
        readme() == fresh,
        "other keys: UPDATE_README=1 cargo test readme"
    );
}

#[test]
fn its_exit_codes_are_those_of_a_drain() {
    let text = readme();
    let said: BTreeSet<(u8, String)> = text
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
            let code = cells.next()?.parse().ok()?;
            Some((code, cells.next()?.trim_matches('`').to_owned()))
        })
        .collect();
    let mut real: BTreeSet<(u8, String)> = [
        Outcome::Refused,
        Outcome::Error,
        Outcome::Stopped,
        Outcome::Alive,
        Outcome::Lost,
        Outcome::Requeued,
        Outcome::Drained,
    ]
    .map(|outcome| (outcome.exit_code(), outcome.word().to_owned()))
    .into();
    // Usage has no outcome: nothing was begun.
    real.insert((2, String::new()));
    assert_eq!(said, real);
}

/// The words after `drainboard` in code: commands and options.
fn invocations(text: &str) -> impl Iterator<Item = &str> {
    text.split("drainboard ").skip(1).map(|rest| {
        let end = rest.find(['`', '\n', '#']).unwrap_or(rest.len());
        &rest[..end]
    })
}

#[test]
fn every_command_and_option_in_it_exists() {
    let text = readme();
    let command = Arguments::command();
    let options = |command: &clap::Command| -> BTreeSet<String> {
        command
            .get_arguments()
            .filter_map(clap::Arg::get_long)
            .map(str::to_owned)
            .collect()
    };
    let mut all = options(&command);
    all.extend(command.get_subcommands().flat_map(options));
    all.extend(["help".to_owned(), "version".to_owned()]);
    let mut seen = 0;
    let in_code = text.split('`').skip(1).step_by(2);
    for code in in_code.chain(invocations(&text)) {
        // What follows it is systemctl's.
        let own = |line| str::split(line, "systemctl ").next().unwrap_or_default();
        let lines = code.lines().map(|line| own(line.trim_start_matches(CARGO)));
        for word in lines.flat_map(str::split_whitespace) {
            let Some(option) = word.strip_prefix("--").filter(|option| !option.is_empty()) else {
                continue;
            };
            let name = option.split('=').next().unwrap_or(option);
            let name = name.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
            assert!(all.contains(name), "--{name} does not exist: {code}");
            seen += 1;
        }
    }
    assert!(seen > 5, "{seen} options were found in the README");
    let commands: BTreeSet<&str> = command
        .get_subcommands()
        .map(clap::Command::get_name)
        .collect();
    let in_code: Vec<&str> = text.split('`').skip(1).step_by(2).collect();
    let named = in_code
        .iter()
        .filter_map(|code| code.strip_prefix("drainboard "))
        .chain(
            text.lines()
                .filter_map(|line| line.strip_prefix("drainboard ")),
        )
        .chain(text.lines().filter_map(|line| line.strip_prefix(CARGO)));
    let mut found = 0;
    for line in named {
        let first = line.split_whitespace().next().unwrap_or_default();
        if first.starts_with("--") {
            continue;
        }
        assert!(commands.contains(first), "no command `{first}`: {line}");
        found += 1;
    }
    assert!(found > 3, "{found} commands were found in the README");
}

#[test]
fn the_files_that_it_points_to_are_there() {
    let text = readme();
    let root = path();
    let root = root.parent().unwrap();
    for target in text.split("](").skip(1) {
        let target = target.split(')').next().unwrap_or_default();
        if target.contains("://") || target.starts_with('#') {
            continue;
        }
        assert!(root.join(target).exists(), "{target} is not there");
    }
    assert!(text.contains("](assets/console.svg)"), "the picture");
}
