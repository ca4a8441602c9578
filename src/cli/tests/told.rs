//! The console, `ps` and the report say the same of the same state, in the same words.

use super::settings;
use crate::cli::listing::{self, Room};
use crate::cli::rows::{Picture, PsRow, jobs};
use crate::console::fixture::ImaginedWorld;
use crate::console::{Screen, heartbeat_age, lines, process_state};
use crate::core::choice::Choice;
use crate::core::config::Settings;
use crate::core::drain::{Phase, Record};
use crate::core::fleet::Observation;
use crate::core::outlook::{Becomes, Outlooks};
use crate::report::{JobGroup, Past, Report};

fn picture<'a>(world: &'a ImaginedWorld, settings: &'a Settings) -> Picture<'a> {
    Picture {
        fleet: &world.session.fleet,
        settings,
        plan: &world.session.setting.plan,
        preflight: &world.session.preflight,
        url: None,
        now: world.now,
    }
}

fn ps(world: &ImaginedWorld) -> PsRow {
    PsRow::of(picture(world, &settings()), &Choice::default())
}

/// The first process died before the eyes of the console.
fn seen_dying() -> ImaginedWorld {
    let mut world = ImaginedWorld::new();
    world.imagined[0].died = Some(world.now);
    let exited = Observation::Exited {
        process: ImaginedWorld::id(4242),
        at: world.now,
        status: None,
    };
    drop(world.session.observe(exited, world.now));
    world.pass(5);
    world
}

fn without_redis() -> ImaginedWorld {
    let mut world = ImaginedWorld::new();
    world.loses_redis();
    world
}

#[test]
fn ps_says_of_each_process_and_job_what_the_console_says() {
    let worlds = vec![
        ("new", ImaginedWorld::new()),
        ("hasty", ImaginedWorld::hasty()),
        ("hung", ImaginedWorld::hung()),
        ("dead", ImaginedWorld::dead()),
        ("seen dying", seen_dying()),
        ("iterating", ImaginedWorld::iterating()),
        (
            "suspended",
            ImaginedWorld::altered(|world| world.imagined[0].suspended = true),
        ),
        (
            "stranger",
            ImaginedWorld::altered(|world| world.imagined[1].in_redis = false),
        ),
        (
            "late",
            ImaginedWorld::altered(|world| world.imagined[2].beat_age = 14),
        ),
        ("Redis gone", without_redis()),
        ("left by a hang-up", ImaginedWorld::hung_up()),
    ];
    for (name, world) in worlds {
        let rows = ps(&world);
        let targets = world.console.targets(&world.session);
        let outlooks = Outlooks::new(world.session.situation(world.now), &targets);
        for (key, process) in &world.session.fleet.processes {
            let console = process_state(&world.session, &outlooks, key, process);
            let is = |row: &&crate::cli::rows::ProcessRow| row.name == process.name();
            let row = rows.processes.iter().find(is).unwrap();
            assert_eq!(row.stands.word, console.word, "{name}");
            assert!(console.remark.starts_with(&row.stands.remark), "{name}");
            assert_eq!(row.heartbeat, heartbeat_age(process, world.now).words);
            for job in process.jobs.iter().filter(|_| outlooks.of(key).is_some()) {
                let said = outlooks.job(key, job);
                let row = rows.jobs.iter().find(|row| row.jid == job.work.jid);
                let row = row.unwrap();
                let json = serde_json::to_value(row).unwrap();
                let verdict = if let Becomes::Expected(verdict) = said.becomes {
                    verdict.word()
                } else {
                    "unknown"
                };
                assert_eq!(json["verdict"], verdict, "{name}");
                let told = (row.becomes, row.why.clone());
                let clock = outlooks.of(key).unwrap().clock();
                assert_eq!(told, (said.word(), said.reason.words(clock)), "{name}");
            }
        }
    }
}

