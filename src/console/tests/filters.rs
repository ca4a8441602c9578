//! The filter narrows both tables and nothing else.

use crate::console::fixture::ImaginedWorld;
use crate::console::{Key, Pane, Screen, folded, if_untouched, narrowed, process_rows};
use crate::core::outlook::Outlooks;

fn outlooks(world: &ImaginedWorld) -> Outlooks<'_> {
    let targets = world.console.targets(&world.session);
    Outlooks::new(world.session.situation(world.now), &targets)
}

/// The names of the processes and the ids of the jobs that are listed.
fn listed(world: &ImaginedWorld) -> (Vec<String>, Vec<String>) {
    let targets = world.console.targets(&world.session);
    let processes = process_rows(&world.session, &targets, &world.console.listing);
    let jobs = world.console.job_rows(&world.session);
    let processes = processes.iter().map(|(_, process)| process.name());
    let jobs = jobs.iter().filter_map(|row| row.job.work.jid.clone());
    (processes.collect(), jobs.collect())
}

/// The longest words of the row of the filter, and whether they warn.
fn row(world: &ImaginedWorld) -> (String, bool) {
    let (words, warns) = narrowed(&world.session, &world.console, &outlooks(world)).unwrap();
    (words[0].clone(), warns)
}

fn filtered(by: &str) -> ImaginedWorld {
    let mut world = ImaginedWorld::new();
    world.type_slowly(&format!("/{by}\n"));
    world
}

#[test]
fn a_filter_lists_what_its_words_fit() {
    let lists = |by: &str, processes: &[&str], jobs: &[&str]| {
        let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        assert_eq!(
            listed(&filtered(by)),
            (owned(processes), owned(jobs)),
            "{by}"
        );
    };
    let processes = ["util1:4242", "util1:4243", "util1:4244"];
    let jobs = ["b4a5", "c1d2", "e3f4", "a9b8"];
    // Host and pid, pid alone, tag, unit: of a process and of its jobs.
    lists("UTIL1:4244", &processes[2..], &jobs[3..]);
    lists("4242", &processes[..1], &jobs[..3]);
    lists("web", &processes[..2], &jobs[..3]);
    lists("sidekiq@4", &processes[2..], &jobs[3..]);
    // Class, queue and id of a job list its process too.
    lists("edi", &processes[..1], &jobs[1..2]);
    lists("a9b8", &processes[2..], &jobs[3..]);
    // Each word is to be found.
    lists("web report", &processes[..1], &jobs[..1]);
    lists("4243 report", &[], &[]);
    // Queues of a process list it, and not all its jobs: each job has a queue of its own.
    lists("low", &processes, &jobs[..1]);
}

#[test]
fn an_escape_clears_it_and_what_is_selected_stays_so() {
    let mut world = filtered("xedi");
    assert_eq!(listed(&world), (vec![], vec![]));
    world.press(Key::Char('/'));
    for _ in 0..4 {
        world.press(Key::Backspace);
    }
    world.type_slowly("mail\n");
    let selected = world.console.process_under_cursor(&world.session);
    assert_eq!(selected, Some(ImaginedWorld::key(4244)));
    assert_eq!(world.console.pane, Pane::Processes, "the focus stays too");
    world.press(Key::Esc);
    assert_eq!(listed(&world).0.len(), 3);
    assert_eq!(world.console.process_under_cursor(&world.session), selected);
    // Nothing is left to clear.
    world.press(Key::Esc);
    assert!(world.console.memory.notice.is_some());
}

#[test]
fn letters_of_a_filter_are_letters() {
    let mut world = ImaginedWorld::draining();
    world.type_slowly("/xK");
    assert!(world.session.is_draining());
    assert_eq!(world.console.listing.filter, "xK");
}

/// The drain takes what is hidden too, and no sum changes.
#[test]
fn a_filter_changes_no_target_and_no_sum() {
    let plain = ImaginedWorld::new();
    let mut world = filtered("mail");
    let targets = plain.console.targets(&plain.session);
    assert_eq!(world.console.targets(&world.session), targets);
    assert_eq!(
        if_untouched(&world.session, &outlooks(&world)),
        if_untouched(&plain.session, &outlooks(&plain))
    );
    let (words, warns) = row(&world);
    let said =
        "/mail: 1 of 3 processes and 1 of 4 jobs shown; 2 targets hidden, but counted; Esc clears";
    assert_eq!((words.as_str(), warns), (said, false));
    world.type_slowly("ay");
    assert_eq!(
        world.session.run.as_ref().unwrap().ledger().targets().len(),
        3
    );
}

#[test]
fn a_hidden_process_that_hangs_is_named() {
    let mut world = ImaginedWorld::hung();
    world.type_slowly("/4244");
    let (words, warns) = row(&world);
    assert!(
        warns && words.contains("HIDDEN: util1:4242 HANGS"),
        "{words}"
    );
    world.press(Key::Esc);
    assert!(narrowed(&world.session, &world.console, &outlooks(&world)).is_none());
}

/// The line of what is folded counts all, and says what the filter would list of it.
#[test]
fn folded_rows_that_fit_are_counted() {
    let fitting = |by: &str| {
        let world = filtered(by);
        let targets = world.console.targets(&world.session);
        let folded = folded(&world.session, &targets, &world.console.listing);
        (folded.other_hosts, folded.fitting)
    };
    assert_eq!(fitting("util2"), (1, 1));
    assert_eq!(fitting("util1"), (1, 0));
    let mut world = filtered("util2");
    world.press(Key::Char('p'));
    assert_eq!(listed(&world).0, ["util2:771"]);
}

#[test]
fn the_journal_has_a_filter_of_its_own() {
    let mut world = ImaginedWorld::draining();
    world.type_slowly("J/tstp\n");
    assert_eq!(world.console.listing.filter, "");
    let lines = crate::console::lines(&world.session, &world.console, world.now);
    assert!(
        lines
            .iter()
            .all(|line| line.text.to_lowercase().contains("tstp")),
        "{lines:?}"
    );
    world.press(Key::Esc);
    assert_eq!(world.console.screen, Screen::Journal);
    world.press(Key::Esc);
    assert_eq!(world.console.screen, Screen::Main);
}
