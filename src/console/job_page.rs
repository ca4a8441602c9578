//! All that is known of one job. Its arguments are secrets until the operator asks for them.

use serde_json::value::{RawValue, Value};

use super::cancel;
use super::page_line::{LineWeight, PageLine};
use super::rows::{JobKey, JobRow, Listing, job_rows, stuck};
use super::state::Console;
use super::words::{date_and_time, span, time_of_day};
use crate::core::clean::clean;
use crate::core::fleet::Work;
use crate::core::follow::Left;
use crate::core::moment::{Moment, clock_face, from_epoch};
use crate::core::outlook::{Outlooks, ProcessOutlook, SpanWords};
use crate::core::session::Session;

/// Characters of arguments that are shown.
const SHOWN: usize = 2000;
/// Characters of the name of a class.
const SHOWN_NAME: usize = 120;

/// The reaction of an `IterableJob` to the quiet signal.
const ITERABLE: &str = "yes: once its process is quiet it stops at its next iteration and goes to \
                        the back of its queue; that is no end of it";

/// The field of a payload that holds the arguments.
#[derive(serde::Deserialize)]
struct PayloadArguments<'a> {
    #[serde(borrow)]
    args: &'a RawValue,
}

/// How the job is run and how often it failed, by its payload. Anything may stand in it.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct PayloadHistory {
    class: Value,
    wrapped: Value,
    retry: Value,
    retry_count: Value,
    error_class: Value,
}

/// The lines of the page of `key`.
pub(super) fn lines(
    session: &Session,
    console: &Console,
    key: &JobKey,
    now: Moment,
) -> Vec<PageLine> {
    let targets = console.targets(session);
    let rows = job_rows(
        session,
        &targets,
        &Listing {
            unfolded: true,
            ..Listing::default()
        },
    );
    let row = rows.into_iter().find(|row| row.is(key));
    row.map_or_else(
        || gone(session, key),
        |row| facts(session, console, &row, now),
    )
}

/// The facts about a job that runs.
fn facts(session: &Session, console: &Console, row: &JobRow<'_>, now: Moment) -> Vec<PageLine> {
    let work = &row.job.work;
    let targets = console.targets(session);
    let outlooks = Outlooks::new(session.situation(now), &targets);
    let said = outlooks.job(row.key, row.job);
    let clock = (outlooks.of(row.key)).map_or(SpanWords::Stands, ProcessOutlook::clock);
    let unknown = || "not known".to_string();
    let elapsed = row.elapsed(now).map_or_else(unknown, clock_face);
    let left = said.left.map_or("no end is due".into(), clock_face);
    let arguments = if console.listing.arguments {
        arguments(work)
    } else {
        "hidden; A shows them".into()
    };
    let mut lines = vec![
        PageLine::heading(work.class.clone()),
        PageLine::fact("id", work.jid.clone().unwrap_or_else(unknown)),
        PageLine::fact("queue", work.queue.clone()),
        PageLine::fact("process", row.process.name()),
        PageLine::fact("thread", work.tid.clone()),
        PageLine::fact("running for", elapsed),
        PageLine::fact("since", row.job.started.map_or_else(unknown, time_of_day)),
        PageLine::fact("enqueued", enqueued(work).unwrap_or_else(unknown)),
        PageLine::fact("verdict", said.words(clock)),
        PageLine::fact("time left", left),
    ];
    for (index, reason) in stuck(session, row, said.budget, now)
        .into_iter()
        .enumerate()
    {
        let name = if index == 0 { "watch" } else { "" };
        lines.push(PageLine::fact(name, reason.sentence()));
    }
    if let Some(usual) = session.following.usual(&work.class) {
        let text = format!("{} ({} seen to end)", clock_face(usual.span), usual.seen);
        lines.push(PageLine::fact("usually", text));
    }
    lines.extend(history(work));
    if row.job.iterable {
        lines.push(PageLine::fact("iterable", ITERABLE));
    }
    lines.extend(cancel::lines(session, row, now));
    if let Some(fault) = &work.fault {
        let text = format!("not readable: {fault}");
        lines.push(PageLine::new(LineWeight::Warn, text));
    }
    lines.push(PageLine::gap());
    lines.push(PageLine::fact("arguments", arguments));
    lines
}

