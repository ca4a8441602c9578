//! The imitated process: its threads, its beats and its way out. It moves only when it is told
//! what time it is, and jumps from one of its own events to the next.

use std::collections::VecDeque;
use std::time::Duration;

use super::slot::{Errand, Slot};
use super::{Busy, Snapshot, Task, Temper, WorkerConfig, WorkerEnding, WorkerEvent};
use crate::core::moment::Moment;
use crate::core::sequence::{Consequence, Signal, Version};

/// Sidekiq looks at its threads so often while it stops (`PAUSE_TIME`, 7.3.9
/// `lib/sidekiq/manager.rb:122`).
const PAUSE: Duration = Duration::from_millis(500);

/// How long an idle thread sits in its fetch (`BRPOP … 2`, `lib/sidekiq/fetch.rb:12`).
const FETCH: Duration = Duration::from_secs(2);

/// How long those that swallow `Shutdown` are waited for: 3 s less one pause. Measured: exit at
/// 8.09 s with `-t 6` on 6.4.1, 7.3.9 and 8.1.7.
const GRACE: Duration = Duration::from_millis(2500);

/// The first version that waits for them.
const GRACE_SINCE: Version = Version::new(6, 4, 0);

/// How far it is on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WorkerStage {
    Working,
    Quiet,
    /// Waits for its threads; looks at them at `look`.
    Stopping {
        deadline: Moment,
        look: Moment,
    },
    /// Has pushed back; waits for those that swallowed `Shutdown`.
    Grace {
        until: Moment,
        look: Moment,
    },
    /// Out of the registry.
    Leaving {
        exits: Moment,
    },
    Ended(WorkerEnding),
}

/// A Sidekiq process.
#[derive(Clone, Debug)]
pub struct Worker {
    config: WorkerConfig,
    slots: Vec<Slot>,
    stage: WorkerStage,
    unheeded: VecDeque<(Moment, Signal)>,
    next_beat: Moment,
    last_beat: Option<Snapshot>,
    events: Vec<(Moment, WorkerEvent)>,
}

impl Worker {
    /// A Sidekiq that has just started, with nothing to do.
    pub fn new(config: WorkerConfig, now: Moment) -> Self {
        Self {
            slots: vec![Slot::Idle { until: None }; config.threads],
            stage: WorkerStage::Working,
            unheeded: VecDeque::new(),
            next_beat: now.after(config.first_beat),
            last_beat: None,
            events: Vec::new(),
            config,
        }
    }

    /// How it is set up.
    pub fn config(&self) -> &WorkerConfig {
        &self.config
    }

    /// How many jobs it would take now.
    pub fn wants(&self) -> usize {
        if self.stage != WorkerStage::Working {
            return 0;
        }
        let idle = |slot: &&Slot| matches!(slot, Slot::Idle { .. });
        self.slots.iter().filter(idle).count()
    }

    /// Gives it a job from a queue. It comes back if no thread fetches: then it still stands at
    /// the front of its queue.
    #[must_use]
    pub fn give(&mut self, task: Task, now: Moment) -> Option<Task> {
        // Each thread keeps its id from job to job.
        let mut slots = self.slots.iter();
        let free = slots.position(|slot| matches!(slot, Slot::Idle { .. }));
        let tid = format!("t{:x}", 0xa01 + free.unwrap_or_default());
        self.adopt(task, tid, now, now)
    }

    /// Puts a job that runs since `since` on one of its threads, as a rehearsal finds it. It
    /// comes back if no thread is free.
    #[must_use]
    pub fn adopt(&mut self, task: Task, tid: String, since: Moment, now: Moment) -> Option<Task> {
        if self.wants() == 0 {
            return Some(task);
        }
        let free = self
            .slots
            .iter_mut()
            .find(|slot| matches!(slot, Slot::Idle { .. }))?;
        let busy = Busy { tid, task, since };
        self.events
            .push((now, WorkerEvent::JobStarted(busy.clone())));
        *free = Slot::Busy(Errand::new(busy));
        None
    }

    /// A signal reaches it. What it does with it comes out of [`Self::step`].
    pub fn signal(&mut self, signal: Signal, now: Moment) {
        let deadly = matches!(
            signal.consequence(Some(self.config.version)),
            Consequence::Kills | Consequence::Destroys
        );
        // The kernel does not wait.
        let heeded = if deadly {
            now
        } else {
            now.after(self.config.heeds_after)
        };
        self.unheeded.push_back((heeded, signal));
    }

    /// Does everything that is due by `now`, in order.
    pub fn step(&mut self, now: Moment) -> Vec<(Moment, WorkerEvent)> {
        while let Some(due) = self.next_event().filter(|due| *due <= now) {
            self.fire(due);
        }
        std::mem::take(&mut self.events)
    }

