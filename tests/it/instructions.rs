//! The cost of the hot paths, in instructions of the debug build: asking Redis, decoding, joining, judging and drawing.
//! Twice as much may cost twice as much, and each has a bar: half again what it was when it was set, for
//! another compiler may count otherwise.

use std::fs;
use std::mem::take;
use std::path::Path;
use std::sync::Arc;

use drainboard::clock;
use drainboard::core::fleet::{LookRow, Observation, Work};
use drainboard::core::session::SessionInput;
use drainboard::recorder::{Recorder, Recording};
use tempfile::TempDir;

use crate::support::instructions::{instructions, instructions_alone};
use crate::support::scene::Scene;

/// Of eight times as many each may cost this much more: sorting does. A search of each among all costs twice as much.
const GROWTH: f64 = 1.05;

/// The instructions of a whole run, and of each further one of eight times as many.
struct Costs {
    start: u64,
    each_of_few: f64,
    each_of_many: f64,
}

impl Costs {
    /// Of `few` beside the `first` ones, which cost more: they fill the screen.
    fn of(first: u32, few: u32, cost: impl Fn(u32) -> u64) -> Self {
        let start = cost(first);
        Self {
            start,
            each_of_few: each(cost(first + few), start, few),
            each_of_many: each(cost(first + few * 8), start, few * 8),
        }
    }

    #[track_caller]
    fn assert(&self, most_to_start: u64, most_each: f64) {
        let (few, many) = (self.each_of_few, self.each_of_many);
        let said = format!("{few:.0} each, among many {many:.0}");
        assert!(many < few * GROWTH, "it grows: {said}");
        assert!(many < most_each, "too much: {said}");
        assert!(self.start < most_to_start, "too much: {}", self.start);
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn each(all: u64, start: u64, count: u32) -> f64 {
    (all - start) as f64 / f64::from(count)
}

fn look(scene: &Scene) -> u64 {
    let url = scene.redis.url();
    instructions_alone(&scene.path(""), &["ps", "--json", "--redis", &url])
}

fn beside_dead_members(count: u32) -> u64 {
    let scene = Scene::new();
    scene.register_dead(count as usize);
    look(&scene)
}

fn processes_with_ten_jobs(count: u32) -> u64 {
    let scene = Scene::new();
    for number in 0..count {
        scene.register_row(&format!("elsewhere:{number}:abcabcabcabc"), 10);
    }
    look(&scene)
}

#[test]
fn a_dead_member_costs_the_same_among_many() {
    let costs = Costs::of(0, 250, beside_dead_members);
    costs.assert(17_000_000, 500_000.0);
}

#[test]
fn a_process_with_ten_jobs_costs_the_same_among_many() {
    let costs = Costs::of(0, 8, processes_with_ten_jobs);
    costs.assert(17_000_000, 5_000_000.0);
}

#[test]
fn a_drain_is_judged_and_drawn_at_the_same_cost_for_each_of_many_jobs() {
    let costs = Costs::of(8, 16, film);
    costs.assert(560_000_000, 42_000_000.0);
}

#[test]
fn a_whole_drain_is_read_judged_and_drawn_within_its_bar() {
    let cost = film_of(usize::MAX, 0);
    assert!(cost < 560_000_000, "{cost}");
}

#[expect(clippy::print_stdout, reason = "the table is what it is for")]
fn print(what: &str, cost: impl Fn(u32) -> u64, counts: &[u32]) {
    let none = cost(0);
    println!("| {what} | 0 | {} | |", millions(none));
    for count in counts {
        let all = cost(*count);
        let each = each(all, none, *count) / 1e6;
        println!("| {what} | {count} | {} | {each:.3} |", millions(all));
    }
}

fn millions(count: u64) -> String {
    format!("{}.{}", count / 1_000_000, count / 100_000 % 10)
}

#[test]
#[ignore = "a measurement: tests/measure_instructions prints it"]
fn what_many_cost() {
    print(
        "dead members, `ps --json`",
        beside_dead_members,
        &[3_000, 6_000, 12_000, 24_000],
    );
    print(
        "processes with ten jobs, `ps --json`",
        processes_with_ten_jobs,
        &[10, 100, 1_000],
    );
    print(
        "jobs beside each of a drain, `replay --export`",
        film,
        &[8, 24, 136, 520],
    );
}

/// A recorded drain of two real Sidekiqs that are quiet after its first inputs.
fn recorded() -> Recording {
    let kept = "tests/cases/recordings/0.1.0/sidekiq-7.inputs";
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join(kept);
    Recording::from_bytes(&fs::read(&kept).unwrap(), &kept).unwrap()
}

/// Writes the first `inputs` of `drain` into the state directory `state`, with so many jobs beside each of its jobs.
fn crowd(drain: &Recording, inputs: usize, others: u32, state: &Path) {
    let more = |work: &Arc<Work>| {
        let work = Arc::clone(work);
        (0..others).map(move |number| {
            let mut other = Work::clone(&work);
            other.tid = format!("{}x{number}", other.tid);
            other.jid = other.jid.map(|jid| format!("{jid}x{number}"));
            Arc::new(other)
        })
    };
    let crowded = |mut row: LookRow| {
        let others: Vec<_> = row.work.iter().flat_map(more).collect();
        row.work.extend(others);
        row
    };
    let mut recorder = Recorder::new(&drain.outset());
    recorder.begin(state, &drain.run, clock::now()).unwrap();
    for input in drain.inputs().take(inputs) {
        let (mut input, at) = input.unwrap();
        if let SessionInput::Observed(Observation::Look(look)) = &mut input {
            look.rows = take(&mut look.rows).into_iter().map(crowded).collect();
        }
        recorder.take(&input, at).unwrap();
    }
}

fn film_of(inputs: usize, others: u32) -> u64 {
    let state = TempDir::new().unwrap();
    crowd(&recorded(), inputs, others, state.path());
    let place = state.path().to_str().unwrap();
    let arguments = ["replay", "--state-dir", place, "--export", "/dev/null"];
    instructions(state.path(), &arguments)
}

/// The film of its first seconds.
fn film(others: u32) -> u64 {
    film_of(60, others)
}
