//! Keys in, requests out. A key that does nothing now says so; a key that arrives with a
//! dialog that has just closed does nothing at all.

use std::collections::BTreeSet;
use std::time::Duration;

use super::act::KeyAct;
use super::backtrace_page::no_backtrace;
use super::begin;
use super::bindings::{BINDINGS, Binding};
use super::confirm;
use super::dialog::{Answer, Dialog, Friction, Premise, Start};
use super::groups::TableKey;
use super::possible;
use super::request::Request;
use super::rows::Sort;
use super::state::{Console, Pane, Screen};
use super::strip_words::held_wait;
use super::{Key, pages, units};
use crate::core::clean::clean;
use crate::core::drain::{Command, Mode};
use crate::core::fleet::{LocalId, ProcessKey};
use crate::core::moment::Moment;
use crate::core::session::{Kind, Session};

/// Why no key moves a drain that is only shown.
fn only_shown(session: &Session) -> Option<&'static str> {
    match session.setting.kind {
        Kind::Replay => Some("this is a film: nothing can be sent"),
        Kind::Watching => Some("another drainboard drives this drain: Y asks for the controls"),
        Kind::Live | Kind::ReadOnly | Kind::Rehearsal | Kind::Demo => None,
    }
}

/// By how much one key makes a wait longer or shorter.
const STEP: Duration = Duration::from_secs(30);
/// Rows of a page.
const PAGE: usize = 10;
/// The longest reason.
const REASON: usize = 200;
/// The longest filter.
const FILTER: usize = 60;

impl Console {
    /// Takes one key and says what is to be done.
    #[must_use]
    pub fn press(&mut self, key: Key, session: &Session, now: Moment) -> Vec<Request> {
        let was_open = self.dialog.is_some();
        self.follow(session, now);
        if key == Key::Ctrl('c') {
            self.dialog = None;
            return self.act(KeyAct::Interrupt, session, now);
        }
        if was_open {
            return self.press_dialog(key, session, now);
        }
        if self.listing.typing {
            self.press_filter(key);
            return Vec::new();
        }
        self.memory.notice = None;
        let mut bound = BINDINGS.iter().filter(|known| known.keys.contains(&key));
        let Some(first) = bound.clone().next() else {
            return Vec::new();
        };
        if let Some(binding) = bound.find(|known| (known.possible)(session, self)) {
            if let Some(why) = only_shown(session).filter(|_| binding.group == super::Group::Drain)
            {
                self.say(why);
                return Vec::new();
            }
            let requests = self.act(binding.act, session, now);
            if let Some(dialog) = self.dialog.as_mut().filter(|_| !was_open) {
                dialog.pretend(session.setting.kind == Kind::Rehearsal);
            }
            return requests;
        }
        self.refuse(first, session);
        Vec::new()
    }

    fn refuse(&mut self, binding: &Binding, session: &Session) {
        let label = binding.label.unwrap_or(binding.help);
        if binding.act == KeyAct::Backtrace {
            self.say(no_backtrace(session, self));
        } else if binding.act == KeyAct::Cancel {
            self.say(super::cancel::refusal(session, self));
        } else if session.setting.kind == Kind::ReadOnly && binding.group == super::Group::Drain {
            self.say("this session is read-only: nothing can be sent");
        } else {
            let why = possible::why_not(binding.act, session, self);
            self.say(format!("{} ({label}): {why}", binding.shown()));
        }
    }

    fn press_dialog(&mut self, key: Key, session: &Session, now: Moment) -> Vec<Request> {
        if key == Key::Char('x') && possible::stop_here(session, self) {
            self.dialog = None;
            return vec![Request::Command(Command::StopHere)];
        }
        // It has just closed under this key, which was meant for it: the key does nothing.
        let Some(dialog) = &mut self.dialog else {
            return Vec::new();
        };
        self.memory.notice = None;
        if key == Key::Char('u')
            && let Some(choice) = units::other(dialog)
        {
            self.dialog = confirm::step(session, Some(choice), now);
            return Vec::new();
        }
        match dialog.press(key, now) {
            Answer::Open => Vec::new(),
            Answer::TooSoon => {
                self.say(format!("too fast: press {key} again"));
                Vec::new()
            }
            Answer::No => {
                self.dialog = None;
                self.say("no: nothing was done");
                Vec::new()
            }
            Answer::Yes => self.answered(session, now),
        }
    }

    /// The dialog was answered with yes: it does what it said, or leads to the next.
    fn answered(&mut self, session: &Session, now: Moment) -> Vec<Request> {
        let Some(dialog) = self.dialog.take() else {
            return Vec::new();
        };
        let (Friction::Reason(start), Premise::Before { targets, .. }) =
            (&dialog.friction, &dialog.premise)
        else {
            self.show_what_is_asked(&dialog.requests);
            return dialog.requests;
        };
        let why = clean(dialog.entry.text.trim(), REASON);
        self.memory.why = Some(why.clone());
        let begun = begin::begin(session, *start, targets, Some(why), now);
        self.dialog = Some(self.anew(begun, session));
        Vec::new()
    }

