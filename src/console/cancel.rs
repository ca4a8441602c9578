//! The cancellation of the job whose page is shown: whether it can be, the question before it, and
//! how far it is. No other job than an `IterableJob` can be stopped without its process.

use super::dialog::{Dialog, Friction, Premise};
use super::page_line::PageLine;
use super::request::Request;
use super::rows::{JobKey, JobRow};
use super::state::{Console, Screen};
use super::words::{span, time_of_day};
use crate::core::fleet::{Job, ProcessKey};
use crate::core::follow::{CancelState, CancelTarget};
use crate::core::moment::Moment;
use crate::core::session::Session;

/// Bytes of a reason that one line of 80 columns shows whole, with its key before it.
const LINE: usize = 60;

/// The word that confirms it.
const WORD: &str = "cancel";

/// Whether the job whose page is shown can be cancelled.
pub(super) fn possible(session: &Session, console: &Console) -> bool {
    on_page(session, console).is_ok()
}

/// Why it cannot be, in one line of a terminal: a long reason stands whole on the page itself.
pub(super) fn refusal(session: &Session, console: &Console) -> String {
    match on_page(session, console) {
        Err(why) if why.len() <= LINE => format!("C (cancel): {why}"),
        Ok(_) | Err(_) => "C (cancel): not this job; the line `cancel` of its page says why".into(),
    }
}

fn on_page(session: &Session, console: &Console) -> Result<CancelTarget, String> {
    let Screen::Job(key) = &console.screen else {
        return Err("opens on the page of a job: Enter in the job table".into());
    };
    let job = find(session, &key.process, |job| {
        job.work.tid == key.tid && job.work.jid == key.jid
    });
    session.may_cancel(&key.process, job.ok_or("this job runs there no more")?)
}

fn find<'a>(
    session: &'a Session,
    process: &ProcessKey,
    is: impl Fn(&Job) -> bool,
) -> Option<&'a Job> {
    let mut jobs = session.fleet.get(process)?.jobs.iter();
    jobs.find(|job| is(job))
}

/// The question before it.
pub(super) fn dialog(session: &Session, console: &Console, now: Moment) -> Option<Dialog> {
    let target = on_page(session, console).ok()?;
    let effect = if session.looks_between_steps(&target.process) {
        "A mark in Redis tells it to end: it looks between two of its steps, about every 5 s. \
         What it has done stays done; what is left of it is never done."
    } else {
        "A mark in Redis tells it to end, but before 7.3.9 a job looks only as a run of it begins: this \
         run goes on. Once it has broken off or was pushed back, its next run ends at once, and what \
         is left of it is never done."
    };
    let lines = vec![
        format!(
            "{} {} on {}.",
            target.class,
            target.jid,
            session.fleet.get(&target.process)?.name()
        ),
        effect.into(),
        "Its on_cancel and on_complete are called. No signal is sent.".into(),
    ];
    Some(Dialog {
        friction: Friction::Word(WORD),
        requests: vec![Request::Cancel(target.clone())],
        ..Dialog::new(
            "Cancel this job?".into(),
            lines,
            Premise::Cancels(target),
            now,
        )
    })
}

/// Why the question cannot stand any more, if so.
pub(super) fn broken(session: &Session, target: &CancelTarget) -> Option<String> {
    let job = find(session, &target.process, |job| {
        job.work.tid == target.tid && job.work.jid.as_ref() == Some(&target.jid)
    });
    match job {
        Some(job) => session.may_cancel(&target.process, job).err(),
        None => Some("the job runs there no more".into()),
    }
}

/// The lines of its page about it: how far it is, or why it cannot be cancelled.
pub(super) fn lines(session: &Session, row: &JobRow<'_>, now: Moment) -> Vec<PageLine> {
    let work = &row.job.work;
    let jid = work.jid.as_deref().unwrap_or_default();
    let said = state(session, row.key, &work.tid, jid, now);
    let said = said.unwrap_or_else(|| match session.may_cancel(row.key, row.job) {
        Ok(_) => "C cancels it".into(),
        Err(why) => format!("no: {why}"),
    });
    vec![PageLine::fact("cancel", said)]
}

/// The same once the job is listed no more.
pub(super) fn line_of_gone(session: &Session, key: &JobKey) -> Option<PageLine> {
    let jid = key.jid.as_deref()?;
    let now = session.fleet.looked?;
    let said = state(session, &key.process, &key.tid, jid, now)?;
    Some(PageLine::fact("cancel", said))
}

/// How far its cancellation is, in words; `None`: it was not cancelled here.
fn state(
    session: &Session,
    process: &ProcessKey,
    tid: &str,
    jid: &str,
    now: Moment,
) -> Option<String> {
    let cancel = session.following.cancels.of(process, tid, jid)?;
    Some(match &cancel.state {
        CancelState::Wanted | CancelState::UnderWay => "on its way to Redis".into(),
        CancelState::NotSent(why) => format!("not sent: {why}"),
        CancelState::Sent { at, doubt: None } => format!(
            "sent at {}, {} ago; {}",
            time_of_day(*at),
            span(now.since(*at)),
            if session.looks_between_steps(process) {
                "not noticed yet: it looks between two steps, about every 5 s"
            } else {
                "this run does not look, its next one ends at once"
            }
        ),
        CancelState::Sent {
            doubt: Some(why), ..
        } => format!("perhaps sent ({why})"),
        CancelState::Noticed { at } => format!("noticed at {}: it ends", time_of_day(*at)),
        CancelState::Ended { at, how } => format!("ended at {}: {how}", time_of_day(*at)),
    })
}
