//! A front whose keys are written down beforehand.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use ratatui::buffer::Buffer;
use tokio::time::{Instant, sleep_until};

use super::film::picture;
use crate::console::Request;
use crate::core::drain::{Command, Record};
use crate::core::fleet::ProcessKey;
use crate::core::moment::Moment;
use crate::core::session::Session;
use crate::shell::Front;

/// What somebody does.
#[derive(Clone, Debug)]
pub(super) enum Key {
    Asks(Vec<Request>),
    /// The way in is closed.
    Gone,
}

/// The front.
pub(super) struct Script {
    keys: VecDeque<(Instant, Key)>,
    /// Keys that are there once so many frames were shown.
    after_frames: VecDeque<usize>,
    begun: Instant,
    /// When each frame was shown, since the beginning.
    pub(super) frames: Vec<Duration>,
    /// Frames shown when each key was taken.
    pub(super) taken: Vec<usize>,
    pub(super) refused: Vec<String>,
    pub(super) told: Vec<String>,
    /// From this frame on there is nothing to show on.
    pub(super) breaks: Option<usize>,
    pub(super) panics: Option<usize>,
    /// What was shown at each moment, where that is kept.
    pub(super) pictures: Option<Vec<(Moment, Buffer)>>,
}

impl Script {
    pub(super) fn new() -> Self {
        Self {
            keys: VecDeque::new(),
            after_frames: VecDeque::new(),
            begun: Instant::now(),
            frames: Vec::new(),
            taken: Vec::new(),
            refused: Vec::new(),
            told: Vec::new(),
            breaks: None,
            panics: None,
            pictures: None,
        }
    }

    pub(super) fn key(mut self, at: Duration, key: Key) -> Self {
        self.keys.push_back((self.begun + at, key));
        self
    }

    /// Begins a drain of `targets` that goes on by itself.
    pub(super) fn drains(self, at: Duration, targets: Vec<ProcessKey>) -> Self {
        let begin = Request::Begin {
            targets,
            consent: None,
        };
        let go = Request::Command(Command::Automatic);
        self.key(at, Key::Asks(vec![begin, go]))
    }

    pub(super) fn commands(self, at: Duration, command: Command) -> Self {
        self.key(at, Key::Asks(vec![Request::Command(command)]))
    }

    /// A key that asks for nothing lies there as soon as so many frames were shown.
    pub(super) fn key_after(mut self, frames: usize) -> Self {
        self.after_frames.push_back(frames);
        self
    }
}

impl Front for Script {
    type Event = Key;

    async fn event(&mut self) -> Option<Key> {
        if self
            .after_frames
            .pop_front_if(|frames| *frames <= self.frames.len())
            .is_some()
        {
            return Some(Key::Asks(Vec::new()));
        }
        let Some((due, _)) = self.keys.front() else {
            return std::future::pending().await;
        };
        sleep_until(*due).await;
        match self.keys.pop_front() {
            Some((_, key @ Key::Asks(_))) => Some(key),
            Some((_, Key::Gone)) | None => None,
        }
    }

    fn take(&mut self, key: Key, _: &Session, _: Moment) -> Vec<Request> {
        self.taken.push(self.frames.len());
        match key {
            Key::Asks(requests) => requests,
            Key::Gone => Vec::new(),
        }
    }

    fn answer(&mut self, _: &Session, _: Moment) -> Vec<Request> {
        Vec::new()
    }

    fn note(&mut self, _: &Record) {}

    fn tell(&mut self, text: &str) {
        self.told.push(text.into());
    }

    fn refused(&mut self, why: &str, _: &Session, _: Moment) {
        self.refused.push(why.into());
    }

    fn show(&mut self, session: &Session, now: Moment) -> io::Result<()> {
        if let Some(pictures) = &mut self.pictures {
            pictures.push((now, picture(session, now)));
        }
        self.frames.push(self.begun.elapsed());
        let frames = self.frames.len();
        assert!(
            self.panics.is_none_or(|at| frames < at),
            "a fault in a panel"
        );
        if self.breaks.is_some_and(|at| frames >= at) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        Ok(())
    }

    fn show_anew(&mut self) {}

    fn suspend(&mut self, _: &Session, _: Moment) {}

    fn next_show(&self, _: &Session, now: Moment) -> Option<Moment> {
        Some(now.after(Duration::from_secs(1)))
    }

    fn is_attended(&self) -> bool {
        true
    }

    fn is_done(&self, session: &Session) -> bool {
        session
            .run
            .as_ref()
            .is_some_and(|run| run.phase().is_over())
    }
}
