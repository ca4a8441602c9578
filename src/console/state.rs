//! The memory of the screen between two keys: where the operator is, what is selected, which
//! dialog is open. Selections hold on to things, never to positions.

use std::collections::BTreeSet;

use super::dialog::Dialog;
use super::groups::{TableKey, TableRow, table_rows};
use super::left::LeftDrain;
use super::rows::{JobKey, JobRow, Listing, job_rows};
use crate::core::fleet::{LocalId, ProcessKey};
use crate::core::moment::Moment;
use crate::core::session::Session;

/// The page that is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Screen {
    /// The sequence, the two tables, the journal.
    #[default]
    Main,
    /// A job.
    Job(JobKey),
    /// A process.
    Process(ProcessKey),
    /// Where a job is.
    Backtrace(BacktraceView),
    /// The keys and the words.
    Help,
    /// How the drain ended.
    Result,
    /// The findings of the check.
    Check,
    /// The journal of this session.
    Journal,
}

/// Which backtrace is shown, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BacktraceView {
    /// The process.
    pub process: LocalId,
    /// The thread; `None`: the first of those that were asked for.
    pub tid: Option<String>,
    /// Whether the frames of gems and of Ruby are shown.
    pub all: bool,
}

/// Which table the arrow keys move in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pane {
    /// The process table.
    #[default]
    Processes,
    /// The job table.
    Jobs,
}

/// A selection: the thing, and where it stood last. Nothing selected is the top row, whatever
/// stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowCursor<K> {
    /// The thing.
    pub selected: Option<K>,
    /// Where it stood last.
    pub index: usize,
}

impl<K> Default for RowCursor<K> {
    fn default() -> Self {
        Self {
            selected: None,
            index: 0,
        }
    }
}

impl<K> RowCursor<K> {
    /// Its row among `rows`: that of the selected thing, else the one that took its place.
    pub fn row<R>(&self, rows: &[R], is: impl Fn(&R, &K) -> bool) -> usize {
        self.selected
            .as_ref()
            .and_then(|key| rows.iter().position(|row| is(row, key)))
            .unwrap_or(self.index)
            .min(rows.len().saturating_sub(1))
    }

    /// Selects what stands at `index`; the top row by its place, so that it stays the top row.
    pub(super) fn select<R>(&mut self, rows: &[R], index: usize, key: impl Fn(&R) -> K) {
        self.index = index;
        self.selected = rows.get(index).filter(|_| index > 0).map(key);
    }
}

/// The state of the console besides the screen itself.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// The targets that were chosen; `None`: the default ones.
    pub targets: Option<BTreeSet<ProcessKey>>,
    /// A word to the operator, until the next key.
    pub notice: Option<String>,
    /// The run whose result was shown, by its start.
    pub result_of: Option<Moment>,
    /// Whether the operator is asked why, where he gave no reason beforehand.
    pub ask_reason: bool,
    /// The operator's answer, until the drain has begun.
    pub why: Option<String>,
    /// Whether the result page has a line for each job.
    pub each_job: bool,
    /// The last drain, where it was left or stopped under way.
    pub left: Option<LeftDrain>,
}

/// The state of the console.
#[derive(Clone, Debug, Default)]
pub struct Console {
    /// The page that is shown.
    pub screen: Screen,
    /// The first line shown of a page of text.
    pub scroll: usize,
    /// Which table the arrow keys move in.
    pub pane: Pane,
    /// The selection in the process table.
    pub processes: RowCursor<TableKey>,
    /// The selection in the job table.
    pub jobs: RowCursor<JobKey>,
    /// How the job table is listed.
    pub listing: Listing,
    /// The open dialog.
    pub dialog: Option<Dialog>,
    /// The rest.
    pub memory: Memory,
}

impl Console {
    /// A console whose targets were named from outside (`None`: the default ones), and that
    /// shows arguments from the start or not.
    pub fn new(targets: Option<Vec<ProcessKey>>, arguments: bool) -> Self {
        let mut console = Self::default();
        console.memory.targets = targets.map(BTreeSet::from_iter);
        console.listing.arguments = arguments;
        console
    }

    /// The same, which asks why before a first signal or does not.
    #[must_use]
    pub fn asking_why(mut self, asks: bool) -> Self {
        self.memory.ask_reason = asks;
        self
    }

    /// The processes that a drain begun now would signal, or those of the drain under way.
    pub fn targets(&self, session: &Session) -> Vec<ProcessKey> {
        if let Some(run) = session.active_run() {
            return run
                .ledger()
                .targets()
                .iter()
                .map(|target| target.key.clone())
                .collect();
        }
        let lives = |id: &ProcessKey| {
            session
                .fleet
                .get(id)
                .is_some_and(|process| !process.exited())
        };
        match &self.memory.targets {
            Some(chosen) => chosen.iter().filter(|key| lives(key)).cloned().collect(),
            None => session.default_targets(),
        }
    }

