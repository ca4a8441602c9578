//! A line of a page of text, with its weight. How it looks is the business of the screen.

/// How much a line weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineWeight {
    /// A heading.
    Heading,
    /// Text.
    Plain,
    /// Less than text.
    Faint,
    /// All is well.
    Good,
    /// To be watched.
    Warn,
    /// Work is lost, or may be.
    Bad,
}

/// A line of a page, before it is wrapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageLine {
    /// Its weight.
    pub weight: LineWeight,
    /// A name before the text, set apart; may be empty.
    pub label: String,
    /// The text.
    pub text: String,
}

impl PageLine {
    /// A line without a label.
    pub(super) fn new(weight: LineWeight, text: impl Into<String>) -> Self {
        Self {
            weight,
            label: String::new(),
            text: text.into(),
        }
    }

    /// A heading.
    pub(super) fn heading(text: impl Into<String>) -> Self {
        Self::new(LineWeight::Heading, text)
    }

    /// A named value.
    pub(super) fn fact(label: &str, text: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            ..Self::new(LineWeight::Plain, text)
        }
    }

    /// An empty line.
    pub(super) fn gap() -> Self {
        Self::new(LineWeight::Plain, "")
    }
}
