//! Tests of the console: keys in, requests out.

mod dialogs;
mod keys;
mod salvage;
mod selection;
