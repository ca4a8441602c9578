//! The parts that a screen and a drain without one open alike: the address of Redis, the plan, the
//! state directory, the session. Nothing is signalled here.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use super::address::{Stated, addresses_of, named_addresses};
use super::output::tell;
use super::{Failure, log, runtime};
use crate::core::choice::Choice;
use crate::core::clean::clean;
use crate::core::config::Settings;
use crate::core::drain::{By, Guard, Mode, Plan, Policy, RedisGone};
use crate::core::fleet::{HostLook, LinkFault, RedisAddress, Vantage};
use crate::core::preflight::{Preflight, Systemd, Whom};
use crate::core::sequence::Signal;
use crate::core::session::{Kind, Session, Setting};
use crate::core::stop_clock::ExtendAtMost;
use crate::host::{Operator, Scanner, own_unit, sees_host, state_dir};
use crate::redis;
use crate::rescue::Store;
use crate::shell::{HangUp, WorldBuilder};

/// How long the namespace is sought before a session begins.
const AT_ONCE: Duration = Duration::from_millis(250);

/// A session and the world it stands in.
pub(super) struct Opened {
    /// Knows nothing yet.
    pub(super) session: Session,
    /// Not started yet.
    pub(super) world: WorldBuilder,
    /// Where no address is stated and the Sidekiqs of this host name several: all of them.
    pub(super) several: Option<String>,
}

/// How it is opened.
pub(super) struct Opening {
    /// Live, read-only, rehearsal or demo.
    pub(super) kind: Kind,
    /// The rule for a KILL when the settings do not say.
    pub(super) policy: Policy,
    /// Pids to look at whatever they are.
    pub(super) pids: Vec<u32>,
    /// Signals that were forced.
    pub(super) forced: Vec<Signal>,
    /// Whether an operator is there to be asked.
    pub(super) attended: bool,
    /// Whether lost jobs are pushed back at the end without asking.
    pub(super) rescue: bool,
    /// The effect of a terminal that is gone.
    pub(super) hang_up: HangUp,
    /// Why it is done.
    pub(super) reason: Option<String>,
    /// The first look.
    pub(super) preflight: Preflight,
}

/// The look before a drain of `choice`; where no operator is asked, `despite` names
/// the rules that are set aside.
pub(super) fn preflight(
    settings: &Settings,
    choice: &Choice,
    despite: Option<Vec<&'static str>>,
    process: Option<&str>,
) -> Preflight {
    Preflight {
        is_open: settings.sequence_origin.is_default(),
        process: process.map(str::to_owned),
        systemd: Systemd {
            inside: own_unit(),
            stop: settings.conduct.stop_unit,
            afterwards: if settings.conduct.on_finish.is_empty() {
                Duration::ZERO
            } else {
                crate::shell::TELLING
            },
            extend: ExtendAtMost::NoClock,
        },
        whom: Whom::Chosen(choice.clone()),
        despite,
        ..Preflight::default()
    }
}

/// The plan of a drain by `settings`. `policy` holds where they state none.
pub(super) fn planned(settings: &Settings, policy: Policy) -> Plan {
    Plan {
        run: String::from("not-begun"),
        sequence: settings.sequence.clone(),
        mode: Mode::Automatic,
        policy: settings.conduct.kill.unwrap_or(policy),
        guard: Guard {
            kill_extra: settings.conduct.kill_extra,
            rescue: false,
            redis_gone: redis_gone(settings, policy),
        },
        early: settings.conduct.early,
        timeout: settings.timeout.clone(),
        rehearsal: true,
    }
}

/// The choice for a TERM without Redis. A front that asks before KILL asks here, too.
fn redis_gone(settings: &Settings, policy: Policy) -> RedisGone {
    match (settings.conduct.redis_gone, policy) {
        (Some(RedisGone::Go), _) => RedisGone::Go,
        (_, Policy::Ask) => RedisGone::Ask,
        (_, Policy::WaitForRequeue | Policy::Follow) => RedisGone::Hold,
    }
}

