//! Real Sidekiqs as units of a real systemd: what drainboard says of them is held against what
//! systemd then does.

mod acts;
mod afterwards;
mod booted;
mod console;
mod drains;
mod matrix;
mod privilege;
mod stop_clock;
mod user_unit;
