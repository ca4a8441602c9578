//! A look at everything, for commands that look and go: this host's processes and one
//! Redis, both at once where the address is known beforehand. It only reads.

use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

use super::address::{Stated, named_addresses};
use super::opening::{planned, preflight};
use super::output::tell;
use super::rows::Picture;
use crate::clock;
use crate::core::choice::Choice;
use crate::core::config::Settings;
use crate::core::drain::Policy;
use crate::core::fleet::{
    Fleet, HostLook, Link, LinkFault, LocalProcess, Look, Observation, Process, ProcessKey,
    RedisAddress, Unit, Vantage,
};
use crate::host::{Scanner, look_at_unit, sees_host};
use crate::redis::{self, AddressChoice as RedisChoice, ChoiceError};

/// Looks again and again into the same picture.
#[derive(Debug)]
pub(super) struct Observer {
    scanner: Option<Scanner>,
    addresses: Stated,
    reading: redis::Tuning,
    /// Pids to look at whatever they are.
    pub(super) pids: Vec<u32>,
    /// The knowledge so far.
    pub(super) fleet: Fleet,
    /// The Redis that is asked.
    pub(super) choice: Option<RedisChoice>,
    /// The fault of the last look, in words.
    pub(super) troubles: Vec<String>,
    /// Whether it was said that other users' processes name addresses.
    told: bool,
}

impl Observer {
    /// An observer that has not looked yet. Redis has `within` for each answer.
    pub(super) fn new(settings: &Settings, within: Duration) -> Self {
        Self {
            scanner: None,
            addresses: Stated::of(settings),
            reading: redis::Tuning {
                answer_within: within,
                namespace: settings.redis.namespace.clone(),
                ..redis::Tuning::default()
            },
            pids: Vec::new(),
            fleet: Fleet::default(),
            choice: None,
            troubles: Vec::new(),
            told: false,
        }
    }

    /// Looks once. What cannot be seen stands in `troubles` and leaves the rest as it is.
    pub(super) async fn look(&mut self) {
        self.troubles.clear();
        let reading = self.reading.clone();
        if self.addresses.is_stated() {
            let choice = self.addresses.choose(&[]);
            let (host, asked) = tokio::join!(
                scan(self.scanner.take(), self.pids.clone()),
                ask(choice, &reading)
            );
            self.take_host(host);
            self.take_redis(asked);
        } else {
            let host = scan(self.scanner.take(), self.pids.clone()).await;
            let pids = self.pids.clone();
            let named = |process: &LocalProcess| pids.contains(&process.id.pid);
            let local = host.look.as_ref().map(|look| named_addresses(look, named));
            let local = local.unwrap_or_default();
            if let Some(note) = local.note().filter(|_| !self.told) {
                tell(&note);
                self.told = true;
            }
            let choice = self.addresses.choose(&local.taken);
            self.take_host(host);
            let asked = ask(choice, &reading).await;
            self.take_redis(asked);
        }
    }

    fn take_host(&mut self, host: ScannedHost) {
        self.scanner = host.scanner;
        match host.look {
            Ok(look) => self.fleet.observe(Observation::Host(look)),
            Err(error) => {
                let trouble = format!("the processes of this host cannot be read: {error}");
                self.troubles.push(trouble);
            }
        }
    }

    fn take_redis(&mut self, asked: Result<AskedRedis, ChoiceError>) {
        let AskedRedis { choice, answer } = match asked {
            Ok(asked) => asked,
            Err(error) => {
                self.troubles.push(error.to_string());
                self.fleet.observe(Observation::Link(Link::Unused));
                return;
            }
        };
        *self.fleet.vantage = Vantage {
            redis: Some(RedisAddress::new(choice.address.url())),
            namespace: self.reading.namespace.clone(),
            sees_host: sees_host(),
        };
        let now = clock::now();
        let link = match answer {
            Ok((look, round_trip)) => {
                let at = look.answered;
                self.fleet.observe(Observation::Look(look));
                Link::Connected { round_trip, at }
            }
            Err(why) => {
                self.troubles.push(format!("{choice}: {why}"));
                Link::Lost {
                    since: now,
                    retry_at: now,
                    why,
                }
            }
        };
        self.fleet.observe(Observation::Link(link));
        self.fleet.claim();
        self.choice = Some(choice);
    }

