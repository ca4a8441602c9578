//! Terminals that watch a drain from outside: they connect to a socket beside its inputs, read
//! those by themselves, and may ask for the controls. The socket is 0600, and the user at its other
//! end must be this one or root.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::core::clean::clean;
use crate::core::drain::Command;
use crate::host::state_dir::private_directory;

/// The most that one visitor may send on one line.
const LONGEST: u64 = 64 << 10;
/// Visitors at once.
const MOST: usize = 16;

/// The words of a visitor.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum VisitorWord {
    /// Its first word: who it is.
    Hello(String),
    /// It asks for the controls.
    Asks,
    /// It gives them to the one who asked last, or back.
    Gives,
    /// It commands; that counts from the one who has the controls alone.
    Commands(Command),
}

/// The words to a visitor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Announced {
    /// The name of the driver; whether that is the visitor itself.
    Drives {
        /// The one that drives.
        who: String,
        /// Whether it is the one that is told.
        you: bool,
    },
    /// Somebody asks it for the controls.
    Asked(String),
    /// Its request is refused, and why.
    Refused(String),
}

/// The news from outside.
#[derive(Debug)]
pub(super) enum FromVisitor {
    Came(u64, mpsc::UnboundedSender<Announced>),
    Said(u64, VisitorWord),
    Left(u64),
}

/// The request to the loop.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Visit {
    Nothing,
    /// The screen that began the drain is to be asked.
    Ask(String),
    /// Somebody else drives now.
    Driver(String),
    Command(Command),
}

#[derive(Debug)]
struct Visitor {
    who: String,
    told: mpsc::UnboundedSender<Announced>,
}

/// The visitors of one drain.
#[derive(Debug)]
pub struct Visitors {
    /// The operator who began the drain, and drives as long as no visitor does.
    own: String,
    known: BTreeMap<u64, Visitor>,
    driver: Option<u64>,
    asking: Option<u64>,
    heard: mpsc::UnboundedReceiver<FromVisitor>,
    hears: mpsc::UnboundedSender<FromVisitor>,
    listening: Option<(PathBuf, JoinHandle<()>)>,
}

impl Default for Visitors {
    fn default() -> Self {
        let (sender, heard) = mpsc::unbounded_channel();
        Self {
            own: String::new(),
            known: BTreeMap::new(),
            driver: None,
            asking: None,
            heard,
            hears: sender,
            listening: None,
        }
    }
}

/// Where the visitors of `run` knock.
pub(super) fn place(state_dir: &Path, run: &str) -> PathBuf {
    state_dir.join("drains").join(format!("{run}.socket"))
}

/// The same on a path that is short enough for a socket (unix(7): 108 bytes), by way of the folder
/// that is held open meanwhile.
fn short(path: &Path) -> io::Result<(fs::File, PathBuf)> {
    let folder = fs::File::open(path.parent().unwrap_or(Path::new("/")))?;
    let name = path.file_name().unwrap_or_default();
    let short = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string());
    Ok((folder, short.join(name)))
}

/// Connects to the drainboard that drives `run`.
///
/// # Errors
/// If none listens there, or its socket is not this user's or root's.
pub async fn visit(state_dir: &Path, run: &str) -> io::Result<UnixStream> {
    let (_folder, path) = short(&place(state_dir, run))?;
    let stream = UnixStream::connect(path).await?;
    if !is_trusted(&stream) {
        return Err(io::Error::other("another user listens there"));
    }
    Ok(stream)
}

/// Whether this user or root is at the other end.
fn is_trusted(stream: &UnixStream) -> bool {
    let own = rustix::process::geteuid().as_raw();
    stream
        .peer_cred()
        .is_ok_and(|peer| peer.uid() == own || peer.uid() == 0)
}

impl Visitors {
    /// Listens for the visitors of `run`, which `own` drives.
    ///
    /// # Errors
    /// If there can be no socket: then nobody can visit, and the drain goes on.
    pub(super) fn listen(&mut self, state_dir: &Path, run: &str, own: &str) -> io::Result<()> {
        self.close();
        let path = place(state_dir, run);
        if let Some(folder) = path.parent() {
            private_directory(folder)?;
        }
        let (_folder, near) = short(&path)?;
        // A socket that was left over: the driver of this drain holds the lock of its inputs.
        if fs::symlink_metadata(&near).is_ok_and(|found| found.file_type().is_socket()) {
            fs::remove_file(&near)?;
        }
        let listener = UnixListener::bind(&near)?;
        fs::set_permissions(&near, Permissions::from_mode(0o600))?;
        own.clone_into(&mut self.own);
        let task = tokio::spawn(accept(listener, self.hears.clone()));
        self.listening = Some((path, task));
        Ok(())
    }

    /// Listens no more; who watches is told nothing, for the inputs say how it ended.
    pub(super) fn close(&mut self) {
        if let Some((path, task)) = self.listening.take() {
            task.abort();
            drop(fs::remove_file(path));
        }
        (self.driver, self.asking) = (None, None);
        self.known.clear();
    }

    /// The next news.
    pub(super) async fn next(&mut self) -> FromVisitor {
        match self.heard.recv().await {
            Some(heard) => heard,
            // It holds a sender of its own: this never comes.
            None => std::future::pending().await,
        }
    }

