//! The processes that come up in the place of those that a drain has ended: in the same unit, else
//! under the same host name and tag. It only looks; it starts and signals nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use super::drain::{About, Phase, Run, Standing, Successor, tenths};
use super::fleet::{Fleet, LocalId, LocalProcess, Process, ProcessKey, Title, Unit};
use super::moment::Moment;
use super::sequence::Timeout;

#[cfg(test)]
mod tests;

/// Processes whose working directory is asked for at most.
const MOST: usize = 500;

/// A process that the drain was to end, as it was before.
#[derive(Clone, Debug)]
struct FormerProcess {
    id: LocalId,
    name: String,
    unit: Option<Unit>,
    hostname: Option<String>,
    tag: String,
    timeout: Timeout,
    /// Whether the connected Redis knows it: then it must know who comes up too, for another
    /// application's Sidekiq on this host may have the same tag.
    known: bool,
}

/// The place of one process.
#[derive(Clone, Debug)]
struct Awaited {
    before: FormerProcess,
    /// The process that came up in it.
    up: Option<LocalId>,
    /// The record that was written of it, under the name of that process.
    told: Option<(String, Successor)>,
}

/// The watch over the places of a drain's targets.
#[derive(Clone, Debug)]
pub struct Watch {
    begun: Moment,
    span: Duration,
    /// Until when; `None` while the drain runs.
    until: Option<Moment>,
    places: Vec<Awaited>,
    directories: BTreeMap<LocalId, Option<String>>,
}

impl Watch {
    /// Over the places of `targets`, for `span` after the end of the drain that begins now.
    pub fn new(
        fleet: &Fleet,
        targets: &[LocalId],
        stated: Option<&Timeout>,
        span: Duration,
        now: Moment,
    ) -> Self {
        let places = targets.iter().filter_map(|id| {
            let process = fleet.get(&ProcessKey::Local(*id))?;
            let surroundings = &process.local.as_ref()?.surroundings;
            Some(Awaited {
                before: FormerProcess {
                    id: *id,
                    name: process.name(),
                    unit: surroundings.unit.clone(),
                    hostname: surroundings.hostnames.first().cloned(),
                    tag: process.tag().to_owned(),
                    timeout: process.timeout(stated),
                    known: process.identity.is_some(),
                },
                up: None,
                told: None,
            })
        });
        Self {
            begun: now,
            span,
            until: None,
            places: places.collect(),
            directories: BTreeMap::new(),
        }
    }

    /// The processes whose working directory is to be told, each once.
    pub fn wanted(&self, fleet: &Fleet) -> Vec<LocalId> {
        let before = self.places.iter().map(|place| place.before.id);
        let young = fleet
            .processes
            .iter()
            .filter_map(|(key, process)| match key {
                ProcessKey::Local(id) if self.is_young(process) => Some(*id),
                ProcessKey::Local(_) | ProcessKey::Remote(_) => None,
            });
        let mut wanted: Vec<LocalId> = before.chain(young).collect();
        wanted.retain(|id| !self.directories.contains_key(id));
        wanted.truncate(MOST.saturating_sub(self.directories.len()));
        wanted
    }

    /// The working directory of a process, if it can be read.
    pub fn tell(&mut self, id: LocalId, directory: Option<String>) {
        self.directories.insert(id, directory);
    }

    /// When it ends; `None` while nothing is awaited.
    pub fn deadline(&self) -> Option<Moment> {
        self.until.filter(|_| self.is_open())
    }

    /// The processes in whose place nothing was seen yet.
    pub fn awaited(&self) -> impl Iterator<Item = &str> {
        let open = self.places.iter().filter(|place| place.told.is_none());
        open.map(|place| place.before.name.as_str())
    }

    /// Whether the place of any process is still watched.
    pub fn is_open(&self) -> bool {
        self.places.iter().any(|place| place.told.is_none())
    }

    /// Whether a process came up in the place of each one that has ended.
    pub fn all_came_up(&self) -> bool {
        let came_up = |place: &Awaited| place.told.as_ref().is_some_and(|(_, words)| words.found);
        !self.places.is_empty() && self.places.iter().all(came_up)
    }

    /// Takes in what the fleet shows; what is to be written down, and about whom.
    pub fn follow(
        &mut self,
        run: &Run,
        fleet: &Fleet,
        stated: Option<&Timeout>,
        now: Moment,
    ) -> Vec<(About, Successor)> {
        let Phase::Over { at: over, .. } = *run.phase() else {
            return Vec::new();
        };
        let exits: BTreeMap<LocalId, Moment> = run
            .ledger()
            .targets()
            .iter()
            .filter_map(|target| match target.standing {
                Standing::Exited { at, .. } => Some((target.key.local()?, at)),
                Standing::Alive
                | Standing::Quiet { .. }
                | Standing::Idle { .. }
                | Standing::LeftOut { .. } => None,
            })
            .collect();
        // Where nothing has ended, nothing comes up.
        self.places
            .retain(|place| exits.contains_key(&place.before.id));
        let until = *self.until.get_or_insert(over.after(self.span));
        let mut told = Vec::new();
        for index in 0..self.places.len() {
            let before = self.places[index].told.as_ref();
            let found = before.map(|(_, words)| words.found);
            if found == Some(true) {
                continue;
            }
            self.find(index, fleet);
            let exited = exits[&self.places[index].before.id];
            // A process that comes up late takes back the record that none had come up.
            let is_late = now >= until && found.is_none();
            if found == Some(false) && self.places[index].up.is_none() {
                continue;
            }
            if let Some((about, words)) = self.words(index, fleet, stated, exited, is_late) {
                self.places[index].told = Some((about.name.clone(), words.clone()));
                told.push((about, words));
            }
        }
        told
    }

