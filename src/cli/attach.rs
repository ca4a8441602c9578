//! `attach`: watches a drain that another drainboard of this host drives, and may ask for the
//! controls. Nothing is signalled from here.

use std::env;
use std::process::ExitCode;

use clap::Args;

use super::configuration::settings;
use super::console::{look, need_terminal};
use super::options::{ConductOptions, EveryCommand};
use super::report::state_directory;
use super::{Failure, session_runtime};
use crate::console::Console;
use crate::core::clean::clean;
use crate::host::{Operator, state_dir};
use crate::recorder::{Recording, Tail};
use crate::shell::{TakenTerminal, Watcher, guard_panics, visit};

/// Arguments of `attach`.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES:
  drainboard attach                  the drain that is under way
  drainboard attach 20261121T1900    that one

KEYS:
  Y asks for the controls, and gives them; q leaves, and the drain goes on. A drain without a screen gives
  the controls at once, one on a screen asks there. Whoever has them holds, extends, steps or stops the
  drain with the keys of the console; when they leave, the drain is as it was begun.")]
pub struct AttachArguments {
    /// Which drain: its name, or the beginning of it; without one, the last that is under way.
    pub id: Option<String>,
}

/// Watches a drain.
pub(super) fn run(common: &EveryCommand, arguments: &AttachArguments) -> Result<ExitCode, Failure> {
    need_terminal()?;
    let settings = settings(common, &ConductOptions::default(), None)?;
    let place = state_directory(&settings)?;
    for directory in [&place, &place.join("drains")] {
        state_dir::check(directory).map_err(|error| Failure::Record(error.to_string()))?;
    }
    let runtime = session_runtime()?;
    let asked = arguments.id.as_deref();
    let found = runtime.block_on(async {
        for run in Recording::runs(&place) {
            if asked.is_none_or(|asked| run.starts_with(asked))
                && let Ok(stream) = visit(&place, &run).await
            {
                return Some((run, stream));
            }
        }
        None
    });
    let Some((run, stream)) = found else {
        let named = asked.map_or_else(String::new, |asked| {
            format!(" called `{}`", clean(asked, 60))
        });
        return Err(Failure::Record(format!(
            "no drain{named} is under way, as far as {} tells; one of another user or unit is recorded \
             elsewhere: name its directory with --state-dir",
            clean(&place.display().to_string(), 300)
        )));
    };
    let tail = Tail::open(&place, &run).map_err(|error| Failure::Record(error.to_string()))?;
    let who = Operator::current(|name| env::var_os(name)).to_string();
    let console = Console::new(None, false);
    let look = look(&settings);
    guard_panics();
    runtime.block_on(async {
        let watcher = Watcher::new(tail, stream, console, look);
        let screen = TakenTerminal::take().map_err(Failure::Output)?;
        watcher.watch(who, screen).await.map_err(Failure::from)
    })?;
    runtime.shutdown_background();
    Ok(ExitCode::SUCCESS)
}
