//! A child of the demo: the imitated Sidekiq in a process of its own, with real signals. It
//! ends with the program that started it, whatever becomes of that, and signals no process.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::process::ExitCode;

use color_eyre::eyre::{Result, WrapErr};
use nix::sys::signal::Signal as Number;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::unix::pipe;
use tokio::signal::unix::{self, SignalKind, signal};

use super::NAME;
use super::wire::{Birth, ChildReport, Demand, Order, SeenJob, Tick};
use crate::clock::Paced;
use crate::core::moment::Moment;
use crate::core::sequence::Signal;
use crate::core::sidekiq::{Snapshot, Worker, WorkerEnding, WorkerEvent};

/// Lives as the child that `birth` describes, until a signal or the end of its parent ends it.
///
/// # Errors
/// If it was not started by the demo.
pub fn live(birth: &OsStr) -> Result<ExitCode> {
    let text = birth.to_str().unwrap_or_default();
    let birth: Birth = serde_json::from_str(text).wrap_err("only the demo itself starts this")?;
    // The scanner knows the children by this name.
    std::fs::write("/proc/self/comm", NAME).wrap_err("this process cannot be named")?;
    // The end of its input tells the same; this tells it even to a child that hangs.
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(Child::born(&birth).live(&birth.jobs))
}

/// The signals that a Sidekiq has handlers for (7.3.9 `lib/sidekiq/cli.rb:45-60`).
struct Traps {
    quiet: unix::Signal,
    terminate: unix::Signal,
    interrupt: unix::Signal,
    dump: unix::Signal,
}

impl Traps {
    fn set() -> io::Result<Self> {
        let raw = |number: Number| SignalKind::from_raw(number as i32);
        Ok(Self {
            quiet: signal(raw(Number::SIGTSTP))?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            dump: signal(raw(Number::SIGTTIN))?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.quiet.recv() => Signal::Tstp,
            _ = self.terminate.recv() => Signal::Term,
            _ = self.interrupt.recv() => Signal::Int,
            _ = self.dump.recv() => Signal::Ttin,
        }
    }
}

struct Child {
    clock: Paced,
    worker: Worker,
    /// Until when it hangs.
    hangs: Option<Moment>,
    threads: Option<usize>,
    tids: u32,
}

impl Child {
    fn born(birth: &Birth) -> Self {
        let clock = birth.clock.clock();
        let worker = Worker::new(birth.config(), birth.first_beat.moment(&clock));
        Self {
            clock,
            worker,
            hangs: None,
            threads: None,
            tids: 0,
        }
    }

    async fn live(mut self, jobs: &[Order]) -> Result<ExitCode> {
        let mut traps = Traps::set()?;
        for job in jobs {
            self.take(job)?;
        }
        let input = io::stdin().as_fd().try_clone_to_owned()?;
        let mut orders = BufReader::new(pipe::Receiver::from_owned_fd(input)?).lines();
        loop {
            // It reads nothing meanwhile; should its parent end, the kernel ends it too.
            if let Some(until) = self.hangs.take() {
                tokio::time::sleep(self.clock.pause(until)).await;
            }
            let now = self.clock.now();
            let events = self.worker.step(now);
            for (_, event) in events {
                if let Some(report) = self.report(event) {
                    tell(&report)?;
                }
            }
            // How many threads one has that is gone proves nothing of its jobs.
            if let Some(ending) = self.worker.ended() {
                return Ok(code(ending));
            }
            self.tell_threads()?;
            let due = self.worker.next_event().unwrap_or(now);
            let pause = self.clock.pause(due);
            tokio::select! {
                biased;
                line = orders.next_line() => match line? {
                    Some(line) => self.hear(&serde_json::from_str(&line)?)?,
                    None => return Ok(ExitCode::SUCCESS),
                },
                signal = traps.next() => self.worker.signal(signal, self.clock.now()),
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    fn hear(&mut self, demand: &Demand) -> Result<()> {
        let now = self.clock.now();
        match demand {
            Demand::Run(order) => self.take(order)?,
            Demand::Hang(span) => self.hangs = Some(now.after(*span)),
            Demand::Die => self.worker.signal(Signal::Kill, now),
        }
        Ok(())
    }

    fn take(&mut self, order: &Order) -> Result<()> {
        let now = self.clock.now();
        self.tids += 1;
        let tid = format!("g{:x}", 0x2f00 + self.tids * 0x1d);
        let since = order.since.map_or(now, |tick| tick.moment(&self.clock));
        let refused = self.worker.adopt(order.task.clone(), tid, since, now);
        match refused {
            Some(task) => tell(&ChildReport::Refused { jid: task.jid }),
            None => Ok(()),
        }
    }

    /// The report to the demo about an event.
    fn report(&self, event: WorkerEvent) -> Option<ChildReport> {
        match event {
            WorkerEvent::JobFinished(task) => Some(ChildReport::Finished { jid: task.jid }),
            WorkerEvent::JobFailed(task) => Some(ChildReport::Failed { jid: task.jid }),
            WorkerEvent::PushedBack { task, front } => Some(ChildReport::Back {
                jid: task.jid,
                front,
            }),
            WorkerEvent::BrokeOff { task, .. } => Some(ChildReport::Back {
                jid: task.jid,
                front: false,
            }),
            WorkerEvent::Beat(snapshot) => Some(self.beat(&snapshot)),
            WorkerEvent::LeftRegistry => Some(ChildReport::Left),
            // The demo knows what it gave, and sees for itself what died with the process.
            WorkerEvent::JobStarted(_) | WorkerEvent::JobLost(_) | WorkerEvent::Exited(_) => None,
        }
    }

    fn beat(&self, snapshot: &Snapshot) -> ChildReport {
        let seen = |busy: &crate::core::sidekiq::Busy| SeenJob {
            tid: busy.tid.clone(),
            jid: busy.task.jid.clone(),
            since: Tick::of(busy.since, &self.clock),
        };
        ChildReport::Beat {
            at: Tick::of(snapshot.at, &self.clock),
            quiet: snapshot.quiet,
            busy: snapshot.busy.iter().map(seen).collect(),
        }
    }

    fn tell_threads(&mut self) -> Result<()> {
        let processors = self.worker.named_threads(self.clock.now());
        if self.threads == Some(processors) {
            return Ok(());
        }
        self.threads = Some(processors);
        tell(&ChildReport::Threads { processors })
    }
}

fn tell(report: &ChildReport) -> Result<()> {
    let mut line = serde_json::to_string(report)?;
    line.push('\n');
    let mut output = io::stdout().lock();
    output.write_all(line.as_bytes())?;
    Ok(output.flush()?)
}

fn code(ending: WorkerEnding) -> ExitCode {
    match ending {
        WorkerEnding::InOrder => ExitCode::SUCCESS,
        WorkerEnding::Signal(_) => ExitCode::FAILURE,
    }
}
