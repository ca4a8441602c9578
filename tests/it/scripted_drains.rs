//! The small runs of `tests/hundred_drains` and `tests/faults`, so that the scripts cannot rot: a few of
//! their drains of real Sidekiqs. Each fate is held against what the jobs wrote themselves and against
//! all of Redis, and beside faults each signal against the record.

use std::path::Path;
use std::process::Command;

/// The last row of the table that a script prints, if it found nothing wrong.
fn played(script: &str, words: &[&str]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
    let output = Command::new(path)
        .args(words)
        .arg(env!("CARGO_BIN_EXE_drainboard"))
        .output()
        .expect("the script runs: tests/setup brings its Ruby");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (table, said) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{table}{said}");
    let last = table.lines().last().unwrap_or_default();
    assert!(last.ends_with("| 0 |"), "{table}");
    last.into()
}

#[test]
fn a_few_scripted_drains_tell_every_fate_as_it_was() {
    let last = played("tests/hundred_drains", &["--few", "--at-once", "6"]);
    assert!(last.starts_with("| all | 7 ×5, 8 ×5 | 10 |"), "{last}");
}

/// One drain for each kind of fault. The seed draws the drains and the moments.
#[test]
fn around_a_few_scripted_drains_everything_goes_wrong_once() {
    let words = ["--drains", "13", "--at-once", "13", "--seed", "102"];
    let last = played("tests/faults", &words);
    assert!(last.starts_with("| all | 13 |"), "{last}");
}
