//! What a line of the table asks of a drain: the fate of each job, the threads without a name, the
//! outcome, what a KILL would cost at a second, what may be pushed back.

use std::collections::BTreeMap;

use super::stage::number;
use crate::core::drain::tests::drive::Drive;
use crate::core::drain::tests::world::at;
use crate::core::drain::{Event, Fate, Missing, Phase, Trace};

/// The parts between commas; those in quotes stay whole.
pub(super) fn comma_parts(text: &str) -> Vec<&str> {
    let mut quoted = false;
    let parts = text.split(move |letter| {
        quoted ^= letter == '"';
        letter == ',' && !quoted
    });
    parts
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect()
}

fn fate_of(words: &str) -> Option<Fate> {
    Some(match words {
        "finished" => Fate::Finished,
        "pushed back" => Fate::PushedBack,
        "checkpointed" => Fate::Checkpointed,
        "retried" => Fate::Retried,
        "rescued" => Fate::Rescued,
        "lost" => Fate::Lost,
        "unknown" => Fate::Unknown,
        _ => return None,
    })
}

fn differs<T: PartialEq + std::fmt::Debug>(is: &T, should: &T) -> Option<String> {
    (is != should).then(|| format!("it is {is:?}, not {should:?}"))
}

impl Drive {
    /// The last line of each job, and the lines of threads without a name.
    fn reconciled(&self) -> (BTreeMap<&str, (Fate, &str)>, usize) {
        let (mut jobs, mut unnamed) = (BTreeMap::new(), 0);
        for record in &self.journal {
            if let Event::Reconciled {
                jid,
                fate,
                evidence,
                ..
            } = &record.event
            {
                match jid {
                    Some(jid) => {
                        jobs.insert(jid.as_str(), (*fate, evidence.as_str()));
                    }
                    None => unnamed += 1,
                }
            }
        }
        (jobs, unnamed)
    }

    /// The jobs and threads of the account that the line does not speak of.
    pub(super) fn untold(&self, expected: &[&str]) -> Vec<String> {
        let (jobs, unnamed) = self.reconciled();
        let told = |jid: &str| {
            expected
                .iter()
                .any(|part| part.split(' ').next() == Some(jid))
        };
        let mut faults: Vec<String> = jobs
            .iter()
            .filter(|(jid, _)| !told(jid))
            .map(|(jid, fate)| format!("nothing is said of {jid}: {fate:?}"))
            .collect();
        if unnamed > 0 && !told("unnamed") {
            faults.push(format!("nothing is said of {unnamed} unnamed"));
        }
        faults
    }

    /// A thing that must hold by now; what is wrong with it.
    pub(super) fn check(&mut self, asked: &str) -> Option<String> {
        let (asked, quoted) = asked.split_once('"').unwrap_or((asked, ""));
        let (asked, quoted) = (asked.trim(), quoted.trim_end_matches('"'));
        let words: Vec<&str> = asked.split_whitespace().collect();
        match *words {
            ["unnamed", count] => differs(&self.reconciled().1, &count.parse().unwrap()),
            ["outcome", outcome] => {
                let is = self
                    .run
                    .outcome()
                    .map(|outcome| format!("{outcome:?}").to_lowercase());
                differs(&is.as_deref(), &Some(outcome))
            }
            ["over", "by", second] => {
                (self.now > at(number(second))).then(|| "it takes longer".into())
            }
            ["over", "after", second] => {
                (self.now < at(number(second))).then(|| "it is over before".into())
            }
            ["KILL", "costs", ..] => {
                differs(&self.costs().as_str(), &asked["KILL costs".len()..].trim())
            }
            ["in", "truth", ref story @ ..] => self.truth(story),
            ["misses", "nothing"] => differs(&self.missing().len(), &0),
            ["doubts", jid] => self.misses(jid, |missing| {
                missing
                    .doubt
                    .as_ref()
                    .is_some_and(|doubt| doubt.contains(quoted))
            }),
            ["is", "sure", "of", jid] => self.misses(jid, |missing| missing.doubt.is_none()),
            ["was", "not", "back", jid] => self.misses(jid, |missing| missing.not_back.is_some()),
            ["may", "be", "back", jid] => self.misses(jid, |missing| missing.not_back.is_none()),
            ["later", jid, "is", "found", "retried"] => self.found_retried(jid),
            ["counts", count, ref fate @ ..] => {
                self.counts(count.parse().unwrap(), &fate.join(" "))
            }
            [jid, "untold"] => differs(&self.reconciled().0.get(jid), &None),
            [jid, ref fates @ ..] => self.fate(jid, &fates.join(" "), quoted),
            [] => None,
        }
    }

