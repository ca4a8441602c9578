//! Two worlds in one Redis: Sidekiqs of this host, and Sidekiqs elsewhere that share its name and
//! have the same pids. Whatever happens, no process is given another one's identity.

use proptest::prelude::*;

use super::*;

/// A Sidekiq: where it runs, and when it did what.
#[derive(Clone, Debug)]
struct Twin {
    /// Its own pid on this host; `None`: it runs elsewhere.
    here: Option<u32>,
    /// Its pid in its own namespace, as it registers.
    inner_pid: u32,
    /// Its process began then.
    began: f64,
    /// It registered so much later.
    boot: f64,
    /// It beats no more from then on; its process lives or not.
    silent: Option<(f64, bool)>,
}

impl Twin {
    fn name(&self, index: usize) -> String {
        format!("util1:{}:{index:012x}", self.inner_pid)
    }

    fn registered(&self) -> f64 {
        self.began + self.boot
    }

    fn lives(&self, now: f64) -> bool {
        now >= self.began && self.silent.is_none_or(|(from, lives)| now < from || lives)
    }

    fn last_beat(&self, now: f64) -> Option<f64> {
        let until = self.silent.map_or(now, |(from, _)| from.min(now));
        let since = until - self.registered();
        (since >= 0.0).then(|| self.registered() + (since / 10.0).floor() * 10.0)
    }

    fn row(&self, index: usize, now: f64) -> Option<LookRow> {
        let beat = self.last_beat(now)?;
        let hash = (now - beat < 60.0).then(|| heartbeat(beat, self.registered()));
        let job = format!("job-of-{index}");
        Some(LookRow {
            work: hash.iter().map(|_| work("t1", &job, beat)).collect(),
            ..row(&self.name(index), hash)
        })
    }

    fn process(&self, named_threads: bool, now: f64) -> Option<LocalProcess> {
        let pid = self.here.filter(|_| self.lives(now))?;
        let mut process = local(pid, self.began);
        process.surroundings.inner_pid = self.inner_pid;
        if now >= self.registered() {
            process.title = Title::Beating {
                version: "7.3.9".into(),
                tag: String::new(),
                busy: 0,
                concurrency: 5,
                stopping: false,
            };
            if named_threads {
                let since = Duration::from_secs_f64(EPOCH + self.registered() - 0.3);
                process.surroundings.beats_since = Some(since);
            }
        } else {
            process.title = Title::Booting("sidekiq".into());
        }
        Some(process)
    }
}

fn twin() -> impl Strategy<Value = Twin> {
    let silent = prop::option::of((0.0..100.0_f64, any::<bool>()));
    let parts = (
        any::<bool>(),
        1_u32..3,
        -300.0..60.0_f64,
        1.0..40.0_f64,
        silent,
    );
    parts.prop_map(|(here, inner_pid, began, boot, silent)| Twin {
        here: here.then_some(0),
        inner_pid,
        began,
        boot,
        silent: silent.map(|(from, lives)| (from.max(began + boot), lives)),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// With the threads' starts an identity is given to its own process or to none, and each job
    /// is shown at the process that runs it.
    #[test]
    fn no_process_is_given_the_identity_of_a_twin(
        mut twins in prop::collection::vec(twin(), 1..6),
        steps in prop::collection::vec((0.5..6.0_f64, any::<bool>()), 5..25),
    ) {
        for (index, twin) in twins.iter_mut().enumerate() {
            twin.here = twin.here.map(|_| 500 + u32::try_from(index).unwrap());
        }
        let mut fleet = fleet(vec![]);
        let (mut now, mut looked) = (0.0, 0.0);
        for (pause, scans) in steps {
            now += pause;
            if scans {
                let shown = twins.iter().filter_map(|twin| twin.process(true, now));
                fleet.observe(scan(now, shown.collect()));
            } else {
                looked = now;
                let rows = twins.iter().enumerate();
                let rows = rows.filter_map(|(index, twin)| twin.row(index, now));
                fleet.observe(look(now, rows.collect()));
            }
            for (key, process) in &fleet.processes {
                let (ProcessKey::Local(id), Some(identity)) = (key, &process.identity) else {
                    continue;
                };
                let index = usize::try_from(id.pid - 500).unwrap();
                let own = twins[index].name(index);
                let told = format!("{now:.1} s: pid {} is {identity}, not {own}: {twins:?}", id.pid);
                // Where nothing was ever seen of the thread, a lost hash is all there is.
                let hashless = process.info.is_none();
                // Before the first look that shows its own row, a twin that registered within the
                // rounding of its start cannot be told from it.
                let twin = |other: &Twin| {
                    other.here.is_none()
                        && (other.registered() - twins[index].registered()).abs() < 2.5
                };
                let early = looked < twins[index].registered() && twins.iter().any(twin);
                prop_assert!(hashless || early || identity.as_str() == own, "{told}");
                if early {
                    continue;
                }
                let job = format!("job-of-{index}");
                prop_assert!(process.jobs.iter().all(|seen| seen.work.jid == Some(job.clone())));
            }
            let mut given: Vec<&Identity> =
                fleet.processes.values().filter_map(|one| one.identity.as_ref()).collect();
            let all = given.len();
            given.sort_unstable();
            given.dedup();
            prop_assert_eq!(given.len(), all, "one identity at two processes");
        }
    }
}
