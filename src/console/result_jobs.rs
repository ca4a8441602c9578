//! The jobs of a drain that is over: by fate, then by class and process. The evidence stands once
//! where it is the same.

use super::page_line::{LineWeight, PageLine};
use super::words::count;
use crate::core::drain::{Counts, Execution, Fate, Run, Sent};
use crate::core::fate::STILL_RUNNING;
use crate::core::moment::Moment;
use crate::core::sequence::Signal;

/// Groups, or jobs of a group, that are listed.
const LISTED: usize = 100;
/// Ids that a folded group names.
const NAMED: usize = 4;
/// Characters of an id that tell it from the others.
const SHORT: usize = 8;

/// Fates in the order of their weight.
const FATES: [(Fate, LineWeight); 7] = [
    (Fate::Lost, LineWeight::Bad),
    (Fate::Unknown, LineWeight::Warn),
    (Fate::PushedBack, LineWeight::Warn),
    (Fate::Rescued, LineWeight::Plain),
    (Fate::Checkpointed, LineWeight::Plain),
    (Fate::Retried, LineWeight::Plain),
    (Fate::Finished, LineWeight::Good),
];

/// The lines. `each`: whether each job has its own line; `None`: nothing can be unfolded.
pub(super) fn lines(run: &Run, jobs: Counts, each: Option<bool>) -> Vec<PageLine> {
    if jobs.total() == 0 {
        return vec![PageLine::heading("No job was running")];
    }
    let hint = match each {
        Some(false) => "   (Enter shows each)",
        Some(true) => "   (Enter folds them)",
        None => "",
    };
    let number = count(jobs.total(), "job");
    let mut lines = vec![PageLine::heading(format!("{number}{hint}"))];
    let each = each == Some(true);
    let running = still_running(run);
    for (fate, weight) in FATES {
        let alive = if fate == Fate::Unknown {
            running.len()
        } else {
            0
        };
        let number = jobs.of(fate).saturating_sub(alive as u64);
        let of_fate: Vec<&Execution> = run
            .ledger()
            .account()
            .executions()
            .filter(|execution| execution.fate().unwrap_or(Fate::Unknown) == fate)
            .filter(|execution| !running.contains(&execution.jid()) || fate != Fate::Unknown)
            .collect();
        let unseen = number.saturating_sub(of_fate.len() as u64);
        list(
            run,
            (fate.word(), weight),
            (&of_fate, unseen),
            each,
            &mut lines,
        );
    }
    let of_running = |execution: &&Execution| running.contains(&execution.jid());
    let running = run.ledger().account().executions().filter(of_running);
    let (coming, running): (Vec<&Execution>, _) = running.partition(|job| comes_back(run, job));
    let word = ("may be pushed back", LineWeight::Warn);
    list(run, word, (&coming, 0), each, &mut lines);
    let word = ("still running", LineWeight::Plain);
    list(run, word, (&running, 0), each, &mut lines);
    lines
}

/// Whether the process of a job that still ran was told to stop: it pushes the job back if that does
/// not end before.
fn comes_back(run: &Run, job: &Execution) -> bool {
    let target = run.ledger().target(job.process());
    let stops = |last: Sent| last.signal != Signal::Kill;
    target.is_some_and(|target| target.interrupt().is_some() && target.last.is_some_and(stops))
}

/// How many jobs may still be pushed back by the processes that were told to stop, and when the last
/// of these does that.
pub(super) fn coming_back(run: &Run) -> Option<(u64, Moment)> {
    let running = still_running(run);
    let jobs = run
        .ledger()
        .account()
        .executions()
        .filter(|job| running.contains(&job.jid()));
    let coming: Vec<&Execution> = jobs.filter(|job| comes_back(run, job)).collect();
    let due = coming
        .iter()
        .filter_map(|job| run.ledger().target(job.process())?.interrupt());
    Some((coming.len() as u64, due.max()?))
}

/// The jobs that nothing has ended: their processes live.
pub(super) fn still_running(run: &Run) -> Vec<&str> {
    let lives = |execution: &&Execution| {
        let target = run.ledger().target(execution.process());
        target.is_some_and(|target| !target.exited())
            && execution.fate().is_none_or(|fate| fate == Fate::Unknown)
    };
    let jobs = run.ledger().account().executions().filter(lives);
    jobs.map(Execution::jid).collect()
}

