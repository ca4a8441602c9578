//! The longest job that past drains have seen: what a wait has to let through. It says what was
//! seen, and where; a job that was cut off has shown only that it needs more.

use std::time::Duration;

use super::drain::Report;
use super::full::LOOKED_THROUGH;
use super::job::JobFate;
use super::library::Library;
use crate::core::drain::Fate;
use crate::core::wording::count;

/// Room above what was seen: a drain sees only the jobs that ran at its time.
const ROOM: f64 = 1.25;

/// The longest job of past drains.
#[derive(Clone, Debug, PartialEq)]
pub enum LongestPast {
    /// No drain has seen a job end.
    Unknown {
        /// How many drains are recorded.
        drains: usize,
    },
    /// It ran to its end.
    Finished(LongestJob),
    /// A job that was cut off ran longer than any that ended.
    CutOff(LongestJob),
}

/// A job as it was seen.
#[derive(Clone, Debug, PartialEq)]
pub struct LongestJob {
    /// Its class and id.
    pub label: String,
    /// How long it ran.
    pub ran: Duration,
    /// In which drain.
    pub run: String,
    /// How many drains were looked through.
    pub drains: usize,
}

impl LongestPast {
    /// The longest job in `library`; a drain that cannot be read shows nothing.
    pub fn of(library: &Library) -> Self {
        let runs = library.runs().unwrap_or_default();
        let pasts = runs.iter().take(LOOKED_THROUGH);
        let reports: Vec<Report> = pasts
            .filter_map(|run| Some(Report::of(&library.read(run).ok()?)))
            .collect();
        Self::in_reports(&reports)
    }

    /// The longest job of these. Rehearsals foretell, they see nothing.
    pub fn in_reports(reports: &[Report]) -> Self {
        let real = reports.iter().filter(|report| !report.summary.rehearsal);
        let drains = real.clone().count();
        let longest = |wanted: fn(&JobFate) -> bool| {
            let jobs = real.clone().flat_map(|report| {
                let jobs = report.fates.iter().filter(|job| wanted(job));
                jobs.filter_map(|job| {
                    let ran = Duration::try_from_secs_f64(job.longest_s()?).ok()?;
                    Some(LongestJob {
                        label: job.label(),
                        ran,
                        run: report.summary.run.clone(),
                        drains,
                    })
                })
            });
            jobs.max_by_key(|seen| seen.ran)
        };
        let finished = longest(|job| job.fate == Fate::Finished);
        let cut_off = longest(JobFate::was_cut_off);
        match (finished, cut_off) {
            (Some(finished), Some(cut_off)) if cut_off.ran <= finished.ran => {
                Self::Finished(finished)
            }
            (_, Some(cut_off)) => Self::CutOff(cut_off),
            (Some(finished), None) => Self::Finished(finished),
            (None, None) => Self::Unknown { drains },
        }
    }

    /// The longest job to be let through: a quarter above what was seen to end; `None` where
    /// it is not known how long the longest takes.
    pub fn to_be_let_through(&self) -> Option<Duration> {
        match self {
            Self::Finished(seen) => {
                let seconds = (seen.ran.as_secs_f64() * ROOM).ceil();
                Duration::try_from_secs_f64(seconds).ok()
            }
            Self::CutOff(_) | Self::Unknown { .. } => None,
        }
    }

    /// In words, with its source.
    pub fn words(&self) -> String {
        match self {
            Self::Unknown { drains: 0 } => {
                "no drain is recorded here: how long the longest job takes is not known (--longest)"
                    .into()
            }
            Self::Unknown { drains } => format!(
                "{} recorded here saw no job end: how long the longest takes is not known (--longest)",
                count(*drains as u64, "drain")
            ),
            Self::Finished(seen) => format!(
                "the longest job seen in {}: {}, {} s (drain {}); with a quarter more: {} s",
                count(seen.drains as u64, "drain"),
                seen.label,
                seen.ran.as_secs(),
                seen.run,
                self.to_be_let_through().unwrap_or_default().as_secs()
            ),
            Self::CutOff(seen) => format!(
                "the longest job seen in {} was cut off: {}, after {} s (drain {}): how long it needs is not known (--longest)",
                count(seen.drains as u64, "drain"),
                seen.label,
                seen.ran.as_secs(),
                seen.run
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::library::Past;
    use super::*;

    /// A drain whose jobs had these fates and ran so long.
    fn drain(run: &str, rehearsal: bool, jobs: &[(&str, f64)]) -> Report {
        let mut text = String::new();
        for (index, (fate, ran)) in jobs.iter().enumerate() {
            let line = format!(
                r#"{{"at":"2026-11-21T19:00:00.000Z","t_s":1,"run":"{run}","rehearsal":{rehearsal},"event":"reconciled","jid":"{index}","class":"A","fate":"{fate}","elapsed_s":{ran},"pid":1}}"#
            );
            text.extend([line.as_str(), "\n"]);
        }
        Report::of(&Past::from_text(run, text.as_bytes()))
    }

    #[test]
    fn the_longest_that_ended_is_let_through_with_room() {
        let reports = [
            drain("one", false, &[("finished", 40.2), ("pushed_back", 12.0)]),
            drain("two", false, &[("finished", 31.0), ("unknown", 900.0)]),
            drain("three", true, &[("finished", 500.0)]),
        ];
        let longest = LongestPast::in_reports(&reports);
        assert_eq!(longest.to_be_let_through(), Some(Duration::from_secs(51)));
        assert_eq!(
            longest.words(),
            "the longest job seen in 2 drains: A 0, 40 s (drain one); with a quarter more: 51 s"
        );
    }

    #[test]
    fn one_that_was_cut_off_has_not_shown_how_long_it_takes() {
        let reports = [drain("one", false, &[("finished", 40.0), ("lost", 41.0)])];
        let longest = LongestPast::in_reports(&reports);
        assert_eq!(longest.to_be_let_through(), None);
        assert!(longest.words().contains("was cut off: A 1, after 41 s"));
        assert_eq!(
            LongestPast::in_reports(&[]),
            LongestPast::Unknown { drains: 0 }
        );
        let none = LongestPast::in_reports(&[drain("one", false, &[("retried", 5.0)])]);
        assert_eq!(none, LongestPast::Unknown { drains: 1 });
        assert_eq!(none.to_be_let_through(), None);
    }
}
