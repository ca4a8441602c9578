//! The task that feeds looks, link changes and queue lengths into the program, and answers
//! questions on a second connection. It reconnects by itself and says so; nothing it does waits
//! longer than its limits, whatever the server does.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

use super::address::Address;
use super::commands::Keys;
use super::connection::{Connection, open};
use super::extent::Extent;
use super::link::backoff;
use super::look::Looker;
use super::names::Names;
use super::questions::{Bounds, locate, queues};
use crate::clock;
use crate::core::fleet::{Link, LinkFault, Located, Look, Observation, Place, Sought};
use crate::core::moment::Moment;

/// Questions that may wait for one another.
const WAITING: usize = 16;

/// How the source works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// Time from one look to the next.
    pub period: Duration,
    /// Time from one reading of the queues' lengths to the next.
    pub queues_every: Duration,
    /// How long a connection, and each answer on it, is waited for.
    pub answer_within: Duration,
    /// The prefix of `redis-namespace`, where it is used.
    pub namespace: Option<String>,
    /// How far a search for a job goes.
    pub bounds: Bounds,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            period: Duration::from_secs(1),
            queues_every: Duration::from_secs(5),
            answer_within: Duration::from_secs(2),
            namespace: None,
            bounds: Bounds::default(),
        }
    }
}

type LookReply = oneshot::Sender<Result<Moment, LinkFault>>;
type Question = (Vec<Sought>, Bounds, oneshot::Sender<Vec<Located>>);

/// The source. It does nothing until [`Source::run`] is awaited.
#[must_use = "a source does nothing until it runs"]
#[derive(Debug)]
pub struct Source {
    address: Address,
    settings: Tuning,
    observations: mpsc::Sender<Observation>,
    looks: mpsc::Receiver<LookReply>,
    questions: mpsc::Receiver<Question>,
}

/// Asks a running [`Source`].
#[derive(Clone, Debug)]
pub struct Asker {
    limit: Duration,
    bounds: Bounds,
    looks: mpsc::Sender<LookReply>,
    questions: mpsc::Sender<Question>,
}

impl Asker {
    /// Has a look taken at once and waits for it, within a limit that leaves time for the look
    /// under way, a new connection and the look asked for (13 s by default). The look itself goes
    /// the way of all observations and is on that way when this returns; gives the time at which
    /// its first command left, which is later than this call.
    pub async fn look_now(&self) -> Result<Moment, LinkFault> {
        let (reply, answer) = oneshot::channel();
        let asking = async {
            self.looks
                .send(reply)
                .await
                .map_err(|_| LinkFault::Silent)?;
            answer.await.map_err(|_| LinkFault::Silent)?
        };
        match timeout(self.limit, asking).await {
            Ok(answer) => answer,
            Err(_) => Err(LinkFault::Silent),
        }
    }

    /// Finds each job; one answer for each question, in the same order, within the bounds given
    /// to the source plus the time to connect twice (13 s by default).
    pub async fn locate(&self, sought: Vec<Sought>) -> Vec<Located> {
        self.search(sought, self.bounds).await
    }

    /// Looks for each job in the likely places and no further, so cheaply that it may be done
    /// every few seconds: "not searched to the end" is a common answer.
    pub async fn glance(&self, sought: Vec<Sought>) -> Vec<Located> {
        self.search(sought, Bounds::GLANCE).await
    }

    async fn search(&self, sought: Vec<Sought>, bounds: Bounds) -> Vec<Located> {
        let asked = clock::now();
        let unanswered = not_asked(&sought, asked, "no answer in time");
        let (reply, answer) = oneshot::channel();
        let asking = async {
            self.questions.send((sought, bounds, reply)).await.ok()?;
            answer.await.ok()
        };
        match timeout(self.limit, asking).await {
            Ok(Some(located)) => located,
            Ok(None) | Err(_) => unanswered,
        }
    }
}

