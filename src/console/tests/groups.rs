//! Processes in groups: by what, folded and marked as a whole, and nothing else changes.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::console::fixture::ImaginedWorld;
use crate::console::{Key, Pane, Screen, TableRow, head_words, if_untouched, table_rows};
use crate::core::fleet::ProcessKey;
use crate::core::outlook::Outlooks;

/// The rows of the process table: the heads with `+` or `-`, the processes by their pids.
fn rows(world: &ImaginedWorld) -> Vec<String> {
    let targets = world.console.targets(&world.session);
    let rows = table_rows(&world.session, &targets, &world.console.listing);
    let named = rows.iter().map(|row| match row {
        TableRow::Head(head) if head.is_folded => format!("+ {}", head.name),
        TableRow::Head(head) => format!("- {}", head.name),
        TableRow::Process(_, process) => process.name(),
    });
    named.collect()
}

fn heads(world: &ImaginedWorld) -> Vec<String> {
    let mut rows = rows(world);
    rows.retain(|row| row.starts_with(['+', '-']));
    rows
}

/// The longest words of the head at `index` among the heads, and whether they warn.
fn words(world: &ImaginedWorld, index: usize) -> (String, bool) {
    let targets = world.console.targets(&world.session);
    let rows = table_rows(&world.session, &targets, &world.console.listing);
    let heads = rows.iter().filter_map(|row| match row {
        TableRow::Head(head) => Some(head),
        TableRow::Process(..) => None,
    });
    let head = heads.collect::<Vec<_>>()[index];
    let outlooks = Outlooks::new(world.session.situation(world.now), &targets);
    let (words, warns) = head_words(&world.session, &outlooks, &targets, head);
    (words[0].clone(), warns)
}

fn ids(pids: &[u32]) -> Vec<ProcessKey> {
    pids.iter().copied().map(ImaginedWorld::key).collect()
}

#[test]
fn one_key_goes_through_what_the_processes_are_grouped_by() {
    let mut world = ImaginedWorld::new();
    let alone = rows(&world);
    assert_eq!(alone, ["util1:4242", "util1:4243", "util1:4244"]);
    let expected = [
        ("processes by host", &["- util1", "- util2"][..]),
        ("processes by tag", &["- web", "- no tag"]),
        ("processes by queues", &["- default, low"]),
        ("processes by version", &["- 7.3.9", "- 6.4.1"]),
        (
            "processes by unit",
            &[
                "- sidekiq@2.service",
                "- sidekiq@3.service",
                "- sidekiq@4.service",
                "- unit not known: on another host",
            ],
        ),
        ("processes by capsules", &["- capsules not known"]),
    ];
    for (notice, groups) in expected {
        world.press(Key::Char('b'));
        assert_eq!(world.console.memory.notice.as_deref(), Some(notice));
        assert_eq!(heads(&world), groups);
        // All have rows, those of other hosts too, each once.
        let processes: BTreeSet<String> = rows(&world)
            .into_iter()
            .filter(|row| !row.starts_with('-'))
            .collect();
        assert_eq!(processes.len(), 4, "{notice}");
        assert_eq!(rows(&world).len(), 4 + groups.len(), "{notice}");
    }
    world.press(Key::Char('b'));
    assert_eq!(rows(&world), alone);
}

#[test]
fn capsules_and_queues_group_in_any_order() {
    let mut world = ImaginedWorld::new();
    for (index, process) in world.session.fleet.processes.values_mut().enumerate() {
        let info = Arc::make_mut(process.info.as_mut().unwrap());
        info.capsules = vec!["default".into(), "mail".into()];
        info.queues = vec!["low".into(), "default".into(), "low".into()];
        if index > 1 {
            info.capsules.reverse();
            info.queues.sort();
        }
    }
    world.console.listing.grouping = super::super::Grouping::Queues;
    assert_eq!(heads(&world), ["- default, low"]);
    world.console.listing.grouping = super::super::Grouping::Capsules;
    assert_eq!(heads(&world), ["- default, mail"]);
}

#[test]
fn enter_folds_a_group_and_shows_it_again() {
    let mut world = ImaginedWorld::new();
    world.type_slowly("bg");
    world.press(Key::Enter);
    assert_eq!(rows(&world), ["+ util1", "- util2", "util2:771"]);
    assert_eq!(world.console.screen, Screen::Main);
    world.press(Key::Enter);
    assert_eq!(rows(&world).len(), 6);
    // A process in a group opens as ever.
    world.type_slowly("j");
    world.press(Key::Enter);
    assert_eq!(
        world.console.screen,
        Screen::Process(ImaginedWorld::key(4242))
    );
}

#[test]
fn all_groups_fold_at_once_and_the_selection_stays_with_its_group() {
    let mut world = ImaginedWorld::new();
    world.press(Key::Char('z'));
    assert_eq!(rows(&world).len(), 3, "there is no group to fold");
    world.type_slowly("jbb");
    let selected = |world: &ImaginedWorld| world.console.process_under_cursor(&world.session);
    assert_eq!(selected(&world), Some(ImaginedWorld::key(4243)));
    world.press(Key::Char('G'));
    assert_eq!(selected(&world), Some(ImaginedWorld::key(4244)));
    world.press(Key::Char('z'));
    assert_eq!(rows(&world), ["+ web", "+ no tag"]);
    assert_eq!(selected(&world), None);
    // Enter opens the very group that the selected process stands in.
    world.press(Key::Enter);
    assert_eq!(rows(&world), ["+ web", "- no tag", "util1:4244"]);
    world.press(Key::Char('z'));
    assert_eq!(heads(&world), ["+ web", "+ no tag"]);
    world.press(Key::Char('z'));
    assert_eq!(heads(&world), ["- web", "- no tag"]);
}

