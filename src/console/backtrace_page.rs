//! Where a job is: the backtrace of its thread, as its process wrote it into its log. The frames
//! of the application come first; those of gems and of Ruby are folded.

use super::confirm;
use super::dialog::Dialog;
use super::page_line::{LineWeight, PageLine};
use super::possible::selected_here;
use super::request::Request;
use super::state::{BacktraceView, Console, Pane, Screen};
use super::words::{count, time_of_day};
use crate::core::fleet::{LocalId, Process, ProcessKey};
use crate::core::log::Backtrace;
use crate::core::moment::Moment;
use crate::core::session::{Asked, Inquiry, Session};

/// After so long without a backtrace it is said that there is none.
const SOON: std::time::Duration = std::time::Duration::from_secs(3);

/// Why the selected process cannot be asked.
pub(super) fn no_backtrace(session: &Session, console: &Console) -> String {
    let why = match console.selected_process(session) {
        None => Err("no process is selected".to_owned()),
        Some(ProcessKey::Remote(identity)) => Err(format!(
            "{} is on another host: its log is not read from here",
            identity.short()
        )),
        Some(ProcessKey::Local(id)) => session.may_ask(id),
    };
    match why {
        Err(why) => format!("no backtrace: {why}"),
        Ok(()) => "t (backtrace) does nothing on this page".into(),
    }
}

impl Console {
    /// The dialog before the selected process is asked.
    pub(super) fn backtrace(&self, session: &Session, now: Moment) -> Option<Dialog> {
        let process = selected_here(session, self)?;
        let tids = match (&self.screen, self.pane) {
            (Screen::Job(job), _) => vec![job.tid.clone()],
            (Screen::Main, Pane::Jobs) => {
                let job = self.job_under_cursor(session);
                job.map(|job| job.tid).into_iter().collect()
            }
            (Screen::Backtrace(view), _) => view.tid.clone().into_iter().collect(),
            (Screen::Main, Pane::Processes)
            | (
                Screen::Process(_)
                | Screen::Help
                | Screen::Result
                | Screen::Check
                | Screen::Journal,
                _,
            ) => Vec::new(),
        };
        Some(confirm::backtrace(session, process, tids, now))
    }

    /// Goes to the page of what was asked for.
    pub(super) fn show_what_is_asked(&mut self, requests: &[Request]) {
        if let [Request::Backtrace { process, tids }] = requests {
            self.show(Screen::Backtrace(BacktraceView {
                process: *process,
                tid: tids.first().cloned(),
                all: false,
            }));
        }
    }

    /// Shows or folds the frames of gems and of Ruby.
    pub(super) fn fold_frames(&mut self) {
        if let Screen::Backtrace(view) = &mut self.screen {
            view.all = !view.all;
            self.scroll = 0;
        }
    }

    /// Goes to the next thread of the dump.
    pub(super) fn next_thread(&mut self, session: &Session) {
        let Screen::Backtrace(view) = &mut self.screen else {
            return;
        };
        let threads = threads(session, view.process);
        let shown = shown(session, view);
        let at = threads
            .iter()
            .position(|one| Some(one.tid.as_str()) == shown);
        let next = threads.iter().cycle().nth(at.map_or(0, |at| at + 1));
        if let Some(next) = next {
            view.tid = Some(next.tid.clone());
            self.scroll = 0;
        }
    }
}

/// The threads of the last dump, in the order in which they stand in the log.
fn threads(session: &Session, process: LocalId) -> Vec<&Backtrace> {
    let inquiry = session.backtraces.last(process);
    inquiry.map_or_else(Vec::new, |inquiry| {
        let dumps = &session.fleet.logs.witness.dumps;
        dumps.since(process.pid, inquiry.inner_pid, inquiry.at)
    })
}

/// The thread that is shown.
fn shown<'a>(session: &'a Session, view: &'a BacktraceView) -> Option<&'a str> {
    view.tid.as_deref().or_else(|| {
        let inquiry = session.backtraces.last(view.process)?;
        inquiry.threads.first().map(|thread| thread.tid.as_str())
    })
}

