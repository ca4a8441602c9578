//! Scans one after another.

use super::*;

#[test]
fn a_process_that_becomes_a_sidekiq_is_found_a_second_later() {
    let tree = Tree::new();
    tree.process(7, b"bash\0-c\0exec bundle\0");
    let mut scanner = tree.scanner();
    assert!(scanner.scan(&[]).unwrap().processes.is_empty());
    assert!(scanner.others.1.contains(&7), "it is not read at each scan");
    tree.process(7, TITLE);
    scanner.others.0 = scanner.others.0.before(READ_AGAIN);
    let pids = scanner.scan(&[]).unwrap().processes;
    assert_eq!(
        pids.iter().map(|found| found.id.pid).collect::<Vec<_>>(),
        [7]
    );
}
