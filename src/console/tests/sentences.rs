//! Sentences that were false, or missing, beside real Sidekiqs.

use std::time::Duration;

use super::truth::{died, hasty};
use crate::console::fixture::ImaginedWorld;
use crate::console::{
    Key, Listing, at_rest, died as died_words, folded, process_state, result_text, standings,
    step_clock, whole_clock,
};
use crate::core::drain::{Fate, Policy};
use crate::core::fleet::State;
use crate::core::outlook::{Becomes, Obstacle, Outlooks, ProcessOutlook};

/// A drain that is begun anew says that the processes are quiet already, and that it waits again.
#[test]
fn processes_that_are_quiet_are_not_said_to_become_so() {
    let lines = |mut world: ImaginedWorld| {
        world.type_slowly("a");
        world.console.dialog.as_ref().unwrap().lines.join(" ")
    };
    let quiet = lines(ImaginedWorld::hung_up());
    assert!(
        quiet.contains("They are quiet already and take no new job"),
        "{quiet}"
    );
    assert!(!quiet.contains("This cannot be undone"), "{quiet}");
    let busy = lines(ImaginedWorld::new());
    assert!(
        busy.contains("They take no new job until they are restarted"),
        "{busy}"
    );
}

#[test]
fn the_question_for_a_kill_says_what_becomes_of_the_jobs_without_it() {
    let mut world = hasty(Policy::Ask);
    world.type_slowly("ay");
    world.pass(12);
    world.type_slowly("n");
    let lines = world.console.dialog.as_ref().unwrap().lines.join(" ");
    assert!(
        lines.contains("Without KILL Sidekiq pushes back what still runs by "),
        "{lines}"
    );
    // A process that hangs pushes nothing back.
    let mut hung = hasty(Policy::Ask);
    hung.type_slowly("ay");
    hung.pass(12);
    for imagined in &mut hung.imagined {
        imagined.beat_age = 40;
    }
    hung.forget();
    hung.look();
    hung.type_slowly("n");
    let lines = hung.console.dialog.as_ref().unwrap().lines.join(" ");
    assert!(lines.contains("would be lost"), "{lines}");
    assert!(!lines.contains("Without KILL"), "{lines}");
}

/// What has ended is not idle, and what died says so with the number of its jobs.
#[test]
fn a_process_that_died_is_not_counted_as_idle() {
    let world = died();
    let run = world.session.run.as_ref().unwrap();
    let standings = standings(run);
    assert_eq!((standings.idle, standings.exited), (1, 1));
    let told = died_words(&world.session).unwrap();
    assert!(told.ends_with(" with 3 jobs"), "{told}");
}

/// A process of another application that has ended runs here no more.
#[test]
fn the_line_of_what_is_not_drained_counts_what_lives() {
    let mut world = ImaginedWorld::new();
    world.imagined[2].in_redis = false;
    world.forget();
    world.look();
    let others = |world: &ImaginedWorld| {
        let targets = world.console.targets(&world.session);
        folded(&world.session, &targets, &Listing::default()).other_applications
    };
    assert_eq!(others(&world), ["util1:4244"]);
    world.exit(4244);
    assert!(others(&world).is_empty());
}

/// The journal and the page have one word for a job that runs on.
#[test]
fn what_runs_on_is_called_so_in_the_journal_too() {
    let world = ImaginedWorld::stopped();
    let text = result_text(&world.session);
    assert!(text.contains("still running "), "{text}");
    let journal: Vec<String> = world
        .session
        .journal
        .iter()
        .map(ToString::to_string)
        .collect();
    let of_jobs: Vec<&String> = journal
        .iter()
        .filter(|line| line.contains("ReportBuild"))
        .collect();
    assert!(!of_jobs.is_empty(), "{journal:?}");
    for line in of_jobs {
        assert!(
            line.ends_with(": still running when the drain ended"),
            "{line}"
        );
    }
}

