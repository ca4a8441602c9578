//! The readers of what Redis answers, for `crate::readers`.

mod answering;

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use self::answering::Answering;
use super::commands::Keys;
use super::look::Looker;
use super::questions::{Bounds, locate, queues};
use super::{Address, decode, interrupted, marks, namespace, payload, server};
use crate::core::fleet::{Look, Sought};
use crate::readers::Reader;

/// Looks at one Redis: the later ones ask for what has changed, and for a dead one in its turn.
const LOOKS: usize = 12;

pub(crate) const READERS: &[Reader] = &[
    ("redis/address", |bytes| {
        if let Ok(text) = str::from_utf8(bytes)
            && let Ok(address) = Address::parse(text)
        {
            let _short = (address.short(), address.same_place(&address));
        }
    }),
    ("redis/decode", |bytes| {
        let _info = decode::info(bytes);
    }),
    // The bytes are all that Redis sends, so that each answer may be one that was not asked for.
    ("redis/look", |bytes| {
        let _looks = looks(bytes);
    }),
    ("redis/payload", |bytes| {
        let _work = payload::work(b"tid", bytes);
        let _jid = payload::jid(bytes);
    }),
    // Before an empty line: a payload that is sought. Behind it all that Redis sends.
    ("redis/questions", |bytes| {
        let end = bytes.windows(2).position(|pair| pair == b"\n\n");
        let (payload, answers) = bytes.split_at(end.unwrap_or(0));
        questions(payload, answers.trim_ascii_start());
    }),
    ("redis/server", |bytes| {
        let _server = server::identity(&String::from_utf8_lossy(bytes));
    }),
];

thread_local! {
    /// Nothing here waits; the limits of the questions need a clock all the same.
    static RUNTIME: Option<Runtime> = Builder::new_current_thread().enable_time().build().ok();
}

fn through<T>(what: impl Future<Output = T>) -> Option<T> {
    RUNTIME.with(|runtime| Some(runtime.as_ref()?.block_on(what)))
}

/// What is seen in a Redis that sends these bytes.
fn looks(bytes: &[u8]) -> Vec<Look> {
    let looking = async {
        let mut redis = Answering::with(bytes);
        let (mut looker, mut looks) = (Looker::new(Keys::default()), Vec::new());
        for _ in 0..LOOKS {
            looks.extend(looker.look(&mut redis).await.ok().map(|(look, _)| look));
        }
        looks
    };
    through(looking).unwrap_or_default()
}

/// Everything that is asked beside the looks.
fn questions(payload: &[u8], answers: &[u8]) {
    let sought = Sought {
        jid: payload::jid(payload).unwrap_or_default(),
        queue: "default".into(),
        payload: Arc::from(payload),
        class: None,
    };
    let keys = Keys::default();
    let asking = async {
        let redis = &mut Answering::with(answers);
        let _place = locate(redis, &keys, Bounds::default(), &[sought]).await;
        let _depths = queues(redis, &keys, &["default".into()]).await;
        let _marks = marks(redis, &keys, &["run 1".into()]).await;
        let _interrupted = interrupted(redis, &keys, Duration::from_secs(1)).await;
        let _namespace = namespace(redis, None).await;
    };
    through(asking);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What libFuzzer begins with are whole looks, of a dead member and of one with a job.
    #[test]
    fn the_answers_of_a_redis_are_read_to_their_ends() {
        let looks = looks(include_bytes!("../../tests/cases/redis/look"));
        assert_eq!(looks.len(), 3);
        for look in &looks {
            let rows: Vec<usize> = look.rows.iter().map(|row| row.work.len()).collect();
            assert_eq!(rows, [0, 1], "{look:?}");
        }
    }
}