/// The job is listed no more: what the run knows of it.
fn gone(session: &Session, key: &JobKey) -> Vec<PageLine> {
    let mut lines = vec![
        PageLine::heading("This job runs there no more"),
        PageLine::fact("id", key.jid.clone().unwrap_or_default()),
        PageLine::fact("thread", key.tid.clone()),
    ];
    lines.extend(cancel::line_of_gone(session, key));
    let left = (key.jid.as_ref()).and_then(|jid| session.following.departed.of(jid));
    if let Some(left) = left {
        lines.push(PageLine::fact("class", left.class.clone()));
        lines.push(PageLine::fact("left", left_at(left)));
        lines.push(PageLine::fact("now", left.words(time_of_day)));
    }
    let run = session.run.as_ref();
    // The same job may have run on another target as well: only this execution counts.
    let tracked = run.and_then(|run| {
        run.ledger()
            .account()
            .find(&key.process, key.jid.as_deref()?)
    });
    if let Some(ruling) = tracked.and_then(|execution| execution.ruling()) {
        let words = format!("{}: {}", ruling.fate.word(), ruling.why);
        lines.push(PageLine::fact("fate", words));
    }
    lines
}

/// When it was missed, and what that is worth.
fn left_at(left: &Left) -> String {
    format!(
        "{}, missed at {}; a heartbeat is up to 10 s old",
        left.from,
        time_of_day(left.at)
    )
}

/// When it was enqueued, and how long it waited before it began.
fn enqueued(work: &Work) -> Option<String> {
    let at = work.enqueued_at?;
    let when = date_and_time(from_epoch(at)?);
    let waited = work.run_at.map(|run_at| run_at - at).unwrap_or_default();
    Some(
        std::time::Duration::try_from_secs_f64(waited.max(0.0)).map_or_else(
            |_| when.clone(),
            |waited| format!("{when}, waited {}", span(waited)),
        ),
    )
}

/// Its arguments as they stand in the payload, made safe for a terminal.
fn arguments(work: &Work) -> String {
    serde_json::from_slice::<PayloadArguments<'_>>(&work.payload).map_or_else(
        |_| "not readable".into(),
        |payload| clean(payload.args.get(), SHOWN),
    )
}

/// Whether it runs by Active Job, and how often Sidekiq has retried it. Nothing is said of what
/// cannot be read.
fn history(work: &Work) -> Vec<PageLine> {
    let Ok(payload) = serde_json::from_slice::<PayloadHistory>(&work.payload) else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    if let (Value::String(_), Value::String(wrapper)) = (&payload.wrapped, &payload.class) {
        let text = format!("run by {}", clean(wrapper, SHOWN_NAME));
        lines.push(PageLine::fact("Active Job", text));
    }
    // Sidekiq counts from 0, and counts nothing before the first failure.
    let retried = payload
        .retry_count
        .as_u64()
        .map(|before| before.saturating_add(1));
    let never = payload.retry == Value::Bool(false);
    let most = payload.retry.as_u64().or(never.then_some(0));
    let because = payload
        .error_class
        .as_str()
        .map_or_else(String::new, |class| {
            format!(", the last after {}", clean(class, SHOWN_NAME))
        });
    let words = match (retried, most) {
        (None, Some(0)) => "none: it is not retried when it fails".into(),
        (None, None) => "none so far".into(),
        (None, Some(most)) => format!("none so far, at most {most}"),
        (Some(number), None) => format!("{number} so far{because}"),
        (Some(number), Some(most)) => format!("{number} so far, at most {most}{because}"),
    };
    lines.push(PageLine::fact("retries", words));
    lines
}
