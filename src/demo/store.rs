//! The stand-in for Redis in the demo: queues, retries, and the process of each job. Pure:
//! children's words come in, jobs and places go out, and no job is ever in two places.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::core::drain::{Fate, PushOutcome, Trace};
use crate::core::fleet::{Located, Place, QueueDepth, Sought};
use crate::core::moment::Moment;
use crate::core::sidekiq::{Task, Temper};

/// When a failed job is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(150);
/// With more waiting jobs than this no new ones come.
const FULL: usize = 400;

/// A job with its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Post {
    pub(super) task: Task,
    /// When it was enqueued, seconds since 1970 in milliseconds.
    pub(super) enqueued_ms: i64,
    pub(super) payload: Arc<[u8]>,
}

/// Which child, by its position.
pub(super) type Number = usize;

/// Everything that would be in Redis.
#[derive(Debug, Default)]
pub(super) struct DemoStore {
    queues: BTreeMap<String, VecDeque<Arc<Post>>>,
    retries: Vec<(Moment, Arc<Post>)>,
    running: HashMap<String, (Number, Arc<Post>)>,
    /// Jobs that only a dead child had.
    lost: Vec<Arc<Post>>,
}

impl DemoStore {
    /// Puts a new job at the back of its queue, if that is not full.
    pub(super) fn enqueue(&mut self, post: Post) {
        let queue = self.queue(&post.task.queue);
        if queue.len() < FULL {
            queue.push_back(Arc::new(post));
        }
    }

    fn queue(&mut self, name: &str) -> &mut VecDeque<Arc<Post>> {
        self.queues.entry(name.to_owned()).or_default()
    }

    /// Hands the next job of `queues` to `child`.
    pub(super) fn fetch(&mut self, queues: &[&str], child: Number) -> Option<Arc<Post>> {
        let post = queues
            .iter()
            .find_map(|name| self.queues.get_mut(*name)?.pop_front())?;
        self.start(Arc::clone(&post), child);
        Some(post)
    }

    /// `child` runs this job.
    pub(super) fn start(&mut self, post: Arc<Post>, child: Number) {
        self.running.insert(post.task.jid.clone(), (child, post));
    }

    /// How many jobs `child` runs.
    pub(super) fn busy(&self, child: Number) -> usize {
        let of_child = self.running.values().filter(|(number, _)| *number == child);
        of_child.count()
    }

    /// The job called `jid`, while a child runs it.
    pub(super) fn running(&self, jid: &str) -> Option<&Arc<Post>> {
        self.running.get(jid).map(|(_, post)| post)
    }

    /// It ended; gives it back.
    pub(super) fn finished(&mut self, jid: &str) -> Option<Arc<Post>> {
        self.running.remove(jid).map(|(_, post)| post)
    }

    /// It failed and goes to the retry set; gives it back.
    pub(super) fn failed(&mut self, jid: &str, now: Moment) -> Option<Arc<Post>> {
        let post = self.finished(jid)?;
        self.retries
            .push((now.after(RETRY_AFTER), Arc::clone(&post)));
        Some(post)
    }

    /// It stands in its queue again: at the front if it was interrupted.
    pub(super) fn back(&mut self, jid: &str, front: bool) {
        let Some(post) = self.finished(jid) else {
            return;
        };
        let queue = self.queue(&post.task.queue);
        if front {
            queue.push_front(post);
        } else {
            queue.push_back(post);
        }
    }

    /// `child` is dead: what only it had is gone.
    pub(super) fn died(&mut self, child: Number) {
        let of_child = |_: &String, (number, _): &mut (Number, Arc<Post>)| *number == child;
        let lost = self.running.extract_if(of_child);
        self.lost.extend(lost.map(|(_, (_, post))| post));
    }

    /// The fate of a job that was not found.
    pub(super) fn trace(&self, jid: &str) -> Trace {
        if self.running.contains_key(jid) {
            return Trace::Found(Fate::PushedBack, "it runs again".into());
        }
        match self.place(jid) {
            Some(Place::Queue { name }) => {
                Trace::Found(Fate::PushedBack, format!("found in queue {name}"))
            }
            Some(_) => Trace::Found(Fate::Retried, "among the retries".into()),
            None => Trace::Nowhere("no process runs it, and it stands in no queue".into()),
        }
    }

    /// Puts a job that died with its process at the front of its queue.
    pub(super) fn push_back(&mut self, jid: &str) -> PushOutcome {
        if matches!(self.place(jid), Some(Place::Queue { .. })) {
            return PushOutcome::InQueue;
        }
        let Some(index) = self.lost.iter().position(|post| post.task.jid == jid) else {
            return PushOutcome::Refused("it did not die with its process".into());
        };
        let post = self.lost.swap_remove(index);
        self.queue(&post.task.queue).push_front(post);
        PushOutcome::Pushed
    }

