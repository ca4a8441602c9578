//! The payloads that drains have saved, read for `rescue`. A file that cannot be read holds up no other.

use std::io;

use super::Failure;
use super::output::tell;
use crate::core::wording;
use crate::report::Library;
use crate::rescue::{Ending, SavedJob, Store, ending, exited, jobs};

/// The saved jobs, with the words of the journals about them.
pub(super) struct Saved {
    pub(super) jobs: Vec<SavedRow>,
    /// The processes that have exited by the journals.
    pub(super) gone: Vec<String>,
}

/// A saved job with what its drain's journal says.
pub(super) struct SavedRow {
    pub(super) run: String,
    pub(super) job: SavedJob,
    pub(super) ending: Ending,
}

/// The saved jobs of one drain, or of all, each with the ending that its journal shows. `named`: the
/// operator names the Redis that they go into.
pub(super) fn saved(
    store: &Store,
    library: &Library,
    id: Option<&str>,
    named: bool,
) -> Result<Saved, Failure> {
    let unreadable =
        |error: io::Error| Failure::Record(format!("the saved payloads cannot be read: {error}"));
    let all = store.runs().map_err(unreadable)?;
    let runs = match id {
        None => all,
        Some(id) => vec![chosen(all, id)?],
    };
    let mut saved = Saved {
        jobs: Vec::new(),
        gone: Vec::new(),
    };
    for run in runs.into_iter().rev() {
        let (entries, bad) = match store.load(&run) {
            Ok(loaded) => loaded,
            Err(error) => {
                let file = store.path(&run);
                let why = format!("{} cannot be read: {error}", file.display());
                if id.is_some() {
                    return Err(Failure::Record(why));
                }
                // The payloads of the other drains are not held up by it.
                tell(&format!("warning: {why}"));
                continue;
            }
        };
        if bad > 0 {
            tell(&format!(
                "warning: {} of {} cannot be read",
                wording::count(bad as u64, "line"),
                store.path(&run).display()
            ));
        }
        // Without its journal nothing is known of how a process ended.
        let past = library.read(&run).ok();
        for job in jobs(&entries) {
            saved.jobs.push(SavedRow {
                run: run.clone(),
                ending: ending(past.as_ref(), &entries, &job, named || job.from.is_some()),
                job,
            });
        }
        saved.gone.extend(exited(past.as_ref()));
    }
    Ok(saved)
}

/// The drain that `id` means: `last`, a whole name, or the only one that begins so.
fn chosen(all: Vec<String>, id: &str) -> Result<String, Failure> {
    let shown = crate::core::clean::clean(id, 60);
    let mut fits: Vec<String> = match id {
        "last" => all.into_iter().take(1).collect(),
        id if all.iter().any(|run| run == id) => vec![id.to_owned()],
        id => all.into_iter().filter(|run| run.starts_with(id)).collect(),
    };
    match (fits.pop(), fits.as_slice()) {
        (Some(run), []) => Ok(run),
        (Some(_), [_, ..]) => Err(Failure::Usage(format!(
            "`{shown}` fits several drains: write more of the name"
        ))),
        (None, _) => Err(Failure::Record(format!(
            "no payload is saved under `{shown}`; `drainboard rescue` lists all, `drainboard report` the drains"
        ))),
    }
}
