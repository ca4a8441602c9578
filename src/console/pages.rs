//! The pages of text: help, result, check, one job, one process. Lines with their weight; how they
//! look is the screen's business.

use super::state::{Console, Screen};
use super::{backtrace_page, check_page, help, job_page, process_page, result};
use crate::core::moment::Moment;
use crate::core::session::Session;

/// How much a line weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// A heading.
    Heading,
    /// Text.
    Plain,
    /// Less than text.
    Faint,
    /// All is well.
    Good,
    /// To be watched.
    Warn,
    /// Work is lost, or may be.
    Bad,
}

/// One line of a page, before it is wrapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageLine {
    /// Its weight.
    pub weight: Weight,
    /// A name before the text, set apart; may be empty.
    pub label: String,
    /// The text.
    pub text: String,
}

impl PageLine {
    /// A line without a label.
    pub(super) fn new(weight: Weight, text: impl Into<String>) -> Self {
        Self {
            weight,
            label: String::new(),
            text: text.into(),
        }
    }

    /// A heading.
    pub(super) fn heading(text: impl Into<String>) -> Self {
        Self::new(Weight::Heading, text)
    }

    /// A named value.
    pub(super) fn fact(label: &str, text: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            ..Self::new(Weight::Plain, text)
        }
    }

    /// An empty line.
    pub(super) fn gap() -> Self {
        Self::new(Weight::Plain, "")
    }
}

/// The lines of the page that `console` shows; none on the main screen.
pub fn lines(session: &Session, console: &Console, now: Moment) -> Vec<PageLine> {
    match &console.screen {
        Screen::Main => Vec::new(),
        Screen::Job(key) => job_page::lines(session, console, key, now),
        Screen::Process(key) => process_page::lines(session, key, now),
        Screen::Backtrace(view) => backtrace_page::lines(session, view, now),
        Screen::Help => help::lines(session, console),
        Screen::Result => result::lines(session, Some(now)),
        Screen::Check => check_page::lines(session),
    }
}

/// The title of the page.
pub fn title(console: &Console) -> &'static str {
    match console.screen {
        Screen::Main => "",
        Screen::Job(_) => "job",
        Screen::Process(_) => "process",
        Screen::Backtrace(_) => "backtrace",
        Screen::Help => "help",
        Screen::Result => "result",
        Screen::Check => "check",
    }
}
