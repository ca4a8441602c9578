//! Jobs that the log alone names: each takes the place of one thread without a name, and none
//! of them hides another.

use super::cases::{begin, config, stuck, world};
use super::drive::{Drive, Reading, Sources};
use super::kills::{fate, with};
use super::losses::killed_beside;
use super::testimonies::written;
use super::world::{World, at, task};
use crate::core::drain::account::found;
use crate::core::drain::{Command, Event, Fate, Outcome, Plan, Policy};
use crate::core::fleet::{Located, Place};
use crate::core::sidekiq::{Task, Temper};

fn nameless(drive: &Drive) -> usize {
    let lines = drive.journal.iter().map(|record| &record.event);
    let nameless = |event: &&Event| matches!(event, Event::Reconciled { jid: None, .. });
    lines.filter(nameless).count()
}

/// One thread; its job `shown` stands in the beat at -2 s, and ends `lasts` seconds after its
/// begin at -11 s. Then it takes `next`. The next beat comes at 8 s, after the KILL.
fn taken_after(shown: Task, next: Task, plan: &str) -> Drive {
    let mut world = World::default();
    world.add(config(25, 1), Some(100), at(-12.0));
    world.step(at(-11.0));
    assert_eq!(world.members[0].worker.give(shown, at(-11.0)), None);
    world.queue.push_front(next);
    let sources = Sources {
        logs: Some(Reading::all()),
        ..Sources::default()
    };
    let mut drive = Drive::new(world, with(Policy::Follow, plan), sources, at(0.0));
    drive.command_at(at(1.0), Command::Automatic);
    drive.finish();
    drive
}

#[test]
fn a_job_that_no_beat_has_shown_has_its_fate_by_its_name() {
    let drive = killed_beside(2.5, &["c", "d"], -60.0);
    for jid in ["b", "c", "d"] {
        assert_eq!(fate(&drive, jid), Some(Fate::Lost), "{jid}");
    }
    assert_eq!(nameless(&drive), 0);
    let missing = drive.run.missing(&drive.fleet, drive.now);
    let of = |jid: &str| missing.iter().find(|missing| missing.jid == jid).unwrap();
    assert_eq!(of("b").doubt, None);
    let payload = Some("no beat has shown its payload".to_owned());
    assert_eq!(of("c").doubt, payload, "it cannot be pushed back");
}

#[test]
fn one_that_took_the_thread_of_another_is_counted_once() {
    // `a` ends at 0 s; `b` runs on its thread when the KILL comes.
    let ends = task("a", Some(11.0), Temper::Plain);
    let drive = taken_after(ends, stuck("b"), "kill");
    assert_eq!(drive.world.lost()[&0], ["b"]);
    assert_eq!(fate(&drive, "a"), Some(Fate::Finished));
    assert_eq!(fate(&drive, "b"), Some(Fate::Lost));
    assert_eq!(nameless(&drive), 0);
    // The same where `a` failed, and waits for its retry.
    let fails = task("a", Some(11.0), Temper::Fails);
    let drive = taken_after(fails, stuck("b"), "kill");
    assert_eq!(fate(&drive, "a"), Some(Fate::Retried));
    assert_eq!(fate(&drive, "b"), Some(Fate::Lost));
    assert_eq!(nameless(&drive), 0);
    assert_eq!(drive.run.outcome(), Some(Outcome::Lost));
}

#[test]
fn what_ended_before_the_signal_is_none_of_the_drain() {
    let drive = taken_after(
        task("a", Some(11.2), Temper::Plain),
        task("b", Some(0.5), Temper::Plain),
        "tstp, 4, kill",
    );
    assert_eq!(fate(&drive, "b"), None, "it ended before TSTP");
}

#[test]
fn what_its_log_names_or_ends_counts_once_among_what_a_kill_would_cost() {
    // The beats come at -2 s and at 8 s. `a` ends at 4 s, by its log; `b` stays, `c` is named by
    // the log alone.
    let mut world = World::default();
    world.add(config(25, 3), Some(100), at(-12.0));
    world.step(at(-11.0));
    for job in [task("a", Some(15.0), Temper::Plain), stuck("b")] {
        assert_eq!(world.members[0].worker.give(job, at(-11.0)), None);
    }
    world.step(at(-1.0));
    assert_eq!(world.members[0].worker.give(stuck("c"), at(-1.0)), None);
    let sources = Sources {
        logs: Some(Reading::all()),
        ..Sources::default()
    };
    let plan = with(Policy::Ask, "tstp, 30, kill");
    let mut drive = Drive::new(world, plan, sources, at(0.0));
    drive.command_at(at(0.0), Command::Automatic);
    let at_stake = |drive: &Drive| {
        let stake = drive.run.stake(None, &drive.fleet, drive.now);
        (stake.running.clone(), stake.unseen)
    };
    let [a, b, c] = ["a", "b", "c"].map(str::to_owned);
    drive.until(at(3.0));
    assert_eq!(at_stake(&drive), (vec![a, b.clone(), c.clone()], 0));
    drive.until(at(7.5));
    assert_eq!(at_stake(&drive), (vec![b, c], 0), "before the next beat");
}

/// A drain of two stuck jobs, `a` in the beats of -7 s, 3 s and 13 s on thread `ta01` and `b`,
/// which none of these shows; TSTP comes at second `told`.
fn named_by(told: f64, lines: &[(f64, &str)]) -> Drive {
    let mut world = world(25, vec![stuck("a")]);
    world.step(at(3.5));
    assert_eq!(world.members[0].worker.give(stuck("b"), at(3.5)), None);
    let plan = with(Policy::Follow, "tstp, 4, kill");
    let mut drive = Drive::new(world, plan, Sources::default(), at(4.0));
    drive.command_at(at(told), Command::Automatic);
    written(&mut drive, lines);
    drive.finish();
    drive
}

