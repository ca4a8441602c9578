//! Whether a job looks stuck, and why: every reason that applies, the heaviest first. For eyes
//! only: no reason ever moves a signal, and what is not known is none.

use std::time::Duration;

use super::moment::clock_face;

/// So many times its usual time a job must have run.
const MANY: u32 = 5;
/// And so long at least: a job of milliseconds that takes a second is nobody's concern.
const LONG: Duration = Duration::from_mins(1);
/// A usual time is told from so many samples on.
pub const ENOUGH: usize = 5;
/// A process that has not beaten for so long is stale (keys live 60 s).
const SILENT: Duration = Duration::from_secs(30);
/// A look may fall between the two halves of a beat; the next one shows the job again.
const BETWEEN: Duration = Duration::from_secs(3);

/// How long the jobs of a class usually take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usual {
    /// The median.
    pub span: Duration,
    /// Of so many.
    pub seen: usize,
}

/// The facts about one job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StuckFacts {
    /// How long it has been running.
    pub elapsed: Option<Duration>,
    /// The drain budget of its process; `None`: unlimited, or it is not drained.
    pub budget: Option<Duration>,
    /// How long its process has not beaten, by a fresh look.
    pub silent: Option<Duration>,
    /// How long ago a look showed it last, where newer beats of its process were read since.
    pub unshown: Option<Duration>,
    /// Worker threads and jobs of its process, where two beats in a row have shown fewer threads.
    pub threads: Option<(usize, usize)>,
    /// The usual run time of its class.
    pub usual: Option<Usual>,
}

/// Why a job looks stuck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stuck {
    /// Its process has not beaten for so long.
    Silent(Duration),
    /// Newer beats do not show it; a look showed it so long ago.
    Unshown(Duration),
    /// Its process has fewer worker threads than jobs.
    Threadless {
        /// Worker threads.
        threads: usize,
        /// Jobs that it reports.
        jobs: usize,
    },
    /// It has run many times as long as its class usually does.
    Unusual {
        /// How many times.
        times: u32,
        /// The usual run time.
        usual: Usual,
    },
    /// It has run longer than the whole drain budget.
    PastBudget(Duration),
}

impl Stuck {
    /// A few characters for a table.
    pub fn mark(self) -> String {
        match self {
            Self::Silent(_) => "no heartbeat".into(),
            Self::Unshown(_) => "not shown".into(),
            Self::Threadless { .. } => "thread gone?".into(),
            Self::Unusual { times, .. } => format!("{times}x usual"),
            Self::PastBudget(_) => "past budget".into(),
        }
    }

    /// A whole sentence.
    pub fn sentence(self) -> String {
        match self {
            Self::Silent(span) => format!(
                "its process has sent no heartbeat for {}: whether it still runs is not known",
                clock_face(span)
            ),
            Self::Unshown(span) => format!(
                "newer heartbeats of its process do not show it; a look showed it last {} ago",
                clock_face(span)
            ),
            Self::Threadless { threads, jobs } => format!(
                "its process reports {jobs} jobs and has {threads} worker threads: {}, and which is not known",
                if jobs - threads == 1 {
                    "the thread of one is gone".into()
                } else {
                    format!("the threads of {} are gone", jobs - threads)
                }
            ),
            Self::Unusual { times, usual } => format!(
                "it has run {times} times as long as usual: {} ({} seen)",
                clock_face(usual.span),
                usual.seen
            ),
            Self::PastBudget(budget) => format!(
                "longer than the time that a drain gives it ({})",
                clock_face(budget)
            ),
        }
    }
}

