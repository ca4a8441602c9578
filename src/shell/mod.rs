//! Everything that drives a session: the one loop, the performer of acts, the sources' tasks and
//! the fronts. Here things happen; nothing here decides what.

mod arm;
mod elsewhere;
mod film;
mod front;
mod frugal;
mod keyboard;
mod keys;
mod lines;
mod mirror;
mod missing;
mod notifier;
mod outlet;
mod own_signals;
mod performer;
mod plugs;
mod printer;
#[cfg(any(test, fuzzing))]
mod readers;
mod real;
mod rehearsal;
mod rehearsal_lines;
mod screen;
mod sentences;
mod silence;
mod systemd;
mod terminal;
mod terminal_events;
mod turn;
mod typed;
mod visitors;
mod watcher;
mod whereabouts;
mod work;
mod world;

#[cfg(test)]
mod tests;

pub use crate::rescue::Suspect;
pub use arm::{Armed, Refused, arm};
pub use elsewhere::{Elsewhere, RedisLocks};
pub use film::{Player, SPEEDS};
pub use front::Front;
pub use lines::{LinesErrand, LinesFront};
pub use notifier::ask_for_time_to_start;
pub use outlet::settle;
pub use own_signals::{OwnSignal, OwnSignals};
pub use performer::{Means, Performer, PretendedQueues};
pub use plugs::Plugs;
pub use printer::{Printed, Printer, say};
#[cfg(any(test, fuzzing))]
pub(crate) use readers::READERS;
pub use rehearsal::SharedStandIn;
pub use rehearsal_lines::RehearsalFront;
pub use screen::{Piloting, ScreenFront, UserNotice};
pub use terminal::{TakenTerminal, give_back, guard_panics};
pub use turn::{Ended, SessionStart, TELLING, run};
pub use visitors::{Visitors, visit};
pub use watcher::Watcher;
pub use work::{Counting, OnFinish, Reply, ShellWork};
pub use world::{Clock, HangUp, World, WorldBuilder};
