//! Calls to the operator: the bell and the title of the terminal, once per reason.

use super::words::{count, few, time_of_day};
use crate::core::drain::{Hold, Phase, Standing};
use crate::core::sequence::Signal;
use crate::core::session::Session;

/// Why the operator is needed; the same text as long as it is the same reason.
pub fn attention(session: &Session) -> Option<String> {
    let run = session.active_run()?;
    let Phase::Held { why, .. } = run.phase() else {
        return None;
    };
    match why {
        // He stopped the clock himself.
        Hold::Operator(_) => None,
        Hold::Question(_)
        | Hold::Blind(_)
        | Hold::Redis(..)
        | Hold::Late
        | Hold::Failed(_)
        | Hold::Journal(_) => Some(format!("held: {}", why.words(run.ledger().targets()))),
    }
}

/// Why the terminal calls: the operator is needed, or a target died.
pub fn call(session: &Session) -> Option<String> {
    attention(session).or_else(|| died(session))
}

/// The targets of the drain that died, and not by its KILL: `DIED: util1:4242 at 12:05:20, not by
/// us`.
pub fn died(session: &Session) -> Option<String> {
    let run = session.active_run()?;
    let died = run.ledger().targets().iter().filter_map(|target| {
        let Standing::Exited { at, clean, .. } = target.standing else {
            return None;
        };
        let killed = target.last.is_some_and(|sent| sent.signal == Signal::Kill);
        let died = clean == Some(false) && !killed;
        let perhaps = match target.stop.systemd_kills {
            Some(_) => " (or killed by systemd)",
            None => "",
        };
        let jobs = run.ledger().account().of(&target.key).count() as u64;
        let jobs = match jobs {
            0 => String::new(),
            jobs => format!(" with {}", count(jobs, "job")),
        };
        let name = &target.about.name;
        died.then(|| format!("{name} at {}{jobs}{perhaps}", time_of_day(at)))
    });
    let died: Vec<String> = died.collect();
    (!died.is_empty()).then(|| format!("DIED, not by us: {}", few(&died, 3)))
}
