//! `resume`: goes on with a drain that a hang-up, a crash or a start of the machine cut off. What
//! may be done is decided by the engine; nothing is decided here.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::process::ExitCode;

use clap::Args;

use super::address::Stated;
use super::configuration::settings;
use super::console::piloted;
use super::drain::{accepted, exit_code, extend_at_most, unbegun};
use super::opening::{Opening, open, preflight, redis_choice};
use super::options::{ConductOptions, EveryCommand};
use super::output::tell;
use super::report::state_directory;
use super::{Failure, session_runtime};
use crate::clock;
use crate::core::choice::Choice;
use crate::core::clean::clean;
use crate::core::config::{Settings, StatedAddress};
use crate::core::drain::{ActOutcome, Outcome, Policy};
use crate::core::fleet::RedisAddress;
use crate::core::preflight::Whom;
use crate::core::session::{Kind, TakingUp};
use crate::host::{own_unit, state_dir};
use crate::recorder::{CutOff, NotTakenUp, Recording};
use crate::shell::{
    self, HangUp, LinesErrand, LinesFront, Piloting, Printed, Printer, Refused, SessionStart,
    WorldBuilder,
};

/// Arguments of `resume`.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES:
  drainboard resume                  the last drain that was cut off, on the screen
  drainboard resume --yes --json     the same without a screen
  drainboard resume 20261121T1900    that one

The sequence, its clocks and its targets are those of the drain: nothing that was done is repeated. A
KILL that fell due meanwhile is held, and so is a signal of which it is not known whether it left;
without a screen such a hold ends with exit code 5, and the drain can be resumed again. After a
start of the machine, or once every target has exited, only the account is finished.")]
pub struct ResumeArguments {
    /// Which drain: its name, or the beginning of it; without one, the last that was cut off.
    pub id: Option<String>,
    /// Do not open a screen; send a signal again of which it is not known whether it left, where
    /// that does no harm (TSTP).
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Turn the exit code of this outcome into 0.
    #[arg(long, value_name = "OUTCOME")]
    pub accept: Vec<String>,
    /// Do not open a screen; one JSON object a line on standard output.
    #[arg(long)]
    pub json: bool,
}

impl ResumeArguments {
    /// This drain, on the screen.
    pub(super) fn of(run: String) -> Self {
        Self {
            id: Some(run),
            yes: false,
            accept: Vec::new(),
            json: false,
        }
    }
}

/// Goes on with a drain.
pub(super) fn run(common: &EveryCommand, arguments: &ResumeArguments) -> Result<ExitCode, Failure> {
    let mut settings = settings(common, &ConductOptions::default(), None)?;
    let accepted = accepted(&arguments.accept)?;
    let on_a_screen = !arguments.yes
        && !arguments.json
        && io::stdin().is_terminal()
        && io::stdout().is_terminal();
    let printer = Printer(if arguments.json {
        Printed::Json
    } else {
        Printed::Lines
    });
    let refused = |why: &str| {
        if on_a_screen {
            tell(&format!("error: {why}"));
        } else {
            unbegun(printer, Outcome::Refused, why);
        }
        Ok(exit_code(Outcome::Refused, &accepted))
    };
    if settings.read_only {
        return refused("--read-only: nothing may be sent");
    }
    let place = state_directory(&settings)?;
    // The content is acted upon.
    for directory in [&place, &place.join("drains")] {
        state_dir::check(directory).map_err(|error| Failure::Record(error.to_string()))?;
    }
    let cut_off = match found(&place, arguments.id.as_deref()) {
        Ok(cut_off) => cut_off,
        Err(error @ NotTakenUp::Driven(_)) => return refused(&error.to_string()),
        Err(error) => return Err(Failure::Record(error.to_string())),
    };
    if !cut_off.same_boot {
        clock::go_on_after(cut_off.last);
    }
    let (world, taking_up) = world(&mut settings, &cut_off, on_a_screen)?;
    let (successor, sends_again) = (
        cut_off.session.setting.successor.is_some(),
        arguments.yes && does_no_harm(&cut_off),
    );
    let start = SessionStart::TakeUp(Box::new(cut_off), taking_up);
    let ended = if on_a_screen {
        let conduct = Piloting::Keys {
            choice: None,
            left: None,
        };
        piloted(common, &settings, start, || Ok(world.start()?), conduct)
    } else {
        let errand = LinesErrand {
            choice: Choice::default(),
            allow_empty: false,
            may_ask: false,
            confirm: false,
            successor,
        };
        let front = LinesFront::taking_up(printer, errand, sends_again);
        without_a_screen(start, front, world, &accepted)
    };
    match ended {
        Err(Failure::Unexpected(report)) => match report.downcast::<Refused>() {
            Ok(why) => refused(&why.to_string()),
            Err(report) => Err(Failure::Unexpected(report)),
        },
        ended => ended,
    }
}

