//! Watches a drain that another drainboard drives, on the same screens, and drives it once it was
//! given the controls. It holds no process and sends no signal: commands go to that drainboard.

use std::io;
use std::time::Duration;

use color_eyre::eyre::Result;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use super::keyboard::{Keyboard, Pressed};
use super::terminal::TakenTerminal;
use super::visitors::{Announced, VisitorWord};
use crate::clock;
use crate::console::{Console, Key, Request};
use crate::core::session::Kind;
use crate::recorder::Tail;
use crate::ui::{self, Theme};

/// Between two looks at the inputs.
const FRAME: Duration = Duration::from_millis(200);

/// The wish that only the drainboard at the other end can fulfil: it holds the processes and
/// keeps what is saved. `None`: it can be done from here.
fn elsewhere(request: &Request) -> Option<&'static str> {
    match request {
        Request::Command(_)
        | Request::Quit
        | Request::Redraw
        | Request::Suspend
        | Request::Choose { .. } => None,
        Request::Save { .. } => Some("saves payloads"),
        Request::LookForLost | Request::PushBack { .. } => Some("pushes lost jobs back"),
        Request::Cancel(_) => Some("cancels jobs"),
        Request::CallUnits(_) => Some("starts units"),
        Request::Backtrace { .. } => Some("asks for backtraces"),
        Request::Begin { .. } | Request::TakeUp => Some("begins another"),
    }
}

/// A terminal that watches.
#[derive(Debug)]
pub struct Watcher {
    tail: Tail,
    console: Console,
    look: Theme,
    lines: Lines<BufReader<OwnedReadHalf>>,
    out: OwnedWriteHalf,
    driver: Option<(String, bool)>,
    /// The one who watches here.
    who: String,
    /// Whether the drainboard is gone.
    gone: bool,
}

impl Watcher {
    /// A watcher for the session of `tail`, connected by `stream`.
    pub fn new(tail: Tail, stream: UnixStream, console: Console, look: Theme) -> Self {
        let (reading, out) = stream.into_split();
        Self {
            tail,
            console,
            look,
            lines: BufReader::new(reading).lines(),
            out,
            driver: None,
            who: String::new(),
            gone: false,
        }
    }

    /// Watches as `who`, until somebody leaves or the terminal is gone.
    ///
    /// # Errors
    /// If signals cannot be listened to, or the inputs cannot be followed any further.
    pub async fn watch(mut self, who: String, mut screen: TakenTerminal) -> Result<()> {
        let mut keyboard = Keyboard::listen()?;
        self.who.clone_from(&who);
        self.say(&VisitorWord::Hello(who)).await;
        loop {
            self.tail.follow()?;
            if self.draw(&mut screen).is_err() {
                return Ok(());
            }
            let pressed = tokio::select! {
                biased;
                pressed = keyboard.next(&mut screen) => pressed?,
                line = self.lines.next_line(), if !self.gone => {
                    self.hear(line);
                    Pressed::Nothing
                }
                () = tokio::time::sleep(FRAME) => Pressed::Nothing,
            };
            let leaves = match pressed {
                Pressed::Key(key) => self.press(key).await,
                Pressed::Nothing => false,
                Pressed::Gone => true,
            };
            if leaves {
                return Ok(());
            }
        }
    }

    fn hear(&mut self, line: io::Result<Option<String>>) {
        let told = if let Ok(Some(line)) = line {
            serde_json::from_str(&line).ok()
        } else {
            self.gone = true;
            self.driver = None;
            None
        };
        match told {
            Some(Announced::Drives { who, you }) => {
                self.console.say(if you {
                    "you drive this drain now: Y gives the controls back".to_owned()
                } else {
                    format!("{who} drives; Y asks for the controls")
                });
                self.driver = Some((who, you));
            }
            Some(Announced::Asked(who)) => {
                self.console
                    .say(format!("{who} asks for the controls: Y gives them"));
            }
            Some(Announced::Refused(why)) => self.console.say(why),
            None if self.gone => {
                self.console
                    .say("the drainboard that drove this drain is gone");
            }
            None => {}
        }
    }

    fn drives(&self) -> bool {
        matches!(self.driver, Some((_, true)))
    }

    async fn say(&mut self, word: &VisitorWord) {
        let mut line = serde_json::to_vec(word).unwrap_or_default();
        line.push(b'\n');
        // A drainboard that is gone shows at the other half.
        drop(self.out.write_all(&line).await);
    }

    /// Takes a key; whether it leaves.
    async fn press(&mut self, key: Key) -> bool {
        let open = self.console.dialog.is_some();
        match key {
            Key::Ctrl('c') => return true,
            Key::Char('q') if !open => return true,
            Key::Char('Y') if !open => {
                let word = if self.drives() {
                    VisitorWord::Gives
                } else {
                    VisitorWord::Asks
                };
                self.console
                    .say(if self.drives() { "given" } else { "asked" });
                self.say(&word).await;
                return false;
            }
            Key::Char(_)
            | Key::Ctrl(_)
            | Key::Enter
            | Key::Esc
            | Key::Up
            | Key::Down
            | Key::Left
            | Key::Right
            | Key::PageUp
            | Key::PageDown
            | Key::Home
            | Key::End
            | Key::Tab
            | Key::BackTab
            | Key::Backspace => {}
        }
        self.mark(true);
        let mut requests = self.console.press(key, self.tail.session(), clock::now());
        self.mark(false);
        // Nothing is asked that a yes would not bring about.
        let asked = self
            .console
            .dialog
            .iter()
            .flat_map(|dialog| &dialog.requests);
        let refused = requests.iter().chain(asked).find_map(elsewhere);
        if let Some(what) = refused {
            self.console.dialog = None;
            self.console
                .say(format!("only the drainboard that began this drain {what}"));
            requests.clear();
        }
        for request in requests {
            if request == Request::Quit {
                return true;
            }
            if let Request::Command(command) = request {
                self.say(&VisitorWord::Commands(command)).await;
            }
        }
        false
    }

    /// Marks the session while it is shown to who watches here; its own kind and operator are what it
    /// goes on by.
    fn mark(&mut self, shown: bool) {
        let kind = if shown && !self.drives() {
            Kind::Watching
        } else {
            Kind::Live
        };
        let setting = &mut self.tail.session_mut().setting;
        setting.kind = kind;
        std::mem::swap(&mut setting.operator.who, &mut self.who);
    }

    fn draw(&mut self, screen: &mut TakenTerminal) -> io::Result<()> {
        self.mark(true);
        let now = clock::now();
        self.console.follow(self.tail.session(), now);
        let (session, console, look) = (self.tail.session(), &self.console, &self.look);
        let drawn = screen.draw(|frame| ui::draw(frame, session, console, now, look));
        self.mark(false);
        drawn
    }
}
