//! The cells that the terminal shows, kept beside it. Rows that move up or down are moved by the
//! terminal itself, which costs a slow line some 20 bytes in place of all their letters.

#[cfg(test)]
mod tests;

use ratatui::buffer::{Buffer, Cell, CellDiffOption, CellWidth};
use ratatui::layout::{Rect, Size};
use ratatui::style::Modifier;

/// Cells of a frame that change before a move of rows is looked for: fewer cost less than a move.
const MANY: usize = 80;
/// Rows move by so many at most.
const FURTHEST: usize = 6;
/// Moves in one frame: rows of two panes move by different numbers.
const MOVES: usize = 3;
/// The columns by which a row is known again: behind the gutter, before what changes each second.
const KNOWN_BY: std::ops::Range<usize> = 2..22;
/// The cost of a move, in bytes.
const MOVE_COST: i64 = 22;
/// The cost of going to a place and changing the colour there, in bytes.
const PLACE_COST: i64 = 6;

/// A cell that changes, with its column and row.
pub(super) type Change = (u16, u16, Cell);

/// Rows from `top` to `bottom` that move; those that leave at one end are gone, and blank ones come
/// in at the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct RowMove {
    top: usize,
    bottom: usize,
    /// So many rows up; below zero: down.
    up: isize,
}

impl RowMove {
    /// The control sequences: margins, the first row, delete or insert lines, no margins
    /// (`DECSTBM`, `CUP`, `DL`, `IL`).
    fn bytes(self) -> String {
        let (top, bottom) = (self.top + 1, self.bottom + 1);
        let what = if self.up > 0 { 'M' } else { 'L' };
        let rows = self.up.unsigned_abs();
        format!("\x1b[{top};{bottom}r\x1b[{top}H\x1b[{rows}{what}\x1b[r")
    }

    /// The row that stands at `row` after the move; `None`: a blank one.
    fn source(self, row: usize) -> Option<usize> {
        let source = row.checked_add_signed(self.up)?;
        (self.top..=self.bottom).contains(&source).then_some(source)
    }
}

/// The changes to be sent for a frame.
#[derive(Debug, Default)]
pub(super) struct Redraw {
    /// Moves of rows, before the cells.
    pub(super) moves: String,
    /// The cells that change then.
    pub(super) cells: Vec<Change>,
}

/// The cells that the terminal shows.
#[derive(Debug, Default)]
pub(super) struct Mirror {
    shown: Buffer,
}

impl Mirror {
    /// The terminal was cleared and has this size.
    pub(super) fn clear(&mut self, size: Size) {
        self.shown = Buffer::empty(Rect::from((ratatui::layout::Position::ORIGIN, size)));
    }

    /// Takes in the cells that change, and tells what to send for them.
    pub(super) fn take(&mut self, changes: Vec<Change>) -> Redraw {
        let known = |(column, row, _): &Change| self.shown.area.contains((*column, *row).into());
        if !changes.iter().all(known) {
            // The terminal has another size than the one that was cleared.
            return Redraw {
                cells: changes,
                ..Redraw::default()
            };
        }
        if changes.len() < MANY || is_blank(&self.shown) {
            return self.take_where_nothing_moves(&changes);
        }
        let mut next = self.shown.clone();
        for (column, row, cell) in &changes {
            put(&mut next, (*column, *row), cell);
        }
        let mut redraw = Redraw::default();
        let mut moved = vec![false; usize::from(next.area.height)];
        for _ in 0..MOVES {
            let Some(rows) = best_move(&self.shown, &next) else {
                break;
            };
            redraw.moves.push_str(&rows.bytes());
            self.shown = after(&self.shown, rows);
            moved[rows.top..=rows.bottom].fill(true);
        }
        redraw.cells = changes
            .into_iter()
            .filter(|(column, row, cell)| {
                !moved[usize::from(*row)] && !looks_alike(&self.shown[(*column, *row)], cell)
            })
            .collect();
        for row in (0..next.area.height).filter(|row| moved[usize::from(*row)]) {
            let columns = 0..next.area.width;
            let differing = columns
                .map(|column| (column, row))
                .filter(|place| !looks_alike(&self.shown[*place], &next[*place]));
            let cells = differing.map(|place| (place.0, place.1, next[place].clone()));
            redraw.cells.extend(cells);
        }
        redraw.cells.sort_by_key(|(column, row, _)| (*row, *column));
        self.shown = next;
        redraw
    }

    /// The same for a frame that changes little, or covers a blank screen: no row can have moved.
    fn take_where_nothing_moves(&mut self, changes: &[Change]) -> Redraw {
        let differing = changes
            .iter()
            .filter(|(column, row, cell)| !looks_alike(&self.shown[(*column, *row)], cell));
        let redraw = Redraw {
            cells: differing.cloned().collect(),
            ..Redraw::default()
        };
        for (column, row, cell) in changes {
            put(&mut self.shown, (*column, *row), cell);
        }
        redraw
    }
}

/// Whether the terminal shows nothing yet.
fn is_blank(shown: &Buffer) -> bool {
    shown.content.iter().all(|cell| *cell == Cell::EMPTY)
}

/// Whether a wide letter covers the cell, or covered it: what the terminal shows there is not known.
fn is_covered(cell: &Cell) -> bool {
    cell.diff_option == CellDiffOption::Skip
}

/// Writes a cell; a wide letter covers those behind it.
fn put(buffer: &mut Buffer, (column, row): (u16, u16), cell: &Cell) {
    let covered = cell.cell_width().max(buffer[(column, row)].cell_width());
    buffer[(column, row)] = cell.clone();
    for beside in column + 1..column.saturating_add(covered).min(buffer.area.width) {
        buffer[(beside, row)].set_diff_option(CellDiffOption::Skip);
    }
}

