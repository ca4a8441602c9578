//! Whether a timeout that is a text, or nothing, ends this Sidekiq at TERM with a failure.

use crate::core::check::{Effective, Facts, effective_timeout};
use crate::core::layers::{Fault, FilePlace, Hazard, Layer, Value};

/// Whether TERM surely ends it with a failure.
pub(super) fn crashes(facts: &Facts) -> bool {
    crash(facts).is_some()
}

/// Where the timeout is written that ends it at TERM. A timeout that keeps Sidekiq from booting
/// says nothing about a process that runs.
pub(super) fn crash(facts: &Facts) -> Option<FilePlace> {
    let mut sidekiq = facts.sidekiq.clone();
    sidekiq
        .timeouts
        .retain(|located| located.layer != Layer::Given);
    let of = facts.units.first().map(|unit| unit.name.as_str());
    let Effective {
        holds: Some(holds), ..
    } = effective_timeout(&sidekiq, Some(of.unwrap_or_default()))
    else {
        return None;
    };
    let crashes = match &holds.value {
        Value::Unusable { fault, .. } => *fault == Fault::CrashesAtTerm,
        Value::Expression(expression) => expression.hazard == Hazard::TextOrNil,
        Value::Span(_) | Value::Infinite | Value::Text(_) | Value::Flag(_) | Value::Default(_) => {
            false
        }
    };
    crashes.then(|| holds.from.clone())
}
