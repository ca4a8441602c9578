//! The last records of a session for its journal pane, and the steps of the run that they told
//! of. The pane forgets old records; the steps stay until another run begins.

use std::collections::VecDeque;

use crate::core::drain::{Event, Record};
use crate::core::moment::Moment;
use crate::core::sequence::{Sequence, Signal};

/// Records that the pane keeps.
const KEPT: usize = 1000;

/// A step of the sequence whose signal has been sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepDone {
    /// Its position among the signals of the sequence.
    pub step: usize,
    /// Its signal.
    pub signal: Signal,
    /// When the first of its signals was sent.
    pub at: Moment,
    /// To how many processes it was sent.
    pub sent: usize,
}

/// The last records, oldest first, and the steps done.
#[derive(Clone, Debug, Default)]
pub struct KeptRecords {
    records: VecDeque<Record>,
    steps: Vec<StepDone>,
}

impl KeptRecords {
    /// Takes a record in. `sequence` is that of the run.
    pub(super) fn take(&mut self, record: Record, sequence: &Sequence) {
        self.follow_steps(&record, sequence);
        if self.records.len() == KEPT {
            self.records.pop_front();
        }
        self.records.push_back(record);
    }

    fn follow_steps(&mut self, record: &Record, sequence: &Sequence) {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "all other events send nothing"
        )]
        let (step, signal) = match record.event {
            Event::Started { .. } => return self.steps.clear(),
            Event::SignalSent {
                signal,
                step: Some(step),
                ..
            } => (step, signal),
            // It is TERM, by way of systemd.
            Event::UnitStopBegun {
                step: Some(step), ..
            } => (step, sequence.signal(step).unwrap_or(Signal::Term)),
            _ => return,
        };
        if let Some(known) = self.steps.iter_mut().find(|known| known.step == step) {
            known.sent += 1;
        } else {
            self.steps.push(StepDone {
                step,
                signal,
                at: record.at,
                sent: 1,
            });
        }
    }

    /// The records, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.records.iter()
    }

    /// The newest record.
    pub fn back(&self) -> Option<&Record> {
        self.records.back()
    }

    /// The steps that the last run has sent, in order.
    pub fn steps(&self) -> &[StepDone] {
        &self.steps
    }
}