    /// The dialog before a drain begins, with a word about the one that could be gone on with.
    fn anew(&self, mut dialog: Dialog, session: &Session) -> Dialog {
        let left = self.memory.left.as_ref();
        if let Some(words) = left.and_then(|left| left.says(session)) {
            dialog
                .lines
                .insert(0, format!("This begins anew. Before it, {words}."));
        }
        dialog
    }

    /// The dialog before a first signal: why, where that is asked, then whether.
    fn begin(
        &self,
        session: &Session,
        start: Start,
        targets: Vec<ProcessKey>,
        now: Moment,
    ) -> Dialog {
        if self.memory.ask_reason && session.setting.operator.why.is_none() {
            let before = self.memory.why.as_deref().unwrap_or_default();
            return begin::reason(session, start, targets, before, now);
        }
        let begun = begin::begin(session, start, &targets, None, now);
        self.anew(begun, session)
    }

    /// A key while a filter is typed. What is narrowed is read from its top.
    fn press_filter(&mut self, key: Key) {
        let mut filter = self.filter().unwrap_or_default().to_owned();
        if let Key::Char(character) = key {
            if filter.chars().count() < FILTER {
                filter.push(character);
            }
        } else if key == Key::Backspace {
            filter.pop();
        } else if key == Key::Enter {
            self.listing.typing = false;
        } else if key == Key::Esc {
            self.listing.typing = false;
            filter.clear();
        }
        self.narrow(filter.trim_start().to_owned());
    }

    /// Clears the filter; what is selected stays so.
    fn unfilter(&mut self, session: &Session) {
        let process = self.process_under_cursor(session);
        let job = self.job_under_cursor(session);
        self.narrow(String::new());
        self.processes.selected = process.map(TableKey::Process);
        self.jobs.selected = job;
    }

    fn narrow(&mut self, filter: String) {
        if self.screen == Screen::Journal {
            self.listing.journal = filter;
            self.scroll = 0;
        } else {
            self.listing.filter = filter;
            self.processes = super::RowCursor::default();
            self.jobs = super::RowCursor::default();
        }
    }

    fn act(&mut self, act: KeyAct, session: &Session, now: Moment) -> Vec<Request> {
        let command = |command| vec![Request::Command(command)];
        match act {
            KeyAct::Automatic => self.dialog = self.automatic(session, now),
            KeyAct::NextStep | KeyAct::EndWait => self.dialog = self.step(session, now),
            KeyAct::ForceKill => {
                self.dialog = possible::selected_here(session, self)
                    .map(|id| self.force_kill(session, id, now));
            }
            KeyAct::TakeUp => {
                let left = self.memory.left.as_ref();
                self.dialog = left.map(|left| left.take_up(now));
            }
            KeyAct::BringBack => self.dialog = units::bring_back(session, now),
            KeyAct::Cancel => self.dialog = super::cancel::dialog(session, self, now),
            KeyAct::Backtrace => self.dialog = self.backtrace(session, now),
            KeyAct::Frames => self.fold_frames(),
            KeyAct::NextThread => self.next_thread(session),
            KeyAct::GoOn => return self.go_on(session, now),
            KeyAct::Hold => return command(Command::Hold),
            KeyAct::WaitMore => {
                return vec![
                    Request::Command(Command::Longer(STEP)),
                    Request::Command(Command::GoOn),
                ];
            }
            KeyAct::Longer => return command(Command::Longer(STEP)),
            KeyAct::Shorter => match confirm::shorter(session, STEP, now) {
                Some(dialog) => self.dialog = Some(dialog),
                None => return command(Command::Shorter(STEP)),
            },
            KeyAct::Manual => return command(Command::Manual),
            KeyAct::StopHere => return command(Command::StopHere),
            KeyAct::Retry => return command(Command::Retry),
            KeyAct::LeaveOut => return command(Command::LeaveOut),
            KeyAct::Interrupt if session.is_draining() => return command(Command::StopHere),
            KeyAct::Quit if session.is_draining() => {
                self.dialog = Some(confirm::quit(session, now));
            }
            KeyAct::Interrupt | KeyAct::Quit => return vec![Request::Quit],
            KeyAct::Redraw => return vec![Request::Redraw],
            KeyAct::Suspend => return vec![Request::Suspend],
            KeyAct::Save => {
                let wanted = possible::saved_of(session, self);
                self.dialog = wanted.and_then(|wanted| confirm::save(session, wanted, now));
            }
            KeyAct::Rescue if session.afterwards.salvage.nowhere.is_empty() => {
                self.say("searching all queues and sets for the lost jobs");
                return vec![Request::LookForLost];
            }
            KeyAct::Rescue => self.dialog = confirm::push_back(session, now),
            KeyAct::Mark => return self.mark(session),
            KeyAct::Jump => self.jump(session),
            KeyAct::Open => self.open(session),
            KeyAct::Up => self.go(session, now, |at, _| at.saturating_sub(1)),
            KeyAct::Down => self.go(session, now, |at, _| at + 1),
            KeyAct::PageUp => self.go(session, now, |at, _| at.saturating_sub(PAGE)),
            KeyAct::PageDown => self.go(session, now, |at, _| at + PAGE),
            KeyAct::First => self.go(session, now, |_, _| 0),
            KeyAct::Last => self.go(session, now, |_, rows| rows.saturating_sub(1)),
            KeyAct::Filter => self.listing.typing = true,
            KeyAct::Unfilter => self.unfilter(session),
            KeyAct::Sort => self.sort(self.listing.sort.next()),
            KeyAct::Arguments => self.listing.arguments = !self.listing.arguments,
            KeyAct::Journal => self.show(Screen::Journal),
            KeyAct::Regroup => self.regroup(session),
            KeyAct::FoldGroups => self.fold_groups(session),
            KeyAct::Fold => self.listing.unfolded = !self.listing.unfolded,
            KeyAct::Back => self.show(Screen::Main),
            KeyAct::Outcome => self.show(Screen::Result),
            KeyAct::EachJob => self.memory.each_job = !self.memory.each_job,
            KeyAct::Check => self.show(Screen::Check),
            KeyAct::Help => self.show(Screen::Help),
        }
        Vec::new()
    }

