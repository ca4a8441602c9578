//! A rejected stop sequence as people see it: the text with a caret under the column. Nothing
//! of the text reaches the terminal that it would obey.

use std::fmt;

use unicode_width::UnicodeWidthStr;

use crate::core::clean::clean;
use crate::core::sequence::GrammarError;

/// How many characters are shown on each side of the caret.
const AROUND: usize = 50;

/// A sequence that its grammar rejects, with its text and the place where it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The text as written.
    pub text: String,
    /// Where it was found.
    pub origin: &'static str,
    /// The fault.
    pub error: GrammarError,
}

impl std::error::Error for Rejected {}

impl fmt::Display for Rejected {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = &self.error;
        let (item, column) = (error.item.max(1), error.column);
        writeln!(
            formatter,
            "the sequence of {} is rejected: item {item}, column {column}: {}",
            self.origin,
            error.reason()
        )?;
        let (line, indent) = pointed(&self.text, column);
        writeln!(formatter, "\n{}", format!("  {line}").trim_end())?;
        writeln!(
            formatter,
            "  {:indent$}^ expected {}\n",
            "",
            error.expected()
        )?;
        write!(
            formatter,
            "signals and whole seconds alternate, such as: tstp, 120, term, 30, kill"
        )
    }
}

/// The part of `text` around `column`, and how many cells stand before that column.
fn pointed(text: &str, column: usize) -> (String, usize) {
    let characters: Vec<String> = text.chars().map(visible).collect();
    let at = (column - 1).min(characters.len());
    let from = at.saturating_sub(AROUND);
    let to = characters.len().min(at + AROUND);
    let before = format!(
        "{}{}",
        if from > 0 { "…" } else { "" },
        characters[from..at].concat()
    );
    let after = characters[at..to].concat();
    let rest = if to < characters.len() { "…" } else { "" };
    let indent = before.width();
    (format!("{before}{after}{rest}"), indent)
}

/// A character, or `?` for one that would not be seen as one.
fn visible(character: char) -> String {
    let cleaned = clean(character.encode_utf8(&mut [0; 4]), 1);
    if cleaned.is_empty() {
        "?".into()
    } else {
        cleaned
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::sequence::Sequence;
    use proptest::prelude::*;

    fn rejected(text: &str) -> String {
        let error = text.parse::<Sequence>().expect_err(text);
        let text = text.to_owned();
        let origin = "--sequence";
        Rejected {
            text,
            origin,
            error,
        }
        .to_string()
    }

    #[test]
    fn the_caret_stands_under_the_item() {
        insta::assert_snapshot!(rejected("tstp, 120, term, 30, kil"), @r#"
        the sequence of --sequence is rejected: item 5, column 22: unknown signal `kil`: did you mean `kill`?

          tstp, 120, term, 30, kil
                               ^ expected a signal, such as tstp, term or kill

        signals and whole seconds alternate, such as: tstp, 120, term, 30, kill
        "#);
        insta::assert_snapshot!(rejected(""), @r#"
        the sequence of --sequence is rejected: item 1, column 1: the sequence is empty


          ^ expected a signal, such as tstp, term or kill

        signals and whole seconds alternate, such as: tstp, 120, term, 30, kill
        "#);
        insta::assert_snapshot!(rejected("tstp, 2m, term"), @r#"
        the sequence of --sequence is rejected: item 2, column 7: `2m` is not a whole number of seconds: did you mean `120`?

          tstp, 2m, term
                ^ expected whole seconds, such as 30

        signals and whole seconds alternate, such as: tstp, 120, term, 30, kill
        "#);
        insta::assert_snapshot!(rejected("\u{1b}[2Jtstp, 日本, term"), @r#"
        the sequence of --sequence is rejected: item 1, column 1: unknown signal `tstp`

          ?[2Jtstp, 日本, term
          ^ expected a signal, such as tstp, term or kill

        signals and whole seconds alternate, such as: tstp, 120, term, 30, kill
        "#);
    }

    #[test]
    fn a_long_text_is_cut_around_the_caret() {
        let long = format!("{}kil", "tstp, 120, ".repeat(40));
        let shown = rejected(&long);
        assert!(
            shown.lines().all(|line| line.chars().count() < 130),
            "{shown}"
        );
        assert!(shown.contains("\n  …"), "{shown}");
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_caret(text in ".*") {
            if let Err(error) = text.parse::<Sequence>() {
                let shown = Rejected { text, origin: "--sequence", error }.to_string();
                prop_assert!(!shown.chars().any(|c| c.is_control() && c != '\n'));
            }
        }
    }
}
