//! The small run of `tests/hundred_drains`, so that the script cannot rot: a few of its drains of
//! real Sidekiqs, each fate held against what the jobs wrote themselves and against all of Redis.

use std::path::Path;
use std::process::Command;

#[test]
fn a_few_scripted_drains_tell_every_fate_as_it_was() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hundred_drains");
    let output = Command::new(script)
        .args(["--few", "--at-once", "6", env!("CARGO_BIN_EXE_drainboard")])
        .output()
        .expect("the script runs: tests/setup brings its Ruby");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (table, said) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{table}{said}");
    let last = table.lines().last().unwrap_or_default();
    assert!(
        last.starts_with("| all | 7 ×4, 8 ×4 | 8 |") && last.ends_with("| 0 |"),
        "{table}"
    );
}
