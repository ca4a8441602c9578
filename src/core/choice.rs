//! Which processes the command line asks for, as it was written. An option that is empty, or that
//! begins with `-` (a variable that was not set), chooses nothing; it never widens the choice.

use crate::core::clean::clean;
use crate::core::fleet::{
    Fleet, Identity, Listed, LocalId, LocalProcess, Process, ProcessKey, Title,
};

/// The value of one choosing option: a thing, or nothing at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish<T>(pub Option<T>);

/// The targets that were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Choice {
    /// Whether any choosing option was given. If so and everything below is empty, nothing is
    /// chosen; if not, the default targets are.
    pub asked: bool,
    /// `--pid`.
    pub pids: Vec<u32>,
    /// `--identity`.
    pub identities: Vec<String>,
    /// `--unit`.
    pub units: Vec<String>,
    /// `--host`.
    pub hosts: Vec<String>,
    /// `--tag`.
    pub tags: Vec<String>,
    /// `--queue`.
    pub queues: Vec<String>,
    /// `--all`.
    pub all: bool,
    /// `--all-hosts`.
    #[serde(default)]
    pub all_hosts: bool,
}

impl Choice {
    /// Whether options were given and name nothing.
    pub fn is_nothing(&self) -> bool {
        let lists = [
            &self.identities,
            &self.units,
            &self.hosts,
            &self.tags,
            &self.queues,
        ];
        self.asked
            && !self.all
            && !self.all_hosts
            && self.pids.is_empty()
            && lists.into_iter().all(Vec::is_empty)
    }
}

impl Choice {
    /// Whether it names processes that this Redis need not know: then local evidence is enough.
    pub fn is_local(&self) -> bool {
        self.all || !self.pids.is_empty() || !self.units.is_empty()
    }

    /// The live processes of this host that it chooses. Pids, identities and units name them
    /// (any of these will do), else `--all`, else those that the connected Redis knows; host,
    /// tag and queue narrow that down. The pid of a wrapper (a shell, `bundle`) names the Sidekiq
    /// that it wraps, where that is only one. A process of another host is chosen where its identity or
    /// its host is named, or `--all-hosts`; it must beat.
    pub fn choose(&self, fleet: &Fleet) -> Vec<ProcessKey> {
        if self.is_nothing() {
            return Vec::new();
        }
        let asked = fleet.vantage.redis.as_ref();
        let wrappers = self.wrappers(fleet);
        let is_named = |id: LocalId, process: &Process| {
            let gives_way = wrappers.iter().any(|(wrapper, _)| wrapper.id == id);
            let is_wrapped = wrappers.iter().any(|(_, wrapped)| *wrapped == id);
            is_wrapped || !gives_way && self.names(id, process, process.is_known(asked))
        };
        let chosen = |(key, process): (&ProcessKey, &Process)| match key {
            ProcessKey::Local(id)
                if !process.exited() && is_named(*id, process) && self.admits(process) =>
            {
                Some(key.clone())
            }
            ProcessKey::Remote(identity)
                if self.names_elsewhere(identity, process, fleet) && self.admits(process) =>
            {
                Some(key.clone())
            }
            ProcessKey::Local(_) | ProcessKey::Remote(_) => None,
        };
        fleet.processes.iter().filter_map(chosen).collect()
    }