#[test]
fn what_the_process_before_it_began_is_none_of_its_jobs() {
    // It started at -10 s, and its first beat came at -7 s.
    for (when, expected) in [(-10.5, None), (-9.5, Some(Fate::Finished))] {
        let mut drive = begin(
            world(25, vec![stuck("a")]),
            with(Policy::Follow, "tstp, 4, kill"),
        );
        let begun = "tid=tb01 class=Job jid=z INFO: start";
        written(&mut drive, &[(when, begun)]);
        drive.finish();
        assert_eq!(fate(&drive, "z"), expected, "{when}");
    }
}

#[test]
fn what_a_later_beat_does_not_show_had_ended() {
    let begun = "tid=tb01 class=Job jid=z INFO: start";
    // The beat at 3 s may have come too early to show it; the one at 13 s has not.
    assert_eq!(fate(&named_by(4.0, &[(-2.5, begun)]), "z"), None);
    assert_eq!(
        fate(&named_by(4.0, &[(-1.9, begun)]), "z"),
        Some(Fate::Lost)
    );
    let mut drive = named_by(12.0, &[(-1.9, begun)]);
    assert_eq!(fate(&drive, "z"), Some(Fate::Finished));
    assert_eq!(drive.told("a later beat of here:100 shows it no more"), 2);
    drive.finish();
}

#[test]
fn two_jobs_of_one_thread_stand_for_one_thread() {
    // The log has lost the end of `a`, and says nothing of `b`.
    let drive = named_by(4.0, &[(3.6, "tid=ta01 class=Job jid=z INFO: start")]);
    assert_eq!(fate(&drive, "z"), Some(Fate::Lost));
    assert_eq!(nameless(&drive), 1);
}

#[test]
fn one_that_is_back_may_have_left_its_thread_to_another() {
    let line = (3.6, "tid=ta02 class=Job jid=b INFO: start");
    let mut world = world(25, vec![stuck("a")]);
    world.step(at(3.5));
    assert_eq!(world.members[0].worker.give(stuck("b"), at(3.5)), None);
    let plan = with(Policy::Ask, "tstp, 40, kill");
    let mut drive = Drive::new(world, plan, Sources::default(), at(4.0));
    drive.command_at(at(4.0), Command::Automatic);
    written(&mut drive, &[line]);
    drive.until(at(9.5));
    let at_stake = |drive: &Drive| {
        let stake = drive.run.stake(None, &drive.fleet, drive.now);
        (stake.running.len(), stake.back.len(), stake.unseen)
    };
    assert_eq!(at_stake(&drive), (2, 0, 0));
    for tracked in drive.run.account.jobs_mut() {
        if tracked.jid == "b" {
            tracked.returned = Some(("back in queue default".into(), drive.now));
        }
    }
    assert_eq!(at_stake(&drive), (1, 1, 1));
}

#[test]
fn what_was_found_in_one_queue_outweighs_what_is_missing_in_the_others() {
    let located = |jid: &str, place: Place| Located {
        jid: jid.into(),
        place,
        asked: at(0.0),
        iterating: false,
    };
    let nowhere = |searched_whole| Place::Nowhere { searched_whole };
    let low = Place::Queue { name: "low".into() };
    let not_asked = Place::NotAsked { why: "gone".into() };
    for (places, expected) in [
        ([nowhere(true), low.clone()], low.clone()),
        ([low.clone(), nowhere(false)], low.clone()),
        ([not_asked.clone(), low.clone()], low),
        ([nowhere(true), nowhere(false)], nowhere(false)),
        ([nowhere(true), not_asked.clone()], not_asked),
        ([nowhere(true), nowhere(true)], nowhere(true)),
    ] {
        let mut answers: Vec<Located> = places.map(|place| located("a", place)).into();
        answers.insert(1, located("b", Place::Retry));
        let found = found(&answers, "a").map(|located| located.place.clone());
        assert_eq!(found, Some(expected));
    }
    assert_eq!(found(&[], "a"), None);
}

#[test]
fn a_thread_that_ended_with_its_job_covers_no_other_one() {
    // Nobody knows when it interrupts: threads are taken into the account until TERM alone. `z` is
    // named by its log and ends at 11 s, by its log; `b` is named by nobody, and runs on.
    let mut world = world(25, vec![stuck("a")]);
    world.step(at(3.5));
    assert_eq!(world.members[0].worker.give(stuck("b"), at(3.5)), None);
    let plan = Plan {
        timeout: None,
        ..with(Policy::Ask, "term, 60, kill")
    };
    let mut drive = Drive::new(world, plan, Sources::default(), at(4.0));
    drive.command_at(at(4.0), Command::Automatic);
    written(&mut drive, &[(3.6, "tid=tz class=Job jid=z INFO: start")]);
    drive.until(at(11.0));
    let done = "tid=tz class=Job jid=z elapsed=7.4 INFO: done";
    written(&mut drive, &[(11.0, done)]);
    drive.until(at(12.8));
    assert_eq!(fate(&drive, "z"), Some(Fate::Finished));
    let stake = drive.run.stake(None, &drive.fleet, drive.now);
    assert_eq!((stake.running, stake.unseen), (vec!["a".to_owned()], 1));
}
