//! Waiting for a condition, never for a time. When the deadline passes, the test says what it
//! waited for.

use std::time::Duration;

use drainboard::clock;

/// Longer than anything here takes on a slow machine, and no test's own measure of time.
pub(crate) const LIMIT: Duration = Duration::from_secs(90);

/// Between two looks at the same thing: two cores serve several Sidekiqs.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks again and again until `look` finds something.
#[track_caller]
pub(crate) fn until<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    until_within(LIMIT, what, look)
}

/// The same with a limit of its own, for what takes minutes.
#[track_caller]
pub(crate) fn until_within<T>(
    limit: Duration,
    what: &str,
    mut look: impl FnMut() -> Option<T>,
) -> T {
    let end = clock::now().after(limit);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(
            clock::now() < end,
            "waited {} s in vain: {what}",
            limit.as_secs()
        );
        std::thread::park_timeout(PAUSE);
    }
}

/// The same where the look awaits something.
pub(crate) async fn until_async<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let end = clock::now().after(LIMIT);
    let mut pace = tokio::time::interval(PAUSE);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(
            clock::now() < end,
            "waited {} s in vain: {what}",
            LIMIT.as_secs()
        );
        pace.tick().await;
    }
}

/// The same for a plain condition.
#[track_caller]
pub(crate) fn until_true(what: &str, mut condition: impl FnMut() -> bool) {
    until(what, || condition().then_some(()));
}
