//! The console: keys in, requests out, and what the screen remembers. Pure: it knows no
//! terminal, asks no clock, and does nothing by itself.

mod act;
mod attention;
mod backtrace_page;
mod begin;
mod bindings;
mod cancel;
mod check_page;
mod confirm;
mod consequence;
mod dialog;
mod filter;
mod group_keys;
mod grouping;
mod groups;
mod heartbeat;
mod help;
mod job_page;
mod journal_page;
mod key;
mod left;
mod narrowed;
mod page_line;
mod pages;
mod possible;
mod press;
mod process_page;
mod process_state;
mod progress;
mod request;
mod result;
mod result_jobs;
mod rows;
mod state;
mod stays;
mod strip_words;
mod timeouts;
mod toll;
mod units;
mod untouched;
mod words;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;

pub use act::KeyAct;
pub use attention::{attention, call, died};
pub use bindings::{BINDINGS, Binding, Group};
pub use check_page::check_words;
pub use dialog::{Dialog, Friction, Premise, Start, TypedEntry};
pub use grouping::Grouping;
pub use groups::{GroupHead, TableKey, TableRow, head_words, table_rows};
pub use heartbeat::{HeartbeatAge, heartbeat, heartbeat_age};
pub use help::markdown;
pub use key::Key;
pub use left::LeftDrain;
pub use narrowed::narrowed;
pub use page_line::{LineWeight, PageLine};
pub use pages::{lines, title};
pub use process_state::{Alarm, Belongs, ProcessState, at_rest, deaths, process_state};
pub use progress::{Countdown, Standings, holds_up, standings, step_clock, whole_clock};
pub use request::Request;
pub use result::result_text;
pub use rows::{
    Folded, JobKey, JobRow, Listing, Sort, folded, is_target, job_rows, process_rows, stuck,
};
pub use state::{BacktraceView, Console, Memory, Pane, RowCursor, Screen};
pub use strip_words::{advice, answers, out_of_turn, standing};
pub use timeouts::timeouts_differ;
pub use toll::{in_numbers, stake};
pub use untouched::if_untouched;
pub use words::{count, few, short_ids, span, thousands, time_of_day};