/// Goes on line by line.
fn without_a_screen(
    start: SessionStart,
    front: LinesFront,
    world: WorldBuilder,
    accepted: &[Outcome],
) -> Result<ExitCode, Failure> {
    let runtime = session_runtime()?;
    let ended = runtime.block_on(async { shell::run(start, front, world.start()?).await });
    runtime.shutdown_background();
    let (session, mut front, _) = ended?;
    Ok(exit_code(front.close(&session, clock::now()), accepted))
}

/// The drain that `asked` names, else the last one that was cut off.
fn found(place: &Path, asked: Option<&str>) -> Result<CutOff, NotTakenUp> {
    let mut driven = None;
    for run in Recording::runs(place) {
        if asked.is_some_and(|asked| !run.starts_with(asked)) {
            continue;
        }
        let recording = Recording::read(place, &run);
        if asked.is_none() && recording.as_ref().is_ok_and(Recording::was_stopped) {
            continue;
        }
        let taken_up = recording
            .map_err(NotTakenUp::from)
            .and_then(|recording| recording.cut_off(place));
        match taken_up {
            Ok(cut_off) => return Ok(cut_off),
            Err(error) if asked.is_some() => return Err(error),
            Err(error @ NotTakenUp::Driven(_)) => driven = driven.or(Some(error)),
            Err(NotTakenUp::Over { .. } | NotTakenUp::NotBegun(_)) => {}
            Err(error) => tell(&format!("passed over: {error}")),
        }
    }
    Err(driven.unwrap_or_else(|| NotTakenUp::None {
        place: place.to_owned(),
        asked: asked.map(|asked| clean(asked, 60)),
    }))
}

/// Whether what was under way may be sent a second time.
fn does_no_harm(cut_off: &CutOff) -> bool {
    let quiets = cut_off.quiets();
    cut_off.open.iter().all(|(_, outcome)| match outcome {
        ActOutcome::Failed {
            may_have_happened, ..
        } => quiets || !may_have_happened,
        ActOutcome::Sent | ActOutcome::Gone | ActOutcome::Revoked => true,
    })
}

/// The world in which the drain goes on: its own Redis, its own targets.
fn world(
    settings: &mut Settings,
    cut_off: &CutOff,
    attended: bool,
) -> Result<(WorldBuilder, TakingUp), Failure> {
    let session = &cut_off.session;
    let targets = session.run.iter().flat_map(|run| run.ledger().targets());
    let here = targets.filter_map(|target| target.key.local());
    let choice = Choice {
        asked: true,
        pids: here.map(|id| id.pid).collect(),
        ..Choice::default()
    };
    // A password is in no record: the environment, the configuration or a target may know it.
    let named = redis_choice(settings, &Whom::Chosen(choice.clone()))?.address;
    if let Some((address, _)) = &session.setting.redis
        && named.to_string() != *address
    {
        if Stated::of(settings).is_stated() {
            return Err(Failure::Address(format!(
                "this drain uses the Redis at {address}, and {named} is named: its jobs are not there"
            )));
        }
        settings.redis.flag = Some(StatedAddress {
            address: RedisAddress::new(address),
            origin: "the drain's own record".into(),
        });
    }
    if settings.redis.namespace.is_none() {
        settings
            .redis
            .namespace
            .clone_from(&session.setting.namespace);
    }
    let preflight = preflight(settings, &choice, None, None);
    let opening = Opening {
        kind: Kind::Live,
        policy: Policy::WaitForRequeue,
        pids: choice.pids,
        forced: session.preflight.forced.clone(),
        attended,
        hang_up: HangUp::Holds,
        rescue: false,
        reason: None,
        preflight,
    };
    let opened = open(settings, opening)?;
    let taking_up = TakingUp {
        who: opened.session.setting.operator.who.clone(),
        inside: own_unit(),
        extend: extend_at_most(None),
    };
    Ok((opened.world, taking_up))
}
