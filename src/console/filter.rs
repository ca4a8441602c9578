//! The words of a filter, and the processes and jobs that they fit. A filter narrows lists: no
//! drain and no sum knows it.

use crate::core::fleet::{Job, Process};

/// Words that must all be found, whatever their case.
pub(super) struct Filter(Vec<String>);

impl Filter {
    /// The words of `text`.
    pub(super) fn of(text: &str) -> Self {
        Self(text.split_whitespace().map(str::to_lowercase).collect())
    }

    /// Whether there are none: they fit everything.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether each word stands in one of `texts`.
    pub(super) fn fits(&self, texts: &[&str]) -> bool {
        let texts: Vec<String> = texts.iter().map(|text| text.to_lowercase()).collect();
        let found = |word: &String| texts.iter().any(|text| text.contains(word));
        self.0.iter().all(found)
    }

    /// Whether they fit `process` itself, or a job that it runs.
    pub(super) fn fits_process(&self, process: &Process) -> bool {
        let itself = || {
            let info = process.info.iter();
            let further = info.flat_map(|info| info.queues.iter().chain(&info.labels));
            self.fits_named(process, further.map(String::as_str))
        };
        let job = || process.jobs.iter().any(|job| self.fits_job(process, job));
        self.is_empty() || itself() || job()
    }

    /// Whether they fit `job`, or what the process that runs it is called.
    pub(super) fn fits_job(&self, process: &Process, job: &Job) -> bool {
        let work = &job.work;
        let itself = [
            Some(work.class.as_str()),
            Some(&work.queue),
            work.jid.as_deref(),
        ];
        self.is_empty() || self.fits_named(process, itself.into_iter().flatten())
    }

    /// Whether they fit `texts` together with host and pid, tag and unit of `process`.
    fn fits_named<'a>(&self, process: &Process, texts: impl Iterator<Item = &'a str>) -> bool {
        let local = process.local.as_ref();
        let unit = local.and_then(|local| local.surroundings.unit_name());
        let pid = process.pid().map(|pid| pid.to_string());
        let name = process.name();
        let mut all = vec![name.as_str(), process.tag()];
        all.extend(pid.as_deref().into_iter().chain(unit));
        texts.for_each(|text| all.push(text));
        self.fits(&all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_to_be_found_whatever_its_case() {
        let fits = |filter: &str| Filter::of(filter).fits(&["util1:4242", "Report::Build"]);
        assert!(fits("build"));
        assert!(fits(" REPORT 424 "));
        assert!(!fits("report 4243"));
        assert!(!fits("1:4242Report"), "words are found in one text each");
        assert!(Filter::of("  ").is_empty());
    }
}
