//! Where the jobs of the demo come from: invented ones, the same in every demo. Numbers only;
//! nothing here knows who runs them.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::cast::{JobKind, KINDS, StandingJob};
use super::store::Post;
use crate::core::moment::Moment;
use crate::core::sidekiq::{Task, Temper};

/// Draws numbers and makes jobs of them.
#[derive(Debug)]
pub(super) struct Chores {
    seed: u64,
}

impl Chores {
    pub(super) fn new() -> Self {
        Self {
            seed: 0x9e37_79b9_7f4a_7c15,
        }
    }

    /// The next number (xorshift64, Marsaglia 2003).
    fn draw(&mut self) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        self.seed >> 16
    }

    /// A number from `least` to `most`.
    pub(super) fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.draw() % (most - least + 1)
    }

    /// Queues in the order in which a process asks them this time; none comes first always.
    pub(super) fn shuffled(&mut self, queues: &[&'static str]) -> Vec<&'static str> {
        let mut shuffled = queues.to_vec();
        for last in (1..shuffled.len()).rev() {
            let other = self.draw() % (last as u64 + 1);
            shuffled.swap(last, usize::try_from(other).unwrap_or(0));
        }
        shuffled
    }

    /// So many hexadecimal digits.
    pub(super) fn digits(&mut self, count: usize) -> String {
        let digit = |_| b"0123456789abcdef"[usize::try_from(self.draw() % 16).unwrap_or(0)];
        (0..count).map(digit).map(char::from).collect()
    }

    /// The ordinary jobs of one second.
    pub(super) fn second(&mut self, now: Moment) -> Vec<Post> {
        let mut posts = Vec::new();
        for kind in &KINDS {
            if self.between(1, 100) <= kind.4 {
                posts.push(self.ordinary(kind, now));
            }
        }
        posts
    }

    /// One of each ordinary kind and some more: what waits at the first frame.
    pub(super) fn backlog(&mut self, now: Moment) -> Vec<Post> {
        let mut posts = Vec::new();
        for kind in &KINDS {
            for _ in 0..self.between(2, 6) {
                let ago = Duration::from_secs(self.between(1, 90));
                posts.push(self.ordinary(kind, now.before(ago)));
            }
        }
        posts
    }

    fn ordinary(&mut self, kind: &JobKind, now: Moment) -> Post {
        let JobKind(class, queue, shortest, longest, _) = *kind;
        let lasts = Duration::from_millis(self.between(shortest * 1000, longest * 1000));
        self.post(class, queue, Some(lasts), Temper::Plain, now)
    }

    /// The next job of a standing kind.
    pub(super) fn standing(&mut self, job: &StandingJob, now: Moment) -> Post {
        self.post(job.class, job.queue, job.lasts, job.temper, now)
    }

    fn post(
        &mut self,
        class: &str,
        queue: &str,
        lasts: Option<Duration>,
        temper: Temper,
        now: Moment,
    ) -> Post {
        let jid = self.digits(24);
        let argument = self.between(1_000, 99_999);
        let enqueued_ms = now.wall().as_millisecond();
        let payload = json!({
            "class": class, "args": [argument], "jid": jid, "queue": queue, "retry": true,
            "created_at": enqueued_ms, "enqueued_at": enqueued_ms,
        });
        Post {
            task: Task {
                jid,
                class: class.to_owned(),
                queue: queue.to_owned(),
                lasts,
                temper,
                resumed: None,
            },
            enqueued_ms,
            payload: Arc::from(payload.to_string().into_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn no_two_jobs_are_the_same() {
        let mut chores = Chores::new();
        let now = clock::now();
        let mut posts = chores.backlog(now);
        for _ in 0..200 {
            posts.extend(chores.second(now));
        }
        let count = posts.len();
        assert!(count > 150, "{count}");
        let mut jids: Vec<String> = posts.into_iter().map(|post| post.task.jid).collect();
        jids.sort();
        jids.dedup();
        assert_eq!(jids.len(), count);
        assert!(jids.iter().all(|jid| jid.len() == 24));
    }
}
