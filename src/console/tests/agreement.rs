//! No two screens contradict each other: rows, their pages, the sum on the strip, the process table
//! and the cost of a KILL say one thing of one state, in any state.

use std::collections::BTreeSet;

use super::truth::{died, hasty};
use crate::console::fixture::ImaginedWorld;
use crate::console::{
    Screen, attention, deaths, died as died_words, if_untouched, job_rows, lines, out_of_turn,
    process_state,
};
use crate::core::drain::{Fate, Policy};
use crate::core::fleet::ProcessKey;
use crate::core::outlook::{Becomes, Outlooks, Reason, Tally, Verdict};

/// Every kind of state: well and unwell, before, in and after what costs work.
fn worlds() -> Vec<(&'static str, ImaginedWorld)> {
    vec![
        ("new", ImaginedWorld::new()),
        ("iterating", ImaginedWorld::iterating()),
        ("hasty", hasty(Policy::Follow)),
        ("hung", ImaginedWorld::hung()),
        ("dead", ImaginedWorld::dead()),
        ("left by a hang-up", ImaginedWorld::hung_up()),
        ("draining", ImaginedWorld::draining()),
        ("by hand", ImaginedWorld::by_hand()),
        ("failed", ImaginedWorld::failed()),
        ("hung in a drain", ImaginedWorld::hung_in_a_drain()),
        ("suspended", ImaginedWorld::suspended()),
        ("killed from outside", died()),
        ("killed by us, already lost", ImaginedWorld::already_lost()),
        ("Redis gone", ImaginedWorld::cut_off()),
        ("TERM waits for Redis", ImaginedWorld::asked_for_redis()),
        ("stopping", ImaginedWorld::stopping()),
        ("exiting", ImaginedWorld::leaving()),
        ("pushed back", ImaginedWorld::pushed_back()),
        ("KILL due", ImaginedWorld::questioned()),
        ("rescued", ImaginedWorld::rescued()),
        ("stopped", ImaginedWorld::stopped()),
    ]
}

fn outlooks(world: &ImaginedWorld) -> Outlooks<'_> {
    let targets = world.console.targets(&world.session);
    Outlooks::new(world.session.situation(world.now), &targets)
}

/// Where a row stands in the sum.
fn count(sum: &mut Tally, becomes: Becomes, reason: Reason<'_>) {
    let in_danger = matches!(reason, Reason::CannotPushBack(_));
    let number = match becomes {
        Becomes::Expected(Verdict::Unknown) if reason == Reason::TermWaitsForRedis => {
            &mut sum.run_on
        }
        Becomes::Expected(Verdict::Unknown) | Becomes::Overdue | Becomes::Sought if in_danger => {
            &mut sum.in_danger
        }
        Becomes::Ended(Fate::Unknown) if in_danger => &mut sum.in_danger,
        Becomes::Expected(Verdict::Fits) => &mut sum.fits,
        Becomes::Expected(Verdict::AtRisk) => &mut sum.at_risk,
        Becomes::Expected(Verdict::BreaksOff) => &mut sum.breaks_off,
        Becomes::Expected(Verdict::Lost) => &mut sum.lost,
        Becomes::Ended(Fate::Lost) => &mut sum.gone,
        Becomes::Expected(Verdict::PushedBack)
        | Becomes::Back
        | Becomes::Ended(Fate::PushedBack | Fate::Rescued) => &mut sum.pushed_back,
        Becomes::Expected(Verdict::Unknown)
        | Becomes::Overdue
        | Becomes::Sought
        | Becomes::Ended(Fate::Unknown) => &mut sum.unknown,
        Becomes::Ended(Fate::Finished | Fate::Checkpointed | Fate::Retried)
        | Becomes::NotDrained => return,
    };
    *number += 1;
}