#[test]
fn a_mark_on_a_head_takes_its_group_in_or_out() {
    let mut world = ImaginedWorld::new();
    world.type_slowly("bbgv");
    assert_eq!(
        world.console.targets(&world.session),
        ids(&[4244]),
        "web is out, and no process of another host was ever in"
    );
    world.type_slowly("v");
    assert_eq!(
        world.console.targets(&world.session),
        ids(&[4242, 4243, 4244])
    );
    // Of a group that is in as a part the rest comes in.
    world.type_slowly("jv");
    assert_eq!(world.console.targets(&world.session), ids(&[4243, 4244]));
    world.type_slowly("gv");
    assert_eq!(
        world.console.targets(&world.session),
        ids(&[4242, 4243, 4244])
    );
    // A folded group is marked all the same.
    world.press(Key::Enter);
    world.type_slowly("v");
    assert_eq!(world.console.targets(&world.session), ids(&[4244]));
}

#[test]
fn a_group_of_another_host_cannot_be_marked_and_no_group_is_killed() {
    let mut world = ImaginedWorld::new();
    world.type_slowly("bGk");
    assert!(world.console.process_under_cursor(&world.session).is_none());
    assert!(world.press(Key::Char('v')).is_empty());
    assert_eq!(
        world.console.targets(&world.session),
        ids(&[4242, 4243, 4244])
    );
    world.type_slowly("g");
    for key in ['K', 's', 't'] {
        world.press(Key::Char(key));
        assert!(world.console.dialog.is_none(), "{key} on a head");
    }
}

#[test]
fn while_a_drain_runs_marks_stay_and_groups_fold() {
    let mut world = ImaginedWorld::draining();
    let targets = world.console.targets(&world.session);
    world.type_slowly("bgv");
    assert_eq!(world.console.targets(&world.session), targets);
    world.press(Key::Enter);
    assert_eq!(heads(&world)[0], "+ util1");
}

#[test]
fn heads_say_how_many_are_drained_busy_and_what_becomes_of_their_jobs() {
    let mut world = ImaginedWorld::new();
    world.type_slowly("b");
    assert_eq!(
        words(&world, 0),
        (
            "3 processes, * drained   busy 4/15   1 pushed back, 0 lost, 1 at risk, 2 fit   budget 145 s".into(),
            false
        )
    );
    assert_eq!(
        words(&world, 1),
        (
            "1 process, none drained   busy 1/5   budget 145 s".into(),
            false
        )
    );
    world.type_slowly("jv");
    assert!(words(&world, 0).0.starts_with("3 processes, * 2 drained"));
    // What is not known is no zero.
    let key = ImaginedWorld::key(4242);
    let process = world.session.fleet.processes.get_mut(&key).unwrap();
    process.beat = None;
    process.local.as_mut().unwrap().title = crate::core::fleet::Title::Booting("sidekiq".into());
    assert!(
        words(&world, 0).0.contains("busy ?/?"),
        "{:?}",
        words(&world, 0)
    );
}

#[test]
fn budgets_that_differ_are_told_from_the_shortest_to_the_longest() {
    let mut world = ImaginedWorld::altered(|world| world.timeouts = vec![(4243, 10)]);
    world.type_slowly("b");
    assert!(words(&world, 0).0.ends_with("budget 130 s to 145 s"));
}

#[test]
fn a_folded_group_with_a_hung_process_asks_for_an_eye() {
    let mut world = ImaginedWorld::hung();
    world.type_slowly("b");
    assert!(!words(&world, 0).1, "its row says so itself");
    world.press(Key::Char('z'));
    let (said, warns) = words(&world, 0);
    assert!(warns && said.starts_with("1 to look at"), "{said}");
}

#[test]
fn groups_change_nothing_but_the_table() {
    let mut world = ImaginedWorld::draining();
    let told = |world: &ImaginedWorld| {
        let targets = world.console.targets(&world.session);
        let outlooks = Outlooks::new(world.session.situation(world.now), &targets);
        (targets.clone(), if_untouched(&world.session, &outlooks))
    };
    let before = told(&world);
    world.type_slowly("bz");
    assert_eq!(told(&world), before);
}

#[test]
fn a_filter_narrows_groups_and_a_job_jumps_to_the_head_that_hides_its_process() {
    let mut world = ImaginedWorld::new();
    world.type_slowly("b/edi\n");
    assert_eq!(rows(&world), ["- util1", "util1:4242"]);
    world.press(Key::Esc);
    world.press(Key::Char('z'));
    world.press(Key::Tab);
    assert_eq!(world.console.pane, Pane::Jobs);
    world.press(Key::Char('G'));
    let job = world.console.job_under_cursor(&world.session).unwrap();
    world.press(Key::Tab);
    assert_eq!(world.console.pane, Pane::Processes);
    world.press(Key::Enter);
    let shown = rows(&world);
    let process = world.session.fleet.get(&job.process).unwrap().name();
    assert!(shown.contains(&process), "{process} in {shown:?}");
}