    /// When it does something next; `None` once it is gone.
    pub fn next_event(&self) -> Option<Moment> {
        let staged = match self.stage {
            WorkerStage::Ended(_) => return None,
            WorkerStage::Working | WorkerStage::Quiet => None,
            WorkerStage::Stopping { look, .. } | WorkerStage::Grace { look, .. } => Some(look),
            WorkerStage::Leaving { exits } => Some(exits),
        };
        let slots = self.slots.iter().filter_map(|slot| match slot {
            Slot::Idle { until } => *until,
            Slot::Busy(errand) => errand.ends,
            Slot::Ended { .. } => None,
        });
        let signal = self.unheeded.iter().map(|(at, _)| *at);
        let beat = self.is_registered().then_some(self.next_beat);
        slots.chain(signal).chain(beat).chain(staged).min()
    }

    /// The jobs on its threads.
    pub fn running(&self) -> impl Iterator<Item = &Busy> {
        self.slots.iter().filter_map(|slot| match slot {
            Slot::Busy(errand) => Some(&errand.busy),
            Slot::Idle { .. } | Slot::Ended { .. } => None,
        })
    }

    /// How many threads `/proc` would show under the name of a processor.
    pub fn named_threads(&self, now: Moment) -> usize {
        let named = |slot: &&Slot| match slot {
            Slot::Idle { .. } | Slot::Busy(_) => true,
            Slot::Ended { named_until } => *named_until > now,
        };
        self.slots.iter().filter(named).count()
    }

    /// Whether it fetches no more.
    pub fn is_quiet(&self) -> bool {
        self.stage != WorkerStage::Working
    }

    /// Whether it stands in `processes`; a killed one stays there.
    pub fn is_registered(&self) -> bool {
        !matches!(
            self.stage,
            WorkerStage::Leaving { .. } | WorkerStage::Ended(WorkerEnding::InOrder)
        )
    }

    /// How it ended, once it has.
    pub fn ended(&self) -> Option<WorkerEnding> {
        match self.stage {
            WorkerStage::Ended(ending) => Some(ending),
            WorkerStage::Working
            | WorkerStage::Quiet
            | WorkerStage::Stopping { .. }
            | WorkerStage::Grace { .. }
            | WorkerStage::Leaving { .. } => None,
        }
    }

    /// The contents of its last beat.
    pub fn last_beat(&self) -> Option<&Snapshot> {
        self.last_beat.as_ref()
    }

    /// Its title as of its last beat (7.3.9 `lib/sidekiq/launcher.rb:15-21`); `None` before the
    /// first. An empty tag leaves two blanks, as it does in Sidekiq.
    pub fn title(&self) -> Option<String> {
        let beat = self.last_beat.as_ref()?;
        let stopping = if beat.quiet { " stopping" } else { "" };
        let (version, tag) = (self.config.version, &self.config.tag);
        let (busy, threads) = (beat.busy.len(), self.config.threads);
        Some(format!(
            "sidekiq {version} {tag} [{busy} of {threads} busy]{stopping}"
        ))
    }

    /// Does the one thing that is due at `at`.
    fn fire(&mut self, at: Moment) {
        if let Some(first) = self.unheeded.iter().position(|(due, _)| *due <= at)
            && let Some((_, signal)) = self.unheeded.remove(first)
        {
            return self.heed(signal, at);
        }
        if let Some(index) = self.slots.iter().position(|slot| slot.is_due(at)) {
            return self.end_slot(index, at);
        }
        match self.stage {
            WorkerStage::Stopping { deadline, look } if look <= at => self.look(deadline, at),
            WorkerStage::Grace { until, look } if look <= at => {
                if self.alive() == 0 || at >= until {
                    self.leave(at);
                } else {
                    let look = at.after(PAUSE);
                    self.stage = WorkerStage::Grace { until, look };
                }
            }
            WorkerStage::Leaving { exits } if exits <= at => self.end(WorkerEnding::InOrder, at),
            WorkerStage::Working
            | WorkerStage::Quiet
            | WorkerStage::Stopping { .. }
            | WorkerStage::Grace { .. }
            | WorkerStage::Leaving { .. }
            | WorkerStage::Ended(_) => self.beat(at),
        }
    }