    /// The live processes of this host that are left out only because several identities of the
    /// connected Redis fit each: without a name it is not known whether they are meant.
    pub fn undecided<'a>(&self, fleet: &'a Fleet) -> impl Iterator<Item = &'a Process> {
        let by_default = !self.is_nothing() && !self.all && !self.is_by_name();
        let left_out = move |process: &&Process| {
            let lives = process.local.is_some() && !process.exited();
            by_default && lives && !process.rivals.is_empty() && self.admits(process)
        };
        fleet.processes.values().filter(left_out)
    }

    /// Whether it means `process`, on whatever host, where nothing is done but to look: without
    /// an option all are meant.
    pub fn covers(&self, process: &Process) -> bool {
        if self.is_nothing() {
            return false;
        }
        let local = process.local.as_ref();
        let named = match local {
            Some(local) if self.is_by_name() => {
                self.names_by_pid(local)
                    || self.names(local.id, process, process.identity.is_some())
            }
            None if self.is_by_name() => process.identity.as_ref().is_some_and(|identity| {
                self.identities.iter().any(|name| identity.as_str() == name)
            }),
            Some(_) | None => !self.all || local.is_some(),
        };
        named && self.admits(process)
    }

    /// The wrappers among the pids that it names, each with the only Sidekiq that it wraps, which is
    /// chosen in its place.
    pub fn wrappers<'a>(&self, fleet: &'a Fleet) -> Vec<(&'a LocalProcess, LocalId)> {
        let named = |process: &&'a LocalProcess| {
            self.pids.contains(&process.id.pid) && matches!(process.title, Title::Other(_))
        };
        let with_its_own = |wrapper: &'a LocalProcess| {
            let mut wrapped = locals(fleet).filter(|process| is_wrapped(process, wrapper.id.pid));
            match (wrapped.next(), wrapped.next()) {
                (Some(only), None) => Some((wrapper, only.id)),
                (None | Some(_), _) => None,
            }
        };
        locals(fleet)
            .filter(named)
            .filter_map(with_its_own)
            .collect()
    }

    /// Whether `--pid` names this process of the host, or a wrapper of it.
    pub fn names_by_pid(&self, process: &LocalProcess) -> bool {
        let named = |pid: &u32| *pid == process.id.pid || is_wrapped(process, *pid);
        self.pids.iter().any(named)
    }

    /// Whether it names single processes.
    fn is_by_name(&self) -> bool {
        let named = [self.identities.is_empty(), self.units.is_empty()];
        !self.all && (!self.pids.is_empty() || named.contains(&false))
    }

    /// Whether it names a process of another host that beats. One that bears this host's name runs
    /// where no scan looks.
    fn names_elsewhere(&self, identity: &Identity, process: &Process, fleet: &Fleet) -> bool {
        let lives = !process.exited() && process.gone.is_none();
        let beats = lives && process.beat.is_some() && process.listed == Listed::Yes;
        let named = if self.is_by_name() {
            self.identities.iter().any(|name| identity.as_str() == name)
        } else {
            let host = identity.hostname();
            let elsewhere = host != fleet.hostname;
            self.all_hosts || elsewhere && self.hosts.iter().any(|name| name == host)
        };
        beats && named
    }

    /// Whether it names a process of this host; `known`: the connected Redis knows it.
    fn names(&self, id: LocalId, process: &Process, known: bool) -> bool {
        let local = process.local.as_ref();
        let is_sidekiq = !matches!(local.map(|local| &local.title), Some(Title::Other(_)));
        if self.all {
            return is_sidekiq;
        }
        if self.pids.is_empty() && self.identities.is_empty() && self.units.is_empty() {
            return known || process.is_ours();
        }
        let unit = local.and_then(|local| local.surroundings.unit_name());
        // Of several identities that fit, any one names it.
        let mut identities = process.identity.iter().chain(&process.rivals);
        self.pids.contains(&id.pid)
            || identities
                .any(|identity| self.identities.iter().any(|name| identity.as_str() == name))
            || is_sidekiq && unit.is_some_and(|unit| self.names_unit(unit))
    }

    /// Whether `--unit` names this unit, with `.service` or without.
    pub fn names_unit(&self, unit: &str) -> bool {
        let is_named = |name: &String| unit == name || unit.strip_suffix(".service") == Some(name);
        self.units.iter().any(is_named)
    }

    fn admits(&self, process: &Process) -> bool {
        let hosts = || {
            let identity = process.identity.as_ref().map(Identity::hostname);
            let local = process
                .local
                .iter()
                .flat_map(|local| &local.surroundings.hostnames);
            identity
                .into_iter()
                .chain(local.map(String::as_str))
                .any(|host| self.hosts.iter().any(|name| name == host))
        };
        let tagged = || self.tags.iter().any(|tag| tag == process.tag());
        let serves = || {
            process
                .queues()
                .iter()
                .any(|queue| self.queues.contains(queue))
        };
        (self.hosts.is_empty() || hosts())
            && (self.tags.is_empty() || tagged())
            && (self.queues.is_empty() || serves())
    }
}

/// The live processes of this host.
fn locals(fleet: &Fleet) -> impl Iterator<Item = &LocalProcess> {
    let processes = fleet.processes.values();
    let live = processes.filter(|process| !process.exited());
    live.filter_map(|process| process.local.as_ref())
}

/// Whether this is a Sidekiq that the process `wrapper` wraps.
fn is_wrapped(process: &LocalProcess, wrapper: u32) -> bool {
    process.surroundings.above.wrappers.contains(&wrapper)
        && !matches!(process.title, Title::Other(_))
}

/// A text that is no pid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a pid; expected a whole number such as 4242")]
pub struct NotPid(String);