/// The lines of the page.
pub(super) fn lines(session: &Session, view: &BacktraceView, now: Moment) -> Vec<PageLine> {
    let Some(inquiry) = session.backtraces.last(view.process) else {
        return vec![PageLine::heading("No process was asked for a backtrace")];
    };
    let tid = shown(session, view);
    let of_thread = |one: &&crate::core::session::WantedThread| Some(one.tid.as_str()) == tid;
    let job = inquiry.threads.iter().find(of_thread);
    let process = session.fleet.get(&view.process.into());
    let name = process.map_or_else(|| view.process.to_string(), Process::name);
    let heading = job.map_or_else(
        || format!("A thread of {name}"),
        |job| {
            format!(
                "{} {} on {name}",
                job.class,
                job.jid.as_deref().unwrap_or("")
            )
        },
    );
    let mut lines = vec![PageLine::heading(heading)];
    let all = threads(session, view.process);
    let standing = all
        .iter()
        .rfind(|one| Some(one.tid.as_str()) == tid)
        .copied();
    let kept = job.and_then(|job| job.taken.as_ref());
    match kept.or(standing) {
        Some(found) => frames(found, all.len(), view.all, &mut lines),
        None => lines.extend(missing(session, inquiry, now)),
    }
    lines
}

fn frames(found: &Backtrace, threads: usize, all: bool, lines: &mut Vec<PageLine>) {
    lines.push(PageLine::fact(
        "thread",
        format!("{} {}", found.tid, found.name),
    ));
    lines.push(PageLine::fact("taken", time_of_day(found.at)));
    lines.push(PageLine::fact(
        "in the dump",
        count(threads as u64, "thread"),
    ));
    lines.push(PageLine::gap());
    let own: Vec<&str> = found.application().collect();
    if own.is_empty() {
        let text = "no frame of the application is on this thread";
        lines.push(PageLine::new(LineWeight::Warn, text));
    }
    lines.extend(
        own.iter()
            .map(|frame| PageLine::new(LineWeight::Plain, *frame)),
    );
    let others: Vec<&str> = found.others().collect();
    lines.push(PageLine::gap());
    if all {
        lines.push(PageLine::heading("Gems and Ruby"));
        lines.extend(
            others
                .iter()
                .map(|frame| PageLine::new(LineWeight::Faint, *frame)),
        );
    } else {
        let number = count(others.len() as u64, "frame");
        let text = format!("{number} of gems and of Ruby: f shows them");
        lines.push(PageLine::new(LineWeight::Faint, text));
    }
    if found.cut {
        lines.push(PageLine::new(
            LineWeight::Warn,
            "it was too long: frames were left out",
        ));
    }
}

/// Why there is nothing to show.
fn missing(session: &Session, inquiry: &Inquiry, now: Moment) -> Vec<PageLine> {
    let log = session.fleet.logs.of(inquiry.process);
    let place = match log.map(|log| &log.place) {
        Some(Ok(place)) => place.clone(),
        Some(Err(why)) => {
            let text = format!("its log cannot be read here ({why}): what it wrote stands there");
            return vec![asked(inquiry), PageLine::new(LineWeight::Warn, text)];
        }
        None => "not found yet".into(),
    };
    let mut lines = vec![asked(inquiry), PageLine::fact("its log", place)];
    if matches!(inquiry.asked, Asked::NotSent(_)) {
        return lines;
    }
    let exited = session
        .fleet
        .get(&inquiry.process.into())
        .is_none_or(Process::exited);
    lines.push(if exited {
        PageLine::new(LineWeight::Warn, "it has exited")
    } else if now.since(inquiry.at) < SOON {
        PageLine::new(LineWeight::Plain, "waiting for it")
    } else {
        let text = "nothing of this thread came so far: a job that holds the interpreter lets the process hear nothing, and one that has ended has no thread";
        PageLine::new(LineWeight::Warn, text)
    });
    lines
}

fn asked(inquiry: &Inquiry) -> PageLine {
    match &inquiry.asked {
        Asked::Unsent | Asked::UnderWay => PageLine::fact("TTIN", "on its way"),
        Asked::Sent => PageLine::fact("TTIN", format!("sent {}", time_of_day(inquiry.at))),
        Asked::NotSent(why) => PageLine {
            weight: LineWeight::Bad,
            ..PageLine::fact("TTIN", format!("not sent: {why}"))
        },
    }
}