    fn heed(&mut self, signal: Signal, at: Moment) {
        let stops = matches!(
            self.stage,
            WorkerStage::Stopping { .. } | WorkerStage::Grace { .. } | WorkerStage::Leaving { .. }
        );
        match signal.consequence(Some(self.config.version)) {
            Consequence::Kills | Consequence::Destroys => {
                self.end(WorkerEnding::Signal(signal), at);
            }
            Consequence::Quiets if self.stage == WorkerStage::Working => {
                self.quiet(at);
                self.stage = WorkerStage::Quiet;
            }
            // Its main thread stands in the shutdown and reads no signal any more.
            Consequence::Stops if !stops => {
                self.quiet(at);
                self.stage = WorkerStage::Stopping {
                    deadline: at.after(self.config.timeout),
                    look: at.after(PAUSE),
                };
            }
            Consequence::Quiets
            | Consequence::Stops
            | Consequence::Dumps
            | Consequence::Nothing => {}
        }
    }

    /// Tells every thread to take no more jobs.
    fn quiet(&mut self, at: Moment) {
        let threads = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        let each = FETCH / threads.max(1);
        for (number, slot) in (1..).zip(&mut self.slots) {
            match slot {
                Slot::Idle {
                    until: until @ None,
                } => *until = Some(at.after(each * number)),
                Slot::Busy(errand) => errand.stop_iterating(at),
                Slot::Idle { until: Some(_) } | Slot::Ended { .. } => {}
            }
        }
    }

    /// A thread's job or its fetch is over.
    fn end_slot(&mut self, index: usize, at: Moment) {
        let named_until = at.after(self.config.names_linger);
        let rest = if self.is_quiet() {
            Slot::Ended { named_until }
        } else {
            Slot::Idle { until: None }
        };
        if let Slot::Busy(errand) = std::mem::replace(&mut self.slots[index], rest) {
            self.events.push((at, errand.ended(at)));
        }
    }

    fn alive(&self) -> usize {
        let ended = |slot: &&Slot| !matches!(slot, Slot::Ended { .. });
        self.slots.iter().filter(ended).count()
    }

    /// Looks whether its threads have ended, and interrupts them when its time is up: one pause
    /// before the deadline, and later the longer a job holds the interpreter.
    fn look(&mut self, deadline: Moment, at: Moment) {
        let held = self.running().map(|busy| match busy.task.temper {
            Temper::HoldsInterpreter(late) => late,
            Temper::Plain
            | Temper::Fails
            | Temper::SwallowsShutdown
            | Temper::Iterates(_)
            | Temper::Checkpoints(_) => Duration::ZERO,
        });
        let held = held.max().unwrap_or_default();
        if self.alive() == 0 {
            self.leave(at);
        } else if at.after(PAUSE) >= deadline.after(held) {
            self.interrupt(at);
        } else {
            let look = at.after(PAUSE);
            self.stage = WorkerStage::Stopping { deadline, look };
        }
    }

    /// Pushes back what runs, to the front of its queue, and raises `Shutdown` in it.
    fn interrupt(&mut self, at: Moment) {
        let named_until = at.after(self.config.names_linger);
        for slot in &mut self.slots {
            if let Slot::Busy(errand) = slot {
                errand.pushed_back = true;
                let task = errand.busy.task.clone();
                let swallows = task.temper == Temper::SwallowsShutdown;
                let event = WorkerEvent::PushedBack { task, front: true };
                self.events.push((at, event));
                if swallows {
                    continue;
                }
            }
            if !matches!(slot, Slot::Ended { .. }) {
                *slot = Slot::Ended { named_until };
            }
        }
        let until = if self.config.version >= GRACE_SINCE {
            at.after(GRACE)
        } else {
            at
        };
        let look = at.after(PAUSE).min(until);
        self.stage = WorkerStage::Grace { until, look };
    }

    fn leave(&mut self, at: Moment) {
        self.events.push((at, WorkerEvent::LeftRegistry));
        self.stage = WorkerStage::Leaving {
            exits: at.after(self.config.exit_takes),
        };
    }

    fn end(&mut self, ending: WorkerEnding, at: Moment) {
        for slot in &mut self.slots {
            if let Slot::Busy(errand) = slot
                && !errand.pushed_back
            {
                let task = errand.busy.task.clone();
                self.events.push((at, WorkerEvent::JobLost(task)));
            }
            *slot = Slot::Ended { named_until: at };
        }
        self.events.push((at, WorkerEvent::Exited(ending)));
        self.stage = WorkerStage::Ended(ending);
    }

    fn beat(&mut self, at: Moment) {
        let snapshot = Snapshot {
            at,
            busy: self.running().cloned().collect(),
            quiet: self.is_quiet(),
        };
        self.last_beat = Some(snapshot.clone());
        self.events.push((at, WorkerEvent::Beat(snapshot)));
        let period = Duration::from_secs(self.config.version.beat_seconds());
        self.next_beat = at.after(period);
    }
}
