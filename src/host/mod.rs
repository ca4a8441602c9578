//! This machine: its processes as `/proc` shows them, the pidfds that hold them, the locks and
//! the directory for what is written down. Nothing outside `held` may send a signal, and nothing
//! here decides whether one should be sent.

mod account;
mod boot;
mod exits;
pub mod files;
mod glance;
mod held;
mod lock;
mod logs;
mod notify;
mod piped;
mod privilege;
mod proc;
#[cfg(any(test, fuzzing))]
mod readers;
mod scan;
mod source;
pub mod state_dir;
mod sudoers;
pub mod systemctl;
mod title;
mod units;

pub use account::Operator;
pub use boot::boot_id;
pub use exits::exited;
pub use glance::{Glance, glance};
pub use held::{Held, HeldError, SendError, SignalSent};
pub use lock::{Holder, Lock, LockError};
pub use logs::{LogPlace, LogSource, Logging, place_of_log};
pub use notify::NotifySocket;
pub use piped::{Piped, PipedError};
pub use privilege::route;
pub use proc::namespaces::sees_host;
#[cfg(any(test, fuzzing))]
pub(crate) use readers::READERS;
pub use scan::{Scanner, own_unit, working_directory};
pub use source::{HostSource, Wanted};
pub use title::title;
pub use units::{Running, UnitSource, look_at_unit};