    /// Whether a visitor drives.
    pub(super) fn drive(&self) -> bool {
        self.driver.is_some()
    }

    /// Takes in what was heard. `asks_first`: who began the drain is asked before the controls go.
    pub(super) fn take(&mut self, heard: FromVisitor, asks_first: bool) -> Visit {
        match heard {
            FromVisitor::Came(id, told) => {
                let who = String::from("somebody");
                self.known.insert(id, Visitor { who, told });
                Visit::Nothing
            }
            FromVisitor::Left(id) => {
                self.known.remove(&id);
                if self.asking == Some(id) {
                    self.asking = None;
                }
                if self.driver == Some(id) {
                    // A driver that is gone is replaced at once.
                    return self.give(self.asking);
                }
                Visit::Nothing
            }
            FromVisitor::Said(id, VisitorWord::Hello(who)) => {
                if let Some(visitor) = self.known.get_mut(&id) {
                    visitor.who = clean(&who, 200);
                }
                self.tell_driver();
                Visit::Nothing
            }
            FromVisitor::Said(id, VisitorWord::Asks) => self.asked(id, asks_first),
            FromVisitor::Said(id, VisitorWord::Gives) if self.driver == Some(id) => {
                self.give(self.asking)
            }
            FromVisitor::Said(id, VisitorWord::Commands(command)) if self.driver == Some(id) => {
                Visit::Command(command)
            }
            FromVisitor::Said(id, VisitorWord::Gives | VisitorWord::Commands(_)) => {
                self.tell(id, Announced::Refused("you do not drive".into()));
                Visit::Nothing
            }
        }
    }

    fn asked(&mut self, id: u64, asks_first: bool) -> Visit {
        let Some(visitor) = self.known.get(&id) else {
            return Visit::Nothing;
        };
        let who = visitor.who.clone();
        match self.driver {
            Some(driver) if driver == id => Visit::Nothing,
            Some(driver) => {
                self.asking = Some(id);
                self.tell(driver, Announced::Asked(who));
                Visit::Nothing
            }
            None if asks_first => {
                self.asking = Some(id);
                Visit::Ask(who)
            }
            None => self.give(Some(id)),
        }
    }

    /// Gives the controls to the one who asked last, or takes them back: who began the drain may.
    pub(super) fn turn_over(&mut self) -> Visit {
        if self.driver.is_some() {
            self.give(None)
        } else {
            self.give(self.asking)
        }
    }

    fn give(&mut self, to: Option<u64>) -> Visit {
        if self.driver == to {
            return Visit::Nothing;
        }
        (self.driver, self.asking) = (to, None);
        self.tell_driver();
        Visit::Driver(self.driver())
    }

    /// The name of the driver.
    fn driver(&self) -> String {
        let visitor = self.driver.and_then(|id| self.known.get(&id));
        visitor.map_or(&self.own, |visitor| &visitor.who).clone()
    }

    fn tell_driver(&self) {
        for id in self.known.keys() {
            let you = self.driver == Some(*id);
            let who = self.driver();
            self.tell(*id, Announced::Drives { who, you });
        }
    }

    fn tell(&self, id: u64, told: Announced) {
        if let Some(visitor) = self.known.get(&id) {
            // A visitor that is gone shows as left.
            drop(visitor.told.send(told));
        }
    }
}

impl Drop for Visitors {
    fn drop(&mut self) {
        self.close();
    }
}

async fn accept(listener: UnixListener, hears: mpsc::UnboundedSender<FromVisitor>) {
    let mut visitors = tokio::task::JoinSet::new();
    for id in 0.. {
        let Ok((stream, _)) = listener.accept().await else {
            return;
        };
        while visitors.try_join_next().is_some() {}
        if is_trusted(&stream) && visitors.len() < MOST {
            visitors.spawn(serve(stream, id, hears.clone()));
        }
    }
}

/// Passes on what one visitor says, and tells it what it is to know.
async fn serve(stream: UnixStream, id: u64, hears: mpsc::UnboundedSender<FromVisitor>) {
    let (tell, mut told) = mpsc::unbounded_channel();
    drop(hears.send(FromVisitor::Came(id, tell)));
    let (reading, mut writing) = stream.into_split();
    let mut reading = BufReader::new(reading);
    // A word may come in pieces, and something may be told in between: the pieces are kept.
    let mut line = Vec::new();
    loop {
        let mut bounded = (&mut reading).take(LONGEST.saturating_sub(line.len() as u64));
        tokio::select! {
            read = bounded.read_until(b'\n', &mut line) => {
                if read.unwrap_or(0) == 0 || line.last() != Some(&b'\n') {
                    break;
                }
                let Ok(word) = serde_json::from_slice(&line) else { break };
                line.clear();
                drop(hears.send(FromVisitor::Said(id, word)));
            }
            Some(told) = told.recv() => {
                let mut line = serde_json::to_vec(&told).unwrap_or_default();
                line.push(b'\n');
                if writing.write_all(&line).await.is_err() {
                    break;
                }
            }
            else => break,
        }
    }
    drop(hears.send(FromVisitor::Left(id)));
}
