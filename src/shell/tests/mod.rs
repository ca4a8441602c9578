//! The real loop on a paused clock: sources, performer and front are stood in for, everything
//! between them is what runs on a terminal.

mod abort;
mod faults;
mod film;
mod front;
mod order;
mod stage;
mod whole;

use std::time::Duration;

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}
