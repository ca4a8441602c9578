//! All that is known of one process, and from where.

use super::page_line::{LineWeight, PageLine};
use super::process_state::{Alarm, Belongs, process_state};
use super::timeouts;
use super::words::{count, date_and_time, span, time_of_day};
use crate::core::drain::{Standing, Target};
use crate::core::fleet::{Listed, LocalProcess, Process, ProcessKey};
use crate::core::moment::{Moment, clock_face, from_epoch};
use crate::core::outlook::Outlooks;
use crate::core::session::Session;

/// Jobs that are listed.
const LISTED: usize = 200;
/// Jobs that left, listed at most.
const DEPARTED: usize = 50;

/// How `process` stands, in the words of the table; with the remark where that asks for something.
fn stands(
    session: &Session,
    targets: &[ProcessKey],
    (key, process): (&ProcessKey, &Process),
    now: Moment,
) -> String {
    let outlooks = Outlooks::new(session.situation(now), targets);
    let state = process_state(session, &outlooks, key, process);
    match state.alarm {
        Alarm::Danger | Alarm::Watch if !state.remark.is_empty() => {
            format!("{}: {}", state.word, state.remark)
        }
        Alarm::Danger | Alarm::Watch | Alarm::None | Alarm::Faint => state.word.into(),
    }
}

/// The lines of the page of `key`.
pub(super) fn lines(
    session: &Session,
    targets: &[ProcessKey],
    key: &ProcessKey,
    now: Moment,
) -> Vec<PageLine> {
    let Some(process) = session.fleet.get(key) else {
        return vec![PageLine::heading("This process is known no more")];
    };
    let unknown = || "not known".to_string();
    let mut lines = vec![PageLine::heading(format!(
        "{} {}",
        process.name(),
        process.tag()
    ))];
    let mut fact = |label: &str, text: String| lines.push(PageLine::fact(label, text));
    fact("state", stands(session, targets, (key, process), now));
    fact(
        "version",
        process.version_text().map_or_else(unknown, String::from),
    );
    fact(
        "identity",
        process
            .identity
            .as_ref()
            .map_or_else(|| "none in this Redis".into(), ToString::to_string),
    );
    fact("in Redis", listed(process.listed).into());
    fact("heartbeat", beat(process, now));
    fact("busy", busy(process));
    fact("-t", session.timeout(process).to_string());
    lines.extend(timeouts::lines(
        process,
        session.setting.plan.timeout.as_ref(),
    ));
    let mut fact = |label: &str, text: String| lines.push(PageLine::fact(label, text));
    fact("queues", process.queues().join(", "));
    if let Some(info) = &process.info {
        if !info.labels.is_empty() {
            fact("labels", info.labels.join(", "));
        }
        if let Some(started) = info.started_at.and_then(from_epoch) {
            fact("started", date_and_time(started));
        }
    }
    match &process.local {
        Some(local) => {
            here(local, &mut lines);
            lines.push(log(session, local));
        }
        // How it stands says that it is gone.
        None if Belongs::of(&session.fleet, key, process, false) == Belongs::Vanished => {}
        None => lines.push(PageLine::fact(
            "host",
            "another host: reached through Redis, without a KILL",
        )),
    }
    if let Some(target) = session
        .run
        .as_ref()
        .and_then(|run| run.ledger().target(key))
    {
        lines.extend(in_the_drain(target));
    }
    for fault in &process.faults {
        lines.push(PageLine::new(
            LineWeight::Warn,
            format!("not readable: {fault}"),
        ));
    }
    jobs(process, now, &mut lines);
    departed(session, process, &mut lines);
    lines
}

/// The jobs that left it, the last one first, and what looks cannot tell.
fn departed(session: &Session, process: &Process, lines: &mut Vec<PageLine>) {
    let name = process.name();
    let mut left = session.following.departed.from(&name).peekable();
    if left.peek().is_none() {
        return;
    }
    lines.push(PageLine::gap());
    lines.push(PageLine::heading("Jobs that left it, the last one first"));
    for job in left.take(DEPARTED) {
        let text = format!(
            "{} {}: {}",
            job.class,
            job.sought.jid,
            job.words(time_of_day)
        );
        lines.push(PageLine::fact(&time_of_day(job.at), text));
    }
    lines.push(PageLine::new(
        LineWeight::Faint,
        "A heartbeat is up to 10 s old; younger jobs may run, and end, unseen.",
    ));
}

