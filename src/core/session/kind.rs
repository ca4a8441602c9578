//! The kind of a session.

/// The kind of the session; it stands on every screen and in every line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Kind {
    /// Acts are real.
    Live,
    /// Acts do not exist.
    ReadOnly,
    /// Acts are recorded and imitated.
    Rehearsal,
    /// The built-in fleet; acts are real, its processes are not Sidekiq.
    Demo,
    /// A drain of then is shown; acts do not exist.
    Replay,
    /// A drain is shown that another drainboard drives.
    Watching,
}

impl Kind {
    /// The word on the screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::Live => "LIVE",
            Self::ReadOnly => "READ-ONLY",
            Self::Rehearsal => "REHEARSAL",
            Self::Demo => "DEMO",
            Self::Replay => "REPLAY",
            Self::Watching => "WATCHING",
        }
    }

    /// Whether something can be sent that only a real Sidekiq answers. `demo`: why the demo has no
    /// such thing.
    ///
    /// # Errors
    /// With the reason why not, for people.
    pub(super) fn reaches_sidekiq(self, demo: &str) -> Result<(), String> {
        let why = match self {
            Self::Live => return Ok(()),
            Self::ReadOnly => "this session is read-only: nothing can be sent",
            Self::Rehearsal => "this is a rehearsal: nothing is sent",
            Self::Watching => "another drainboard drives this drain",
            Self::Replay => "this is a film: nothing can be sent",
            Self::Demo => demo,
        };
        Err(why.into())
    }
}