/// Opens a session by `settings`.
pub(super) fn open(settings: &Settings, opening: Opening) -> Result<Opened, Failure> {
    log::start(settings.places.log.as_deref())?;
    let choice = redis_choice(settings, &opening.preflight.whom)?;
    let several = choice.listed();
    let operator = Operator::current(|name| env::var_os(name)).to_string();
    let by = operator.clone();
    let operator = By {
        who: operator,
        why: (opening.reason.as_ref())
            .map(|reason| clean(reason.trim(), 500))
            .filter(|reason| !reason.is_empty()),
    };
    let plan = Plan {
        rehearsal: opening.kind == Kind::Rehearsal,
        ..planned(settings, opening.policy)
    };
    let plan = Plan {
        guard: Guard {
            rescue: opening.rescue,
            ..plan.guard
        },
        ..plan
    };
    let namespace = namespace(settings, &choice.address)?;
    let reading = redis::Tuning {
        period: settings.appearance.refresh,
        namespace: namespace.clone(),
        ..redis::Tuning::default()
    };
    let state_dir = place_for_state(settings);
    let saved_in = state_dir
        .as_deref()
        .ok()
        .filter(|_| opening.kind == Kind::Live);
    let saved_in = saved_in.map(|place| Store::new(place).folder().display().to_string());
    let mut session = Session::new(Setting {
        kind: opening.kind,
        plan,
        sequence_from: settings.sequence_origin.clone(),
        namespace: namespace.clone(),
        redis: Some((choice.address.to_string(), choice.origin.clone())),
        operator,
        successor: None,
        saved_in,
    });
    *session.fleet.vantage = Vantage {
        redis: Some(RedisAddress::new(choice.address.url())),
        namespace,
        sees_host: sees_host(),
    };
    *session.preflight = opening.preflight;
    session.preflight.forced.clone_from(&opening.forced);
    let world = WorldBuilder {
        redis: Some((choice.address, reading)),
        pids: opening.pids,
        forced: opening.forced,
        state_dir: Some(state_dir),
        attended: opening.attended,
        sidekiq_log: settings.places.sidekiq_log.clone(),
        by,
        hang_up: opening.hang_up,
        on_finish: settings.conduct.on_finish.clone(),
        read_only: settings.read_only,
        no_redis_lock: false,
    };
    Ok(Opened {
        session,
        world,
        several,
    })
}

/// The namespace: stated, or found in a Redis that answers at once.
fn namespace(settings: &Settings, address: &redis::Address) -> Result<Option<String>, Failure> {
    let stated = settings.redis.namespace.clone();
    if stated.is_some() {
        return Ok(stated);
    }
    let seeking = async {
        let mut connection = redis::open(address, AT_ONCE).await.ok()?;
        Some(redis::namespace(&mut connection, None).await)
    };
    let found = runtime()?.block_on(async { tokio::time::timeout(AT_ONCE, seeking).await });
    match found {
        Ok(Some(Err(why @ LinkFault::Refused(_)))) => Err(Failure::Address(why.to_string())),
        Ok(Some(Ok(found))) => Ok(found),
        Ok(Some(Err(_)) | None) | Err(_) => Ok(None),
    }
}

/// The address: stated, or read off the Sidekiqs of this host; where some are named by pid or by
/// unit, off those, for another application's Redis knows nothing of them.
pub(super) fn redis_choice(
    settings: &Settings,
    whom: &Whom,
) -> Result<redis::AddressChoice, Failure> {
    let stated = Stated::of(settings);
    let local = if stated.is_stated() {
        Vec::new()
    } else {
        let look = Scanner::new().and_then(|mut scanner| scanner.scan(&[]));
        let named = |look: &HostLook| match whom {
            Whom::Chosen(choice) => addresses_of(look, choice),
            Whom::Marked(_) => named_addresses(look, |_| false),
        };
        let found = look.as_ref().map(named).unwrap_or_default();
        if let Some(note) = found.note() {
            tell(&note);
        }
        found.taken
    };
    stated
        .choose(&local)
        .map_err(|error| Failure::Address(error.to_string()))
}

/// Where records go; an error is no failure of its own, the performer says it with the first
/// record that it cannot write.
fn place_for_state(settings: &Settings) -> Result<PathBuf, String> {
    let stated = settings.places.state_dir.as_deref();
    let directory = state_dir::choose(stated, |name| env::var_os(name), state_dir::passwd_home)
        .map_err(|error| error.to_string())?;
    state_dir::prepare(&directory).map_err(|error| error.to_string())?;
    Ok(directory)
}
