//! The pure core: everything here is a function of its arguments. It reads no file, opens no
//! connection and never asks what time it is.

pub mod check;
pub mod choice;
pub mod clean;
pub mod config;
pub mod drain;
pub mod fate;
pub mod fleet;
pub mod follow;
pub mod interned;
pub mod layers;
pub mod log;
pub mod moment;
pub mod outlook;
pub mod preflight;
pub mod rehearse;
pub mod sequence;
pub mod session;
pub mod sidekiq;
pub mod stop_clock;
pub mod stuck;
pub mod successor;
pub mod timing;
pub mod wording;
