//! Fewer bytes for a slow line: a frame says of each cell where it stands on the screen, and most
//! of them stand beside or below the one before.

/// A place on the screen, counted from 1.
type Spot = (u16, u16);

/// Where the cursor is, as far as that is known: letters beyond ASCII are one or two cells wide.
#[derive(Clone, Copy, Debug)]
struct Cursor {
    row: u16,
    least: u16,
    most: u16,
}

impl Cursor {
    /// After this byte of a text. `None`: it may stand at the right edge, where terminals differ.
    fn after(self, byte: u8, width: u16) -> Option<Self> {
        let (least, most) = match byte {
            b' '..=b'~' => (1, 1),
            // A byte that continues a letter takes no cell.
            0x80..=0xbf => (0, 0),
            0xc0.. => (0, 2),
            _ => return None,
        };
        let next = Self {
            least: self.least + least,
            most: self.most + most,
            ..self
        };
        (next.most <= width).then_some(next)
    }

    /// After so many blanks.
    fn over(self, blanks: usize, width: u16) -> Option<Self> {
        let blanks = u16::try_from(blanks).ok()?;
        let next = Self {
            least: self.least.checked_add(blanks)?,
            most: self.most.checked_add(blanks)?,
            ..self
        };
        (next.most <= width && next.least == next.most).then_some(next)
    }
}

/// The frame with its moves as short as they can be; `width` is that of the screen. What it draws is
/// the same on any terminal that knows ECMA-48: `CUU`, `CUD`, `CUF`, `CUB`, `CHA` and backspace.
/// Before and after each frame all colours and weights are the usual ones.
pub(super) fn shortened(frame: &[u8], width: u16) -> Vec<u8> {
    let mut short = Vec::with_capacity(frame.len());
    let mut at: Option<Cursor> = None;
    let mut marked = false;
    let (body, coloured) = body(frame);
    let mut rest = body;
    while let Some(byte) = rest.first() {
        let Some((parameters, last)) = sequence(rest) else {
            let blanks = rest.iter().take_while(|byte| **byte == b' ').count();
            if blanks >= ERASED
                && !marked
                && let Some(next) = at.and_then(|cursor| cursor.over(blanks, width))
            {
                short.extend_from_slice(format!("\x1b[{blanks}X\x1b[{blanks}C").as_bytes());
                at = Some(next);
                rest = &rest[blanks..];
                continue;
            }
            at = at.and_then(|cursor| cursor.after(*byte, width));
            short.push(*byte);
            rest = &rest[1..];
            continue;
        };
        let (whole, after) = rest.split_at(parameters.len() + 3);
        rest = after;
        if let Some((row, column)) = moves_to(parameters).filter(|_| last == b'H') {
            let step = at.map(|from| relative(from, (row, column)));
            let step = step.filter(|step| step.len() < whole.len());
            short.extend_from_slice(step.as_ref().map_or(whole, String::as_bytes));
            at = Some(Cursor {
                row,
                least: column,
                most: column,
            });
        } else {
            // Colours and weights move nothing.
            at = at.filter(|_| last == b'm');
            if last == b'm' {
                marked = marks_blanks(parameters, marked);
            }
            short.extend_from_slice(whole);
        }
    }
    if coloured {
        short.extend_from_slice(USUAL);
    }
    short
}

/// From so many blanks on it is shorter to erase them (`ECH`).
const ERASED: usize = 14;

/// Whether a blank is to be seen after these colours and weights; `before`: whether it was. What is
/// not sure is taken for that.
fn marks_blanks(parameters: &[u8], before: bool) -> bool {
    match parameters {
        b"" | b"0" => false,
        // Weight, and the colour of letters.
        _ if parameters.starts_with(b"38;5;") && parameters.ends_with(b";49") => before,
        b"1" | b"2" | b"22" | b"39;49" => before,
        _ => true,
    }
}

/// All colours and weights are the usual ones.
const USUAL: &[u8] = b"\x1b[0m";

/// The frame without the colours and weights at its end, and whether it has others. One that does not
/// end in [`USUAL`] stays as it is.
fn body(frame: &[u8]) -> (&[u8], bool) {
    if !frame.ends_with(USUAL) {
        return (frame, false);
    }
    let (mut coloured, mut end) = (false, None);
    let mut rest = frame;
    while !rest.is_empty() {
        let (length, colours) = match sequence(rest) {
            Some((parameters, last)) => (parameters.len() + 3, last == b'm'),
            None => (1, false),
        };
        if colours {
            end = end.or(Some(frame.len() - rest.len()));
        } else {
            coloured |= end.take().is_some();
        }
        rest = &rest[length..];
    }
    (&frame[..end.unwrap_or(frame.len())], coloured)
}

/// The parameters and the last byte of the control sequence that `bytes` begin with.
fn sequence(bytes: &[u8]) -> Option<(&[u8], u8)> {
    let body = bytes.strip_prefix(b"\x1b[")?;
    let end = body.iter().position(|byte| matches!(byte, 0x40..=0x7e))?;
    Some((&body[..end], body[end]))
}

