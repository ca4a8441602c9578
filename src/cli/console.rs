//! The console: what `drainboard` does without a subcommand. It needs a terminal; nothing is
//! signalled before the operator confirms it there.

use std::env;
use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::time::Duration;

use super::configuration::settings;
use super::opening::{Opened, Opening, open, preflight};
use super::options::{ConductOptions, EveryCommand, TargetOptions};
use super::output::tell;
use super::report::state_directory;
use super::resume::{self, ResumeArguments};
use super::{Failure, session_runtime};
use crate::console::{Console, LeftDrain, result_text};
use crate::core::config::Settings;
use crate::core::drain::Policy;
use crate::core::session::{Kind, Session};
use crate::recorder::Recording;
use crate::shell::{
    self, Ended, HangUp, Piloting, ScreenFront, SessionStart, TakenTerminal, World, guard_panics,
};
use crate::ui::{Colours, Glyphs, Theme};

/// How long after a drain the result page watches for what comes up in its place.
const WATCHED: Duration = Duration::from_mins(1);

/// Opens the console.
pub(super) fn run(
    common: &EveryCommand,
    targets: &TargetOptions,
    options: &ConductOptions,
    (reason, hang_up): (Option<&str>, HangUp),
) -> Result<ExitCode, Failure> {
    need_terminal()?;
    let settings = settings(common, options, None)?;
    let choice = targets.choice();
    let opening = Opening {
        kind: if settings.read_only {
            Kind::ReadOnly
        } else {
            Kind::Live
        },
        policy: Policy::Ask,
        pids: choice.pids.clone(),
        forced: Vec::new(),
        attended: true,
        hang_up,
        reason: reason.map(str::to_owned),
        // A screen asks.
        rescue: false,
        preflight: preflight(&settings, &choice, None, None),
    };
    let Opened {
        mut session,
        mut world,
        ..
    } = open(&settings, opening)?;
    world.no_redis_lock = options.no_redis_lock;
    session.setting.successor = Some(WATCHED);
    let left = left_under_way(&settings);
    let conduct = Piloting::Keys {
        choice: choice.asked.then_some(choice),
        left: left.map(Box::new),
    };
    piloted(
        common,
        &settings,
        session.into(),
        || Ok(world.start()?),
        conduct,
    )
}

/// Drives a session on the screen as `on_screen` does, and goes on with the drain that was cut off
/// if the operator wants that.
pub(super) fn piloted(
    common: &EveryCommand,
    settings: &Settings,
    start: SessionStart,
    world: impl FnOnce() -> Result<World, Failure>,
    conduct: Piloting,
) -> Result<ExitCode, Failure> {
    let (session, ended, cut_off) = driven(settings, start, world, conduct)?;
    match (ended, cut_off) {
        (Ended::TakesUp, Some(run)) => resume::run(common, &ResumeArguments::of(run)),
        _ => Ok(told(&session, ended)),
    }
}

/// The last drain that is recorded, where it was left under way.
fn left_under_way(settings: &Settings) -> Option<LeftDrain> {
    let place = state_directory(settings).ok()?;
    let last = Recording::runs(&place).into_iter().next()?;
    let (session, at) = Recording::read(&place, &last).ok()?.left()?;
    LeftDrain::of(&session, at)
}

/// An error that names what works without a terminal.
pub(super) fn need_terminal() -> Result<(), Failure> {
    if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
        return Err(Failure::Usage(
            "the console needs a terminal; without one use `drainboard drain` to drain and `drainboard ps` to look".into(),
        ));
    }
    if env::var_os("TERM").is_some_and(|term| term == "dumb") {
        return Err(Failure::Usage(
            "TERM=dumb: the console cannot draw here; use `drainboard drain` to drain and `drainboard ps --watch` to look".into(),
        ));
    }
    Ok(())
}

/// Whether the locale says that the terminal takes more than ASCII. The first variable that is set
/// decides (`locale(7)`); where none is, nothing speaks against UTF-8.
fn is_utf8(variable: impl Fn(&str) -> Option<OsString>) -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| {
        let value = variable(name)?;
        (!value.is_empty()).then(|| value.to_string_lossy().to_lowercase())
    });
    set.is_none_or(|locale| locale.contains("utf-8") || locale.contains("utf8"))
}

pub(super) fn look(settings: &Settings) -> Theme {
    Theme {
        colours: if settings.appearance.colour {
            Colours::Sixteen
        } else {
            Colours::Monochrome
        },
        glyphs: if settings.appearance.ascii || !is_utf8(|name| env::var_os(name)) {
            Glyphs::Ascii
        } else {
            Glyphs::Unicode
        },
    }
}

/// Drives a session on the screen, and tells how it ended once the screen is left.
pub(super) fn on_screen(
    settings: &Settings,
    start: impl Into<SessionStart>,
    world: impl FnOnce() -> Result<World, Failure>,
    conduct: Piloting,
) -> Result<ExitCode, Failure> {
    let (session, ended, _) = driven(settings, start.into(), world, conduct)?;
    Ok(told(&session, ended))
}

/// Drives a session on the screen: how it stood, why it ended, and the drain that was cut off.
fn driven(
    settings: &Settings,
    start: SessionStart,
    world: impl FnOnce() -> Result<World, Failure>,
    conduct: Piloting,
) -> Result<(Session, Ended, Option<String>), Failure> {
    let look = look(settings);
    // A rehearsal and a demo keep no record that a reason could stand in.
    let asks_why = settings.conduct.ask_reason && start.session().setting.kind == Kind::Live;
    let console = Console::new(None, settings.appearance.show_args).asking_why(asks_why);
    let runtime = session_runtime()?;
    guard_panics();
    let ended = runtime.block_on(async {
        let world = world()?;
        let screen = TakenTerminal::take().map_err(Failure::Output)?;
        let front = ScreenFront::new(screen, console, look, conduct).map_err(Failure::Output)?;
        Ok::<_, Failure>(shell::run(start, front, world).await?)
    });
    runtime.shutdown_background();
    let (session, front, ended) = ended?;
    let cut_off = front.cut_off().map(str::to_owned);
    drop(front);
    Ok((session, ended, cut_off))
}

/// Tells how the drain of a session ended, if there was one; its exit code.
fn told(session: &Session, ended: Ended) -> ExitCode {
    if session.run.is_some() {
        tell(&result_text(session));
    }
    let outcome = session
        .run
        .as_ref()
        .and_then(crate::core::drain::Run::outcome);
    match (ended, outcome) {
        (_, Some(outcome)) => ExitCode::from(outcome.exit_code()),
        (Ended::HangUp, None) => ExitCode::from(5),
        (Ended::Quit | Ended::Done | Ended::TakesUp, None) => ExitCode::SUCCESS,
    }
}

#[cfg(test)]
mod tests {
    use super::is_utf8;

    #[test]
    fn a_locale_without_utf_8_is_drawn_in_ascii() {
        let locale = |set: &[(&str, &str)]| {
            is_utf8(|name| {
                let found = set.iter().find(|(variable, _)| *variable == name);
                found.map(|(_, value)| value.into())
            })
        };
        assert!(locale(&[("LANG", "de_DE.UTF-8")]));
        assert!(locale(&[("LANG", "C"), ("LC_CTYPE", "C.utf8")]));
        assert!(locale(&[("LC_ALL", ""), ("LANG", "en_US.UTF-8")]));
        assert!(locale(&[]), "nothing is set");
        assert!(!locale(&[("LANG", "C")]));
        assert!(!locale(&[("LC_ALL", "POSIX"), ("LANG", "en_US.UTF-8")]));
    }
}