#[test]
fn the_rows_add_up_to_the_sum_and_each_page_says_what_its_row_says() {
    for (name, mut world) in worlds() {
        let outlooks = outlooks(&world);
        let targets = world.console.targets(&world.session);
        let rows = job_rows(&world.session, &targets, &world.console.listing);
        let mut sum = Tally::default();
        let mut pages = Vec::new();
        for row in &rows {
            let said = outlooks.job(row.key, row.job);
            if outlooks.of(row.key).is_some() {
                count(&mut sum, said.becomes, said.reason);
            }
            pages.push((row.job_key(), said.word()));
        }
        let tally = Tally {
            danger: None,
            ..outlooks.tally()
        };
        assert_eq!(sum, tally, "{name}");
        let strip = if_untouched(&world.session, &outlooks);
        for (number, words) in [(sum.gone, "LOST already"), (sum.in_danger, "may be lost")] {
            let told = strip.contains(&format!("{number} {words}"));
            let sent = !strip.starts_with("nothing more is sent");
            assert!(
                number == 0 || !sent || told,
                "{name}: {number} {words}: {strip}"
            );
        }
        assert!(
            !strip.contains(" 0 lost") || sum.gone + sum.lost + sum.in_danger == 0,
            "{name}"
        );
        for (key, word) in pages {
            world.console.screen = Screen::Job(key);
            let page = lines(&world.session, &world.console, world.now);
            let verdict = page.iter().find(|line| line.label == "verdict").unwrap();
            assert!(
                verdict.text.starts_with(word),
                "{name}: {} {word}",
                verdict.text
            );
        }
    }
}

/// The page of a process calls it what the table calls it, and what died is named above both.
#[test]
fn a_process_stands_alike_in_the_table_on_its_page_and_above() {
    for (name, mut world) in worlds() {
        let keys: Vec<ProcessKey> = world.session.fleet.processes.keys().cloned().collect();
        let mut stand = Vec::new();
        for key in &keys {
            let process = &world.session.fleet.processes[key];
            let state = process_state(&world.session, &outlooks(&world), key, process);
            world.console.screen = Screen::Process(key.clone());
            let page = lines(&world.session, &world.console, world.now);
            let line = page.iter().find(|line| line.label == "state").unwrap();
            assert!(
                line.text.starts_with(state.word),
                "{name}: {} {}",
                line.text,
                state.word
            );
            stand.push(state.word);
        }
        let has = |word: &str| stand.contains(&word);
        assert_eq!(
            died_words(&world.session).is_some(),
            has("DIED"),
            "{name}: {stand:?}"
        );
        let dead = deaths(&world.session, &outlooks(&world)).is_some();
        assert_eq!(dead, has("DEAD"), "{name}: {stand:?}");
        let killed = out_of_turn(&world.session).is_some();
        assert!(!killed || has("killed"), "{name}: {stand:?}");
    }
}

/// A KILL costs the jobs that the rows show as running and not back.
#[test]
fn a_kill_costs_what_the_rows_show() {
    for (name, world) in worlds() {
        let Some(run) = world.session.active_run() else {
            continue;
        };
        let outlooks = outlooks(&world);
        let targets = world.console.targets(&world.session);
        let rows = job_rows(&world.session, &targets, &world.console.listing);
        for target in run
            .ledger()
            .targets()
            .iter()
            .filter(|target| target.takes_part())
        {
            let of_target = rows.iter().filter(|row| *row.key == target.key.clone());
            let runs = of_target.filter(|row| {
                let said = outlooks.job(row.key, row.job).becomes;
                !matches!(said, Becomes::Back | Becomes::Ended(_))
            });
            let runs: BTreeSet<&str> = runs.filter_map(|row| row.job.work.jid.as_deref()).collect();
            let stake = run
                .ledger()
                .stake(Some(&target.key), &world.session.fleet, world.now);
            let stake: BTreeSet<&str> = stake.running.iter().map(String::as_str).collect();
            assert_eq!(stake, runs, "{name}: {}", target.about.name);
        }
        // Who is called has something to decide.
        assert_eq!(
            attention(&world.session).is_some(),
            ["failed", "TERM waits for Redis", "KILL due", "pushed back"].contains(&name),
            "{name}"
        );
    }
}
