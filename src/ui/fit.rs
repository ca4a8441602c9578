//! Text cut, padded and wrapped by the cells it takes on a terminal, never by its bytes or
//! characters. It knows no colours and no session.

use unicode_width::UnicodeWidthStr;

/// Stands for what was cut off.
const CUT: char = '…';

/// The cells that a text takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// The text in at most `cells` cells; what was cut off shows as `…`.
pub(super) fn cut(text: &str, cells: usize) -> String {
    if width(text) <= cells {
        return text.into();
    }
    let starts = text.char_indices().map(|(index, _)| index);
    // A mark may widen the character before it, so only whole texts have a width.
    let fits = |index: &usize| width(&text[..*index]) < cells;
    let end = starts.take_while(fits).last().unwrap_or(0);
    let mut kept = text[..end].to_owned();
    if cells > 0 {
        kept.push(CUT);
    }
    kept
}

/// The end of a text, in at most `cells` cells; what was cut off before it shows as `…`.
pub(super) fn end(text: &str, cells: usize) -> String {
    if width(text) <= cells {
        return text.into();
    }
    if cells == 0 {
        return String::new();
    }
    let starts = text.char_indices().rev().map(|(index, _)| index);
    let whole = |index: usize| format!("{CUT}{}", &text[index..]);
    let fitting = starts.map(whole).take_while(|end| width(end) <= cells);
    fitting.last().unwrap_or_else(|| CUT.into())
}

/// The first of `texts` that fits into `cells` cells.
pub(super) fn first(texts: impl IntoIterator<Item = String>, cells: usize) -> Option<String> {
    texts.into_iter().find(|text| width(text) <= cells)
}

/// Exactly `cells` cells, the text at the left.
pub(super) fn left(text: &str, cells: usize) -> String {
    let mut text = cut(text, cells);
    let missing = cells.saturating_sub(width(&text));
    text.extend(std::iter::repeat_n(' ', missing));
    text
}

/// Exactly `cells` cells, the text at the right.
pub(super) fn right(text: &str, cells: usize) -> String {
    let text = cut(text, cells);
    let missing = cells.saturating_sub(width(&text));
    " ".repeat(missing) + &text
}

/// The text in lines of at most `cells` cells, broken between words; a word that is longer
/// than a line is broken anywhere.
pub(super) fn wrap(text: &str, cells: usize) -> Vec<String> {
    let cells = cells.max(1);
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut word = word.to_string();
        loop {
            let line = lines.last_mut().expect("there is always a line");
            let gap = if line.is_empty() { "" } else { " " };
            let joined = format!("{line}{gap}{word}");
            if width(&joined) <= cells {
                *line = joined;
                break;
            }
            if line.is_empty() {
                let (head, tail) = split(&word, cells);
                line.push_str(&head);
                word = tail;
                if word.is_empty() {
                    break;
                }
            }
            lines.push(String::new());
        }
    }
    lines
}

/// The part that fits into `cells`, at least one character, and the rest.
fn split(word: &str, cells: usize) -> (String, String) {
    let mut ends = word
        .char_indices()
        .map(|(index, letter)| index + letter.len_utf8());
    let first = ends.next().unwrap_or(0);
    let end = ends.take_while(|end| width(&word[..*end]) <= cells).last();
    let (head, tail) = word.split_at(end.unwrap_or(first));
    (head.into(), tail.into())
}

/// Pieces that must not be broken, laid into lines of at most `cells` cells with `gap` blanks
/// between them. Gives the positions of the pieces in each line.
pub(super) fn lay(widths: &[usize], gap: usize, cells: usize) -> Vec<Vec<usize>> {
    let mut lines: Vec<Vec<usize>> = vec![Vec::new()];
    let mut used = 0;
    for (index, width) in widths.iter().enumerate() {
        let needed = if used == 0 {
            *width
        } else {
            used + gap + width
        };
        if used > 0 && needed > cells {
            lines.push(Vec::new());
            used = *width;
        } else {
            used = needed;
        }
        if let Some(line) = lines.last_mut() {
            line.push(index);
        }
    }
    lines
}

/// How many of `cells` cells stand for `part` of `whole`.
pub(super) fn share(cells: usize, part: std::time::Duration, whole: std::time::Duration) -> usize {
    if whole.is_zero() {
        return cells;
    }
    let filled = part.as_millis() * cells as u128 / whole.as_millis().max(1);
    usize::try_from(filled).unwrap_or(cells).min(cells)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    #[test]
    fn text_is_cut_by_cells() {
        assert_eq!(cut("ReportBuild", 11), "ReportBuild");
        assert_eq!(cut("ReportBuild", 6), "Repor…");
        // Each of these takes two cells.
        assert_eq!(cut("報告作成", 5), "報告…");
        assert_eq!(left("報告", 6), "報告  ");
        assert_eq!(right("4/5", 5), "  4/5");
        // A combining mark takes none and stays with its letter.
        assert_eq!(left("e\u{301}", 3), "e\u{301}  ");
        assert_eq!(cut("ab", 0), "");
        assert_eq!(end("release 4711", 5), "…4711");
        assert_eq!(end("報告作成", 5), "…作成");
        assert_eq!(end("ab", 0), "");
    }

    #[test]
    fn words_are_kept_whole_where_they_fit() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("", 3), [""]);
    }

    #[test]
    fn pieces_flow_into_lines() {
        assert_eq!(lay(&[3, 3, 3], 1, 7), [vec![0, 1], vec![2]]);
        assert_eq!(lay(&[9, 3], 1, 7), [vec![0], vec![1]]);
    }

    #[test]
    fn a_bar_moves_by_whole_cells() {
        let seconds = Duration::from_secs;
        assert_eq!(share(10, seconds(0), seconds(100)), 0);
        assert_eq!(share(10, seconds(19), seconds(100)), 1);
        assert_eq!(share(10, seconds(580), seconds(100)), 10);
    }

    proptest! {
        #[test]
        fn nothing_is_ever_wider_than_asked(text in "\\PC{0,40}", cells in 0_usize..30) {
            prop_assert!(width(&cut(&text, cells)) <= cells);
            prop_assert!(width(&end(&text, cells)) <= cells);
            prop_assert_eq!(width(&left(&text, cells)), cells);
            for line in wrap(&text, cells.max(2)) {
                prop_assert!(width(&line) <= cells.max(2));
            }
        }
    }
}
