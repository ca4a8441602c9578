//! Who may use whom, how long a file may be, and where signals may leave from: read off the
//! sources themselves. A new place needs a row in [`PLACES`]; that is the moment to think.

mod circles;
mod source;
mod wording;

use std::fmt::Write;

use source::Source;

/// The dependencies between modules of the core, by place, the longest name first that fits.
/// `core` alone stands for all of it.
const PLACES: &[(&str, &[&str])] = &[
    ("main", &["cli"]),
    (
        "cli",
        &[
            "clock", "console", "core", "demo", "host", "journal", "recorder", "redis", "report",
            "rescue", "shell", "ui",
        ],
    ),
    (
        "shell",
        &[
            "clock", "console", "core", "host", "journal", "recorder", "redis", "report", "rescue",
            "ui",
        ],
    ),
    // A world for the loop, like the real one.
    ("demo", &["clock", "core", "host", "journal", "shell"]),
    ("ui", &["console", "core"]),
    ("console", &["core"]),
    ("report", &["core"]),
    // What is kept before a KILL, and its push-back: the only writer of Redis is asked from here.
    (
        "rescue",
        &["clock", "core", "host/state_dir", "redis", "report"],
    ),
    ("journal", &["clock", "core", "host/state_dir"]),
    // Inputs only: it never asks Redis, and signals nothing.
    ("recorder", &["core", "host"]),
    // No part of the program: the table of readers that tests and the fuzz target go through.
    (
        "readers",
        &[
            "core", "host", "recorder", "redis", "report", "rescue", "shell",
        ],
    ),
    ("redis/readers", &["core/fleet", "readers", "redis"]),
    ("host/readers", &["host", "readers"]),
    ("recorder/readers", &["readers", "recorder"]),
    ("rescue/readers", &["readers", "rescue"]),
    ("shell/readers", &["readers", "shell"]),
    ("redis", &["clock", "core"]),
    ("host", &["clock", "core"]),
    ("clock", &["core/moment"]),
    ("core/clean", &[]),
    ("core/moment", &[]),
    ("core/interned", &[]),
    ("core/wording", &[]),
    ("core/log", &["core/clean", "core/moment"]),
    ("core/sequence", &["core/clean", "core/moment"]),
    (
        "core/fleet",
        &[
            "core/clean",
            "core/interned",
            "core/layers",
            "core/log",
            "core/moment",
            "core/sequence",
            "core/timing",
        ],
    ),
    ("core/choice", &["core/clean", "core/fleet"]),
    (
        "core/sidekiq",
        &["core/fleet", "core/moment", "core/sequence"],
    ),
    // What becomes of each job if nothing is done. `drain` does not know it.
    (
        "core/outlook",
        &[
            "core/drain",
            "core/fate",
            "core/fleet",
            "core/moment",
            "core/preflight",
            "core/sequence",
            "core/timing",
        ],
    ),
    (
        "core/forecast",
        &[
            "core/clean",
            "core/fleet",
            "core/moment",
            "core/sequence",
            "core/outlook",
        ],
    ),
    (
        "core/stop_clock",
        &[
            "core/clean",
            "core/drain",
            "core/fleet",
            "core/moment",
            "core/sequence",
        ],
    ),
    ("core/stuck", &["core/moment"]),
    (
        "core/successor",
        &["core/drain", "core/fleet", "core/moment", "core/sequence"],
    ),
    (
        "core/follow",
        &[
            "core/fleet",
            "core/log",
            "core/moment",
            "core/stuck",
            "core/timing",
        ],
    ),
    (
        "core/fate",
        &[
            "core/fleet",
            "core/log",
            "core/moment",
            "core/sequence",
            "core/timing",
            "core/wording",
        ],
    ),
    (
        "core/drain",
        &[
            "core/clean",
            "core/fate",
            "core/fleet",
            "core/log",
            "core/moment",
            "core/sequence",
            "core/timing",
            "core/wording",
        ],
    ),
    ("core/timing", &[]),
    (
        "core/rehearse",
        &[
            "core/drain",
            "core/fleet",
            "core/moment",
            "core/sequence",
            "core/sidekiq",
        ],
    ),
    (
        "core/layers",
        &["core/clean", "core/interned", "core/sequence"],
    ),
    (
        "core/check",
        &[
            "core/clean",
            "core/layers",
            "core/moment",
            "core/sequence",
            "core/wording",
        ],
    ),
    (
        "core/config",
        &["core/clean", "core/drain", "core/fleet", "core/sequence"],
    ),
    (
        "core/preflight",
        &[
            "core/check",
            "core/choice",
            "core/clean",
            "core/drain",
            "core/fleet",
            "core/layers",
            "core/moment",
            "core/sequence",
            "core/stop_clock",
        ],
    ),
    ("core/session", &["core"]),
];

/// Words that say nothing.
const EMPTY_WORDS: [&str; 9] = [
    "manager", "managers", "handler", "handlers", "util", "utils", "helper", "common", "data",
];

/// What sends a signal, and the only places that may. A child that was started here is ended by
/// its own handle (`Child::kill`), which can meet nobody else.
const SENDERS: [(&str, &[&str]); 6] = [
    ("pidfd_send_signal", &["src/host/held.rs"]),
    ("kill_process", &["src/host/held.rs"]),
    ("kill_current_process_group", &[]),
    ("killpg", &[]),
    ("signal::kill", &[]),
    // To oneself alone.
    ("signal::raise", &["src/shell/own_signals.rs"]),
];

const LONGEST_FILE: usize = 400;