    /// Asks how many jobs wait in the queues of the targets.
    pub(super) async fn ask_queues(&mut self, targets: &[ProcessKey]) {
        let process = |id: &ProcessKey| self.fleet.get(id);
        let queues = targets.iter().filter_map(process).flat_map(Process::queues);
        let names: BTreeSet<String> = queues.cloned().collect();
        let names: Vec<String> = names.into_iter().collect();
        let Some(choice) = self.choice.as_ref().filter(|_| !names.is_empty()) else {
            return;
        };
        if let Ok(depths) = redis::depths_once(&choice.address, &self.reading, &names).await {
            self.fleet.observe(Observation::Queues(depths));
        }
    }

    /// Takes over what systemd has loaded of the units of the chosen Sidekiqs; with `may_act` also
    /// whether they may be stopped from here.
    pub(super) async fn ask_systemd(&mut self, choice: &Choice, may_act: bool) {
        let targets = choice.choose(&self.fleet);
        let unit = |id: &ProcessKey| {
            let process = self.fleet.get(id)?;
            process.local.as_ref()?.surroundings.unit.clone()
        };
        let units: BTreeSet<Unit> = targets.iter().filter_map(unit).collect();
        for unit in units {
            let look = look_at_unit(unit, may_act).await;
            self.fleet.observe(Observation::Unit(look));
        }
    }

    /// Does `work` with what is known now.
    pub(super) fn picture<T>(&self, settings: &Settings, work: impl FnOnce(Picture<'_>) -> T) -> T {
        let choice = self.choice.as_ref();
        let url = choice.map(|choice| choice.address.url());
        // As the console would begin it: the same job must have the same outlook in both.
        work(Picture {
            fleet: &self.fleet,
            plan: &planned(settings, Policy::Ask),
            preflight: &preflight(settings, &Choice::default(), None, None),
            settings,
            url: url.as_deref(),
            now: clock::now(),
        })
    }

    /// The origin of the address that is asked.
    pub(super) fn origin(&self) -> &str {
        (self.choice.as_ref()).map_or("", |choice| &choice.origin)
    }

    /// Several addresses that local Sidekiqs name, in words.
    pub(super) fn several(&self) -> Option<String> {
        let listed = self.choice.as_ref()?.listed()?;
        Some(format!(
            "the Sidekiqs of this host name several Redis, the first is asked (choose with --redis): {listed}"
        ))
    }

    /// Addresses that local Sidekiqs name and that cannot be used, in words.
    pub(super) fn unusable(&self) -> &[String] {
        let choice = self.choice.as_ref();
        choice.map_or(&[], |choice| &choice.unusable)
    }
}

/// A scan, and the scanner for the next one.
struct ScannedHost {
    scanner: Option<Scanner>,
    look: io::Result<HostLook>,
}

/// Scans beside the loop: `/proc` can be slow on a loaded machine.
async fn scan(scanner: Option<Scanner>, pids: Vec<u32>) -> ScannedHost {
    let scanning = tokio::task::spawn_blocking(move || {
        let mut scanner = match scanner.map_or_else(Scanner::new, Ok) {
            Ok(scanner) => scanner,
            Err(error) => {
                return ScannedHost {
                    scanner: None,
                    look: Err(error),
                };
            }
        };
        let look = scanner.scan(&pids);
        ScannedHost {
            scanner: Some(scanner),
            look,
        }
    });
    scanning.await.unwrap_or_else(|error| ScannedHost {
        scanner: None,
        look: Err(io::Error::other(error)),
    })
}

/// A chosen Redis with its answer.
struct AskedRedis {
    choice: RedisChoice,
    answer: Result<(Look, Duration), LinkFault>,
}

async fn ask(
    choice: Result<RedisChoice, ChoiceError>,
    reading: &redis::Tuning,
) -> Result<AskedRedis, ChoiceError> {
    let choice = choice?;
    let answer = redis::look_once(&choice.address, reading).await;
    Ok(AskedRedis { choice, answer })
}
