//! The drain lint: what is known goes in, findings, recommendations and a drawn timeline come
//! out. The rules are one table; nothing here reads a file or asks a host.

mod behaviour;
mod drawn;
mod effective;
mod facts;
mod finding;
mod gather;
mod recommend;
mod restart;
mod rows;
mod rules;
mod source;
mod unit_facts;
mod unit_stop;
mod units;

#[cfg(test)]
mod tests;

pub use behaviour::{FirstSignal, Reach, UnitBehaviour};
pub use drawn::{Glyphs, draw};
pub use effective::{Effective, effective_timeout};
pub use facts::{
    DeployFacts, DeployLimit, DrainFacts, Edition, Facts, JobFacts, QueueFacts, SidekiqFacts,
    StatedSequence, Stopper, TermRoute,
};
pub use finding::{Finding, Rule, Severity};
pub use gather::{Chosen, command_of, gather};
pub use recommend::{Recommendation, recommend};
pub use restart::{Ending, restart_words, starts_again};
pub use rows::{CheckRow, FindingRow, LayerRow, rows};
pub use rules::{check, explain, rules};
pub use source::{Ambiguous, sequence_in_force};
pub use unit_facts::{MainProcess, StopLimit, UnitFacts};
pub use unit_stop::{Loss, Unfinished, UnitStop, UnitStopRow, unit_stops};