fn listed(listed: Listed) -> &'static str {
    match listed {
        Listed::Never => "never listed",
        Listed::Named => "not listed, but its environment names this Redis",
        Listed::Yes => "listed",
        Listed::Removed { .. } => "removed: it stopped by itself, or was pruned",
    }
}

fn beat(process: &Process, now: Moment) -> String {
    match &process.beat {
        Some(beat) => format!("{}, {} ago", time_of_day(beat.at), span(beat.age(now))),
        None => "none yet".into(),
    }
}

fn busy(process: &Process) -> String {
    let number = |value: Option<u64>| value.map_or("?".into(), |value| value.to_string());
    format!(
        "{} of {}",
        number(process.busy()),
        number(process.concurrency())
    )
}

fn here(local: &LocalProcess, lines: &mut Vec<PageLine>) {
    let surroundings = &local.surroundings;
    let mut fact = |label: &str, text: String| lines.push(PageLine::fact(label, text));
    fact(
        "pid",
        format!("{}, user {}", local.id.pid, surroundings.uid),
    );
    if let Some(unit) = &surroundings.unit {
        fact("unit", unit.to_string());
    }
    if let Some(keeper) = surroundings.above.keeper {
        fact("kept by", format!("{keeper}, which {}", keeper.kind.deed()));
    }
    if let Some(rss) = local.rss_kb {
        fact("memory", format!("{} MB", rss / 1024));
    }
    if let Some(threads) = local.threads {
        fact("threads", count(threads.processors as u64, "worker thread"));
    }
    if let Some(address) = &surroundings.redis_url {
        fact("its Redis", address.to_string());
    }
}

/// Where its log is, or why it is not read.
fn log(session: &Session, local: &LocalProcess) -> PageLine {
    let Some(log) = session.fleet.logs.of(local.id) else {
        return PageLine::fact("log", "not looked for");
    };
    match (&log.place, log.last) {
        (Ok(place), Some(last)) => {
            PageLine::fact("log", format!("{place}, last line {}", time_of_day(last)))
        }
        (Ok(place), None) => PageLine::fact("log", format!("{place}, no line read so far")),
        (Err(why), _) => PageLine {
            weight: LineWeight::Warn,
            ..PageLine::fact("log", format!("not read: {why}"))
        },
    }
}

fn in_the_drain(target: &Target) -> Vec<PageLine> {
    let standing = match &target.standing {
        Standing::Alive => "alive".to_string(),
        Standing::Quiet { since } => format!("quiet since {}", time_of_day(*since)),
        Standing::Idle { since } => format!("quiet and idle since {}", time_of_day(*since)),
        Standing::Exited { at, clean, .. } => {
            let how = match clean {
                Some(true) => "by itself",
                Some(false) => "it died",
                None => "how is not known",
            };
            format!("exited {} ({how})", time_of_day(*at))
        }
        Standing::LeftOut { why } => format!("skipped: {why}"),
    };
    let last = target.last.map_or("none".to_string(), |sent| {
        format!("{} {}", sent.signal, time_of_day(sent.at))
    });
    vec![
        PageLine::gap(),
        PageLine::heading("In this drain"),
        PageLine::fact("stands", standing),
        PageLine::fact("last signal", last),
    ]
}

fn jobs(process: &Process, now: Moment, lines: &mut Vec<PageLine>) {
    lines.push(PageLine::gap());
    lines.push(PageLine::heading(count(
        process.jobs.len() as u64,
        "known job",
    )));
    for job in process.jobs.iter().take(LISTED) {
        let elapsed = job.elapsed(now).map_or("?".into(), clock_face);
        lines.push(PageLine::fact(
            &elapsed,
            format!(
                "{} from {} {}",
                job.work.class,
                job.work.queue,
                job.work.jid.as_deref().unwrap_or("without a known id")
            ),
        ));
    }
}