/// Every reason to call a job stuck, the heaviest first.
pub fn reasons(facts: &StuckFacts) -> Vec<Stuck> {
    let silent = facts.silent.filter(|span| *span > SILENT);
    let unshown = facts.unshown.filter(|span| *span > BETWEEN);
    let threadless = facts.threads.filter(|(threads, jobs)| threads < jobs);
    let past = facts.elapsed.zip(facts.budget);
    let past = past.filter(|(elapsed, budget)| elapsed > budget);
    [
        silent.map(Stuck::Silent),
        // Of a process that beats no more there are no newer beats to show it.
        unshown.filter(|_| silent.is_none()).map(Stuck::Unshown),
        threadless.map(|(threads, jobs)| Stuck::Threadless { threads, jobs }),
        unusual(facts),
        past.map(|(_, budget)| Stuck::PastBudget(budget)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn unusual(facts: &StuckFacts) -> Option<Stuck> {
    let (elapsed, usual) = facts.elapsed.zip(facts.usual)?;
    let span = usual.span.max(Duration::from_millis(1));
    let is_long = elapsed >= LONG && elapsed >= span * MANY && usual.seen >= ENOUGH;
    is_long.then(|| Stuck::Unusual {
        times: u32::try_from(elapsed.as_millis() / span.as_millis()).unwrap_or(u32::MAX),
        usual,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    fn usual(span: u64, seen: usize) -> Usual {
        Usual {
            span: seconds(span),
            seen,
        }
    }

    fn marks(facts: StuckFacts) -> Vec<String> {
        reasons(&facts).into_iter().map(Stuck::mark).collect()
    }

    #[test]
    fn nothing_known_is_no_alarm() {
        assert_eq!(reasons(&StuckFacts::default()), []);
        let fresh = StuckFacts {
            elapsed: Some(seconds(100_000)),
            silent: Some(seconds(9)),
            unshown: Some(seconds(2)),
            ..StuckFacts::default()
        };
        assert_eq!(reasons(&fresh), []);
    }

    #[test]
    fn many_times_the_usual_time_of_enough_samples() {
        let run = |elapsed: u64, usual: Usual| {
            marks(StuckFacts {
                elapsed: Some(seconds(elapsed)),
                usual: Some(usual),
                ..StuckFacts::default()
            })
        };
        assert_eq!(run(80, usual(12, 9)), ["6x usual"]);
        assert_eq!(run(60, usual(12, 5)), ["5x usual"]);
        assert!(run(59, usual(11, 9)).is_empty(), "under a minute");
        assert!(run(119, usual(24, 9)).is_empty(), "not five times");
        assert!(run(800, usual(12, 4)).is_empty(), "too few samples");
        assert_eq!(run(60, usual(0, 9)), ["60000x usual"]);
        let Stuck::Unusual { times, usual } = reasons(&StuckFacts {
            elapsed: Some(seconds(80)),
            usual: Some(usual(12, 9)),
            ..StuckFacts::default()
        })[0] else {
            panic!("no reason");
        };
        let sentence = Stuck::Unusual { times, usual }.sentence();
        assert_eq!(
            sentence,
            "it has run 6 times as long as usual: 0:12 (9 seen)"
        );
    }

    #[test]
    fn past_the_budget_only_beyond_it() {
        let run = |elapsed: u64| {
            marks(StuckFacts {
                elapsed: Some(seconds(elapsed)),
                budget: Some(seconds(145)),
                ..StuckFacts::default()
            })
        };
        assert!(run(145).is_empty());
        assert_eq!(run(146), ["past budget"]);
    }

    #[test]
    fn what_is_no_longer_reported() {
        let silent = StuckFacts {
            silent: Some(seconds(31)),
            unshown: Some(seconds(20)),
            ..StuckFacts::default()
        };
        assert_eq!(marks(silent), ["no heartbeat"]);
        let unshown = StuckFacts {
            silent: Some(seconds(4)),
            ..silent
        };
        assert_eq!(marks(unshown), ["not shown"]);
    }

    #[test]
    fn fewer_threads_than_jobs() {
        let of = |threads: usize, jobs: usize| {
            reasons(&StuckFacts {
                threads: Some((threads, jobs)),
                ..StuckFacts::default()
            })
        };
        assert!(of(4, 4).is_empty());
        let sentence = of(3, 4)[0].sentence();
        assert!(sentence.contains("the thread of one is gone"), "{sentence}");
        assert!(sentence.contains("which is not known"), "{sentence}");
        assert!(of(1, 4)[0].sentence().contains("threads of 3 are gone"));
    }
}