/// How many files outside the core may import each other in a circle.
const LARGEST_CIRCLE: usize = 4;

fn fits(place: &str, module: &str) -> bool {
    module == place
        || module
            .strip_prefix(place)
            .is_some_and(|rest| rest.starts_with('/'))
}

fn row(module: &str) -> Option<(&'static str, &'static [&'static str])> {
    let fitting = PLACES.iter().filter(|(place, _)| fits(place, module));
    fitting.max_by_key(|(place, _)| place.len()).copied()
}

/// Everything wrong at once, one a line.
#[track_caller]
fn assert_none(wrong: &str) {
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn each_module_uses_what_it_may() {
    let mut wrong = String::new();
    for source in source::all() {
        // `lib.rs` and the `mod.rs` of the core only name what there is.
        if matches!(source.module.as_str(), "lib" | "core") {
            continue;
        }
        let Some((place, allowed)) = row(&source.module) else {
            writeln!(wrong, "{}: no row in PLACES", source.path).unwrap();
            continue;
        };
        for used in source.used_modules() {
            let within = fits(place, &used) || used == "core" || used == "lib";
            if !within && !allowed.iter().any(|allowed| fits(allowed, &used)) {
                writeln!(wrong, "{}: {place} must not use {used}", source.path).unwrap();
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn files_of_the_core_import_each_other_in_no_circle() {
    let core = source::all();
    let core: Vec<Source> = core
        .into_iter()
        .filter(|source| fits("core", &source.module))
        .collect();
    let mut wrong = String::new();
    for circle in circles::circles(&core) {
        writeln!(wrong, "a circle of {}: {}", circle.len(), circle.join(", ")).unwrap();
    }
    assert_none(&wrong);
}

#[test]
fn files_outside_the_core_import_each_other_in_small_circles_at_most() {
    let outside = source::all();
    let outside: Vec<Source> = outside
        .into_iter()
        .filter(|source| !fits("core", &source.module))
        .collect();
    let mut wrong = String::new();
    for circle in circles::circles(&outside) {
        if circle.len() > LARGEST_CIRCLE {
            writeln!(wrong, "a circle of {}: {}", circle.len(), circle.join(", ")).unwrap();
        }
    }
    assert_none(&wrong);
}

#[test]
fn a_circle_is_found_through_groups_and_through_what_a_parent_passes_on() {
    let file = |path: &str, text: &str| Source::of(path, text);
    let sources = [
        file(
            "src/core/a/mod.rs",
            "mod one;\npub use one::{One, Other};\n",
        ),
        file(
            "src/core/a/one.rs",
            "use crate::core::b::{Two, three::{Three, Four}};\n",
        ),
        file("src/core/b/mod.rs", "pub mod three;\n"),
        file("src/core/b/three.rs", "use crate::core::a::Other;\n"),
    ];
    let found = circles::circles(&sources);
    assert_eq!(found, [["core/a/one", "core/b/three"]]);
}

#[test]
fn a_place_that_must_not_be_used_is_found() {
    let text =
        "use crate::redis::Source;\nuse super::run::Run;\nfn f() { super::super::session::x() }\n";
    let source = Source::of("src/core/drain/gate.rs", text);
    let used = source.used_modules();
    assert_eq!(used, ["core/drain/run", "core/session/x", "redis/Source"]);
    let (place, allowed) = row(&source.module).unwrap();
    assert_eq!(place, "core/drain");
    assert!(!allowed.iter().any(|allowed| fits(allowed, "redis/Source")));
    assert!(fits("core/drain", "core/drain/run") && !fits("core/drain", "core/drainage"));
}

#[test]
fn tests_inside_a_file_may_use_what_they_like() {
    let text = "use crate::clock;\n#[cfg(test)]\nmod tests {\n    use crate::cli;\n}\n";
    let source = Source::of("src/host/lock.rs", text);
    assert_eq!(source.used_modules(), ["clock"]);
}

#[test]
fn no_file_is_too_long() {
    let mut wrong = String::new();
    for (path, text) in source::files(&["src", "tests"]) {
        let lines = text.lines().count();
        if lines > LONGEST_FILE {
            writeln!(wrong, "{path}: {lines} lines, at most {LONGEST_FILE}").unwrap();
        }
    }
    assert_none(&wrong);
}

#[test]
fn each_file_says_what_it_is() {
    let mut wrong = String::new();
    for (path, text) in source::files(&["src", "tests"]) {
        if !text.starts_with("//!") && !text.trim().is_empty() {
            writeln!(wrong, "{path}: begins with no `//!`").unwrap();
        }
    }
    assert_none(&wrong);
}

#[test]
fn names_say_something() {
    let mut wrong = String::new();
    for (path, text) in source::files(&["src", "tests"]) {
        let file = path
            .trim_end_matches(".rs")
            .split('/')
            .flat_map(source::words);
        let defined = source::definitions(&text).flat_map(source::words);
        for word in file.chain(defined) {
            if EMPTY_WORDS.contains(&word.as_str()) {
                writeln!(wrong, "{path}: a name with `{word}` in it").unwrap();
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn signals_leave_from_one_place() {
    let mut wrong = String::new();
    for source in source::all() {
        for (call, places) in SENDERS {
            if source.code.contains(call) && !places.contains(&source.path.as_str()) {
                writeln!(wrong, "{}: {call}", source.path).unwrap();
            }
        }
    }
    assert_none(&wrong);
    let all = source::all();
    let held = all.iter().find(|source| source.path == "src/host/held.rs");
    assert!(held.unwrap().code.contains("pidfd_send_signal"));
}