    fn fate(&self, jid: &str, fates: &str, quoted: &str) -> Option<String> {
        let allowed = fates
            .split(" or ")
            .map(fate_of)
            .collect::<Option<Vec<Fate>>>();
        let Some(allowed) = allowed else {
            return Some("it asks nothing".into());
        };
        match self.reconciled().0.get(jid) {
            Some((fate, evidence)) if allowed.contains(fate) && evidence.contains(quoted) => None,
            other => Some(format!("it is {other:?}")),
        }
    }

    /// What a KILL would cost now, in the words of the table.
    fn costs(&self) -> String {
        let stake = self.run.ledger().stake(None, &self.fleet, self.now);
        let mut words = stake.running.clone();
        for (word, jids) in [("back", &stake.back), ("kept", &stake.kept)] {
            if !jids.is_empty() {
                words.push(word.into());
                words.extend(jids.iter().cloned());
            }
        }
        if stake.unnamed > 0 {
            words.push(format!("unnamed {}", stake.unnamed));
        }
        if words.is_empty() {
            words.push("nothing".into());
        }
        words.join(" ")
    }

    fn missing(&self) -> Vec<Missing> {
        self.run.ledger().missing(&self.fleet, self.now)
    }

    fn misses(&self, jid: &str, holds: impl Fn(&Missing) -> bool) -> Option<String> {
        let missing = self.missing();
        let of = missing.iter().find(|missing| missing.jid == jid);
        (!of.is_some_and(holds)).then(|| format!("{missing:?}"))
    }

    /// What really happened to a job, on the first process or `there`, on the second.
    fn truth(&self, words: &[&str]) -> Option<String> {
        let waits = |jid: &str| self.world.queue.iter().any(|task| task.jid == jid);
        let (holds, story) = match *words {
            ["nothing", "lost"] => (self.world.lost().is_empty(), None),
            [jid, "waits"] => (waits(jid), None),
            [jid, what, ref there @ ..] => {
                let story = self.world.story(there.len(), jid);
                let times = match what {
                    "began" => story.started,
                    "finished" => story.finished,
                    "failed" => story.failed,
                    "pushed" => story.pushed,
                    "lost" => story.lost,
                    _ => panic!("{what:?} is no truth"),
                };
                (times > 0, Some(story))
            }
            _ => panic!("{words:?} is no truth"),
        };
        (!holds).then(|| format!("it is not so: {story:?}"))
    }

    fn found_retried(&mut self, jid: &str) -> Option<String> {
        let found = Trace::Found(Fate::Retried, "among the retries".into());
        let missing = self
            .missing()
            .into_iter()
            .filter(|missing| missing.jid == jid);
        let traces: Vec<_> = missing.map(|missing| (missing, found.clone())).collect();
        let none = traces.is_empty().then(|| "nothing misses it".into());
        drop(self.run.found_afterwards(traces, &self.fleet, self.now));
        none
    }

    fn counts(&self, count: u64, fate: &str) -> Option<String> {
        let Phase::Over { jobs, .. } = *self.run.phase() else {
            return Some("it is not over".into());
        };
        let fate = fate_of(fate).unwrap_or_else(|| panic!("{fate:?} is no fate"));
        let is = jobs.of(fate);
        differs(&is, &count)
    }
}
