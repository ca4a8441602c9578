//! Each statement of each drain of the table `cases.txt`, held against the table of evidence in
//! `assets/ARCHITECTURE.md`: what is said of a job or a process must stand there, and what stands
//! there is said.

use super::cases;
use super::stage::StagedDrain;

const ARCHITECTURE: &str = include_str!("../../../../../assets/ARCHITECTURE.md");
/// What no drain of the table comes to, and the test that does.
const ELSEWHERE: [(&str, &str); 2] = [
    (
        "finished (stopped by itself)",
        "kills::a_job_that_left_in_order_before_its_known_interrupt_is_finished",
    ),
    (
        "nowhere",
        "rescue::tests::only_what_was_not_pushed_back_is_provably_nowhere",
    ),
];

/// A row of the table of evidence.
struct Row {
    statement: &'static str,
    fate: &'static str,
    /// Words of the reason; none: any reason.
    reason: &'static str,
    met: bool,
}

fn rows() -> Vec<Row> {
    let (_, table) = ARCHITECTURE
        .split_once("| statement | evidence | refuted by |")
        .unwrap();
    let lines = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let row = |line: &'static str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [statement, evidence, refuted] = *cells else {
            panic!("{line} has other columns");
        };
        assert!(!evidence.is_empty() && !refuted.is_empty(), "{line}");
        let (fate, reason) = statement.split_once(" (").unwrap_or((statement, ""));
        let reason = reason.trim_end_matches(')');
        Row {
            statement,
            fate,
            reason,
            met: false,
        }
    };
    lines.map(row).collect()
}

#[test]
fn each_statement_has_its_row_of_evidence() {
    let (mut rows, mut strange) = (rows(), Vec::new());
    for case in cases() {
        let mut drain = StagedDrain::new(&case.parts);
        for part in &case.parts {
            match part.strip_prefix("=>") {
                Some(expected) => drop(drain.ends(expected)),
                None => drop(drain.play(part)),
            }
        }
        for (word, why) in drain.statements() {
            let fits = |row: &&mut Row| row.fate == word && why.contains(row.reason);
            match rows.iter_mut().find(fits) {
                Some(row) => row.met = true,
                None => strange.push(format!("cases.txt:{}: {word} ({why})", case.line)),
            }
        }
    }
    strange.sort_unstable();
    strange.dedup();
    assert!(strange.is_empty(), "no row for {strange:#?}");
    let elsewhere = |statement: &str| ELSEWHERE.iter().any(|(known, _)| *known == statement);
    let unmet = rows
        .iter()
        .filter(|row| !row.met && !elsewhere(row.statement));
    let unmet: Vec<&str> = unmet.map(|row| row.statement).collect();
    assert!(unmet.is_empty(), "no drain of the table says {unmet:#?}");
}