/// Where `CSI row ; column H` moves to.
fn moves_to(parameters: &[u8]) -> Option<Spot> {
    let text = std::str::from_utf8(parameters).ok()?;
    let (row, column) = text.split_once(';')?;
    Some((row.parse().ok()?, column.parse().ok()?))
}

/// The shortest steps from one place to another.
fn relative(from: Cursor, (to_row, to_column): Spot) -> String {
    let down = match to_row.abs_diff(from.row) {
        0 => String::new(),
        rows if to_row > from.row => moved(rows, 'B'),
        rows => moved(rows, 'A'),
    };
    let there = format!("\x1b[{to_column}G");
    if from.least != from.most {
        return down + &there;
    }
    let column = from.least;
    let steps = match to_column.abs_diff(column) {
        0 => String::new(),
        cells if to_column > column => moved(cells, 'C'),
        cells @ 1..=3 => "\x08".repeat(cells.into()),
        cells => moved(cells, 'D'),
    };
    down + if there.len() < steps.len() {
        &there
    } else {
        &steps
    }
}

fn moved(number: u16, last: char) -> String {
    match number {
        1 => format!("\x1b[{last}"),
        several => format!("\x1b[{several}{last}"),
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;

    use proptest::prelude::*;

    use super::*;

    const WIDTH: u16 = 24;
    const HEIGHT: u16 = 9;

    #[derive(Clone, Debug)]
    enum Piece {
        Move(u16, u16),
        Text(String),
        Weight(&'static str),
        Clear,
    }

    impl Piece {
        fn bytes(&self) -> Vec<u8> {
            let text = match self {
                Self::Move(row, column) => format!("\x1b[{row};{column}H"),
                Self::Text(text) => text.clone(),
                Self::Weight(weight) => format!("\x1b[{weight}m"),
                Self::Clear => "\x1b[2J".into(),
            };
            text.into_bytes()
        }
    }

    fn piece() -> impl Strategy<Value = Piece> {
        prop_oneof![
            6 => (1..=HEIGHT, 1..=WIDTH).prop_map(|(row, column)| Piece::Move(row, column)),
            6 => "[ -~]{1,4}".prop_map(Piece::Text),
            1 => "[█é報]{1,2}".prop_map(Piece::Text),
            2 => (1_usize..22).prop_map(|blanks| Piece::Text(" ".repeat(blanks))),
            2 => prop::sample::select(vec!["0", "1", "22", "7", "27", "4", "24", "31", "41", "38;5;1;49", "39;49"])
                .prop_map(Piece::Weight),
            1 => Just(Piece::Clear),
        ]
    }

    /// What a terminal shows after these bytes: of a blank its ground alone is to be seen.
    fn shown(bytes: &[u8]) -> Vec<String> {
        let [height, width] = [HEIGHT, WIDTH].map(|cells| NonZeroU16::new(cells).unwrap());
        let mut terminal = vt100::Parser::new(height, width, 0);
        terminal.process(bytes);
        let screen = terminal.screen();
        let places = (0..HEIGHT).flat_map(|row| (0..WIDTH).map(move |column| (row, column)));
        let cells = places.filter_map(|(row, column)| screen.cell(row, column));
        cells
            .map(|cell| {
                let ground = (cell.bgcolor(), cell.inverse(), cell.underline());
                match cell.contents() {
                    "" | " " if !cell.is_wide_continuation() => format!("{ground:?}"),
                    letter => format!("{letter} {ground:?} {:?} {}", cell.fgcolor(), cell.bold()),
                }
            })
            .collect()
    }

    /// The frame of these pieces, as a backend ends it.
    fn frame(pieces: &[Piece]) -> Vec<u8> {
        let mut frame: Vec<u8> = pieces.iter().flat_map(Piece::bytes).collect();
        frame.extend_from_slice(b"\x1b[39m\x1b[49m\x1b[0m");
        frame
    }

    proptest! {
        #[test]
        fn the_screen_is_the_same_and_no_frame_grows(
            one in prop::collection::vec(piece(), 1..60),
            two in prop::collection::vec(piece(), 1..60),
        ) {
            let frames = [frame(&one), frame(&two)];
            let short: Vec<u8> = frames.iter().flat_map(|frame| shortened(frame, WIDTH)).collect();
            let whole = frames.concat();
            let (told, wanted) = (shown(&short), shown(&whole));
            prop_assert!(told == wanted, "{:?}", String::from_utf8_lossy(&short));
            prop_assert!(short.len() <= whole.len());
        }
    }

    #[test]
    fn digits_below_each_other_cost_five_bytes() {
        let frame = b"\x1b[20;57H1\x1b[21;57H2\x1b[22;57H3\x1b[22;74H9\x1b[39m\x1b[49m\x1b[0m";
        let short = b"\x1b[20;57H1\x1b[B\x082\x1b[B\x083\x1b[16C9";
        assert_eq!(shortened(frame, 120), short);
    }
}
