//! Templates, left alone: each tag of ERB, Jinja or Go is replaced by a word that YAML can read,
//! line for line, and kept beside it. Nothing is evaluated.

/// A text whose tags have been taken out.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Untagged {
    /// The text with a placeholder for each tag that prints; every line keeps its number.
    pub text: String,
    /// The code of each placeholder, by its number.
    codes: Vec<String>,
    /// The marks that open and close a tag that prints, with the blanks inside.
    tag: (&'static str, &'static str),
    has_lines: bool,
    /// First and last line of each block (`if`, `each`), with the code that opens it.
    blocks: Vec<(usize, usize, String)>,
}

/// The kind of a scalar before its tags were taken out.
#[derive(Debug, PartialEq, Eq)]
pub enum Scalar<'a> {
    /// No tag in it.
    Plain(&'a str),
    /// A tag and nothing else: its code.
    Code(&'a str),
    /// Tags and text mixed.
    Mixed,
}

/// The beginning of the code of a block where it is the branch behind its `else`.
pub(super) const OTHERWISE: &str = "the else of ";

/// The beginning of a placeholder: a word that no configuration holds.
const MARK: &str = "zqERBqz";

impl Untagged {
    /// Takes the tags out of `text`.
    pub fn new(text: &str) -> Self {
        let mut untagged = Self {
            blocks: blocks(text),
            tag: ("<%= ", " %>"),
            ..Self::default()
        };
        let mut rest = text;
        // Line ends inside a tag are put back at the end of the line it closes on.
        let mut owed = 0;
        while let Some((before, inside)) = rest.split_once("<%") {
            untagged.keep(before, &mut owed);
            rest = &rest[before.len()..];
            if let Some(after) = inside.strip_prefix('%') {
                untagged.keep("<%", &mut owed);
                rest = after;
                continue;
            }
            // A tag that is never closed is text (erb, `ERB::Compiler#compile`): settings behind it
            // count.
            let Some((code, after)) = inside.split_once("%>") else {
                break;
            };
            owed += code.matches('\n').count();
            if let Some(printed) = code.strip_prefix('=') {
                let number = untagged.codes.len();
                untagged.text.push_str(&format_mark(number));
                let printed = printed.strip_suffix('-').unwrap_or(printed);
                untagged.codes.push(printed.trim().to_string());
            }
            rest = after;
        }
        // From the first tag that is not closed, if there is one.
        untagged.keep(rest, &mut owed);
        untagged
    }

    /// Takes the tags of ERB out of `text`, or else those of Jinja and Go (`{{ }}`, `{% %}`).
    pub fn of_any(text: &str) -> Self {
        let is_curly = text.contains("{{") || text.contains("{%");
        if is_curly && !text.contains("<%") {
            Self::curly(text)
        } else {
            Self::new(text)
        }
    }

    /// A tag that stands alone on its lines prints lines of its own, or none: they are left out.
    fn curly(text: &str) -> Self {
        let mut untagged = Self {
            tag: ("{{ ", " }}"),
            ..Self::default()
        };
        let mut rest = text;
        while let Some(open) = rest.find("{{").into_iter().chain(rest.find("{%")).min() {
            let prints = rest[open..].starts_with("{{");
            let close = if prints { "}}" } else { "%}" };
            let Some(length) = rest[open..].find(close) else {
                break;
            };
            let (before, tag) = (&rest[..open], &rest[open..open + length + 2]);
            let after = &rest[open + length + 2..];
            untagged.text.push_str(before);
            let own_line = before
                .rsplit('\n')
                .next()
                .is_none_or(|line| line.trim().is_empty())
                && after
                    .lines()
                    .next()
                    .is_none_or(|line| line.trim().is_empty());
            if prints && !own_line {
                let number = untagged.codes.len();
                untagged.text.push_str(&format_mark(number));
                let code = tag[2..tag.len() - 2].trim_matches(['-', ' ']);
                untagged.codes.push(code.to_owned());
            }
            untagged.has_lines |=
                own_line && !tag.starts_with("{{/*") && !tag.starts_with("{{- /*");
            untagged
                .text
                .extend(std::iter::repeat_n('\n', tag.matches('\n').count()));
            rest = after;
        }
        untagged.text.push_str(rest);
        untagged
    }

    /// Whether a tag printed lines of its own, or chose which lines count: then not everything
    /// that the file says was read.
    pub fn has_lines(&self) -> bool {
        self.has_lines
    }

    /// The code of the outermost block that a line stands in: the line may count or not.
    pub fn block(&self, line: usize) -> Option<&str> {
        self.blocks
            .iter()
            .find(|(first, last, _)| (*first..=*last).contains(&line))
            .map(|(_, _, code)| code.as_str())
    }

    /// Whether there was any tag that prints.
    pub fn is_template(&self) -> bool {
        !self.codes.is_empty()
    }

    /// The kind that `scalar`, a part of the untagged text, was before.
    pub fn scalar<'a>(&'a self, scalar: &'a str) -> Scalar<'a> {
        if !scalar.contains(MARK) {
            return Scalar::Plain(scalar);
        }
        scalar
            .trim()
            .strip_prefix(MARK)
            .and_then(|rest| rest.strip_suffix('q'))
            .and_then(|number| number.parse::<usize>().ok())
            .and_then(|number| self.codes.get(number))
            .map_or(Scalar::Mixed, |code| Scalar::Code(code))
    }

    /// `text` of the untagged form with its tags put back, for showing.
    pub fn restore(&self, text: &str) -> String {
        let mut restored = text.to_string();
        for (number, code) in self.codes.iter().enumerate() {
            if !restored.contains(MARK) {
                break;
            }
            let (open, close) = self.tag;
            restored = restored.replace(&format_mark(number), &format!("{open}{code}{close}"));
        }
        restored
    }

    fn keep(&mut self, text: &str, owed: &mut usize) {
        if *owed > 0
            && let Some(end) = text.find('\n')
        {
            self.text.push_str(&text[..end]);
            self.text.push_str(&"\n".repeat(std::mem::take(owed)));
            self.text.push_str(&text[end..]);
        } else {
            self.text.push_str(text);
        }
    }
}

/// The outermost blocks of a template.
fn blocks(text: &str) -> Vec<(usize, usize, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, String)> = None;
    let (mut depth, mut line) = (0_usize, 1);
    let mut rest = text;
    while let Some((before, inside)) = rest.split_once("<%") {
        line += before.matches('\n').count();
        if let Some(after) = inside.strip_prefix('%') {
            rest = after;
            continue;
        }
        let Some((tag, after)) = inside.split_once("%>") else {
            break;
        };
        let code = tag.trim_matches(['-', ' ', '\n', '\t']);
        let mut words = code.split(|c: char| !c.is_alphanumeric());
        let first = words.next().unwrap_or_default();
        let opens = matches!(
            first,
            "if" | "unless" | "case" | "for" | "while" | "until" | "begin"
        ) || words.any(|word| word == "do");
        if opens {
            open.get_or_insert_with(|| (line, code.to_string()));
            depth += 1;
        } else if depth == 1 && matches!(first, "else" | "elsif" | "when") {
            // The other branch counts where the first one does not.
            if let Some((first, code)) = open.take() {
                blocks.push((first, line, code.clone()));
                open = Some((line, format!("{OTHERWISE}{code}")));
            }
        } else if first == "end" {
            depth = depth.saturating_sub(1);
            if depth == 0
                && let Some((first, code)) = open.take()
            {
                blocks.push((first, line, code));
            }
        }
        line += tag.matches('\n').count();
        rest = after;
    }
    if let Some((first, code)) = open {
        blocks.push((first, usize::MAX, code));
    }
    blocks
}

