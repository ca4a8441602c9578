//! Tests of the console: keys in, requests out.

mod backtraces;
mod dialogs;
mod keys;
mod selection;
