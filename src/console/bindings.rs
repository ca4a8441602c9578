//! The one table of keys. What a key does, what help and footer say of it and when it is
//! possible stand here and nowhere else.

use super::Key;
use super::act::KeyAct;
use super::possible as can;
use super::state::Console;
use crate::core::session::Session;

/// The subject of a key; the order of help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Moves the drain.
    Drain,
    /// Finds one's way.
    Find,
    /// The program itself.
    Program,
}

impl Group {
    /// Its heading.
    pub fn word(self) -> &'static str {
        match self {
            Self::Drain => "the drain",
            Self::Find => "finding one's way",
            Self::Program => "the program",
        }
    }
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// The keys, the usual one first.
    pub keys: &'static [Key],
    /// The effect of the keys.
    pub act: KeyAct,
    /// The words of the help.
    pub help: &'static str,
    /// The words of the footer; `None`: it does not name it.
    pub label: Option<&'static str>,
    /// The subject.
    pub group: Group,
    /// Whether it does something now.
    pub possible: fn(&Session, &Console) -> bool,
}

impl Binding {
    /// Its keys in words: `j, down`.
    pub fn shown(&self) -> String {
        let keys: Vec<String> = self.keys.iter().map(Key::to_string).collect();
        keys.join(", ")
    }
}

const fn drain(
    keys: &'static [Key],
    act: KeyAct,
    label: &'static str,
    help: &'static str,
    possible: fn(&Session, &Console) -> bool,
) -> Binding {
    Binding {
        keys,
        act,
        help,
        label: Some(label),
        group: Group::Drain,
        possible,
    }
}

const fn find(
    keys: &'static [Key],
    act: KeyAct,
    label: Option<&'static str>,
    help: &'static str,
    possible: fn(&Session, &Console) -> bool,
) -> Binding {
    Binding {
        keys,
        act,
        help,
        label,
        group: Group::Find,
        possible,
    }
}

const fn program(
    keys: &'static [Key],
    act: KeyAct,
    label: Option<&'static str>,
    help: &'static str,
    possible: fn(&Session, &Console) -> bool,
) -> Binding {
    Binding {
        keys,
        act,
        help,
        label,
        group: Group::Program,
        possible,
    }
}

use Key::{BackTab, Char, Ctrl, Down, End, Enter, Esc, Home, Left, PageDown, PageUp, Tab, Up};

