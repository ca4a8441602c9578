//! The keys that group the processes, and that fold and mark a group.

use std::collections::BTreeSet;

use super::grouping::Grouping;
use super::groups::{GroupHead, TableKey, TableRow};
use super::state::{Console, Pane, Screen};
use crate::core::fleet::ProcessKey;
use crate::core::session::Session;

/// Whether the processes stand in groups on the screen that is shown.
pub(super) fn is_grouped(_: &Session, console: &Console) -> bool {
    console.screen == Screen::Main && console.listing.grouping != Grouping::None
}

impl Console {
    /// The group whose head stands selected, where the arrow keys move in the process table.
    pub(super) fn group_under_cursor<'a>(&self, session: &'a Session) -> Option<GroupHead<'a>> {
        if self.pane != Pane::Processes || self.listing.grouping == Grouping::None {
            return None;
        }
        let mut rows = self.table_rows(session);
        let index = self.processes.row(&rows, TableRow::is);
        match rows.get_mut(index)? {
            TableRow::Head(head) => Some(head.clone()),
            TableRow::Process(..) => None,
        }
    }

    /// The processes of the selected group that a mark can take in.
    pub(super) fn group_here(&self, session: &Session) -> Vec<ProcessKey> {
        let head = self.group_under_cursor(session);
        let members = head.into_iter().flat_map(|head| head.members);
        let here = |key: &ProcessKey| key.local().is_some();
        let lives = members.filter(|(key, process)| here(key) && !process.exited());
        lives.map(|(key, _)| key.clone()).collect()
    }

    /// Groups by what comes next. What is selected stays so.
    pub(super) fn regroup(&mut self, session: &Session) {
        let process = self.process_under_cursor(session);
        self.listing.grouping = self.listing.grouping.next();
        self.listing.folded.clear();
        self.processes.selected = process.map(TableKey::Process);
        self.say(match self.listing.grouping.word() {
            Some(word) => format!("processes by {word}"),
            None => "processes one by one".to_owned(),
        });
    }

    /// Folds the selected group, or shows its processes again.
    pub(super) fn fold_group(&mut self, head: &GroupHead<'_>) {
        if !self.listing.folded.remove(&head.name) {
            self.listing.folded.insert(head.name.clone());
        }
    }

    /// Folds all groups; where all are folded shows all processes again. The head of the selected
    /// process is selected in its place.
    pub(super) fn fold_groups(&mut self, session: &Session) {
        let process = self.process_under_cursor(session);
        let rows = self.table_rows(session);
        let heads = rows.iter().filter_map(|row| match row {
            TableRow::Head(head) => Some(head.name.clone()),
            TableRow::Process(..) => None,
        });
        let heads: BTreeSet<String> = heads.collect();
        let are_folded = heads.is_subset(&self.listing.folded);
        self.listing.folded = if are_folded { BTreeSet::new() } else { heads };
        if let Some(process) = process {
            self.select_process(session, &process);
        }
    }

    /// Selects the row that shows `process`: its own, or the head that it is folded under.
    pub(super) fn select_process(&mut self, session: &Session, process: &ProcessKey) {
        let rows = self.table_rows(session);
        if let Some(index) = rows.iter().position(|row| row.shows(process)) {
            self.processes.select(&rows, index, TableRow::key);
        }
    }
}
