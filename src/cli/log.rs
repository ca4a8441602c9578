//! This program's own log, for those who look for a fault in it: `--log FILE`. What matters to an
//! operator stands in the record of the drain, never here alone. No password is ever logged.

use std::path::Path;
use std::sync::Mutex;

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::Failure;
use crate::host::state_dir::private_file;

/// Begins to log to `path`; appends if it is there.
pub(super) fn start(path: Option<&Path>) -> Result<(), Failure> {
    let Some(path) = path else { return Ok(()) };
    let file = private_file(path).map_err(|why| Failure::Unreadable {
        what: "the log",
        path: path.into(),
        why,
    })?;
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(Mutex::new(file));
    // A second start in one process keeps the first: there is nothing to tell.
    drop(
        tracing_subscriber::registry()
            .with(LevelFilter::INFO)
            .with(lines)
            .try_init(),
    );
    Ok(())
}
