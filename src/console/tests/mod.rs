//! Tests of the console: keys in, requests out.

mod agreement;
mod backtraces;
mod cancels;
mod departed;
mod dialogs;
mod filters;
mod findings;
mod groups;
mod keys;
mod people;
mod resumes;
mod salvage;
mod selection;
mod sentences;
mod served;
mod sums;
mod truth;
mod units;
