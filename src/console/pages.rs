//! The pages of text by screen: help, result, check, one job, one process.

use super::page_line::PageLine;
use super::state::{Console, Screen};
use super::{backtrace_page, check_page, help, job_page, journal_page, process_page, result};
use crate::core::moment::Moment;
use crate::core::session::Session;

/// The lines of the page that `console` shows; none on the main screen.
pub fn lines(session: &Session, console: &Console, now: Moment) -> Vec<PageLine> {
    match &console.screen {
        Screen::Main => Vec::new(),
        Screen::Job(key) => job_page::lines(session, console, key, now),
        Screen::Process(key) => process_page::lines(session, &console.targets(session), key, now),
        Screen::Backtrace(view) => backtrace_page::lines(session, view, now),
        Screen::Help => help::lines(session, console),
        Screen::Result => result::lines(session, Some(console.memory.each_job), Some(now)),
        Screen::Check => check_page::lines(session),
        Screen::Journal => journal_page::lines(session, &console.listing.journal),
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
        Screen::Journal => "journal",
    }
}
