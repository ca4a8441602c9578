//! Processes of other hosts, as the performer and the loop reach them: their signals and locks in
//! Redis. A connection is opened for each use, so that none is held for hours.

use std::time::Duration;

use crate::clock;
use crate::core::drain::{ActOutcome, WaitingSignal};
use crate::core::fleet::{Identity, ProcessKey};
use crate::core::sequence::Signal;
use crate::redis::{Address, Keys, LockOwner, is_taken, lock, open, push_signal, unlock};

/// How long each answer of Redis is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is asked whether a signal was taken.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// So long before it expires an empty list proves nothing: it may be gone by then.
const BEFORE_EXPIRY: Duration = Duration::from_secs(2);

/// The Redis of processes of other hosts.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    /// Its address.
    pub address: Address,
    /// The prefix of its keys.
    pub namespace: Option<String>,
}

/// The locks of one run on processes of other hosts.
#[derive(Clone, Debug)]
pub struct RedisLocks {
    place: Elsewhere,
    owner: LockOwner,
    identities: Vec<Identity>,
}

/// The identities among `targets` that only Redis tells of.
pub(super) fn identities(targets: &[ProcessKey]) -> Vec<Identity> {
    let remote = |key: &ProcessKey| match key {
        ProcessKey::Remote(identity) => Some(identity.clone()),
        ProcessKey::Local(_) => None,
    };
    targets.iter().filter_map(remote).collect()
}

impl Elsewhere {
    fn keys(&self) -> Keys {
        Keys::new(self.namespace.as_deref())
    }

    /// Sends a signal through Redis; `run` is the drain whose lock counts. `may_send` is asked last.
    pub(super) async fn send(
        &self,
        (identity, signal): (&Identity, Signal),
        run: Option<&str>,
        may_send: impl Fn() -> bool,
    ) -> ActOutcome {
        let mut connection = match open(&self.address, PATIENCE).await {
            Ok(connection) => connection,
            Err(why) => {
                return ActOutcome::Failed {
                    why: why.to_string(),
                    may_have_happened: false,
                };
            }
        };
        if !may_send() {
            return ActOutcome::Revoked;
        }
        let what = (identity.as_str(), signal);
        push_signal(&mut connection, &self.keys(), what, run).await
    }

    /// Waits until the process has taken its signal; says `false` where it expired, or where Redis did
    /// not tell in time.
    pub(super) async fn taken(self, waiting: WaitingSignal) -> bool {
        let ProcessKey::Remote(identity) = &waiting.target else {
            return true;
        };
        let last = waiting.until.before(BEFORE_EXPIRY);
        let mut connection = None;
        while clock::now() < last {
            if connection.is_none() {
                connection = open(&self.address, PATIENCE).await.ok();
            }
            if let Some(open) = &mut connection {
                match is_taken(open, &self.keys(), identity.as_str()).await {
                    Ok(true) => return clock::now() < waiting.until,
                    Ok(false) => {}
                    Err(_) => connection = None,
                }
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
        false
    }

    /// Takes the locks on `identities` for a run.
    ///
    /// # Errors
    /// With every reason why one was not given; then none is held.
    pub(super) async fn lock(
        self,
        owner: LockOwner,
        identities: Vec<Identity>,
    ) -> Result<RedisLocks, Vec<String>> {
        let mut connection = (open(&self.address, PATIENCE).await)
            .map_err(|why| vec![format!("the locks in Redis cannot be taken: {why}")])?;
        let keys = self.keys();
        let (mut held, mut refused) = (Vec::new(), Vec::new());
        for identity in identities {
            match lock(&mut connection, &keys, identity.as_str(), &owner).await {
                Ok(()) => held.push(identity),
                Err(why) => refused.push(format!("{}: {why}", identity.short())),
            }
        }
        let locks = RedisLocks {
            place: self,
            owner,
            identities: held,
        };
        if refused.is_empty() {
            return Ok(locks);
        }
        locks.release().await;
        Err(refused)
    }
}

impl RedisLocks {
    /// The locks of a run that is taken up: they are its own as long as no other drain took them.
    pub(super) fn inherited(place: Elsewhere, owner: LockOwner, identities: Vec<Identity>) -> Self {
        Self {
            place,
            owner,
            identities,
        }
    }

    /// The name of the run that holds them.
    pub(super) fn run(&self) -> &str {
        &self.owner.run
    }

    /// Renews them. One that another drain has by now is told at the next signal.
    pub(super) async fn renew(self) {
        let Ok(mut connection) = open(&self.place.address, PATIENCE).await else {
            return;
        };
        let keys = self.place.keys();
        for identity in &self.identities {
            let renewed = lock(&mut connection, &keys, identity.as_str(), &self.owner).await;
            if let Err(why) = renewed {
                tracing::warn!(%identity, why, "a lock in Redis was not renewed");
            }
        }
    }

    /// Gives them back.
    pub(super) async fn release(self) {
        let Ok(mut connection) = open(&self.place.address, PATIENCE).await else {
            return;
        };
        let keys = self.place.keys();
        for identity in &self.identities {
            unlock(&mut connection, &keys, identity.as_str(), &self.owner).await;
        }
    }
}