    /// The rows of the process table.
    pub(super) fn table_rows<'a>(&self, session: &'a Session) -> Vec<TableRow<'a>> {
        table_rows(session, &self.targets(session), &self.listing)
    }

    /// The rows of the job table.
    pub fn job_rows<'a>(&self, session: &'a Session) -> Vec<JobRow<'a>> {
        let targets = self.targets(session);
        job_rows(session, &targets, &self.listing)
    }

    /// Brings the console up to what the session has become: closes a dialog whose step has
    /// changed, shows the result of a drain that is over, keeps the selections. To be called
    /// before each drawing.
    pub fn follow(&mut self, session: &Session, now: Moment) {
        if let Some(dialog) = &self.dialog
            && let Some(why) = dialog.broken(session, now)
        {
            self.memory.notice = Some(format!("closed without doing anything: {why}"));
            self.dialog = None;
        }
        if let Some(run) = &session.run
            && run.phase().is_over()
            && self.memory.result_of != Some(run.pace().started)
        {
            self.memory.result_of = Some(run.pace().started);
            self.show(Screen::Result);
        }
        if session.is_draining() {
            self.memory.why = None;
            // Should it be stopped here, it can be gone on with.
            self.memory.left = LeftDrain::of(session, now);
        }
        self.keep_selections(session);
    }

    fn keep_selections(&mut self, session: &Session) {
        if self.processes.selected.is_some() {
            let rows = self.table_rows(session);
            let index = self.processes.row(&rows, TableRow::is);
            self.processes.select(&rows, index, TableRow::key);
        }
        if self.jobs.selected.is_some() {
            let rows = self.job_rows(session);
            let index = self.jobs.row(&rows, JobRow::is);
            self.jobs.select(&rows, index, JobRow::job_key);
        }
    }

    pub(super) fn show(&mut self, screen: Screen) {
        self.listing.typing = false;
        self.screen = screen;
        self.scroll = 0;
    }

    /// The filter of what is shown; `None`: it has none.
    pub fn filter(&self) -> Option<&str> {
        match self.screen {
            Screen::Main => Some(&self.listing.filter),
            Screen::Journal => Some(&self.listing.journal),
            Screen::Job(_)
            | Screen::Process(_)
            | Screen::Backtrace(_)
            | Screen::Help
            | Screen::Result
            | Screen::Check => None,
        }
    }

    /// Says a word to the operator; it stands until the next key.
    pub fn say(&mut self, notice: impl Into<String>) {
        self.memory.notice = Some(notice.into());
    }

    /// Moves the selection of the pane to what `to` makes of its row and the number of rows.
    pub(super) fn move_cursor(&mut self, session: &Session, to: impl Fn(usize, usize) -> usize) {
        match self.pane {
            Pane::Processes => {
                let rows = self.table_rows(session);
                let index = self.processes.row(&rows, TableRow::is);
                let index = to(index, rows.len()).min(rows.len().saturating_sub(1));
                self.processes.select(&rows, index, TableRow::key);
            }
            Pane::Jobs => {
                let rows = self.job_rows(session);
                let index = self.jobs.row(&rows, JobRow::is);
                let index = to(index, rows.len()).min(rows.len().saturating_sub(1));
                self.jobs.select(&rows, index, JobRow::job_key);
            }
        }
    }

    /// The process that stands selected in its table; `None` on the head of a group.
    pub fn process_under_cursor(&self, session: &Session) -> Option<ProcessKey> {
        let rows = self.table_rows(session);
        let index = self.processes.row(&rows, TableRow::is);
        rows.get(index)?.process().map(|(key, _)| key.clone())
    }

    /// The job that stands selected in its table.
    pub fn job_under_cursor(&self, session: &Session) -> Option<JobKey> {
        let rows = self.job_rows(session);
        rows.get(self.jobs.row(&rows, JobRow::is))
            .map(JobRow::job_key)
    }

    /// The process that an act on one process is for: that of the page, else that of the row
    /// in the table where the arrow keys move.
    pub fn selected_process(&self, session: &Session) -> Option<ProcessKey> {
        match (&self.screen, self.pane) {
            (Screen::Process(key), _) => Some(key.clone()),
            (Screen::Job(job), _) => Some(job.process.clone()),
            (Screen::Backtrace(view), _) => Some(ProcessKey::Local(view.process)),
            (_, Pane::Processes) => self.process_under_cursor(session),
            (_, Pane::Jobs) => self.job_under_cursor(session).map(|job| job.process),
        }
    }

    /// Goes to the other table: to the first job of the selected process, or to the process
    /// of the selected job.
    pub(super) fn jump(&mut self, session: &Session) {
        match self.pane {
            Pane::Processes => {
                self.pane = Pane::Jobs;
                let Some(process) = self.process_under_cursor(session) else {
                    return;
                };
                let rows = self.job_rows(session);
                match rows.iter().position(|row| *row.key == process) {
                    Some(index) => self.jobs.select(&rows, index, JobRow::job_key),
                    None => self.say("no job of that process is listed"),
                }
            }
            Pane::Jobs => {
                self.pane = Pane::Processes;
                let Some(job) = self.job_under_cursor(session) else {
                    return;
                };
                self.select_process(session, &job.process);
            }
        }
    }
}