/// The code of a text that is one tag of ERB and nothing else.
pub(super) fn tag_alone(text: &str) -> Option<&str> {
    let code = text.trim().strip_prefix("<%=")?.strip_suffix("%>")?;
    let code = code.strip_suffix('-').unwrap_or(code);
    (!code.contains("<%")).then_some(code.trim())
}

/// Whether a text of the untagged form holds a placeholder.
pub(super) fn is_marked(text: &str) -> bool {
    text.contains(MARK)
}

fn format_mark(number: usize) -> String {
    format!("{MARK}{number}q")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tags_become_words_and_lines_stay() {
        let untagged = Untagged::new("a: <%= one\n two -%>\n<% if x %>\nb: <%# no %>1 <%% x\n");
        assert_eq!(untagged.text, "a: zqERBqz0q\n\n\nb: 1 <% x\n");
        assert_eq!(untagged.scalar("zqERBqz0q"), Scalar::Code("one\n two"));
        assert_eq!(untagged.scalar("zqERBqz0q0"), Scalar::Mixed);
        assert_eq!(untagged.scalar("60"), Scalar::Plain("60"));
        assert_eq!(untagged.restore("x zqERBqz0q"), "x <%= one\n two %>");
    }

    #[test]
    fn lines_in_blocks_may_count_or_not() {
        let untagged =
            Untagged::new("a\n<% if x %>\nb\n<% [1].each do |y| %>\n<% end %>\n<% end %>\nc\n");
        let block = |line| untagged.block(line);
        assert_eq!(block(3), Some("if x"));
        assert_eq!((block(1), block(7)), (None, None));
    }

    /// As in Ruby: `ERB.new("a <%= b\nc: 2").result` holds `c: 2`.
    #[test]
    fn a_tag_that_is_never_closed_is_text() {
        for text in [
            "a: 1 <%",
            "a: <%= b\nc: 2\n",
            "a: <%# b\n<% if x\nc: 2 %\n>",
        ] {
            let untagged = Untagged::new(text);
            assert_eq!(untagged.text, text);
            assert_eq!(untagged.restore(&untagged.text), text);
            assert_eq!(untagged.block(3), None);
        }
        let untagged = Untagged::new("a: <%= 1\n %>\nb: <%\nc: 2\n");
        assert_eq!(untagged.text, "a: zqERBqz0q\n\nb: <%\nc: 2\n");
    }

    #[test]
    fn an_escaped_tag_opens_no_block() {
        let untagged = Untagged::new("<%% x do %>\na: 1\n<%\n\nif y %>\nb: 2\n<% end %>\nc: 3\n");
        assert_eq!(untagged.block(2), None);
        assert_eq!(untagged.block(6), Some("if y"));
        assert_eq!(untagged.block(8), None);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[<%=>\\-# a\\n]{0,80}|.*") {
            let untagged = Untagged::new(&text);
            let _scalar = untagged.scalar(&untagged.text);
        }
    }
}
