//! Where the processes' logs are, and the task that follows them. It reads what others write,
//! from the end on; a log that is not there is no failure, and nothing here is signalled.

mod file;
mod follow;
mod journal;

#[cfg(any(test, fuzzing))]
pub(super) use journal::lines_of_row;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinError, JoinSet};
use tokio::time::sleep;

use self::file::Follower;
use self::follow::{Own, follow, pass_on};
use self::journal::{JournalCursor, Journalled};
use crate::clock;
use crate::core::clean::clean;
use crate::core::fleet::{HostLook, LocalId, LocalProcess, LogNews, Observation, RunState, Title};
use crate::core::log::{LineOrigin, LogLine};
use crate::core::moment::Moment;

/// Lines read ahead of their taker; then reading waits, and the files keep the rest.
const READ_AHEAD: usize = 256;
/// How long the log of a process that has ended is still read.
const LAST_WORDS: Duration = Duration::from_secs(15);

/// Where a process writes its log to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogPlace {
    /// The file behind its standard output, by way of `/proc/PID/fd/1`.
    Output(PathBuf),
    /// A file that was named.
    Named(PathBuf),
    /// The journal, as far as that shows from outside.
    Journal,
    /// Nowhere that can be read, and why.
    Nowhere(String),
}

impl LogPlace {
    /// Where that is, for people.
    fn words(&self) -> Result<String, String> {
        match self {
            Self::Output(descriptor) => {
                let target = fs::read_link(descriptor).unwrap_or_else(|_| descriptor.clone());
                Ok(printed(&target))
            }
            Self::Named(path) => Ok(format!("{}, as configured", printed(path))),
            Self::Journal => Ok("the journal, as far as its standard output tells".into()),
            Self::Nowhere(why) => Err(clean(why, 300)),
        }
    }
}

fn printed(path: &Path) -> String {
    clean(&path.display().to_string(), 300)
}

/// Where process `pid` writes its log to; `named` goes before everything else.
pub fn place_of_log(pid: u32, named: Option<&Path>) -> LogPlace {
    if let Some(path) = named {
        return LogPlace::Named(path.to_owned());
    }
    let descriptor = PathBuf::from(format!("/proc/{pid}/fd/1"));
    let target = match fs::read_link(&descriptor) {
        Ok(target) => target,
        Err(error) => {
            return LogPlace::Nowhere(format!("its standard output is not known: {error}"));
        }
    };
    let text = target.to_string_lossy();
    // systemd gives a unit a socket of the journal; a pipe may lead there too (systemd-cat(1)).
    if text.starts_with("socket:") || text.starts_with("pipe:") {
        return LogPlace::Journal;
    }
    match fs::metadata(&descriptor) {
        Ok(metadata) if metadata.is_file() => LogPlace::Output(descriptor),
        Ok(_) => LogPlace::Nowhere(format!("its standard output is {text}")),
        Err(error) => LogPlace::Nowhere(format!("{text}: {error}")),
    }
}

/// A process whose log is to be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Logging {
    /// Which.
    pub id: LocalId,
    /// Its pid in its own namespace, as it writes itself.
    pub inner_pid: u32,
    /// When it started; what is older is another one's.
    pub started: Moment,
}

impl Logging {
    /// The processes of a scan whose logs are worth following.
    pub fn of(look: &HostLook) -> Vec<Self> {
        let logs = look.processes.iter().filter(|process| {
            // The parent of a swarm runs no jobs.
            process.title != Title::Swarm && process.run_state != RunState::Ended
        });
        let age = |process: &LocalProcess| {
            let age = look.at.epoch() - process.started_at;
            Duration::try_from_secs_f64(age).unwrap_or_default()
        };
        logs.map(|process| Self {
            id: process.id,
            inner_pid: process.surroundings.inner_pid,
            // Start times are rounded.
            started: look.at.before(age(process) + Duration::from_secs(1)),
        })
        .collect()
    }
}

/// The source of what logs say: it follows the log of each process from the moment when it is
/// wanted until a while after it is not.
#[derive(Debug)]
pub struct LogSource {
    /// The processes, as last seen.
    pub wanted: watch::Receiver<Vec<Logging>>,
    /// The log of all of them, where it was named.
    pub named: Option<PathBuf>,
    /// Where news go; closing it ends the task. Where it is full, reading waits.
    pub news: mpsc::Sender<Observation>,
}

/// A followed process.
#[derive(Debug)]
struct Followed {
    logging: Logging,
    /// The file: device and inode.
    file: Option<(u64, u64)>,
    /// Whether others write there too.
    shared: Arc<AtomicBool>,
    /// The task that reads its file.
    task: Option<AbortHandle>,
    /// When it was wanted no more.
    left: Option<Moment>,
}

/// How a task of the source ended.
enum TaskEnd {
    File,
    /// Why the journal is not read any more, and whose entries those were.
    Journal(Vec<LocalId>, String),
}

/// The source at work.
struct LogReading {
    named: Option<PathBuf>,
    news: mpsc::Sender<Observation>,
    lines: mpsc::Sender<LogLine>,
    followed: Vec<Followed>,
    tasks: JoinSet<TaskEnd>,
    journal: Option<AbortHandle>,
    cursor: JournalCursor,
}

