//! How the screen looks: sixteen colours or none, Unicode or ASCII. No meaning ever rests on a
//! colour alone. Text stands in the terminal's own colour, so that it is legible on light and on
//! dark backgrounds; red is for danger alone. Bars and marks have a colour.

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Span;

use crate::console::LineWeight;
use crate::core::drain::Fate;
use crate::core::outlook::{Becomes, JobOutlook, Verdict};

/// Colours, or none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colours {
    /// The sixteen of every terminal.
    #[default]
    Sixteen,
    /// None (`NO_COLOR`): bold, dim and reversed alone.
    Monochrome,
}

/// The characters that lines and bars are drawn with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Glyphs {
    /// Lines and blocks.
    #[default]
    Unicode,
    /// ASCII alone; whatever else comes from outside is shown as `?`.
    Ascii,
}

/// How the screen looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Theme {
    /// Colours, or none.
    pub colours: Colours,
    /// Lines and bars.
    pub glyphs: Glyphs,
}

/// The meaning of a text to the eye.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// Text.
    Plain,
    /// Old, or of less weight.
    Faint,
    /// A heading, a key, a name.
    Strong,
    /// All is well.
    Good,
    /// To be watched.
    Warn,
    /// Work is lost, or may be.
    Bad,
    /// The selected row.
    Selected,
}

impl Theme {
    /// The style of a text in a tone.
    pub(super) fn style(self, tone: Tone) -> Style {
        let plain = Style::new();
        match tone {
            Tone::Plain | Tone::Good => plain,
            Tone::Faint => plain.add_modifier(Modifier::DIM),
            Tone::Strong | Tone::Warn => plain.add_modifier(Modifier::BOLD),
            Tone::Bad => match self.colours {
                Colours::Sixteen => plain.fg(Color::Red).add_modifier(Modifier::BOLD),
                Colours::Monochrome => plain.add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
            },
            Tone::Selected => plain.add_modifier(Modifier::REVERSED),
        }
    }

    /// The style of a bar or a mark in a tone. Of the sixteen colours red and magenta alone stand
    /// out on white as well as on black.
    fn mark_style(self, tone: Tone) -> Style {
        match (tone, self.colours) {
            (Tone::Warn, Colours::Sixteen) => Style::new().fg(Color::Magenta),
            (_, Colours::Sixteen | Colours::Monochrome) => self.style(tone),
        }
    }

    /// A bar or a mark in a tone.
    pub(super) fn mark(self, tone: Tone, text: impl Into<String>) -> Span<'static> {
        Span::styled(text.into(), self.mark_style(tone))
    }

    /// A piece of text in a tone.
    pub(super) fn span(self, tone: Tone, text: impl Into<String>) -> Span<'static> {
        Span::styled(text.into(), self.style(tone))
    }

    /// The one of two characters that this terminal can show.
    pub(super) fn glyph(self, unicode: char, ascii: char) -> char {
        match self.glyphs {
            Glyphs::Unicode => unicode,
            Glyphs::Ascii => ascii,
        }
    }
}

impl From<LineWeight> for Tone {
    fn from(weight: LineWeight) -> Self {
        match weight {
            LineWeight::Heading => Self::Strong,
            LineWeight::Plain => Self::Plain,
            LineWeight::Faint => Self::Faint,
            LineWeight::Good => Self::Good,
            LineWeight::Warn => Self::Warn,
            LineWeight::Bad => Self::Bad,
        }
    }
}

/// The tone of what is said of a job. What only the operator's next key makes true is faint.
pub(super) fn tone_of(said: &JobOutlook<'_>) -> Tone {
    match said.becomes {
        _ if said.is_what_if() => Tone::Faint,
        _ if said.is_in_danger() => Tone::Bad,
        Becomes::Expected(Verdict::Fits | Verdict::BreaksOff)
        | Becomes::Ended(Fate::Finished | Fate::Checkpointed) => Tone::Good,
        Becomes::Expected(Verdict::AtRisk | Verdict::PushedBack)
        | Becomes::Back
        | Becomes::Ended(Fate::PushedBack | Fate::Unknown) => Tone::Warn,
        Becomes::Expected(Verdict::Lost) | Becomes::Ended(Fate::Lost) | Becomes::Overdue => {
            Tone::Bad
        }
        Becomes::Expected(Verdict::Unknown) | Becomes::NotDrained | Becomes::Sought => Tone::Faint,
        Becomes::Ended(Fate::Retried | Fate::Rescued) => Tone::Plain,
    }
}