fn not_asked(sought: &[Sought], asked: Moment, why: &str) -> Vec<Located> {
    let unanswered = |sought: &Sought| Located {
        jid: sought.jid.clone(),
        place: Place::NotAsked { why: why.into() },
        asked,
        iterating: false,
        heirs: Vec::new(),
        namesake: None,
    };
    sought.iter().map(unanswered).collect()
}

impl Source {
    /// A source for the Redis at `address` that feeds `observations`, and the way to ask it.
    pub fn new(
        address: Address,
        settings: Tuning,
        observations: mpsc::Sender<Observation>,
    ) -> (Self, Asker) {
        let (look_sender, looks) = mpsc::channel(WAITING);
        let (question_sender, questions) = mpsc::channel(WAITING);
        let asker = Asker {
            // The three answers of a connection, two looks or one search, and a little for the way.
            limit: settings.answer_within * 6 + settings.bounds.within,
            bounds: settings.bounds,
            looks: look_sender,
            questions: question_sender,
        };
        let source = Self {
            address,
            settings,
            observations,
            looks,
            questions,
        };
        (source, asker)
    }

    /// Runs until observations have no taker.
    pub async fn run(self) {
        let Self {
            address,
            settings,
            observations,
            looks,
            questions,
        } = self;
        let watch = Looks {
            looker: Looker::new(keys(&settings)).within(Extent::WATCHED),
            names: Names::default(),
            address: &address,
            settings: &settings,
            connection: None,
            observations: &observations,
        };
        tokio::select! {
            () = watch.run(looks) => {}
            () = answer(&address, &settings, questions) => {}
        }
    }
}

fn keys(settings: &Tuning) -> Keys {
    Keys::new(settings.namespace.as_deref())
}

/// The looks, one after the other.
struct Looks<'a> {
    address: &'a Address,
    settings: &'a Tuning,
    observations: &'a mpsc::Sender<Observation>,
    connection: Option<Connection>,
    looker: Looker,
    names: Names,
}

/// Observations have no taker any more.
struct Closed;

impl Looks<'_> {
    async fn run(mut self, mut asked: mpsc::Receiver<LookReply>) {
        let since = clock::now();
        let mut progress = Progress {
            last_answer: since,
            failures: 0,
        };
        if self
            .send(Observation::Link(Link::Connecting { since }))
            .await
            .is_err()
        {
            return;
        }
        let mut ticks = interval(self.settings.period.max(Duration::from_millis(10)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut queue_ticks = interval(self.settings.queues_every.max(Duration::from_millis(10)));
        queue_ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut waiting: Vec<LookReply> = Vec::new();
        let mut not_before: Option<Instant> = None;
        loop {
            tokio::select! {
                biased;
                () = self.observations.closed() => return,
                Some(reply) = asked.recv() => waiting.push(reply),
                () = due(&mut ticks, not_before) => {}
                _ = queue_ticks.tick(), if !self.names.is_empty() && self.connection.is_some() => {
                    if self.depths().await.is_err() {
                        return;
                    }
                    continue;
                }
            }
            while let Ok(reply) = asked.try_recv() {
                waiting.push(reply);
            }
            let outcome = self.look().await;
            let answer = match &outcome {
                Ok((look, _)) => Ok(look.asked),
                Err(why) => Err(why.clone()),
            };
            let Ok(pause) = self.report(outcome, &mut progress).await else {
                return;
            };
            not_before = pause.map(|pause| Instant::now() + pause);
            for reply in waiting.drain(..) {
                // A caller that does not wait for the answer any more needs none.
                drop(reply.send(answer.clone()));
            }
        }
    }

    /// A look within its limits, on a new connection where there is none.
    async fn look(&mut self) -> Result<(Look, Duration), LinkFault> {
        let limit = self.settings.answer_within;
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => open(self.address, limit).await?,
        };
        // Each trip has its own limit. A look at many members takes many trips.
        let answer = self.looker.look(&mut connection).await?;
        let replication = answer.0.server.as_ref();
        let replication = replication.and_then(|server| server.replication.as_ref());
        if self.address.is_by_sentinel() && replication.is_some_and(|it| it.replica) {
            // The Sentinels are asked anew.
            return Err(LinkFault::Refused(
                "the server that the Sentinels name is a replica: a failover is under way".into(),
            ));
        }
        self.connection = Some(connection);
        Ok(answer)
    }

    /// Says how a look went; gives the pause before the next try where it failed.
    async fn report(
        &mut self,
        outcome: Result<(Look, Duration), LinkFault>,
        progress: &mut Progress,
    ) -> Result<Option<Duration>, Closed> {
        match outcome {
            Ok((look, round_trip)) => {
                self.names.see(&look);
                *progress = Progress {
                    last_answer: look.answered,
                    failures: 0,
                };
                self.send(Observation::Link(Link::Connected {
                    round_trip,
                    at: look.answered,
                }))
                .await?;
                self.send(Observation::Look(look)).await?;
                Ok(None)
            }
            Err(why) => {
                progress.failures += 1;
                let pause = backoff(progress.failures, random());
                self.send(Observation::Link(Link::Lost {
                    since: progress.last_answer,
                    retry_at: clock::now().after(pause),
                    why,
                }))
                .await?;
                Ok(Some(pause))
            }
        }
    }

    /// The queues' lengths; a failure is left to the next look to find and to say.
    async fn depths(&mut self) -> Result<(), Closed> {
        let Some(connection) = &mut self.connection else {
            return Ok(());
        };
        let names = self.names.asked();
        let keys = keys(self.settings);
        let asking = queues(connection, &keys, &names);
        match timeout(self.settings.answer_within, asking).await {
            Ok(Ok(depths)) => self.send(Observation::Queues(depths)).await,
            Ok(Err(_)) | Err(_) => Ok(()),
        }
    }

    async fn send(&self, observation: Observation) -> Result<(), Closed> {
        self.observations
            .send(observation)
            .await
            .map_err(|_| Closed)
    }
}

