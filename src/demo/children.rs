//! Starting the children and hearing what they tell. A child is told what to run and nothing
//! else; it is never signalled from here: it ends when its pipe does.

use std::io;
use std::path::Path;
use std::process::{ExitStatus as Status, Stdio};
use std::sync::Arc;

use std::os::unix::process::ExitStatusExt;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::NAME;
use super::cast::Role;
use super::store::Number;
use super::wire::{Birth, ChildReport, Demand};
use crate::core::fleet::{ExitStatus, Identity, Info, Work};
use crate::core::moment::Moment;
use crate::host::{Glance, glance};

/// A message of a child.
#[derive(Debug)]
pub(super) enum Word {
    /// It says something.
    Said(ChildReport),
    /// It has ended, and all it ever said was heard.
    Ended(Option<ExitStatus>),
}

/// The contents of its last beat.
#[derive(Debug)]
pub(super) struct LastBeat {
    pub(super) at: Moment,
    pub(super) quiet: bool,
    pub(super) work: Vec<Arc<Work>>,
}

/// The state of a child by its own words.
#[derive(Debug, Default)]
pub(super) struct ChildState {
    pub(super) beat: Option<LastBeat>,
    pub(super) threads: Option<usize>,
    /// It refused a job: it fetches no more.
    pub(super) quiet: bool,
    /// It took itself out of `processes`.
    pub(super) left: bool,
    /// It is gone.
    pub(super) ended: bool,
}

/// A child.
#[derive(Debug)]
pub(super) struct Offspring {
    pub(super) role: &'static Role,
    pub(super) glance: Glance,
    pub(super) identity: Identity,
    pub(super) info: Arc<Info>,
    pub(super) started_at: f64,
    pub(super) told: ChildState,
    /// Whether its log was shown.
    pub(super) is_logged: bool,
    orders: mpsc::UnboundedSender<String>,
}

/// The name of a child in the imitated registry.
pub(super) struct Registration {
    pub(super) role: &'static Role,
    pub(super) nonce: String,
    pub(super) started_at: f64,
}

impl Offspring {
    /// Tells it something. A child that is ending does not hear it; its end says so.
    pub(super) fn tell(&self, demand: &Demand) {
        if let Ok(line) = serde_json::to_string(demand) {
            drop(self.orders.send(line + "\n"));
        }
    }
}

/// Starts children and hears them.
#[derive(Debug)]
pub(super) struct Nursery {
    program: std::path::PathBuf,
    words: mpsc::UnboundedSender<(Number, Word)>,
    /// A task for each child; dropping them closes the pipes, and the children end.
    pub(super) tasks: JoinSet<io::Result<()>>,
}

impl Nursery {
    pub(super) fn new(program: &Path, words: mpsc::UnboundedSender<(Number, Word)>) -> Self {
        Self {
            program: program.to_owned(),
            words,
            tasks: JoinSet::new(),
        }
    }

    /// Starts one. Must be called on a thread that lives as long as the program: the kernel ends
    /// the child with it.
    pub(super) fn start(
        &mut self,
        number: Number,
        registration: Registration,
        birth: &Birth,
    ) -> io::Result<Offspring> {
        let Registration {
            role,
            nonce,
            started_at,
        } = registration;
        let child = Command::new(&self.program)
            .arg0(NAME)
            .arg(serde_json::to_string(birth)?)
            // Keys of the terminal (Ctrl-C, Ctrl-Z) and its end are for this program alone.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let pid = child
            .id()
            .ok_or_else(|| io::Error::other("a child ended at once"))?;
        let glance = glance(pid)?;
        let (orders, ordered) = mpsc::unbounded_channel();
        let words = self.words.clone();
        self.tasks.spawn(attend(child, number, ordered, words));
        let version_text = role.version.to_owned();
        Ok(Offspring {
            role,
            glance,
            identity: Identity::new(&format!("{}:{pid}:{nonce}", super::cast::HOST)),
            info: Arc::new(Info {
                started_at: Some(started_at + 3.0),
                tag: role.tag.to_owned(),
                queues: role.queues.iter().map(|name| (*name).to_owned()).collect(),
                labels: Vec::new(),
                version: crate::core::sequence::Version::parse(&version_text),
                version_text: Some(version_text),
                embedded: false,
                capsules: Vec::new(),
            }),
            started_at,
            told: ChildState::default(),
            is_logged: false,
            orders,
        })
    }
}

/// Passes orders to a child and its words on, until it ends.
async fn attend(
    mut child: Child,
    number: Number,
    mut orders: mpsc::UnboundedReceiver<String>,
    words: mpsc::UnboundedSender<(Number, Word)>,
) -> io::Result<()> {
    let (mut input, output) = (child.stdin.take(), child.stdout.take());
    let output = output.ok_or_else(|| io::Error::other("a child without a pipe"))?;
    let mut lines = BufReader::new(output).lines();
    loop {
        tokio::select! {
            line = lines.next_line() => match line? {
                Some(line) => {
                    let report = serde_json::from_str(&line)?;
                    drop(words.send((number, Word::Said(report))));
                }
                None => break,
            },
            order = orders.recv() => match (order, &mut input) {
                (Some(order), Some(pipe)) => {
                    // It may have ended meanwhile; the end of its words tells.
                    drop(pipe.write_all(order.as_bytes()).await);
                }
                (None, _) | (_, None) => break,
            },
        }
    }
    drop(input);
    let status = child.wait().await?;
    drop(words.send((number, Word::Ended(ending(status)))));
    Ok(())
}

fn ending(status: Status) -> Option<ExitStatus> {
    let code = status.code().map(ExitStatus::Code);
    code.or_else(|| status.signal().map(ExitStatus::Signal))
}
