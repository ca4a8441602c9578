//! A table of text that fits a width: wide columns give way first, columns that can be missed
//! are left out. It knows nothing of what stands in it.

use crate::core::clean::clean;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Cells between two columns.
const GAP: usize = 2;

/// A column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    head: &'static str,
    right: bool,
    least: Option<usize>,
    spare: bool,
}

impl Column {
    /// Text, never cut.
    pub(super) const fn text(head: &'static str) -> Self {
        Self {
            head,
            right: false,
            least: None,
            spare: false,
        }
    }

    /// A number, flush right, never cut.
    pub(super) const fn number(head: &'static str) -> Self {
        Self {
            right: true,
            ..Self::text(head)
        }
    }

    /// The word at its top.
    pub(super) fn head(&self) -> &'static str {
        self.head
    }

    /// May be cut down to so many cells.
    pub(super) const fn least(self, least: usize) -> Self {
        Self {
            least: Some(least),
            ..self
        }
    }

    /// Is left out where there is no room.
    pub(super) const fn spare(self) -> Self {
        Self {
            spare: true,
            ..self
        }
    }
}

fn cleaned(rows: &[Vec<String>]) -> Vec<Vec<String>> {
    let cell = |cell: &String| clean(cell, usize::MAX);
    let row = |row: &Vec<String>| row.iter().map(cell).collect();
    rows.iter().map(row).collect()
}

/// The table with its head, every line ended, at most `width` cells wide if that can be done.
/// Cells may hold what a file or a Redis holds.
pub(super) fn table(columns: &[Column], rows: &[Vec<String>], width: usize, ascii: bool) -> String {
    let rows = &cleaned(rows);
    let mut shown: Vec<usize> = (0..columns.len()).collect();
    let mut widths: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            let cells = rows.iter().filter_map(|row| row.get(index));
            let widest = cells.map(|cell| cell.width()).max();
            widest.unwrap_or(0).max(column.head.width())
        })
        .collect();
    while total(&shown, &widths) > width
        && let Some(position) = shown.iter().rposition(|index| columns[*index].spare)
    {
        shown.remove(position);
    }
    while total(&shown, &widths) > width {
        let give = |index: &usize| {
            columns[*index]
                .least
                .map_or(0, |least| widths[*index].saturating_sub(least))
        };
        match shown.iter().copied().max_by_key(give) {
            Some(index) if give(&index) > 0 => widths[index] -= 1,
            Some(_) | None => break,
        }
    }
    let heads: Vec<String> = columns.iter().map(|column| column.head.into()).collect();
    let mut text = String::new();
    for row in std::iter::once(&heads).chain(rows) {
        let cells: Vec<String> = shown
            .iter()
            .map(|index| {
                let cell = row.get(*index).map_or("", String::as_str);
                placed(cell, widths[*index], columns[*index].right, ascii)
            })
            .collect();
        text.push_str(cells.join(&" ".repeat(GAP)).trim_end());
        text.push('\n');
    }
    text
}

fn total(shown: &[usize], widths: &[usize]) -> usize {
    let cells: usize = shown.iter().map(|index| widths[*index]).sum();
    cells + GAP * shown.len().saturating_sub(1)
}

/// A cell of exactly `width` cells.
fn placed(cell: &str, width: usize, right: bool, ascii: bool) -> String {
    let cell = cut(cell, width, ascii);
    let blanks = " ".repeat(width.saturating_sub(cell.width()));
    if right {
        blanks + &cell
    } else {
        cell + &blanks
    }
}

/// Text of at most `width` cells; what is missing is marked.
pub(super) fn cut(text: &str, width: usize, ascii: bool) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 1;
    for character in text.chars() {
        used += character.width().unwrap_or(0);
        if used > width {
            break;
        }
        kept.push(character);
    }
    if width > 0 {
        kept.push(if ascii { '~' } else { '…' });
    }
    kept
}

/// Text in lines of at most `width` cells: longer ones are broken between words, and go on below
/// `hang` cells. A word is never broken, and `at FILE:LINE` moves to the left instead.
pub(super) fn flowed(text: &str, width: usize, hang: impl Fn(&str) -> usize) -> String {
    let mut whole = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (line, end) = match line.strip_suffix('\n') {
            Some(line) => (line, "\n"),
            None => (line, ""),
        };
        let words = line.trim_start();
        if line.width() <= width {
            whole.push_str(line);
        } else if words.starts_with("at ") && words.width() <= width {
            whole.extend([&" ".repeat(width - words.width()), words]);
        } else {
            let margin = " ".repeat(hang(line));
            let mut used = line.len() - words.len();
            whole.push_str(&line[..used]);
            let mut gap = "";
            for word in words.split(' ') {
                if !gap.is_empty() && used + 1 + word.width() > width {
                    // A word that does not fit behind the margin begins further out.
                    let room = margin.len().min(width.saturating_sub(word.width()));
                    whole.truncate(whole.trim_end_matches(' ').len());
                    whole.extend(["\n", &margin[..room]]);
                    used = room;
                    gap = "";
                }
                whole.extend([gap, word]);
                used += gap.len() + word.width();
                gap = " ";
            }
        }
        whole.push_str(end);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const COLUMNS: [Column; 4] = [
        Column::text("NAME").least(4),
        Column::number("AGE"),
        Column::text("WHY").least(5),
        Column::text("JID").spare(),
    ];

    fn row(cells: [&str; 4]) -> Vec<String> {
        cells.map(str::to_owned).to_vec()
    }

    #[test]
    fn columns_give_way_where_there_is_no_room() {
        let rows = [
            row(["ReportBuild", "9:40", "if it still runs", "abcdef"]),
            row(["日本語の仕事", "0:05", "fits", "123456"]),
        ];
        insta::assert_snapshot!(table(&COLUMNS, &rows, 80, false), @r#"
        NAME           AGE  WHY               JID
        ReportBuild   9:40  if it still runs  abcdef
        日本語の仕事  0:05  fits              123456
        "#);
        insta::assert_snapshot!(table(&COLUMNS, &rows, 36, false), @r#"
        NAME           AGE  WHY
        ReportBuild   9:40  if it still runs
        日本語の仕事  0:05  fits
        "#);
        insta::assert_snapshot!(table(&COLUMNS, &rows, 24, true), @r#"
        NAME       AGE  WHY
        ReportB~  9:40  if it s~
        日本語~   0:05  fits
        "#);
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_asked(cells in proptest::collection::vec("\\PC{0,30}", 8), width in 20usize..90) {
            let cells: Vec<String> = cells.into_iter().map(|cell| crate::core::clean::clean(&cell, 30)).collect();
            let rows: Vec<Vec<String>> = cells.chunks(4).map(|row| {
                let mut row = row.to_vec();
                row[1].truncate(0);
                row
            }).collect();
            for line in table(&COLUMNS, &rows, width, false).lines() {
                prop_assert!(line.width() <= width, "{} {line}", line.width());
            }
        }
    }
}
