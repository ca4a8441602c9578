//! What becomes of a job if nothing changes: a verdict with its reason. It is for eyes only:
//! no verdict ever moves a signal.

use std::time::Duration;

use super::moment::Moment;

/// How a job stands against its deadlines. Always shown with the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is expected to end in time.
    Fits,
    /// It may end in time.
    AtRisk,
    /// Sidekiq pushes it back to its queue if it still runs at the interrupt time.
    PushedBack,
    /// It is gone if it still runs at the kill time.
    Lost,
    /// Nothing can be said.
    Unknown,
}

impl Verdict {
    /// The words of screens and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fits => "fits",
            Self::AtRisk => "at risk",
            Self::PushedBack => "pushed back",
            Self::Lost => "lost",
            Self::Unknown => "unknown",
        }
    }
}

/// What ends the jobs of one process, seen from now.
#[derive(Clone, Copy, Debug)]
pub struct Ends {
    /// Time until Sidekiq interrupts; `None`: there will be no TERM, or none is due yet.
    pub interrupt: Option<Duration>,
    /// Time until KILL; `None`: none is due.
    pub kill: Option<Duration>,
    /// Time until TERM, while it has not been sent: so long no part of the wait depends on `T`.
    pub quiet: Option<Duration>,
    /// Whether `T` is only assumed.
    pub assumed: bool,
    /// Whether KILL comes so late after TERM that the push-back is done: `T + 5` or more, or
    /// something waits for it.
    pub push_back_safe: bool,
    /// Whether `super_fetch` keeps the jobs: then KILL loses none of them.
    pub kept: bool,
}

/// Why nothing can be said before anybody looks at times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blind {
    /// Manual mode before TERM: there is no interrupt time.
    WaitsForYou,
    /// When the job started is not known.
    NoStart,
}

/// A verdict and its reason in words; `at` prints the moment so far from now.
pub fn verdict(
    elapsed: Option<Duration>,
    ends: Ends,
    at: impl Fn(Duration) -> String,
) -> (Verdict, String) {
    let (left, end) = match (ends.interrupt, ends.kill) {
        (Some(interrupt), Some(kill)) if kill < interrupt => (kill, Verdict::Lost),
        (Some(interrupt), Some(_)) if !ends.push_back_safe => (interrupt, Verdict::Lost),
        (Some(interrupt), _) => (interrupt, Verdict::PushedBack),
        (None, Some(kill)) => (kill, Verdict::Lost),
        (None, None) => return (Verdict::Fits, "nothing in the sequence ends it".into()),
    };
    let Some(elapsed) = elapsed else {
        return (Verdict::Unknown, "its start is not known".into());
    };
    if elapsed >= left && end == Verdict::Lost && ends.kept {
        let why = format!(
            "if it still runs at {}: killed, and recovered later by reliable fetch",
            at(left)
        );
        return (Verdict::PushedBack, why);
    }
    if elapsed >= left {
        let why = match end {
            Verdict::Lost if ends.kill.is_some_and(|kill| kill > left) => {
                format!(
                    "if it still runs at {}: KILL follows before the push-back is sure",
                    at(left)
                )
            }
            Verdict::Lost
            | Verdict::Fits
            | Verdict::AtRisk
            | Verdict::PushedBack
            | Verdict::Unknown => {
                format!("if it still runs at {}", at(left))
            }
        };
        return (end, why);
    }
    // With `T` only assumed nothing that needs time after TERM may be promised.
    let promised = if ends.assumed {
        ends.quiet.unwrap_or_default()
    } else {
        left
    };
    if elapsed < promised / 2 {
        return (
            Verdict::Fits,
            "it has run less than half of the time left".into(),
        );
    }
    let why = if ends.assumed && elapsed < left / 2 {
        "it needs time after TERM, and -t is only assumed".into()
    } else {
        "it has run more than half of the time left".into()
    };
    (Verdict::AtRisk, why)
}