/// Where nothing has ended there is no place to fill; where nothing came up its name is said once.
#[test]
fn what_came_up_is_told_where_there_is_a_place_for_it() {
    let watched = || {
        let mut world = ImaginedWorld::new();
        world.session.setting.successor = Some(Duration::from_secs(60));
        world.type_slowly("ay");
        world.pass(5);
        world
    };
    let mut stopped = watched();
    stopped.press(Key::Char('x'));
    stopped.pass(2);
    let text = result_text(&stopped.session);
    assert!(text.starts_with("Stopped before its end"), "{text}");
    assert!(!text.contains("In their place"), "{text}");
    let mut ended = watched();
    for pid in [4242, 4243, 4244] {
        ended.exit(pid);
    }
    for _ in 0..20 {
        ended.pass(10);
    }
    let text = result_text(&ended.session);
    let (_, places) = text.split_once("In their place").unwrap();
    let line = places
        .lines()
        .find(|line| line.contains("util1:4243"))
        .unwrap();
    assert!(line.contains("no process came up"), "{line}");
    let times = line.matches("util1:4243").count();
    assert_eq!(times, 2, "the label, and whose place: {line}");
}

/// The clock of a step stands while it is held, and goes on where it stood.
#[test]
fn a_hold_makes_no_step_longer() {
    let mut world = ImaginedWorld::draining();
    let clock = |world: &ImaginedWorld| {
        let clock = step_clock(world.session.run.as_ref().unwrap(), world.now).unwrap();
        (clock.run.as_secs(), clock.whole.unwrap().as_secs())
    };
    world.press(Key::Char(' '));
    let held = clock(&world);
    world.pass(20);
    assert_eq!(clock(&world), held);
    world.press(Key::Char(' '));
    assert_eq!(clock(&world), held);
    world.pass(3);
    assert_eq!(clock(&world), (held.0 + 3, held.1));
}

/// What Redis said is old; the processes of this host are here.
#[test]
fn a_process_of_this_host_is_not_stale_because_redis_is_gone() {
    let mut world = ImaginedWorld::new();
    world.imagined[1].quiet = true;
    world.forget();
    world.look();
    world.loses_redis();
    world.now = world.now.after(Duration::from_secs(45));
    let targets = world.console.targets(&world.session);
    let outlooks = Outlooks::new(world.session.situation(world.now), &targets);
    let mut words = Vec::new();
    for pid in [4242, 4243] {
        let key = ImaginedWorld::key(pid);
        let process = &world.session.fleet.processes[&key];
        let state = process.state(false, &world.session.fleet.link, world.now);
        assert_ne!(state, State::Stale, "ps says the same");
        words.push(process_state(&world.session, &outlooks, &key, process).word);
    }
    assert_eq!(words, ["running", "quiet"]);
}

/// A process that hung before Redis was lost still hangs: in its row, on its page, in `ps`, and for
/// its jobs.
#[test]
fn a_process_that_hung_before_redis_was_lost_still_hangs() {
    let mut world = ImaginedWorld::hung();
    world.loses_redis();
    world.now = world.now.after(Duration::from_secs(5));
    let targets = world.console.targets(&world.session);
    let outlooks = Outlooks::new(world.session.situation(world.now), &targets);
    let key = ImaginedWorld::key(4242);
    let process = &world.session.fleet.processes[&key];
    let state = process_state(&world.session, &outlooks, &key, process);
    assert_eq!(
        (state.word, state.remark.as_str()),
        ("HANGS", "no heartbeat for 45 s, pid lives")
    );
    let elsewhere = at_rest(
        world.session.situation(world.now),
        (&key, process),
        true,
        false,
    );
    assert_eq!(elsewhere, state);
    let link = &world.session.fleet.link;
    assert_eq!(process.state(false, link, world.now), State::Stale);
    let obstacle = outlooks.of(&key).and_then(ProcessOutlook::obstacle);
    assert!(matches!(obstacle, Some(Obstacle::Hangs(_))), "{obstacle:?}");
    world.press(Key::Enter);
    let page = crate::console::lines(&world.session, &world.console, world.now);
    let told = page.iter().find(|line| line.label == "state").unwrap();
    assert_eq!(told.text, "HANGS: no heartbeat for 45 s, pid lives");
}

