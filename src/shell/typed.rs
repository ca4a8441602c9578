//! The answers of somebody at a terminal without a screen: the lines typed there, the commands
//! that they mean, and the words that ask for them.

use std::io::{self, BufRead};

use tokio::sync::mpsc;

use crate::core::drain::{Command, Hold, Phase};
use crate::core::session::Session;

/// The answers that may be typed to a hold.
pub(super) fn help(why: &Hold) -> String {
    match why {
        Hold::Question(stake) | Hold::Blind(stake) => {
            format!(
                "type {} to KILL anyway, w to look again, x to stop here",
                stake.count()
            )
        }
        Hold::Redis(signal, jobs) => {
            format!("type {jobs} to send {signal} anyway, w to look again, x to stop here")
        }
        Hold::Failed(_) => "type r to try again, l to skip those, x to stop here".into(),
        Hold::Operator(_) | Hold::Late | Hold::Journal(_) => {
            "type g to go on, x to stop here".into()
        }
    }
}

/// The command that `line` means, while a hold waits for one.
pub(super) fn command(line: &str, session: &Session) -> Option<Command> {
    let run = session.run.as_ref()?;
    let Phase::Held { .. } = run.phase() else {
        return None;
    };
    match line.trim() {
        "x" => Some(Command::StopHere),
        "g" | "w" => Some(Command::GoOn),
        "r" => Some(Command::Retry),
        "l" => Some(Command::LeaveOut),
        number => {
            let accepted = number.parse().ok()?;
            Some(Command::Go {
                step: run.phase().next_step()?,
                accepted,
            })
        }
    }
}

/// Lines from standard input. The thread sits in its read and goes with the program.
pub(super) fn lines() -> mpsc::UnboundedReceiver<String> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}