/// Reads the value of `--pid`. 0 is what systemd writes for no process.
pub fn pid(text: &str) -> Result<Wish<u32>, NotPid> {
    match name(text).0 {
        None => Ok(Wish(None)),
        Some(word) if word.bytes().all(|byte| byte.is_ascii_digit()) => match word.parse::<i32>() {
            Ok(0) => Ok(Wish(None)),
            Ok(pid) => Ok(Wish(Some(pid.unsigned_abs()))),
            Err(_) => Err(NotPid(clean(&word, 40))),
        },
        Some(word) => Err(NotPid(clean(&word, 40))),
    }
}

/// Reads the value of a choosing option that names something by text.
pub fn name(text: &str) -> Wish<String> {
    let word = text.trim();
    Wish((!word.is_empty() && !word.starts_with('-')).then(|| word.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fleet::Observation;
    use crate::core::moment::Moment;
    use crate::core::sidekiq::{Registered, shown};

    #[test]
    fn what_is_empty_or_begins_with_a_dash_chooses_nothing() {
        for text in ["", " ", "-5", "-", "--yes", "0", "00", "\t"] {
            assert_eq!(pid(text), Ok(Wish(None)), "{text:?}");
        }
        for text in ["", " ", "-", "--all"] {
            assert_eq!(name(text), Wish(None), "{text:?}");
        }
        assert_eq!(pid(" 4242 "), Ok(Wish(Some(4242))));
        assert_eq!(name("util1"), Wish(Some("util1".into())));
    }

    #[test]
    fn what_is_no_number_is_an_error() {
        for text in ["abc", "1.5", "+5", "4242 4243", "99999999999", "4242,4243"] {
            assert!(pid(text).is_err(), "{text}");
        }
    }

    #[test]
    fn asked_for_nothing_is_not_the_default() {
        assert!(!Choice::default().is_nothing());
        let asked = Choice {
            asked: true,
            ..Choice::default()
        };
        assert!(asked.is_nothing());
        let all = Choice { all: true, ..asked };
        assert!(!all.is_nothing());
    }

    /// A fleet of `here`, with a Sidekiq of each of these identities that beats there.
    fn elsewhere(identities: &[&str]) -> Fleet {
        let wall = jiff::Timestamp::from_second(1_800_000_000).unwrap();
        let now = Moment::new(std::time::Duration::from_secs(1000), wall);
        let row = |identity: &&str| {
            let registered = Registered::new(identity, "7.3.9", 5, now.epoch() - 60.0);
            registered.row(now.epoch(), false, Vec::new())
        };
        let mut fleet = Fleet::default();
        fleet.observe(Observation::Host(shown::scan("here", Vec::new(), now)));
        let rows = identities.iter().map(row).collect();
        fleet.observe(Observation::Look(shown::look(rows, now)));
        fleet
    }

    fn chosen(choice: &Choice, fleet: &Fleet) -> Vec<String> {
        let keys = choice.choose(fleet).into_iter();
        keys.map(|key| key.to_string()).collect()
    }

    #[test]
    fn processes_of_other_hosts_are_chosen_only_where_they_are_named() {
        let fleet = elsewhere(&["util2:1:a", "util3:1:b", "here:9:c"]);
        let asked = |choice: Choice| {
            let choice = Choice {
                asked: true,
                ..choice
            };
            chosen(&choice, &fleet)
        };
        assert!(chosen(&Choice::default(), &fleet).is_empty());
        let tags = vec![String::new()];
        assert!(
            asked(Choice {
                tags,
                ..Choice::default()
            })
            .is_empty()
        );
        assert!(
            asked(Choice {
                all: true,
                ..Choice::default()
            })
            .is_empty()
        );
        let hosts = vec!["util2".into()];
        assert_eq!(
            asked(Choice {
                hosts,
                ..Choice::default()
            }),
            ["util2:1"]
        );
        // One of this host's name runs where no scan looks, or somewhere else: its identity names it.
        let hosts = vec!["here".into()];
        assert!(
            asked(Choice {
                hosts,
                ..Choice::default()
            })
            .is_empty()
        );
        let identities = vec!["here:9:c".into()];
        assert_eq!(
            asked(Choice {
                identities,
                ..Choice::default()
            }),
            ["here:9"]
        );
        let all = Choice {
            all_hosts: true,
            ..Choice::default()
        };
        assert_eq!(asked(all.clone()), ["here:9", "util2:1", "util3:1"]);
        let hosts = vec!["util3".into()];
        assert_eq!(asked(Choice { hosts, ..all }), ["util3:1"]);
    }
}
