//! `Gemfile.lock`: which Sidekiq, which of its paid gems, which capistrano-sidekiq and whether
//! sidekiq-iteration an application uses. Only resolved versions count.

use super::layer::Layer;
use super::value::{FilePlace, Reading, Value};

/// The gems that matter, each reported as a setting with its version as text.
pub const GEMS: &[&str] = &[
    "sidekiq",
    "sidekiq-pro",
    "sidekiq-ent",
    "capistrano-sidekiq",
    "kamal",
    ITERATION,
];

/// Its first job looks like any other, and puts its rest into a queue as another job.
pub const ITERATION: &str = "sidekiq-iteration";

/// Reads a lock file: under `specs:` a resolved gem stands with four blanks before it, and what
/// it depends on with six.
pub fn read(file: &str, text: &str) -> Reading {
    let mut reading = Reading::default();
    for (index, line) in text.lines().enumerate() {
        let Some(spec) = line.strip_prefix("    ").filter(|l| !l.starts_with(' ')) else {
            continue;
        };
        let Some((name, version)) = spec.trim_end().split_once(" (") else {
            continue;
        };
        if let Some(gem) = GEMS.iter().find(|gem| **gem == name) {
            let version = Value::text(version.trim_end_matches(')'));
            let place = FilePlace::new(file, index + 1);
            reading.found(Layer::GemfileLock, gem, None, version, place);
        }
    }
    reading
}
