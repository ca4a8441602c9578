//! The keys of a screen that only shows a drain, with the signals to this program itself.

use color_eyre::eyre::Result;
use crossterm::event::Event as TerminalEvent;

use super::keys::key_of;
use super::own_signals::{OwnSignal, OwnSignals, stop_oneself};
use super::terminal::{TakenTerminal, give_back};
use super::terminal_events::TerminalEvents;
use crate::console::Key;

/// The keys of one terminal.
pub(super) struct Keyboard {
    events: TerminalEvents,
    own_signals: OwnSignals,
}

/// The result of reading it.
pub(super) enum Pressed {
    /// A key.
    Key(Key),
    /// Nothing to be done: it was no key, or this program was stopped and continued.
    Nothing,
    /// The terminal is gone, or this program is to end.
    Gone,
}

impl Keyboard {
    /// Listens from now on.
    ///
    /// # Errors
    /// If keys or signals cannot be listened to.
    pub(super) fn listen() -> Result<Self> {
        Ok(Self {
            events: TerminalEvents::listen()?,
            own_signals: OwnSignals::listen()?,
        })
    }

    /// The next of it. On a stop (Ctrl-Z) the terminal of `screen` is given back, and taken again.
    /// Nothing is lost if this is not awaited to its end.
    ///
    /// # Errors
    /// If the terminal cannot be taken again.
    pub(super) async fn next(&mut self, screen: &mut TakenTerminal) -> Result<Pressed> {
        let signal = tokio::select! {
            biased;
            event = self.events.next() => return Ok(match event {
                Some(TerminalEvent::Key(key)) => {
                    key_of(key).map_or(Pressed::Nothing, Pressed::Key)
                }
                Some(_) => Pressed::Nothing,
                // The terminal is gone.
                None => Pressed::Gone,
            }),
            signal = self.own_signals.next() => signal,
        };
        match signal {
            OwnSignal::HangUp | OwnSignal::Terminate | OwnSignal::Interrupt => Ok(Pressed::Gone),
            OwnSignal::Suspend => {
                give_back();
                stop_oneself();
                screen.take_again()?;
                Ok(Pressed::Nothing)
            }
            OwnSignal::Continued => {
                screen.forget()?;
                Ok(Pressed::Nothing)
            }
        }
    }
}
