//! The name of the one that begins a drain: a text for people and records, never a permission.

/// The one that begins a drain, and the reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct By {
    /// The account: `root (sudo by alice) on util1, pts/3`.
    pub who: String,
    /// The reason that was given.
    pub why: Option<String>,
}

/// The people who have the controls of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drivers {
    /// The operator who began it, or took it up last. Empty: not stated.
    pub own: String,
    /// The visitor on another terminal, while that one has them.
    pub visitor: Option<String>,
}

impl From<&str> for By {
    fn from(who: &str) -> Self {
        Self {
            who: who.into(),
            why: None,
        }
    }
}
