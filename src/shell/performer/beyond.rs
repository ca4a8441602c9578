//! Signals to processes of other hosts, and the locks on them. Redis is asked beside the performer: no
//! other signal waits for it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Performer;
use crate::core::drain::{ActKind, ActOutcome, EffectId};
use crate::core::fleet::Identity;
use crate::core::sequence::Signal;
use crate::shell::elsewhere::Elsewhere;
use crate::shell::work::{Reply, not_tried};

impl Performer {
    /// Sends a signal through Redis; `None`: the outcome comes by itself.
    pub(super) fn send_elsewhere(
        &mut self,
        id: EffectId,
        identity: &Identity,
        kind: &ActKind,
    ) -> Option<ActOutcome> {
        let ActKind::Signal(signal @ (Signal::Tstp | Signal::Term | Signal::Ttin)) = *kind else {
            let signal = kind.signal();
            return Some(not_tried(format!("{signal} cannot be sent through Redis")));
        };
        let Some((address, namespace)) = self.means.redis.clone() else {
            return Some(not_tried("there is no Redis".into()));
        };
        let place = Elsewhere { address, namespace };
        let identity = identity.clone();
        let run = self.locks.as_ref().map(|locks| locks.run().to_owned());
        let licence = Arc::clone(&self.licence);
        let (replies, means) = (self.replies.clone(), self.means.clone());
        self.calls.spawn(async move {
            means.begins(id);
            let may_send = || licence.load(Ordering::SeqCst);
            let what = (&identity, signal);
            let outcome = place.send(what, run.as_deref(), may_send).await;
            means.ended(id, &outcome);
            // The loop has ended: no listener is left.
            drop(replies.send(Reply::Outcome(id, outcome)));
        });
        None
    }

    /// Renews the locks on processes of other hosts.
    pub(super) fn renew(&mut self) {
        if let Some(locks) = self.locks.clone() {
            self.calls.spawn(locks.renew());
        }
    }

    /// Gives the locks back: the run is over.
    pub(super) fn release(&mut self) {
        if let Some(locks) = self.locks.take() {
            self.calls.spawn(locks.release());
        }
    }
}