#[rustfmt::skip]
/// Every key outside dialogs and the filter line. Where a key stands twice, at most one of
/// its rows is possible at any time.
pub const BINDINGS: &[Binding] = &[
    drain(&[Char('a')], KeyAct::Automatic, "auto", "let the drain go by itself", can::automatic),
    drain(&[Char('.')], KeyAct::EndWait, "now", "end this wait and send what follows it", can::end_wait),
    drain(&[Char(' ')], KeyAct::Hold, "hold", "hold: send nothing until you resume", can::hold),
    drain(&[Char(' ')], KeyAct::GoOn, "resume", "resume from a hold", can::go_on),
    drain(&[Char(' ')], KeyAct::WaitMore, "wait", "wait 30 s, then ask again", can::wait_more),
    drain(&[Char('n')], KeyAct::NextStep, "next step", "send the next step of the sequence", can::next_step),
    drain(&[Char('x')], KeyAct::StopHere, "stop", "stop: send nothing more, at once and without a question", can::stop_here),
    drain(&[Char('+'), Char('=')], KeyAct::Longer, "longer", "make this wait 30 s longer", can::longer),
    drain(&[Char('-')], KeyAct::Shorter, "shorter", "make this wait 30 s shorter, down to 5 s; asks where TERM or KILL is then due within 10 s", can::shorter),
    drain(&[Char('m')], KeyAct::Manual, "manual", "let each step wait for you", can::manual),
    drain(&[Char('r'), Char('R')], KeyAct::Retry, "retry", "send the failed signals again", can::retry),
    drain(&[Char('r')], KeyAct::TakeUp, "resume it", "go on with the drain that was cut off or stopped: nothing of it is repeated", can::take_up),
    drain(&[Char('l')], KeyAct::LeaveOut, "skip", "skip the processes whose signal failed, and go on", can::leave_out),
    drain(&[Char('u')], KeyAct::BringBack, "units back", "restart or start the units that a stopped drain left quiet or down", can::bring_back),
    drain(&[Char('v')], KeyAct::Mark, "mark", "take the selected process, or group of them, in or out before the drain", can::mark),
    drain(&[Char('s')], KeyAct::Save, "save", "save the payloads of the selected process to disk; in the job table that of the selected job", can::save),
    drain(&[Char('R')], KeyAct::Rescue, "push back", "push back lost jobs that are in no queue, no set and no process, or search for them again", can::rescue),
    drain(&[Char('t')], KeyAct::Backtrace, "backtrace", "show where the selected job is: asks its process by TTIN, which stops nothing", can::backtrace),
    drain(&[Char('C')], KeyAct::Cancel, "cancel", "on the page of a job: cancel it, where it is an IterableJob of Sidekiq 7.3.3 or later", super::cancel::possible),
    drain(&[Char('K')], KeyAct::ForceKill, "KILL", "send KILL to the selected process, out of turn", can::force_kill),
    find(&[Esc, Left], KeyAct::Back, Some("back"), "back to the main screen", can::back),
    find(&[Esc, Left], KeyAct::Unfilter, Some("clear filter"), "clear the filter", can::unfilter),
    find(&[Tab, BackTab], KeyAct::Jump, Some("jump"), "jump from a process to its jobs, or back", can::on_main),
    find(&[Enter], KeyAct::Open, Some("details"), "show all that is known of the selected row; fold or unfold the group of a selected head", can::open),
    find(&[Enter], KeyAct::EachJob, Some("each job"), "show each job of the result with its evidence, or fold them again", can::each_job),
    find(&[Char('/')], KeyAct::Filter, Some("filter"), "list only processes and jobs in which the words stand: host, pid, tag, unit, queue, label, class, id; the drain and every sum still count all; on the journal page only its lines", can::filter),
    find(&[Char('J')], KeyAct::Journal, Some("journal"), "show what was done in this session, whole lines", can::journal),
    find(&[Char('p')], KeyAct::Fold, Some("processes"), "show or fold the processes of other applications and of other hosts", can::fold),
    find(&[Char('b')], KeyAct::Regroup, Some("groups"), "group the processes by host, tag, queues, version, unit or capsules, or not at all; v on the head of a group marks all of it that runs here", can::on_main),
    find(&[Char('z')], KeyAct::FoldGroups, Some("fold all"), "fold all groups to their heads, or show all processes again", super::group_keys::is_grouped),
    find(&[Char('S')], KeyAct::Sort, Some("sort"), "change the order of the jobs", can::on_main),
    find(&[Char('A')], KeyAct::Arguments, Some("arguments"), "show or hide the arguments of this job", can::arguments),
    find(&[Char('f')], KeyAct::Frames, Some("frames"), "show or fold the frames of gems and of Ruby", can::frames),
    find(&[Tab], KeyAct::NextThread, Some("next thread"), "show the backtrace of the next thread", can::frames),
    find(&[Char('j'), Down], KeyAct::Down, None, "down", can::always),
    find(&[Char('k'), Up], KeyAct::Up, None, "up", can::always),
    find(&[PageDown, Ctrl('f')], KeyAct::PageDown, None, "down ten", can::always),
    find(&[PageUp, Ctrl('b')], KeyAct::PageUp, None, "up ten", can::always),
    find(&[Char('g'), Home], KeyAct::First, None, "to the first", can::always),
    find(&[Char('G'), End], KeyAct::Last, None, "to the last", can::always),
    find(&[Char('c')], KeyAct::Check, Some("check"), "show what the check of the sequence and the timeouts finds", can::check),
    find(&[Char('o')], KeyAct::Outcome, Some("outcome"), "show how the drain ended", can::outcome),
    program(&[Char('?')], KeyAct::Help, Some("help"), "these keys and the words of the screen", can::help),
    program(&[Char('q')], KeyAct::Quit, Some("quit"), "leave; while a drain runs that holds it, and asks first", can::always),
    program(&[Ctrl('c')], KeyAct::Interrupt, None, "stop here while a drain runs, else leave", can::always),
    program(&[Ctrl('l')], KeyAct::Redraw, None, "redraw the screen", can::always),
    program(&[Ctrl('z')], KeyAct::Suspend, None, "stop this program; deadlines go on meanwhile", can::always),
];