/// No heartbeat since the signal, though one was due: it has not reacted.
#[test]
fn one_heartbeat_that_is_missing_after_a_signal_is_enough() {
    let mut world = ImaginedWorld::new();
    world.type_slowly("ay");
    let words = |world: &ImaginedWorld| {
        let targets = world.console.targets(&world.session);
        let outlooks = Outlooks::new(world.session.situation(world.now), &targets);
        let key = ImaginedWorld::key(4242);
        let process = &world.session.fleet.processes[&key];
        process_state(&world.session, &outlooks, &key, process).word
    };
    // Its last heartbeat was 1 s before the signal.
    for second in 1..=10 {
        world.imagined[0].beat_age = second + 1;
        world.pass(1);
    }
    assert_ne!(words(&world), "HANGS");
    for second in 11..=18 {
        world.imagined[0].beat_age = second + 1;
        world.pass(1);
    }
    assert_eq!(words(&world), "HANGS");
}

/// Of another host nothing is known but what its heartbeat says.
#[test]
fn what_has_no_heartbeat_on_another_host_pushes_nothing_back() {
    let world = ImaginedWorld::new();
    let mut processes = world.session.fleet.processes.iter();
    let (key, process) = processes
        .find(|(_, process)| process.name() == "util2:771")
        .unwrap();
    let situation = world.session.situation(world.now);
    assert_eq!(situation.process(key, process).obstacle(), None);
    let mut silent = process.clone();
    silent.beat = None;
    let obstacle = situation.process(key, &silent).obstacle();
    assert_eq!(obstacle, Some(Obstacle::Gone));
    // An identity of this host whose process is gone may still be listed with its last heartbeat.
    let world = ImaginedWorld::dead();
    let mut processes = world.session.fleet.processes.iter();
    let (key, dead) = processes
        .find(|(_, process)| process.gone.is_some())
        .unwrap();
    assert!(dead.beat.is_some());
    let obstacle = world
        .session
        .situation(world.now)
        .process(key, dead)
        .obstacle();
    assert_eq!(obstacle, Some(Obstacle::Gone));
}

/// What it ran is sought, and nothing says that it may be lost: it stopped by itself.
#[test]
fn jobs_of_a_process_that_stopped_by_itself_are_in_no_danger_while_they_are_sought() {
    let mut world = ImaginedWorld::stopping();
    world.exit(4242);
    let targets = world.console.targets(&world.session);
    let outlooks = Outlooks::new(world.session.situation(world.now), &targets);
    let key = ImaginedWorld::key(4242);
    let jobs = &world.session.fleet.processes[&key].jobs;
    assert!(!jobs.is_empty());
    let tally = outlooks.tally();
    assert_eq!((tally.in_danger, tally.unknown), (0, jobs.len() as u64));
    for job in jobs {
        let said = outlooks.job(&key, job);
        let open = matches!(
            said.becomes,
            Becomes::Sought | Becomes::Ended(Fate::Unknown)
        );
        assert!(open && !said.is_in_danger(), "{said:?}");
    }
}

/// What is seen back is said so, in its row and in the sum, though its process still runs it.
#[test]
fn a_job_that_is_seen_back_is_pushed_back() {
    let mut world = ImaginedWorld::questioned();
    world.back = vec!["b4a5".into()];
    world.pass(3);
    let targets = world.console.targets(&world.session);
    let outlooks = Outlooks::new(world.session.situation(world.now), &targets);
    let mut said = Vec::new();
    for (key, process) in &world.session.fleet.processes {
        for job in &process.jobs {
            if job.work.jid.as_deref() == Some("b4a5") {
                said.push(outlooks.job(key, job).becomes);
            }
        }
    }
    assert_eq!(said, [Becomes::Back]);
    assert!(outlooks.tally().pushed_back >= 1);
}

/// By hand no step has a time, also where the wait was held before.
#[test]
fn a_hold_that_is_taken_in_hand_has_no_end() {
    let mut world = ImaginedWorld::draining();
    world.press(Key::Char(' '));
    let whole = |world: &ImaginedWorld| {
        let run = world.session.run.as_ref().unwrap();
        (
            run.projected(world.now).len(),
            whole_clock(run, world.now).unwrap().whole,
        )
    };
    assert!(matches!(whole(&world), (2, Some(_))));
    world.press(Key::Char('m'));
    world.pass(1);
    assert_eq!(whole(&world), (0, None));
}