/// The facts for the words of the next link change.
struct Progress {
    last_answer: Moment,
    failures: u32,
}

/// The next look is due: after the pause where there is one, else at the next tick.
async fn due(ticks: &mut tokio::time::Interval, not_before: Option<Instant>) {
    match not_before {
        Some(instant) => {
            sleep_until(instant).await;
            ticks.reset();
        }
        None => {
            ticks.tick().await;
        }
    }
}

/// Answers questions one after the other, for as long as a question can come.
async fn answer(address: &Address, settings: &Tuning, mut questions: mpsc::Receiver<Question>) {
    let keys = keys(settings);
    let mut kept: Option<Connection> = None;
    while let Some((sought, bounds, reply)) = questions.recv().await {
        let asked = clock::now();
        // A connection that lay idle may have died since: then once more, on a new one.
        let tries = if kept.is_some() { 2 } else { 1 };
        let mut located = Vec::new();
        for _ in 0..tries {
            let connection = match kept.take() {
                Some(connection) => Ok(connection),
                None => open(address, settings.answer_within).await,
            };
            let fault = match connection {
                Ok(mut connection) => {
                    let (found, fault) = locate(&mut connection, &keys, bounds, &sought).await;
                    located = found;
                    if fault.is_none() {
                        kept = Some(connection);
                    }
                    fault
                }
                Err(why) => {
                    located = not_asked(&sought, asked, &why.to_string());
                    Some(why)
                }
            };
            if !matches!(fault, Some(LinkFault::Unreachable(_))) {
                break;
            }
        }
        // A caller that does not wait any more needs no answer.
        drop(reply.send(located));
    }
    // Looks go on when no question can come any more.
    std::future::pending::<()>().await;
}

/// A number from 0 to 1, from the keys that the standard library draws for its hash maps.
fn random() -> f64 {
    let drawn = RandomState::new().build_hasher().finish();
    #[expect(
        clippy::cast_precision_loss,
        reason = "any number in the range will do"
    )]
    let fraction = drawn as f64 / u64::MAX as f64;
    fraction
}
