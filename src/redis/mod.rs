//! The link to the Redis that Sidekiq uses: where it is, one look at all processes, and the
//! question where a job is. Only commands that read leave from here (`commands::Read`), but for
//! the scripts that no look ever calls: that of `rescue` pushes a lost job back, that of `cancel`
//! marks a job as cancelled, those of `signals` reach processes of other hosts.

mod address;
mod cancel;
mod choice;
mod commands;
mod connection;
mod decode;
mod extent;
mod interrupted;
mod keyspace;
mod known;
mod link;
mod login;
mod look;
mod loose;
mod lossless;
mod marks;
mod names;
mod namespaces;
mod once;
mod pages;
mod payload;
mod questions;
#[cfg(any(test, fuzzing))]
mod readers;
mod rescue;
mod scan;
mod search;
mod sentinel;
mod server;
mod signals;
mod source;
mod tls;
mod trip;
mod url;
mod whereabouts;
mod work_read;

#[cfg(test)]
mod tests;

pub use address::{Address, AddressError};
pub use cancel::cancel;
pub use choice::{AddressChoice, Candidates, ChoiceError, NamedAddress, choose, from_environment};
pub use commands::{Keys, Read};
pub use connection::{Connection, open};
pub use extent::Extent;
pub use interrupted::{Interrupted, interrupted};
pub use link::{LONGEST_BACKOFF, backoff};
pub use look::Looker;
pub use marks::{Marks, marks};
pub use namespaces::namespace;
pub use once::{depths_once, look_once};
pub use questions::{Bounds, Private, locate, locate_exact, queues};
#[cfg(any(test, fuzzing))]
pub(crate) use readers::READERS;
pub use rescue::{RedisPush, push_back};
pub use signals::{LOCK_LIVES, LockOwner, is_taken, lock, push_signal, unlock};
pub use source::{Asker, Source, Tuning};
pub use tls::Certificates;
pub use whereabouts::whereabouts;