    /// The dialog before the drain goes by itself.
    fn automatic(&self, session: &Session, now: Moment) -> Option<Dialog> {
        if session.is_draining() {
            return confirm::go_automatic(session, now);
        }
        let targets = self.targets(session);
        Some(self.begin(session, Start::Automatic, targets, now))
    }

    /// The dialog before the very step that comes next.
    fn step(&self, session: &Session, now: Moment) -> Option<Dialog> {
        if session.is_draining() {
            return confirm::step(session, None, now);
        }
        let targets = self.targets(session);
        Some(self.begin(session, Start::Step, targets, now))
    }

    /// The dialog before a KILL of one process.
    fn force_kill(&self, session: &Session, target: LocalId, now: Moment) -> Dialog {
        if session.is_draining() {
            return confirm::force_kill(session, target, now);
        }
        self.begin(session, Start::Kill(target), vec![target.into()], now)
    }

    /// Goes on from a hold. Where the wait is over that would send: it is a step then, and
    /// asked as one.
    fn go_on(&mut self, session: &Session, now: Moment) -> Vec<Request> {
        let sends = session.active_run().is_some_and(|run| {
            run.mode() == Mode::Automatic
                && held_wait(run).is_some_and(|left| left < possible::TIME_TO_THINK)
        });
        if sends {
            self.dialog = confirm::step(session, None, now);
            return Vec::new();
        }
        vec![Request::Command(Command::GoOn)]
    }

    fn mark(&mut self, session: &Session) -> Vec<Request> {
        let here = possible::markable(session, self);
        let marked: BTreeSet<ProcessKey> = match &here {
            Some(key) => BTreeSet::from([key.clone()]),
            None => self.group_here(session).into_iter().collect(),
        };
        let mut chosen: BTreeSet<ProcessKey> = self.targets(session).into_iter().collect();
        // A group that is in as a whole goes out, else the rest of it comes in.
        if marked.is_subset(&chosen) {
            chosen.retain(|key| !marked.contains(key));
        } else {
            chosen.extend(marked);
        }
        // The selection must not jump with the row.
        if let Some(key) = here.filter(|_| self.pane == Pane::Processes) {
            self.processes.selected = Some(TableKey::Process(key));
        }
        self.memory.targets = Some(chosen);
        self.follow_marks(session);
        vec![Request::Choose {
            targets: self.targets(session),
        }]
    }

    fn follow_marks(&mut self, session: &Session) {
        let count = self.targets(session).len() as u64;
        self.say(format!(
            "{} would be drained",
            super::words::count(count, "process")
        ));
    }

    fn sort(&mut self, sort: Sort) {
        self.listing.sort = sort;
        self.jobs = super::RowCursor::default();
        self.say(format!("jobs by {}", sort.word()));
    }

    fn open(&mut self, session: &Session) {
        if let Some(head) = self.group_under_cursor(session) {
            return self.fold_group(&head);
        }
        let screen = match self.pane {
            Pane::Processes => self.process_under_cursor(session).map(Screen::Process),
            Pane::Jobs => self.job_under_cursor(session).map(Screen::Job),
        };
        if let Some(screen) = screen {
            self.show(screen);
        }
    }

    /// Moves the selection, or the text on a page of text.
    fn go(&mut self, session: &Session, now: Moment, to: impl Fn(usize, usize) -> usize) {
        if self.screen == Screen::Main {
            self.move_cursor(session, to);
            return;
        }
        let lines = pages::lines(session, self, now).len();
        self.scroll = to(self.scroll, lines).min(lines.saturating_sub(1));
    }
}
