//! Which queues are asked for their length: those that a process fetches from, and those that
//! one did. Jobs that the last process of a queue pushed back wait where no process looks.

use std::collections::BTreeSet;

use crate::core::fleet::Look;

/// Queues whose length is read at most.
const MOST_QUEUES: usize = 200;

/// The queues' names.
#[derive(Debug, Default)]
pub(super) struct Names {
    served: BTreeSet<String>,
    left: BTreeSet<String>,
}

impl Names {
    /// Takes in which queues are fetched from, by the last look.
    pub(super) fn see(&mut self, look: &Look) {
        let heartbeats = look.rows.iter().filter_map(|row| row.heartbeat.as_ref());
        let served = heartbeats.flat_map(|heartbeat| heartbeat.info.queues.iter().cloned());
        let before = std::mem::replace(&mut self.served, served.collect());
        self.left.extend(before);
        self.left.retain(|name| !self.served.contains(name));
        while self.left.len() > MOST_QUEUES {
            self.left.pop_last();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.served.is_empty() && self.left.is_empty()
    }

    /// The queues that are asked for: the served ones first.
    pub(super) fn asked(&self) -> Vec<String> {
        let all = self.served.iter().chain(&self.left);
        all.take(MOST_QUEUES).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::core::fleet::{DeadMembers, Heartbeat, Identity, Info, LookRow};
    use crate::core::moment::Moment;

    fn look(queues: &[&str]) -> Look {
        let info = Info {
            queues: queues.iter().copied().map(String::from).collect(),
            ..Info::default()
        };
        let at = Moment::new(Duration::ZERO, jiff::Timestamp::UNIX_EPOCH);
        Look {
            asked: at,
            answered: at,
            server_time: 0.0,
            server: None,
            counter: None,
            rows: vec![LookRow {
                identity: Identity::new("util1:7:a"),
                heartbeat: Some(Heartbeat {
                    info: Arc::new(info),
                    beat: 0.0,
                    busy: 0,
                    quiet: false,
                    rss_kb: None,
                    concurrency: None,
                }),
                beat_age: None,
                work: Vec::new(),
                iterating: Vec::new(),
                faults: Vec::new(),
            }],
            dead: DeadMembers::default(),
        }
    }

    #[test]
    fn a_queue_that_nobody_serves_any_more_is_asked_for_behind_the_others() {
        let mut names = Names::default();
        assert!(names.is_empty());
        names.see(&look(&["a", "low"]));
        names.see(&look(&["low", "z"]));
        assert_eq!(names.asked(), ["low", "z", "a"]);
        names.see(&look(&[]));
        assert!(!names.is_empty());
        assert_eq!(names.asked(), ["a", "low", "z"]);
        names.see(&look(&["z"]));
        assert_eq!(names.asked(), ["z", "a", "low"]);
    }

    #[test]
    fn their_number_is_bounded() {
        let mut names = Names::default();
        for number in 0..1000 {
            names.see(&look(&[&format!("queue{number}")]));
        }
        assert_eq!(names.left.len(), MOST_QUEUES);
        assert_eq!(names.asked().len(), MOST_QUEUES);
        assert_eq!(names.asked()[0], "queue999");
    }
}
