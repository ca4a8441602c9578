//! The drain lint: what is known goes in, findings, recommendations and a drawn timeline come
//! out. The rules are one table; nothing here reads a file or asks a host.

mod acts;
mod behaviour;
mod capistrano;
mod drawn;
mod effective;
mod facts;
mod finding;
mod gather;
mod images;
mod known;
mod recommend;
mod restart;
mod rows;
mod rules;
mod sarif;
mod source;
mod stop_command;
mod stopped;
mod unheard;
mod unit_facts;
mod unit_stop;
mod units;

#[cfg(test)]
mod tests;

pub use acts::{Receiver, ShellAct};
pub use behaviour::{Before, FirstSignal, Reach, UnitBehaviour};
pub use drawn::{DrawnGlyphs, draw};
pub use effective::{Effective, effective_timeout, timeout_in, timeout_words};
pub use facts::{
    DeployFacts, DeployLimit, DrainFacts, Edition, Facts, GemTasks, ImageSignal, JobFacts,
    KnownSidekiq, PublishedTimeout, QueueFacts, QueueService, SidekiqFacts, StartCommand,
    StatedSequence, Stopper, TermRoute, TimeoutFiles,
};
pub use finding::{Finding, Rule, Severity};
pub use gather::{Chosen, command_of, gather};
pub use known::KnownStop;
pub use recommend::{Recommendation, recommend};
pub use restart::{UnitEnding, restart_words, starts_again};
pub use rows::{CheckRow, FindingRow, LayerRow, SidekiqRow, StopRow, rows};
pub use rules::{ask, check, explain, rules};
pub use sarif::{github, sarif};
pub use source::{Ambiguous, sequence_in_force};
pub use stop_command::{AfterTerm, Runner, SentSignal, StopCommand};
pub use unheard::Unheard;
pub use unit_facts::{MainProcess, StopLimit, UnitFacts};
pub use unit_stop::{Loss, Unfinished, UnitForecast, UnitStopRow, unit_stop, unit_stops};
