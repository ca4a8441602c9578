//! The terminal: taken over with a guard that gives it back whatever happens, and written to in
//! whole frames by a thread of its own. A frame in which nothing changed writes no byte.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::queue;
use crossterm::style::{ResetColor, force_color_output};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    SetTitle, disable_raw_mode, enable_raw_mode,
};
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::{Frame, Terminal};

use super::frugal::shortened;
use super::mirror::Mirror;
use super::outlet::{output, settle};

/// Whether the terminal is taken over; read by the panic hook.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// So many cells of a terminal are drawn at most: its size is what its other end says, and two
/// frames of 65535 by 65535 cells have no room in memory.
const MOST: Size = Size {
    width: 1_000,
    height: 400,
};

/// Keeps the title of the terminal on its own stack (xterm control sequences, `CSI 22 ; 2 t`).
const SAVE_TITLE: &str = "\x1b[22;2t";
/// Brings it back.
const RESTORE_TITLE: &str = "\x1b[23;2t";

/// The terminal, taken over until this is dropped.
#[derive(Debug)]
pub struct TakenTerminal {
    terminal: Terminal<Whole>,
    frame: Gathered,
}

/// The bytes of the frame under way.
#[derive(Clone, Debug, Default)]
pub(super) struct Gathered(Rc<RefCell<Vec<u8>>>);

impl Gathered {
    /// The bytes written since the last call.
    pub(super) fn take(&self) -> Vec<u8> {
        self.0.take()
    }
}

impl Write for Gathered {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl TakenTerminal {
    /// Takes the terminal over: raw mode, the alternate screen, no cursor.
    ///
    /// # Errors
    /// If the terminal cannot be set so; it is given back then.
    pub fn take() -> io::Result<Self> {
        TAKEN.store(true, Ordering::SeqCst);
        Self::set_up().inspect_err(|_| give_back())
    }

    fn set_up() -> io::Result<Self> {
        // crossterm 0.29 resets attributes where NO_COLOR is set; the monochrome look does without
        // colours by itself.
        force_color_output(true);
        enter()?;
        let frame = Gathered::default();
        let mut backend = Whole {
            inner: CrosstermBackend::new(frame.clone()),
            mirror: Mirror::default(),
            cells: 0,
        };
        backend.blank()?;
        Ok(Self {
            terminal: Terminal::new(backend)?,
            frame,
        })
    }

    /// Draws a frame: one write, none if nothing changed.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.terminal.backend_mut().cells = 0;
        self.terminal.draw(render)?;
        let frame = self.frame.take();
        if self.terminal.backend().cells == 0 {
            return Ok(());
        }
        let mut bytes = Vec::with_capacity(frame.len() + 16);
        queue!(bytes, BeginSynchronizedUpdate)?;
        let width = self.terminal.get_frame().area().width;
        bytes.extend_from_slice(&shortened(&frame, width));
        queue!(bytes, EndSynchronizedUpdate)?;
        write_out(&bytes)
    }

    /// Whether the terminal has taken all that was drawn. One that stands still takes nothing: then
    /// nothing more is to be drawn, for it would wait behind what is old by then.
    pub fn is_free(&self) -> bool {
        output().is_free()
    }

    /// Calls the operator: the bell, and the title that says why.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn call(&mut self, why: &str) -> io::Result<()> {
        let mut bytes = vec![7];
        queue!(bytes, SetTitle(why))?;
        write_out(&bytes)
    }

    /// Sets the title of the terminal.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn title(&mut self, title: &str) -> io::Result<()> {
        let mut bytes = Vec::new();
        queue!(bytes, SetTitle(title))?;
        write_out(&bytes)
    }

    /// Takes the terminal over again after another program had it, and draws all of it next time.
    ///
    /// # Errors
    /// If the terminal cannot be set so.
    pub fn take_again(&mut self) -> io::Result<()> {
        TAKEN.store(true, Ordering::SeqCst);
        enter()?;
        self.forget()
    }

    /// Forgets what the terminal shows: all of it is drawn next time.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn forget(&mut self) -> io::Result<()> {
        // `Terminal::clear` would ask the terminal where its cursor is and wait for the answer.
        let size = self.terminal.size()?;
        self.terminal.resize(size.into())
    }
}

impl Drop for TakenTerminal {
    fn drop(&mut self) {
        give_back();
    }
}

fn enter() -> io::Result<()> {
    enable_raw_mode()?;
    let mut bytes = SAVE_TITLE.as_bytes().to_vec();
    queue!(bytes, EnterAlternateScreen, EnableBracketedPaste, Hide)?;
    write_out(&bytes)
}

/// Gives the terminal back as it was. Text that cannot be written to it any more is no loss.
pub fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut bytes = Vec::new();
    let restored = queue!(
        bytes,
        DisableBracketedPaste,
        ResetColor,
        LeaveAlternateScreen,
        Show
    );
    bytes.extend_from_slice(RESTORE_TITLE.as_bytes());
    drop(restored.and_then(|()| write_out(&bytes)));
    // The text that follows, a report or a pause of this program, comes behind it.
    settle();
    drop(disable_raw_mode());
}

/// Gives the terminal back before a panic is reported.
pub fn guard_panics() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        give_back();
        report(panic);
    }));
}

/// Has `bytes` written; tells of a terminal that is gone with the write after the one that failed.
fn write_out(bytes: &[u8]) -> io::Result<()> {
    let output = output();
    output.check()?;
    output.write(bytes);
    Ok(())
}

/// A backend that gathers a frame and counts the cells that changed.
#[derive(Debug)]
struct Whole {
    inner: CrosstermBackend<Gathered>,
    mirror: Mirror,
    cells: usize,
}

impl Whole {
    /// The terminal shows nothing now.
    fn blank(&mut self) -> io::Result<()> {
        self.mirror.clear(self.size()?);
        Ok(())
    }
}

impl Backend for Whole {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let changes = content.map(|(column, row, cell)| (column, row, cell.clone()));
        let redraw = self.mirror.take(changes.collect());
        self.cells += redraw.moves.len() + redraw.cells.len();
        self.inner.write_all(redraw.moves.as_bytes())?;
        let cells = redraw.cells.iter();
        self.inner
            .draw(cells.map(|(column, row, cell)| (*column, *row, cell)))
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        // Hidden once, when the screen was taken.
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.inner.show_cursor()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        // Asking the terminal would wait for its answer; nothing here needs it.
        Ok(Position::ORIGIN)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.cells += 1;
        self.blank()?;
        self.inner.clear()
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        self.cells += 1;
        self.blank()?;
        self.inner.clear_region(region)
    }

    fn size(&self) -> io::Result<Size> {
        let (width, height) = crossterm::terminal::size()?;
        Ok(Size {
            width: width.min(MOST.width),
            height: height.min(MOST.height),
        })
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        let columns_rows = self.size()?;
        Ok(WindowSize {
            columns_rows,
            pixels: Size::default(),
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