    /// Puts retries that are due into their queues; they succeed then.
    pub(super) fn retry(&mut self, now: Moment) {
        let (due, later) = std::mem::take(&mut self.retries)
            .into_iter()
            .partition(|(at, _)| *at <= now);
        self.retries = later;
        let due: Vec<(Moment, Arc<Post>)> = due;
        for (_, post) in due {
            let mut post = (*post).clone();
            post.task.temper = Temper::Plain;
            self.enqueue(post);
        }
    }

    /// How long the queues are.
    pub(super) fn depths(&self, at: Moment) -> Vec<QueueDepth> {
        let depth = |(name, queue): (&String, &VecDeque<Arc<Post>>)| QueueDepth {
            name: name.clone(),
            waiting: queue.len() as u64,
            at,
        };
        self.queues.iter().map(depth).collect()
    }

    /// Where a job is, as Redis would say.
    pub(super) fn locate(&self, sought: &Sought, asked: Moment) -> Located {
        Located {
            jid: sought.jid.clone(),
            place: self.place(&sought.jid).unwrap_or(Place::Nowhere {
                searched_whole: true,
            }),
            asked,
            iterating: false,
            heirs: Vec::new(),
            namesake: None,
        }
    }

    fn place(&self, jid: &str) -> Option<Place> {
        let is = |post: &Arc<Post>| post.task.jid == jid;
        let queue = self
            .queues
            .iter()
            .find(|(_, queue)| queue.iter().any(is))
            .map(|(name, _)| Place::Queue { name: name.clone() });
        let retry = || {
            let found = self.retries.iter().any(|(_, post)| is(post));
            found.then_some(Place::Retry)
        };
        queue.or_else(retry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    fn post(jid: &str, temper: Temper) -> Post {
        Post {
            task: Task {
                jid: jid.into(),
                class: "Job".into(),
                queue: "low".into(),
                lasts: None,
                temper,
                resumed: None,
            },
            enqueued_ms: 0,
            payload: Arc::from(&b"{}"[..]),
        }
    }

    fn place(store: &DemoStore, jid: &str) -> Place {
        let sought = Sought {
            jid: jid.into(),
            queue: "low".into(),
            payload: Arc::from(&b""[..]),
            class: None,
        };
        store.locate(&sought, clock::now()).place
    }

    #[test]
    fn an_interrupted_job_comes_first_and_is_pushed_back_once_its_process_died() {
        let mut store = DemoStore::default();
        store.enqueue(post("a", Temper::Plain));
        store.enqueue(post("b", Temper::Plain));
        assert_eq!(
            store.fetch(&["web", "low"], 0).map(|p| p.task.jid.clone()),
            Some("a".into())
        );
        let nowhere = Place::Nowhere {
            searched_whole: true,
        };
        assert_eq!((place(&store, "a"), store.busy(0)), (nowhere.clone(), 1));
        store.back("a", true);
        assert_eq!(place(&store, "a"), Place::Queue { name: "low".into() });
        assert_eq!(
            store.fetch(&["low"], 1).map(|p| p.task.jid.clone()),
            Some("a".into())
        );
        store.died(1);
        assert_eq!((place(&store, "a"), store.busy(1)), (nowhere, 0));
        assert!(matches!(store.trace("a"), Trace::Nowhere(_)));
        assert_eq!(store.push_back("a"), PushOutcome::Pushed);
        assert_eq!(store.push_back("a"), PushOutcome::InQueue);
        assert!(matches!(
            store.trace("a"),
            Trace::Found(Fate::PushedBack, _)
        ));
        assert!(matches!(store.push_back("x"), PushOutcome::Refused(_)));
    }

    #[test]
    fn a_failed_job_waits_for_its_retry_and_then_succeeds() {
        let mut store = DemoStore::default();
        let now = clock::now();
        store.start(Arc::new(post("a", Temper::Fails)), 0);
        store.failed("a", now);
        assert_eq!(place(&store, "a"), Place::Retry);
        store.retry(now.after(RETRY_AFTER));
        let again = store.fetch(&["low"], 0).unwrap();
        assert_eq!(again.task.temper, Temper::Plain);
    }

    #[test]
    fn an_iterating_job_goes_to_the_back() {
        let mut store = DemoStore::default();
        store.start(Arc::new(post("a", Temper::Plain)), 0);
        store.enqueue(post("b", Temper::Plain));
        store.back("a", false);
        assert_eq!(
            store.fetch(&["low"], 0).map(|p| p.task.jid.clone()),
            Some("b".into())
        );
    }
}
