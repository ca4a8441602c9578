//! The task that plays Redis and `/proc`: it gives the children work, hears them, and reports
//! what a look and a scan would show. It signals no process and opens no Redis.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use color_eyre::eyre::{Result, WrapErr};
use tokio::sync::{mpsc, oneshot};

use super::cast::{FLEET, INCIDENTS, Incident, Role, STANDING, StandingJob};
use super::children::{LastBeat, Nursery, Offspring, Registration, Word};
use super::chores::Chores;
use super::rows;
use super::store::{DemoStore, Number, Post};
use super::wire::{Birth, ChildReport, ClockWords, Demand, Order, Tick};
use crate::clock::Paced;
use crate::core::fleet::{ExitStatus, Link, Observation};
use crate::core::moment::Moment;

/// From one look to the next, on the demo's clock.
const PERIOD: Duration = Duration::from_secs(1);
/// How long the first beats of the children are waited for.
const OPENING: Duration = Duration::from_secs(3);
/// How long the oldest processes claim to run.
const UPTIME: f64 = 3.0 * 86_400.0 + 7_311.0;

/// The imitated Redis, shared with those who ask it.
#[derive(Clone, Debug, Default)]
pub(super) struct SharedStore(Arc<Mutex<DemoStore>>);

impl SharedStore {
    pub(super) fn lock(&self) -> MutexGuard<'_, DemoStore> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request to the source.
#[derive(Debug)]
pub(super) enum DemoRequest {
    /// A look, at once.
    Look(oneshot::Sender<()>),
    /// A drain has begun: its incidents take place.
    Begun,
}

/// The source.
pub(super) struct DemoSource {
    clock: Paced,
    words: ClockWords,
    nursery: Nursery,
    children: Vec<Offspring>,
    store: SharedStore,
    chores: Chores,
    /// When the first drain began, and how many incidents took place since.
    begun: Option<(Moment, usize)>,
    ends: ChannelEnds,
}

/// The ends of the channels that the source holds.
pub(super) struct ChannelEnds {
    pub(super) observations: mpsc::Sender<Observation>,
    pub(super) wanted: mpsc::UnboundedReceiver<DemoRequest>,
    pub(super) words: mpsc::UnboundedReceiver<(Number, Word)>,
}

impl DemoSource {
    pub(super) fn new(
        words: ClockWords,
        nursery: Nursery,
        store: SharedStore,
        ends: ChannelEnds,
    ) -> Self {
        Self {
            clock: words.clock(),
            words,
            nursery,
            children: Vec::new(),
            store,
            chores: Chores::new(),
            begun: None,
            ends,
        }
    }

    /// Starts the fleet and gives it the jobs of the first frame.
    pub(super) fn open(&mut self) -> Result<()> {
        let begun = self.clock.begun();
        for post in self.chores.backlog(begun) {
            self.store.lock().enqueue(post);
        }
        for (number, role) in FLEET.iter().enumerate() {
            let jobs = self.first_jobs(number, role);
            self.start(role, begun.epoch() - UPTIME, jobs)?;
        }
        Ok(())
    }

    /// The jobs that a process has been running for a while at the first frame: its standing jobs,
    /// and ordinary ones on all other threads but one.
    fn first_jobs(&mut self, number: Number, role: &Role) -> Vec<Order> {
        let begun = self.clock.begun();
        let mut running = Vec::new();
        for job in STANDING.iter().filter(|job| job.child == number) {
            let post = Arc::new(self.chores.standing(job, begun.before(job.ran)));
            self.store.lock().start(Arc::clone(&post), number);
            running.push((post, job.ran));
        }
        while running.len() + 1 < role.threads {
            let queues = self.chores.shuffled(role.queues);
            let Some(post) = self.store.lock().fetch(&queues, number) else {
                break;
            };
            let lasts = post.task.lasts.unwrap_or_default().as_millis();
            let most = u64::try_from(lasts * 6 / 10).unwrap_or_default();
            let beaten = u64::from(role.beaten_s.unsigned_abs()) * 1000;
            let ran = self.chores.between(0, most).max(beaten);
            running.push((post, Duration::from_millis(ran)));
        }
        let order = |(post, ran): (Arc<Post>, Duration)| Order {
            task: post.task.clone(),
            since: Some(Tick::of(begun.before(ran), &self.clock)),
        };
        running.into_iter().map(order).collect()
    }

