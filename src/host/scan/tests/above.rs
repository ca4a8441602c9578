//! The processes above a Sidekiq: what starts it again, and what only wraps it.

use super::*;
use crate::core::fleet::{Keeper, KeeperKind};

fn seen(tree: &Tree) -> Above {
    let look = tree.scanner().scan(&[]).unwrap();
    let sidekiq = look.processes.iter().find(|process| process.id.pid == 40);
    sidekiq.unwrap().surroundings.above.clone()
}

#[test]
fn a_supervisor_is_found_behind_what_wraps_a_sidekiq() {
    let tree = Tree::new();
    tree.process(1, b"/sbin/init\0")
        .stat(1, "systemd", 'S', 0, 1);
    tree.process(20, b"/usr/bin/python3\0/usr/bin/supervisord\0");
    let shell = tree.process(30, b"sh\0-c\0bundle exec rake\0");
    shell.stat(30, "sh", 'S', 20, 1);
    tree.process(40, TITLE).stat(40, "ruby", 'S', 30, 1);
    let keeper = Keeper {
        pid: 20,
        kind: KeeperKind::Supervisord,
    };
    let expected = Above {
        keeper: Some(keeper),
        wrappers: vec![30],
        ends_all: false,
    };
    assert_eq!(seen(&tree), expected);
    // Under the init of a machine, or of a person who is logged in, nothing starts it again.
    let tree = Tree::new();
    tree.process(1, b"/sbin/init\0")
        .stat(1, "systemd", 'S', 0, 1);
    tree.process(30, b"-bash\0").stat(30, "bash", 'S', 29, 1);
    tree.process(29, b"sshd: deploy\0")
        .stat(29, "sshd", 'S', 1, 1);
    tree.process(40, TITLE).stat(40, "ruby", 'S', 30, 1);
    let expected = Above {
        wrappers: vec![30],
        ..Above::default()
    };
    assert_eq!(seen(&tree), expected);
}

#[test]
fn a_sidekiq_with_which_its_container_ends_is_told_apart() {
    for (init, ends_all) in [
        ("tini", true),
        ("docker-init", true),
        ("systemd", false),
        ("sh", false),
    ] {
        let tree = Tree::new();
        tree.process(1, b"/sbin/x\0").stat(1, init, 'S', 0, 1);
        tree.process(40, TITLE);
        assert_eq!(seen(&tree).ends_all, ends_all, "{init}");
    }
    let tree = Tree::new();
    tree.process(1, TITLE).stat(1, "ruby", 'S', 0, 1);
    let look = tree.scanner().scan(&[]).unwrap();
    assert!(look.processes[0].surroundings.above.ends_all);
}

#[test]
fn what_is_above_it_is_read_again_once_it_has_another_parent() {
    let tree = Tree::new();
    tree.process(20, b"runsv\0worker\0");
    tree.process(40, TITLE).stat(40, "ruby", 'S', 20, 4000);
    let mut scanner = tree.scanner();
    let keeper = |scanner: &mut Scanner| {
        let look = scanner.scan(&[]).unwrap();
        look.processes[0].surroundings.above.keeper
    };
    assert_eq!(keeper(&mut scanner).unwrap().kind, KeeperKind::Runit);
    tree.process(40, TITLE).stat(40, "ruby", 'S', 1, 4000);
    assert_eq!(keeper(&mut scanner), None);
}