impl LogSource {
    /// Follows until its listener is gone.
    pub async fn run(self) {
        let Self {
            mut wanted,
            named,
            news,
        } = self;
        let (lines, read) = mpsc::channel(READ_AHEAD);
        let mut reading = LogReading {
            named,
            news: news.clone(),
            lines,
            followed: Vec::new(),
            tasks: JoinSet::new(),
            journal: None,
            cursor: JournalCursor::default(),
        };
        let passing = pass_on(read, news.clone());
        tokio::pin!(passing);
        loop {
            let now = wanted.borrow_and_update().clone();
            reading.follow_these(&now).await;
            tokio::select! {
                biased;
                () = news.closed() => return,
                () = &mut passing => return,
                changed = wanted.changed() => if changed.is_err() {
                    // The scanner has ended: the following goes on.
                    tokio::select! {
                        () = news.closed() => return,
                        () = &mut passing => return,
                    }
                },
                Some(ended) = reading.tasks.join_next() => reading.ended(ended).await,
                () = sleep(LAST_WORDS), if reading.followed.iter().any(|one| one.left.is_some()) => {}
            }
        }
    }
}

impl LogReading {
    /// Begins to follow those that are new, and leaves those that have been gone for a while.
    async fn follow_these(&mut self, wanted: &[Logging]) {
        let now = clock::now();
        for one in &mut self.followed {
            let gone = wanted.iter().all(|logging| logging.id != one.logging.id);
            one.left = gone.then(|| one.left.unwrap_or(now));
        }
        self.followed.retain(|one| {
            let stays = one.left.is_none_or(|left| now.since(left) < LAST_WORDS);
            if let (false, Some(task)) = (stays, &one.task) {
                task.abort();
            }
            stays
        });
        let mut journalled = false;
        for logging in wanted {
            if self.followed.iter().all(|one| one.logging.id != logging.id) {
                journalled |= self.begin(*logging).await;
            }
        }
        if journalled {
            self.read_journal();
        }
    }

    /// Looks for the log of a process; whether it is in the journal.
    async fn begin(&mut self, logging: Logging) -> bool {
        let named = self.named.clone();
        // A disk may be slow, or gone.
        let found = tokio::task::spawn_blocking(move || {
            let place = place_of_log(logging.id.pid, named.as_deref());
            let words = place.words();
            match &place {
                LogPlace::Output(path) | LogPlace::Named(path) => match Follower::open(path) {
                    Ok(opened) => (words, Some(opened), false),
                    Err(error) => {
                        let why = format!("{}: {error}", words.unwrap_or_default());
                        (Err(why), None, false)
                    }
                },
                LogPlace::Journal => (words, None, true),
                LogPlace::Nowhere(_) => (words, None, false),
            }
        });
        let (place, follower, journalled) = found.await.unwrap_or_else(resume);
        let file = follower.as_ref().map(|(follower, _)| follower.id());
        let shared = Arc::new(AtomicBool::new(false));
        for other in self
            .followed
            .iter()
            .filter(|one| one.file.is_some() && one.file == file)
        {
            other.shared.store(true, Ordering::Relaxed);
            shared.store(true, Ordering::Relaxed);
        }
        let origin = LineOrigin {
            pid: logging.id.pid,
            inner_pid: logging.inner_pid,
            shared: false,
        };
        let own = Own::new(origin, logging.started, Arc::clone(&shared));
        let task = follower.map(|follower| {
            let lines = self.lines.clone();
            self.tasks.spawn(async move {
                follow(follower, own, lines).await;
                TaskEnd::File
            })
        });
        self.followed.push(Followed {
            logging,
            file,
            shared,
            task,
            left: None,
        });
        self.tell(logging.id, place).await;
        journalled
    }

    /// Reads the journal anew, of everybody who may write there.
    fn read_journal(&mut self) {
        if let Some(task) = self.journal.take() {
            task.abort();
        }
        let without_file = self.followed.iter().filter(|one| one.file.is_none());
        let writers: Vec<Logging> = without_file.map(|one| one.logging).collect();
        let journal = Journalled {
            program: PathBuf::from("journalctl"),
            writers: writers.clone(),
            cursor: self.cursor.clone(),
            lines: self.lines.clone(),
        };
        self.journal = Some(self.tasks.spawn(async move {
            let why = journal.follow().await;
            TaskEnd::Journal(writers.iter().map(|one| one.id).collect(), why)
        }));
    }

    async fn ended(&mut self, ended: Result<TaskEnd, JoinError>) {
        match ended {
            Ok(TaskEnd::File) => {}
            Ok(TaskEnd::Journal(writers, why)) => {
                for process in writers {
                    self.tell(process, Err(why.clone())).await;
                }
            }
            // It was replaced, or its process is gone.
            Err(error) if error.is_cancelled() => {}
            Err(error) => resume(error),
        }
    }

    async fn tell(&self, process: LocalId, place: Result<String, String>) {
        let news = Observation::Logged(LogNews::Place { process, place });
        // The listener is gone: the loop sees that by itself.
        drop(self.news.send(news).await);
    }
}

/// A panic in a task goes on here, so that it ends the program.
fn resume<T>(error: JoinError) -> T {
    match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(error) => unreachable!("nobody ends this task: {error}"),
    }
}