    fn start(&mut self, role: &'static Role, started_at: f64, jobs: Vec<Order>) -> Result<()> {
        let now = self.clock.now();
        let seconds = Duration::from_secs(u64::from(role.beaten_s.unsigned_abs()));
        let first_beat = if role.beaten_s < 0 {
            now.after(seconds)
        } else {
            now.before(seconds)
        };
        let birth = Birth {
            clock: self.words,
            version: role.version.to_owned(),
            timeout: super::cast::TIMEOUT,
            threads: role.threads,
            tag: role.tag.to_owned(),
            first_beat: Tick::of(first_beat, &self.clock),
            exit_takes: role.exit_takes,
            jobs,
        };
        let registration = Registration {
            role,
            nonce: self.chores.digits(12),
            started_at,
        };
        let child = self
            .nursery
            .start(self.children.len(), registration, &birth)
            .wrap_err("a process of the demo cannot be started")?;
        self.children.push(child);
        Ok(())
    }

    /// Plays until the loop has ended.
    pub(super) async fn run(mut self) -> Result<()> {
        let mut due = self.clock.now();
        let patience = self.clock.now().after(OPENING);
        let mut open = false;
        loop {
            let pause = self.clock.pause(due);
            tokio::select! {
                biased;
                () = self.ends.observations.closed() => return self.end().await,
                Some(ended) = self.nursery.tasks.join_next() => ended??,
                Some((number, word)) = self.ends.words.recv() => {
                    let shows = self.hear(number, word).await;
                    open = open || self.all_beaten();
                    if open && shows {
                        self.show_host().await;
                    }
                    if open && due <= self.clock.begun() {
                        due = self.clock.now();
                    }
                }
                Some(wanted) = self.ends.wanted.recv() => match wanted {
                    DemoRequest::Begun => self.begun = self.begun.or_else(|| Some((self.clock.now(), 0))),
                    DemoRequest::Look(done) => {
                        self.look().await;
                        let _gone = done.send(());
                    }
                },
                () = tokio::time::sleep(pause) => {
                    due = self.clock.now().after(PERIOD);
                    open = open || self.clock.now() >= patience;
                    self.second()?;
                    if open {
                        self.show_host().await;
                        self.look().await;
                        self.logs().await;
                        self.depths().await;
                    }
                }
            }
        }
    }

    /// Lets the children end, and waits for them: none stays as a zombie.
    async fn end(mut self) -> Result<()> {
        self.children.clear();
        while let Some(ended) = self.nursery.tasks.join_next().await {
            ended??;
        }
        Ok(())
    }

    fn all_beaten(&self) -> bool {
        self.children.iter().all(|child| child.told.beat.is_some())
    }

    /// A second of a shop's day.
    fn second(&mut self) -> Result<()> {
        let now = self.clock.now();
        self.store.lock().retry(now);
        for post in self.chores.second(now) {
            self.store.lock().enqueue(post);
        }
        self.incidents(now)?;
        for number in 0..self.children.len() {
            // An idle thread now and then makes a fleet that is neither bored nor swamped.
            if self.free(number) > 0 && self.chores.between(1, 100) <= 60 {
                self.feed(number);
            }
        }
        Ok(())
    }

    /// Lets the incidents take place that are due.
    fn incidents(&mut self, now: Moment) -> Result<()> {
        while let Some((begun, next)) = self.begun
            && let Some((after, incident)) = INCIDENTS.get(next)
            && begun.after(*after) <= now
        {
            self.begun = Some((begun, next + 1));
            match incident {
                Incident::Hangs(number, span) => self.children[*number].tell(&Demand::Hang(*span)),
                Incident::Dies(number) => self.children[*number].tell(&Demand::Die),
                Incident::Starts(role) => self.start(role, now.epoch(), Vec::new())?,
            }
        }
        Ok(())
    }

    /// How many jobs a child would take.
    fn free(&self, number: Number) -> usize {
        let Some(child) = self.children.get(number) else {
            return 0;
        };
        let told = &child.told;
        let quiet = told.quiet || told.ended || told.beat.as_ref().is_some_and(|beat| beat.quiet);
        let boots = child.role.beaten_s < 0 && told.beat.is_none();
        if quiet || boots {
            return 0;
        }
        child
            .role
            .threads
            .saturating_sub(self.store.lock().busy(number))
    }

