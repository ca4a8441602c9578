//! The logs of real Sidekiqs: jobs that start and end, the backtrace of one job's thread, and
//! the milestones of a shutdown.

use std::collections::VecDeque;
use std::time::Duration;

use drainboard::clock;
use drainboard::core::fleet::{LogNews, Observation};
use drainboard::core::log::{Dumps, Entry, Happening, LogLine, Milestone};
use drainboard::core::sequence::Signal;
use drainboard::host::{LogPlace, LogSource, Logging, place_of_log};
use tokio::sync::{mpsc, watch};

use crate::support::real_sidekiq::RealSidekiq;
use crate::support::redis_server::RedisServer;

/// Longer than anything here takes on a slow machine.
const LIMIT: Duration = Duration::from_secs(60);

struct Log {
    news: mpsc::Receiver<Observation>,
    read: VecDeque<LogLine>,
    dumps: Dumps,
    _wanted: watch::Sender<Vec<Logging>>,
}

impl Log {
    async fn of(sidekiq: &RealSidekiq, directory: &str) -> Self {
        let pid = sidekiq.pid();
        let place = place_of_log(pid, None);
        assert_eq!(place, LogPlace::Output(format!("/proc/{pid}/fd/1").into()));
        let (sender, mut news) = mpsc::channel(4);
        let logging = Logging {
            id: sidekiq.hold().id(),
            inner_pid: pid,
            started: clock::now(),
        };
        let (wanted, wanting) = watch::channel(vec![logging]);
        let source = LogSource {
            wanted: wanting,
            named: None,
            news: sender,
        };
        tokio::spawn(source.run());
        let Some(Observation::Logged(LogNews::Place { process, place })) = news.recv().await else {
            panic!("the place comes first");
        };
        assert_eq!(process, logging.id);
        assert!(
            place.as_ref().is_ok_and(|place| place.contains(directory)),
            "{place:?}"
        );
        Self {
            news,
            read: VecDeque::new(),
            dumps: Dumps::default(),
            _wanted: wanted,
        }
    }

    async fn next(&mut self) -> LogLine {
        loop {
            if let Some(line) = self.read.pop_front() {
                return line;
            }
            let news = self.news.recv().await.expect("the source runs");
            let Observation::Logged(LogNews::Lines(lines)) = news else {
                panic!("{news:?}");
            };
            self.read.extend(lines);
        }
    }

    /// Reads on up to an entry that is as wanted.
    async fn until(&mut self, wanted: impl Fn(&Entry) -> bool) -> Entry {
        let reading = async {
            loop {
                let line = self.next().await;
                let entry = self.dumps.take(&line);
                if wanted(&entry) {
                    return entry;
                }
            }
        };
        tokio::time::timeout(LIMIT, reading)
            .await
            .expect("it is written in time")
    }
}

fn jid(letter: char) -> String {
    letter.to_string().repeat(24)
}

async fn push(redis: &RedisServer, class: &str, letter: char, args: &str) {
    let jid = jid(letter);
    let job = format!(
        r#"{{"retry":true,"queue":"default","class":"{class}","args":{args},"jid":"{jid}","created_at":1795287600,"enqueued_at":1795287600}}"#
    );
    let mut connection = redis.connection().await;
    let mut push = redis::cmd("LPUSH");
    push.arg("queue:default").arg(job);
    push.exec_async(&mut connection)
        .await
        .expect("it is pushed");
}

/// A sleeping job, one that waits in C, a short one and one that fails; TTIN; TERM.
async fn the_right_thread(major: u8) {
    let redis = RedisServer::start();
    let directory = tempfile::tempdir().expect("a directory");
    let sidekiq = RealSidekiq::start(major, &redis, directory.path(), &["-c", "4", "-t", "2"]);
    let pid = sidekiq.pid();
    let mut log = Log::of(&sidekiq, &directory.path().to_string_lossy()).await;
    push(&redis, "SleepJob", 'a', "[60]").await;
    push(&redis, "WedgedJob", 'b', "[5]").await;
    let mut tids = std::collections::HashMap::new();
    while tids.len() < 2 {
        let entry = log.until(|entry| entry.happening == Happening::Start).await;
        assert_eq!(entry.pid, Some(pid));
        tids.insert(entry.jid.expect("a job"), entry.tid.expect("a thread"));
    }
    let tids = [&tids[&jid('a')], &tids[&jid('b')]];
    push(&redis, "FailJob", 'd', "[0.1]").await;
    let failed = log
        .until(|entry| entry.happening == Happening::Fail && entry.jid.as_ref() == Some(&jid('d')))
        .await;
    assert_eq!(failed.class.as_deref(), Some("FailJob"));
    assert!(failed.elapsed.expect("its time") >= Duration::from_millis(100));

    let since = clock::now();
    let held = sidekiq.hold();
    held.send(Signal::Ttin, || true).expect("it is sent");
    while tids
        .iter()
        .any(|tid| log.dumps.find(pid, pid, tid, since).is_none())
    {
        log.until(|_| true).await;
    }
    // What is written behind the last thread shows that it is whole.
    push(&redis, "SleepJob", 'e', "[0.1]").await;
    log.until(|entry| entry.jid.as_ref() == Some(&jid('e')))
        .await;
    for (tid, method, line) in [(tids[0], "sleep", "jobs.rb"), (tids[1], "call", "jobs.rb")] {
        let found = log.dumps.find(pid, pid, tid, since).expect("its backtrace");
        let first = found.sorted()[0].to_owned();
        assert!(first.contains(line), "{major} {tid}: {first}");
        let of_thread = found
            .frames
            .iter()
            .any(|frame| frame.contains("processor.rb"));
        assert!(of_thread && found.whole, "{found:?}");
        assert!(found.frames[0].contains(method), "{found:?}");
        assert!(found.others().all(|frame| !frame.contains("/jobs.rb:")));
    }

    held.send(Signal::Term, || true).expect("it is sent");
    let says = |milestone| move |entry: &Entry| entry.happening == Happening::Milestone(milestone);
    log.until(says(Milestone::ShuttingDown)).await;
    // Idle threads that have not ended yet are counted in it.
    let terminating = |entry: &Entry| matches!(entry.happening, Happening::Milestone(Milestone::Terminating(count)) if count >= 2);
    log.until(terminating).await;
    log.until(says(Milestone::PushedBack(2))).await;
    log.until(says(Milestone::Bye)).await;
}

#[tokio::test]
async fn the_right_thread_of_sidekiq_6() {
    the_right_thread(6).await;
}

#[tokio::test]
async fn the_right_thread_of_sidekiq_7() {
    the_right_thread(7).await;
}

#[tokio::test]
async fn the_right_thread_of_sidekiq_8() {
    the_right_thread(8).await;
}
