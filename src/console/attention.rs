//! Calls to the operator: the bell and the title of the terminal, once per reason.

use crate::core::drain::{Hold, Phase};
use crate::core::session::Session;

/// Why the operator is needed; the same text as long as it is the same reason.
pub fn attention(session: &Session) -> Option<String> {
    let run = session.active_run()?;
    let Phase::Held { why, .. } = run.phase() else {
        return None;
    };
    match why {
        // He stopped the clock himself.
        Hold::Operator => None,
        Hold::Question(_)
        | Hold::Blind(_)
        | Hold::Redis(..)
        | Hold::Late
        | Hold::Failed(_)
        | Hold::Journal(_) => Some(format!("held: {}", why.words(run.targets()))),
    }
}