    /// Lets a child fetch.
    fn feed(&mut self, number: Number) {
        let queues = self.chores.shuffled(self.children[number].role.queues);
        let post = self.store.lock().fetch(&queues, number);
        if let Some(post) = post {
            self.order(number, &post);
        }
    }

    fn order(&self, number: Number, post: &Post) {
        self.children[number].tell(&Demand::Run(Order {
            task: post.task.clone(),
            since: None,
        }));
    }

    /// Gives a child the next standing job of this class, if that is one.
    fn renew(&mut self, number: Number, class: &str) {
        let is = |job: &&StandingJob| job.child == number && job.class == class;
        let Some(job) = STANDING.iter().find(is) else {
            return;
        };
        if self.free(number) > 0 {
            let post = Arc::new(self.chores.standing(job, self.clock.now()));
            self.store.lock().start(Arc::clone(&post), number);
            self.order(number, &post);
        }
    }

    /// Takes a word in; says whether a scan would show it.
    async fn hear(&mut self, number: Number, word: Word) -> bool {
        match word {
            Word::Said(report) => self.said(number, report),
            Word::Ended(status) => {
                self.children[number].told.ended = true;
                self.store.lock().died(number);
                self.exited(number, status).await;
                true
            }
        }
    }

    fn said(&mut self, number: Number, report: ChildReport) -> bool {
        let now = self.clock.now();
        let mut shows = false;
        match report {
            ChildReport::Finished { jid } => {
                let ended = self.store.lock().finished(&jid);
                self.renew_after(number, ended);
            }
            ChildReport::Failed { jid } => {
                let ended = self.store.lock().failed(&jid, now);
                self.renew_after(number, ended);
            }
            ChildReport::Back { jid, front } => self.store.lock().back(&jid, front),
            ChildReport::Refused { jid } => {
                self.store.lock().back(&jid, true);
                self.children[number].told.quiet = true;
            }
            ChildReport::Beat { at, quiet, busy } => {
                let store = self.store.lock();
                let work = busy
                    .iter()
                    .filter_map(|seen| rows::work(seen, &store, &self.clock))
                    .collect();
                let at = at.moment(&self.clock);
                self.children[number].told.beat = Some(LastBeat { at, quiet, work });
                shows = true;
            }
            ChildReport::Threads { processors } => {
                self.children[number].told.threads = Some(processors);
                shows = true;
            }
            ChildReport::Left => self.children[number].told.left = true,
        }
        shows
    }

    fn renew_after(&mut self, number: Number, ended: Option<Arc<Post>>) {
        if let Some(post) = ended {
            self.renew(number, &post.task.class);
        }
    }

    async fn exited(&self, number: Number, status: Option<ExitStatus>) {
        self.send(Observation::Exited {
            process: self.children[number].glance.id,
            at: self.clock.now(),
            status,
        })
        .await;
    }

    async fn show_host(&self) {
        let host = rows::host(&self.children, self.clock.now());
        self.send(Observation::Host(host)).await;
    }

    async fn look(&self) {
        let now = self.clock.now();
        let round_trip = Duration::from_micros(300);
        self.send(Observation::Link(Link::Connected {
            round_trip,
            at: now,
        }))
        .await;
        self.send(Observation::Look(rows::look(&self.children, now)))
            .await;
    }

    /// Shows the log of those that die, once: that their jobs have begun.
    async fn logs(&mut self) {
        let now = self.clock.now();
        let mut news = Vec::new();
        for (number, child) in self.children.iter_mut().enumerate() {
            let dies = |(_, incident): &(Duration, Incident)| matches!(incident, Incident::Dies(one) if *one == number);
            if child.told.beat.is_none() || child.is_logged || !INCIDENTS.iter().any(dies) {
                continue;
            }
            child.is_logged = true;
            news.extend(rows::log(child, now));
        }
        for news in news {
            self.send(Observation::Logged(news)).await;
        }
    }

    async fn depths(&self) {
        let depths = self.store.lock().depths(self.clock.now());
        self.send(Observation::Queues(depths)).await;
    }

    async fn send(&self, observation: Observation) {
        // The loop has ended, and `closed` says so.
        drop(self.ends.observations.send(observation).await);
    }
}
