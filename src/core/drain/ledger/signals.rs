//! The signals to the targets: what is known of a target before one, and what one changes in it. It
//! sends none.

use super::{Ledger, RunCall};
use crate::core::drain::ended_act::EndedAct;
use crate::core::drain::phase::Intent;
use crate::core::drain::target::{Sent, Standing};
use crate::core::drain::unit_stop::UnitStop;
use crate::core::fleet::ProcessKey;
use crate::core::moment::Moment;
use crate::core::sequence::Signal;
use crate::core::timing::SIGNAL_EXPIRES;

impl Ledger {
    /// The knowledge of a target before it is signalled.
    pub(in crate::core::drain) fn intent(
        &self,
        key: &ProcessKey,
        kills: bool,
        unit: Option<Box<UnitStop>>,
        turn: &RunCall<'_>,
    ) -> Intent {
        let process = turn.fleet.get(key);
        Intent {
            at: turn.now,
            mark: process.map(|process| process.mark(turn.now)),
            at_stake: kills.then(|| self.stake(Some(key), turn.fleet, turn.now).count()),
            blind: kills.then(|| !turn.fleet.look_is_fresh(turn.now)),
            unit,
        }
    }

    /// Takes in that a target received a signal, or may have.
    pub(in crate::core::drain) fn signalled(&mut self, act: &EndedAct, now: Moment) {
        let signal = act.signal;
        let Some(target) = self.target_mut(&act.target) else {
            return;
        };
        let here = target.can_be_killed();
        target.last = Some(Sent {
            signal,
            at: now,
            arrived: here.then_some(now),
        });
        // Evidence of quiet counts from the moment when the signal has left for sure. Without a
        // version USR1 may be either; a mark too early proves nothing.
        let quiets = signal.stops() || matches!(signal, Signal::Tstp | Signal::Usr1);
        if target.mark.is_none() && quiets {
            target.mark = act.intent.mark;
            if let Some(mark) = &mut target.mark {
                // In Redis it waits for the next beat, and expires.
                mark.at = if here { now } else { now.after(SIGNAL_EXPIRES) };
            }
        }
        // Its own clock runs from the earliest moment when it may have left.
        if signal.stops() && target.stopped.is_none() {
            target.stopped = Some(act.intent.at);
            target.stop.systemd_kills = act.systemd_kills();
            target.stop.begun = act.unit().is_some();
            target.stop.idle_before |= matches!(target.standing, Standing::Idle { .. });
        }
    }
}