/// Whether a terminal shows both alike: of a blank its ground alone is to be seen.
fn looks_alike(one: &Cell, other: &Cell) -> bool {
    const OF_A_BLANK: Modifier = Modifier::BOLD.union(Modifier::DIM).union(Modifier::ITALIC);
    let blank = |cell: &Cell| cell.symbol() == " " && !is_covered(cell);
    if blank(one) && blank(other) {
        let seen = |cell: &Cell| cell.modifier.difference(OF_A_BLANK);
        let inverse = one.modifier.contains(Modifier::REVERSED);
        return one.bg == other.bg && seen(one) == seen(other) && (!inverse || one.fg == other.fg);
    }
    one == other
}

fn row(buffer: &Buffer, row: usize) -> &[Cell] {
    let width = usize::from(buffer.area.width);
    &buffer.content[row * width..(row + 1) * width]
}

/// The cost of making the second row of the first, in bytes, about.
fn cost<'a>(one: impl Iterator<Item = &'a Cell>, other: &[Cell]) -> i64 {
    let mut cost = 0;
    let mut same_before = true;
    for (one, other) in one.zip(other) {
        let same = looks_alike(one, other);
        cost += i64::from(!same);
        if same_before && !same {
            cost += PLACE_COST;
        }
        same_before = same;
    }
    cost
}

/// The move of rows that saves the most, if one does.
fn best_move(shown: &Buffer, next: &Buffer) -> Option<RowMove> {
    let height = usize::from(next.area.height);
    let ups = (1..=FURTHEST).flat_map(|rows| {
        let rows = isize::try_from(rows).unwrap_or_default();
        [rows, -rows]
    });
    let ups: Vec<isize> = ups.filter(|up| moves_any(shown, next, *up)).collect();
    if ups.is_empty() {
        return None;
    }
    let blank = Cell::EMPTY;
    let blanks = || std::iter::repeat(&blank);
    let stays: Vec<i64> = (0..height)
        .map(|at| cost(row(shown, at).iter(), row(next, at)))
        .collect();
    let from_blank: Vec<i64> = (0..height)
        .map(|at| stays[at] - cost(blanks(), row(next, at)))
        .collect();
    let fixed: Vec<bool> = (0..height)
        .map(|at| is_fixed(row(shown, at)) || is_fixed(row(next, at)))
        .collect();
    let found = ups.into_iter().filter_map(|up| {
        let saved = |at: usize| {
            let from = at.checked_add_signed(up).filter(|from| *from < height)?;
            Some(stays[at] - cost(row(shown, from).iter(), row(next, at)))
        };
        let saved: Vec<Option<i64>> = (0..height).map(saved).collect();
        best_region(up, &saved, &from_blank, &fixed)
    });
    let (saved, rows) = found.max_by_key(|(saved, _)| *saved)?;
    (saved > MOVE_COST).then_some(rows)
}

/// Whether a row of `next` begins as the one that stands so many rows below it, and not as the one
/// in its place. To compare whole rows for each number of rows takes a millisecond.
fn moves_any(shown: &Buffer, next: &Buffer, up: isize) -> bool {
    let height = usize::from(next.area.height);
    let begin = |buffer, at| {
        let cells = row(buffer, at).iter().map(Cell::symbol);
        cells.skip(KNOWN_BY.start).take(KNOWN_BY.len())
    };
    (0..height).any(|at| {
        let from = at.checked_add_signed(up).filter(|from| *from < height);
        from.is_some_and(|from| {
            begin(next, at).eq(begin(shown, from))
                && begin(next, at).any(|letter| letter != " ")
                && !begin(next, at).eq(begin(shown, at))
        })
    })
}

/// Whether a row has letters of more than one cell: these are never moved.
fn is_fixed(row: &[Cell]) -> bool {
    row.iter()
        .any(|cell| is_covered(cell) || cell.cell_width() != 1)
}

/// The region whose move by `up` saves the most, and how much. `saved`: what each row saves that
/// takes the place of another; `from_blank`: what it saves to make it of a blank one.
fn best_region(
    up: isize,
    saved: &[Option<i64>],
    from_blank: &[i64],
    fixed: &[bool],
) -> Option<(i64, RowMove)> {
    let rows = up.unsigned_abs();
    let height = saved.len();
    let mut best: Option<(i64, RowMove)> = None;
    for top in 0..height {
        let mut inside = 0;
        for bottom in top..height {
            if fixed[bottom] {
                break;
            }
            // The row that comes in with this bottom, of another one of the region.
            let Some(come_in) = (bottom - top).checked_sub(rows) else {
                continue;
            };
            let taken = if up > 0 { top + come_in } else { bottom };
            let Some(more) = saved[taken] else { break };
            inside += more;
            let bare = if up > 0 {
                &from_blank[bottom + 1 - rows..=bottom]
            } else {
                &from_blank[top..top + rows]
            };
            let all = inside + bare.iter().sum::<i64>();
            if best.is_none_or(|(least, _)| all > least) {
                best = Some((all, RowMove { top, bottom, up }));
            }
        }
    }
    best
}

/// The screen after the move.
fn after(shown: &Buffer, rows: RowMove) -> Buffer {
    let mut moved = shown.clone();
    let width = usize::from(shown.area.width);
    for at in rows.top..=rows.bottom {
        let here = &mut moved.content[at * width..(at + 1) * width];
        match rows.source(at) {
            Some(source) => here.clone_from_slice(row(shown, source)),
            None => here.fill(Cell::EMPTY),
        }
    }
    moved
}
