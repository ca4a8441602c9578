//! The first words on a connection: a login, the database, and one command that proves that Redis
//! answers. They are written and read here, line by line, so that the server's own words are
//! known: that it takes no more clients, wants a password, or is no Redis.

use std::fmt;
use std::io;

use redis::Cmd;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::commands::Open;
use super::link::{Wire, refusal};
use crate::core::fleet::LinkFault;

/// The longest line that is read; an answer here is `+OK` or an error.
const LONGEST_LINE: usize = 2_000;

/// A user with a password; the default user without a name.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) user: Option<String>,
    pub(super) password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Login")
    }
}

/// Why the first words failed.
#[derive(Debug)]
pub(super) enum NotOpened {
    /// Redis has other passwords than these.
    WrongLogin(LinkFault),
    /// Another login would change nothing.
    Fault(LinkFault),
    /// The connection broke.
    Broken(io::Error),
}

impl From<io::Error> for NotOpened {
    fn from(error: io::Error) -> Self {
        Self::Broken(error)
    }
}

/// Logs in, chooses the database, and waits for an answer.
pub(super) async fn greet(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    login: Option<&Login>,
    database: u32,
    wire: Wire,
) -> Result<(), NotOpened> {
    let mut commands: Vec<Cmd> = Vec::new();
    if let Some(login) = login {
        commands.push(Open::login(login.user.as_deref(), &login.password));
    }
    if database != 0 {
        commands.push(Open::database(database));
    }
    commands.push(Open::answer());
    let packed: Vec<u8> = commands.iter().flat_map(Cmd::get_packed_command).collect();
    stream.write_all(&packed).await?;
    stream.flush().await?;
    for number in 0..commands.len() {
        let line = line(stream).await?;
        let Some(error) = line.strip_prefix('-') else {
            if line.starts_with('+') {
                continue;
            }
            return Err(NotOpened::Fault(wire.not_redis()));
        };
        let (code, detail) = error.split_once(' ').unwrap_or((error, ""));
        let why = refusal(code, detail);
        let is_login = login.is_some() && number == 0;
        if is_login && matches!(code, "WRONGPASS" | "ERR") {
            return Err(NotOpened::WrongLogin(why));
        }
        // A user who may do little else may still look.
        if code != "NOPERM" {
            return Err(NotOpened::Fault(why));
        }
    }
    Ok(())
}

/// A line without its end.
async fn line(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<String> {
    let mut line = Vec::new();
    loop {
        // The lines are short, and nothing behind them may be taken.
        match stream.read_u8().await? {
            b'\n' => break,
            byte if line.len() < LONGEST_LINE => line.push(byte),
            _ => break,
        }
    }
    Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
}