/// The verdict of an `IterableJob` from that of a plain one: it stops at its next iteration once
/// its process is quiet, and goes to the back of its queue by itself (7.3.9
/// `lib/sidekiq/job/iterable.rb:199-210`). How long an iteration takes nobody knows, so what a KILL
/// may destroy stays in danger.
pub fn iterable((plain, why): (Verdict, String), quiets: bool) -> (Verdict, String) {
    match plain {
        Verdict::Fits | Verdict::AtRisk | Verdict::PushedBack if quiets => (
            Verdict::PushedBack,
            "iterable: it stops at its next iteration once quiet, and goes on from its queue"
                .into(),
        ),
        Verdict::Lost => (
            Verdict::Lost,
            format!("{why} (iterable: once quiet it leaves at its next iteration)"),
        ),
        Verdict::Fits | Verdict::AtRisk | Verdict::PushedBack | Verdict::Unknown => (plain, why),
    }
}

/// The verdict where no deadline exists.
pub fn blind(why: Blind) -> (Verdict, String) {
    let words = match why {
        Blind::WaitsForYou => "waits for you",
        Blind::NoStart => "its start is not known",
    };
    (Verdict::Unknown, words.into())
}

/// `left` of a moment, for [`Ends`].
pub fn until(end: Option<Moment>, now: Moment) -> Option<Duration> {
    end.map(|end| end.since(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    fn say(elapsed: u64, ends: Ends) -> (Verdict, String) {
        verdict(Some(seconds(elapsed)), ends, |left| {
            format!("+{}", left.as_secs())
        })
    }

    const BEFORE: Ends = Ends {
        interrupt: Some(Duration::from_secs(145)),
        kill: Some(Duration::from_secs(150)),
        quiet: Some(Duration::from_secs(120)),
        assumed: false,
        push_back_safe: true,
        kept: false,
    };

    #[test]
    fn without_a_forecast_half_of_the_time_left_decides() {
        assert_eq!(say(31, BEFORE).0, Verdict::Fits);
        assert_eq!(say(80, BEFORE).0, Verdict::AtRisk);
        assert_eq!(
            say(580, BEFORE),
            (Verdict::PushedBack, "if it still runs at +145".into())
        );
    }

    #[test]
    fn a_kill_too_soon_after_term_loses() {
        let hasty = Ends {
            push_back_safe: false,
            ..BEFORE
        };
        assert_eq!(say(580, hasty).0, Verdict::Lost);
        let earlier = Ends {
            kill: Some(seconds(120)),
            push_back_safe: false,
            ..BEFORE
        };
        assert_eq!(
            say(580, earlier),
            (Verdict::Lost, "if it still runs at +120".into())
        );
    }

    #[test]
    fn an_assumed_timeout_promises_nothing_after_term() {
        let assumed = Ends {
            assumed: true,
            ..BEFORE
        };
        assert_eq!(say(59, assumed).0, Verdict::Fits);
        assert_eq!(say(65, assumed).0, Verdict::AtRisk);
        let stopping = Ends {
            quiet: Some(Duration::ZERO),
            interrupt: Some(seconds(25)),
            assumed: true,
            ..BEFORE
        };
        assert_eq!(say(3, stopping).0, Verdict::AtRisk);
    }

    #[test]
    fn an_iterable_job_is_pushed_back_at_its_next_iteration() {
        let said = iterable(say(31, BEFORE), true);
        assert_eq!(said.0, Verdict::PushedBack);
        assert!(said.1.contains("next iteration"), "{}", said.1);
        assert_eq!(iterable(say(31, BEFORE), false), say(31, BEFORE));
        let hasty = Ends {
            push_back_safe: false,
            ..BEFORE
        };
        assert_eq!(iterable(say(580, hasty), true).0, Verdict::Lost);
        let blind = blind(Blind::WaitsForYou);
        assert_eq!(iterable(blind.clone(), true), blind);
    }

    #[test]
    fn no_end_and_no_start() {
        let endless = Ends {
            interrupt: None,
            kill: None,
            ..BEFORE
        };
        assert_eq!(say(9_999, endless).0, Verdict::Fits);
        assert_eq!(verdict(None, BEFORE, |_| String::new()).0, Verdict::Unknown);
        assert_eq!(blind(Blind::WaitsForYou).1, "waits for you");
    }
}