#[test]
fn a_dead_process_is_called_so_with_what_can_be_saved() {
    for world in [ImaginedWorld::dead(), seen_dying()] {
        let rows = ps(&world);
        let row = rows.processes.iter().find(|row| row.name == "util1:4242");
        let stands = &row.unwrap().stands;
        assert_eq!(stands.word, "DEAD");
        assert!(stands.remark.contains("pid 4242 is gone"), "{stands:?}");
        assert!(stands.remark.ends_with("3 jobs died with it"), "{stands:?}");
        assert!(stands.saves);
    }
}

#[test]
fn plan_says_of_each_job_what_the_console_says() {
    for world in [
        ImaginedWorld::new(),
        ImaginedWorld::hasty(),
        ImaginedWorld::hung(),
    ] {
        let settings = settings();
        let lines = jobs(picture(&world, &settings), &Choice::default());
        let table = listing::jobs(
            &lines,
            Room {
                width: 200,
                ascii: false,
            },
        );
        let targets = world.console.targets(&world.session);
        let outlooks = Outlooks::new(world.session.situation(world.now), &targets);
        for row in world.console.job_rows(&world.session) {
            if outlooks.of(row.key).is_none() {
                continue;
            }
            let said = outlooks.job(row.key, row.job);
            let class = &row.job.work.class;
            let line = table
                .lines()
                .find(|line| line.contains(class.as_str()))
                .unwrap();
            assert!(
                line.contains(said.word()),
                "{class} {}: {line}",
                said.word()
            );
        }
    }
}

/// A target died, and the drain went on to its end.
fn killed_from_outside() -> ImaginedWorld {
    let mut world = ImaginedWorld::draining();
    world.ends_without_the_first();
    world
}

/// What the console wrote down, as the report reads it again.
fn report(world: &ImaginedWorld) -> Report {
    let mut past = Past::default();
    past.run.clone_from(&world.session.setting.plan.run);
    past.records = world.session.journal.iter().map(Record::clone).collect();
    Report::of(&past)
}

#[test]
fn the_report_says_of_each_process_and_job_what_the_result_says() {
    let worlds = vec![
        ("requeued", ImaginedWorld::requeued()),
        ("lost", ImaginedWorld::lost()),
        ("stopped", ImaginedWorld::stopped()),
        ("rescued", ImaginedWorld::rescued()),
        ("searched for again", ImaginedWorld::salvaged()),
        ("killed from outside", killed_from_outside()),
    ];
    for (name, mut world) in worlds {
        let report = report(&world);
        let run = world.session.run.as_ref().unwrap();
        let Phase::Over { outcome, jobs, .. } = *run.phase() else {
            panic!("{name} is not over");
        };
        assert_eq!(report.summary.outcome, Some(outcome), "{name}");
        assert_eq!(report.summary.jobs, jobs, "{name}");
        world.console.screen = Screen::Result;
        let page = lines(&world.session, &world.console, world.now);
        let page: Vec<String> = page
            .into_iter()
            .map(|line| line.label + &line.text)
            .collect();
        // A death is loud on a screen.
        let lower = |line: &String| line.to_lowercase();
        let page: Vec<String> = page.iter().map(lower).collect();
        let says = |words: &str| page.iter().any(|line| line.contains(&words.to_lowercase()));
        for process in &report.processes {
            // To its operator the console says "you".
            let how = process.how().replace("the operator", "you");
            let how = how.split(',').next().unwrap_or_default().to_owned();
            if process.ended.is_some() {
                let told = format!("{}: {how} at", process.name);
                assert!(says(&told), "{name}: no `{told}` in {page:#?}");
            }
        }
        for fate in crate::core::drain::Fate::ALL {
            let alike = |group: &&JobGroup| group.fate == fate.word();
            let number: usize = report
                .groups()
                .iter()
                .filter(alike)
                .map(JobGroup::number)
                .sum();
            if number > 0 {
                let told = format!("{} {number}", fate.word());
                assert!(says(&told), "{name}: no `{told}` in {page:#?}");
            }
        }
    }
}