    /// A line for each place: the name of who ended, and what is known so far; without `now`
    /// nobody watches any more.
    pub fn lines(&self, now: Option<Moment>) -> Vec<(String, String)> {
        let left = |now| self.until.map_or(self.span, |until| until.since(now));
        let line = |place: &Awaited| match (&place.told, place.up) {
            (Some((name, words)), _) if words.found => words.sentence().with(name),
            (Some((_, words)), _) => words.sentence().with(""),
            (None, Some(id)) => format!("pid {} came up; its first heartbeat is awaited", id.pid),
            (None, None) => now.map_or_else(
                || "nothing had come up in its place yet".into(),
                |now| {
                    let left = left(now).as_secs();
                    format!("nothing has come up in its place yet; watched for {left} s more")
                },
            ),
        };
        let places = self.places.iter();
        places
            .map(|place| (place.before.name.clone(), line(place)))
            .collect()
    }

    /// Whether a process of this host began after the drain did, and lives.
    fn is_young(&self, process: &Process) -> bool {
        let young = |local: &LocalProcess| local.started_at > self.begun.epoch();
        !process.exited() && process.local.as_ref().is_some_and(young)
    }

    /// Looks for who came up in a place; one that has ended again is nobody.
    fn find(&mut self, index: usize, fleet: &Fleet) {
        let lives = |id: &LocalId| {
            let process = fleet.get(&ProcessKey::Local(*id));
            process.is_some_and(|process| !process.exited())
        };
        let place = &self.places[index];
        if place.up.as_ref().is_some_and(lives) {
            return;
        }
        let taken = |id: &LocalId| self.places.iter().any(|place| place.up == Some(*id));
        let mut fitting = fleet
            .processes
            .iter()
            .filter_map(|(key, process)| match key {
                ProcessKey::Local(id) if self.is_young(process) && !taken(id) => {
                    self.fits(&place.before, *id, process).then_some(*id)
                }
                ProcessKey::Local(_) | ProcessKey::Remote(_) => None,
            });
        self.places[index].up = fitting.next();
    }

    fn fits(&self, before: &FormerProcess, id: LocalId, process: &Process) -> bool {
        let Some(local) = &process.local else {
            return false;
        };
        let surroundings = &local.surroundings;
        if before.unit.is_some() || surroundings.unit.is_some() {
            return before.unit == surroundings.unit;
        }
        // Before its first beat nobody knows its tag.
        let beats = matches!(local.title, Title::Beating { .. })
            && (process.identity.is_some() || !before.known);
        beats && before.hostname.as_ref() == surroundings.hostnames.first() && {
            let tag = process.tag();
            // Sidekiq 8 takes the name of the directory for a tag where none is given.
            let named = |id: &LocalId, tag: &str| {
                let directory = self.directories.get(id).and_then(Option::as_deref);
                directory.is_some_and(|directory| directory.ends_with(&format!("/{tag}")))
            };
            tag == before.tag || named(&id, tag) && named(&before.id, &before.tag)
        }
    }

    fn words(
        &self,
        index: usize,
        fleet: &Fleet,
        stated: Option<&Timeout>,
        exited: Moment,
        is_late: bool,
    ) -> Option<(About, Successor)> {
        let Awaited { before, up, .. } = &self.places[index];
        let directory = |id: &LocalId| self.directories.get(id).cloned().flatten();
        let missing = Successor {
            replaces: before.name.clone(),
            within_s: tenths(self.span),
            unit: before.unit.as_ref().map(ToString::to_string),
            directory_before: directory(&before.id),
            timeout_before_s: Some(tenths(before.timeout.span)),
            start: before.unit.as_ref().map(|unit| unit.command("start")),
            ..Successor::default()
        };
        let process = up.and_then(|id| Some((id, fleet.get(&ProcessKey::Local(id))?)));
        let Some((id, process)) = process else {
            let about = About {
                identity: None,
                pid: None,
                name: before.name.clone(),
            };
            return is_late.then_some((about, missing));
        };
        let beat = process.beat.as_ref();
        let is_told = self.directories.contains_key(&id);
        if !is_late && (beat.is_none() || !is_told) {
            return None;
        }
        let timeout = process.timeout(stated);
        let (loaded, file) = fleet.stop_timeouts(process);
        let began = process.local.as_ref().map(|local| local.started_at);
        let after = began.map(|began| (began - exited.epoch()).max(0.0));
        let after = after.and_then(|after| Duration::try_from_secs_f64(after).ok());
        let words = Successor {
            found: true,
            after_s: after.map(tenths),
            first_beat_s: beat.map(|beat| tenths(beat.at.since(exited))),
            directory: directory(&id),
            timeout_s: Some(tenths(timeout.span)),
            timeout_from: Some(timeout.origin.text().to_owned()),
            stop_timeout_s: loaded.map(tenths),
            stop_timeout_file_s: file.map(tenths),
            start: None,
            ..missing
        };
        let about = About {
            identity: process.identity.clone(),
            pid: Some(id.pid),
            name: process.name(),
        };
        Some((about, words))
    }
}