/// The jobs of one class that ran on one process and ended alike.
struct LikeJobs<'a> {
    class: &'a str,
    queue: &'a str,
    place: &'a str,
    jobs: Vec<&'a Execution>,
}

fn groups<'a>(run: &'a Run, jobs: &[&'a Execution]) -> Vec<LikeJobs<'a>> {
    let mut groups: Vec<LikeJobs<'a>> = Vec::new();
    for job in jobs {
        let target = run.ledger().target(job.process());
        let place = target.map_or("?", |target| target.about.name.as_str());
        let work = job.work();
        let same = |group: &&mut LikeJobs<'_>| {
            (group.class, group.queue, group.place) == (&*work.class, &*work.queue, place)
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.jobs.push(job),
            None => groups.push(LikeJobs {
                class: &work.class,
                queue: &work.queue,
                place,
                jobs: vec![job],
            }),
        }
    }
    groups.sort_by(|a, b| b.jobs.len().cmp(&a.jobs.len()).then(a.class.cmp(b.class)));
    groups
}

/// How the fate of a job is known.
fn evidence(job: &Execution) -> &str {
    let ruling = job.ruling();
    ruling.map_or(STILL_RUNNING, |ruling| &ruling.why)
}

/// The evidence of all of them, where it is one.
fn shared<'a>(jobs: &[&'a Execution]) -> Option<&'a str> {
    let first = evidence(jobs.first()?);
    jobs.iter()
        .all(|job| evidence(job) == first)
        .then_some(first)
}

/// A heading with its jobs, and the worker threads whose job no heartbeat had shown.
fn list(
    run: &Run,
    (word, weight): (&str, LineWeight),
    (jobs, unseen): (&[&Execution], u64),
    each: bool,
    lines: &mut Vec<PageLine>,
) {
    let number = jobs.len() as u64 + unseen;
    if number == 0 {
        return;
    }
    let ruled = |job: &&Execution| job.ruling().is_some();
    let why = shared(jobs).filter(|_| jobs.len() > 1 && jobs.iter().any(ruled));
    let heading = match why {
        Some(why) => format!("{word} {number}: {why}"),
        None => format!("{word} {number}"),
    };
    lines.push(PageLine::new(weight, heading));
    let groups = groups(run, jobs);
    for group in groups.iter().take(LISTED) {
        lines.push(folded(group, each, why.is_some()));
        if each {
            let told = group.jobs.iter().take(LISTED);
            lines.extend(
                told.map(|job| PageLine::fact(&format!("    {}", job.jid()), evidence(job))),
            );
            if group.jobs.len() > LISTED {
                let rest = format!("and {} more", group.jobs.len() - LISTED);
                lines.push(PageLine::fact("    ", rest));
            }
        }
    }
    if groups.len() > LISTED {
        let rest = format!("and {} more", groups.len() - LISTED);
        lines.push(PageLine::fact("  ", rest));
    }
    if unseen > 0 {
        let threads = count(unseen, "worker thread");
        let rest = format!("{threads} whose job no heartbeat had shown");
        lines.push(PageLine::fact("  ", rest));
    }
}

/// `3 × SleepJob   default on app-1:169: 0d730c18 8d5e6530 20297eff`, with its evidence where that
/// is one and was not said of all.
fn folded(group: &LikeJobs<'_>, each: bool, said: bool) -> PageLine {
    let number = group.jobs.len();
    let label = match number {
        1 => format!("  {}", group.class),
        number => format!("  {number} × {}", group.class),
    };
    let place = match group.queue {
        "" => format!("on {}", group.place),
        queue => format!("{queue} on {}", group.place),
    };
    if each {
        return PageLine::fact(&label, place);
    }
    // A JID is told whole; of several the first digits tell them apart.
    let digits = if number == 1 { usize::MAX } else { SHORT };
    let short = |job: &&Execution| job.jid().chars().take(digits).collect::<String>();
    let mut ids: Vec<String> = group.jobs.iter().take(NAMED).map(short).collect();
    if number > NAMED {
        ids.push(format!("and {} more", number - NAMED));
    }
    let ids = ids.join(" ");
    let ruled = |job: &&Execution| job.ruling().is_some();
    match shared(&group.jobs).filter(|_| !said && group.jobs.iter().any(ruled)) {
        Some(why) => PageLine::fact(&label, format!("{place}: {ids}: {why}")),
        None => PageLine::fact(&label, format!("{place}: {ids}")),
    }
}
