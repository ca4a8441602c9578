//! A command of the operator's own, given a text on its standard input. It runs without a
//! shell, in a process group of its own, for a limited time; what it says is kept short and clean,
//! and how it ends changes nothing here.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::fs::{MemfdFlags, memfd_create};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

use super::held::end_group;
use crate::core::clean::clean;

/// Kept of what a command says.
const KEPT: usize = 8 << 10;
/// Programs that it started may hold its output open; that is waited for no longer than this.
const LINGERING: Duration = Duration::from_millis(200);

/// The command: a program and its arguments, what its environment has besides, and its input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piped {
    /// The program, then its arguments.
    pub words: Vec<String>,
    /// Variables that it gets besides those of this program.
    pub environment: Vec<(&'static str, String)>,
    /// Its standard input.
    pub input: Vec<u8>,
}

/// Why a command did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum PipedError {
    /// It could not be started.
    #[error("it cannot be started: {0}")]
    NotStarted(io::Error),
    /// It took too long and was ended.
    #[error("it was ended: it had not ended by itself within {} s", .0.as_secs())]
    Late(Duration),
    /// It ended with a failure.
    #[error("{status}{}", .said.as_ref().map(|said| format!(": {said}")).unwrap_or_default())]
    Failed {
        /// How it ended.
        status: ExitStatus,
        /// The last line that it said, clean.
        said: Option<String>,
    },
}

impl Piped {
    /// Runs it to its end, at most for `within`; gives what it said, clean, one line after the
    /// other.
    ///
    /// # Errors
    /// If it cannot be started, takes too long, or fails.
    pub async fn run(&self, within: Duration) -> Result<Vec<String>, PipedError> {
        let mut command = self.command().map_err(PipedError::NotStarted)?;
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(PipedError::NotStarted)?;
        let said = Arc::new(Mutex::new(Vec::new()));
        let output = child.stdout.take().map(|pipe| listen(pipe, &said));
        let errors = child.stderr.take().map(|pipe| listen(pipe, &said));
        let ended = tokio::time::timeout(within, child.wait()).await;
        if ended.is_err() {
            // It may just have ended; then there is nothing to end.
            end_group(&child).ok();
        }
        let listening = async {
            for listener in [output, errors].into_iter().flatten() {
                listener.await.ok();
            }
        };
        // Output after that is not read.
        tokio::time::timeout(LINGERING, listening).await.ok();
        let said = lines(&said.lock().unwrap_or_else(PoisonError::into_inner));
        match ended {
            Err(_) => Err(PipedError::Late(within)),
            Ok(Err(error)) => Err(PipedError::NotStarted(error)),
            Ok(Ok(status)) if status.success() => Ok(said),
            Ok(Ok(status)) => Err(PipedError::Failed {
                status,
                said: said.last().cloned(),
            }),
        }
    }

    /// Starts it and leaves it to itself: this program ends. What it says is not heard.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn leave(&self) -> io::Result<()> {
        let mut command = self.command()?;
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().map(drop)
    }

    fn command(&self) -> io::Result<Command> {
        let [program, arguments @ ..] = self.words.as_slice() else {
            return Err(io::Error::other("no program is named"));
        };
        // All of the input lies there before it starts: it need not be fed.
        let mut input = File::from(memfd_create("drainboard", MemfdFlags::CLOEXEC)?);
        input.write_all(&self.input)?;
        input.rewind()?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(input)
            // Ctrl-C at this terminal is meant for this program.
            .process_group(0);
        Ok(command)
    }
}

/// Reads on, and keeps the beginning.
fn listen(
    mut pipe: impl AsyncRead + Unpin + Send + 'static,
    said: &Arc<Mutex<Vec<u8>>>,
) -> tokio::task::JoinHandle<()> {
    let said = Arc::clone(said);
    tokio::spawn(async move {
        let mut piece = vec![0; 4 << 10];
        while let Ok(count @ 1..) = pipe.read(&mut piece).await {
            let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
            let room = KEPT.saturating_sub(said.len());
            said.extend_from_slice(&piece[..count.min(room)]);
        }
    })
}

/// The lines that a command said, clean.
pub(super) fn lines(said: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(said);
    let lines = text.lines().map(|line| clean(line, 300));
    lines.filter(|line| !line.trim().is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(30);

    fn shell(script: &str) -> Piped {
        Piped {
            words: ["/bin/sh", "-c", script].map(str::to_owned).to_vec(),
            environment: vec![("DRAINBOARD_RUN", "r-1".into())],
            input: b"{\"run\":\"r-1\"}".to_vec(),
        }
    }

    #[tokio::test]
    async fn it_reads_its_input_and_its_environment() {
        let said = shell("cat; echo; echo $DRAINBOARD_RUN >&2").run(LONG).await;
        let mut said = said.unwrap();
        said.sort();
        assert_eq!(said, ["r-1", "{\"run\":\"r-1\"}"]);
    }

    #[tokio::test]
    async fn a_large_input_waits_for_no_reader() {
        let mut large = shell("wc -c");
        large.input = vec![b'x'; 3 << 20];
        assert_eq!(large.run(LONG).await.unwrap()[0].trim(), "3145728");
        large.words = vec!["/bin/true".into()];
        assert!(large.run(LONG).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_failure_tells_its_last_line_clean() {
        let error = shell("echo first; printf 'no \\033[31mroute\\n' >&2; exit 7")
            .run(LONG)
            .await;
        let error = error.unwrap_err().to_string();
        assert_eq!(error, "exit status: 7: no route");
        let mut missing = shell("");
        missing.words = vec!["/nowhere/at/all".into()];
        let error = missing.run(LONG).await.unwrap_err().to_string();
        assert!(error.starts_with("it cannot be started: "), "{error}");
    }

    #[tokio::test]
    async fn one_that_takes_too_long_is_ended() {
        let short = Duration::from_millis(200);
        let error = shell("echo begun; exec sleep 600")
            .run(short)
            .await
            .unwrap_err();
        assert!(matches!(error, PipedError::Late(_)), "{error}");
    }

    /// A shell that waits for its children is not the only one to end: they would run on.
    #[tokio::test]
    async fn one_that_takes_too_long_is_ended_with_its_whole_group() {
        let short = Duration::from_millis(500);
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("pid");
        let script = format!("sleep 600 & echo $! > {}; wait", file.display());
        shell(&script).run(short).await.unwrap_err();
        let child: u32 = std::fs::read_to_string(&file)
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        let gone = || match crate::host::glance(child) {
            Ok(glance) => glance.run_state == Some(crate::core::fleet::RunState::Ended),
            Err(_) => true,
        };
        let end = crate::clock::now().after(LONG);
        while !gone() {
            assert!(crate::clock::now() < end, "pid {child} runs on");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    #[tokio::test]
    async fn what_it_leaves_behind_is_not_waited_for() {
        let said = shell("echo done; sleep 600 & exit 0").run(LONG).await;
        assert_eq!(said.unwrap(), ["done"]);
    }

    #[tokio::test]
    async fn a_flood_is_cut_off() {
        let said = shell("yes | head -c 1000000").run(LONG).await.unwrap();
        assert!(said.len() <= KEPT / 2 + 1, "{}", said.len());
    }
}
