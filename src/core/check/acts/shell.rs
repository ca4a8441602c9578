//! A shell command cut into its simple commands, with quotes, substitutions, pipes and loops as
//! far as they matter here. Nothing is run or expanded.

/// A simple command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Simple {
    /// Its words without quotes; a substitution stays in one piece.
    pub(super) words: Vec<String>,
    /// The commands that are piped into it, as text.
    pub(super) input: String,
    /// Whether it stands between `do` and `done`.
    pub(super) is_repeated: bool,
}

impl Simple {
    /// The words as one text.
    pub(super) fn text(&self) -> String {
        self.words.join(" ")
    }
}

/// The end of a simple command.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CommandEnd {
    Pipe,
    Other,
}

/// The simple commands of `text`, in order.
pub(super) fn commands(text: &str) -> Vec<Simple> {
    let mut cutter = Cutter::default();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\'' => quoted(&mut cutter, &mut characters, '\''),
            '"' => double_quoted(&mut cutter, &mut characters),
            '\\' => match characters.next() {
                Some('\n') | None => {}
                Some(next) => cutter.push(next),
            },
            '$' if characters.peek() == Some(&'(') => {
                cutter.push('$');
                nested(&mut cutter, &mut characters, '(', ')');
            }
            '$' | '#' if characters.peek() == Some(&'{') => {
                cutter.push(character);
                nested(&mut cutter, &mut characters, '{', '}');
            }
            '`' => {
                cutter.push('`');
                quoted(&mut cutter, &mut characters, '`');
                cutter.push('`');
            }
            '#' if cutter.word.is_none() => {
                while characters.peek().is_some_and(|next| *next != '\n') {
                    characters.next();
                }
            }
            '|' if characters.peek() != Some(&'|') => cutter.end(CommandEnd::Pipe),
            '|' | '&' => {
                // `2>&1` and `&>` are no ends.
                let redirects = cutter.word.as_deref().is_some_and(|w| w.ends_with('>'))
                    || characters.peek() == Some(&'>');
                if redirects {
                    cutter.push(character);
                } else {
                    characters.next_if_eq(&character);
                    cutter.end(CommandEnd::Other);
                }
            }
            ';' | '\n' => cutter.end(CommandEnd::Other),
            // `fetch(:unit)`, as Ruby has it.
            ')' if cutter.is_in_brackets() => cutter.push(character),
            '(' | ')' if cutter.word.is_none() || character == ')' => cutter.end(CommandEnd::Other),
            _ if character.is_whitespace() => cutter.close_word(),
            _ => cutter.push(character),
        }
    }
    cutter.end(CommandEnd::Other);
    cutter.commands
}

/// Takes the text up to `close` as it stands.
fn quoted(cutter: &mut Cutter, characters: &mut impl Iterator<Item = char>, close: char) {
    cutter.word.get_or_insert_default();
    for character in characters {
        if character == close {
            return;
        }
        cutter.push(character);
    }
}

/// Takes the text up to the closing quote, with substitutions in one piece.
fn double_quoted(
    cutter: &mut Cutter,
    characters: &mut std::iter::Peekable<impl Iterator<Item = char>>,
) {
    cutter.word.get_or_insert_default();
    while let Some(character) = characters.next() {
        match character {
            '"' => return,
            '\\' => match characters.next() {
                Some('\n') | None => {}
                Some(next) => cutter.push(next),
            },
            '$' if characters.peek() == Some(&'(') => {
                cutter.push('$');
                nested(cutter, characters, '(', ')');
            }
            _ => cutter.push(character),
        }
    }
}

/// Takes a bracket with all that stands in it.
fn nested(
    cutter: &mut Cutter,
    characters: &mut impl Iterator<Item = char>,
    open: char,
    close: char,
) {
    let mut depth = 0usize;
    for character in characters {
        cutter.push(character);
        if character == open {
            depth += 1;
        } else if character == close {
            depth -= 1;
            if depth == 0 {
                return;
            }
        }
    }
}

/// The words and commands found so far.
#[derive(Default)]
struct Cutter {
    word: Option<String>,
    words: Vec<String>,
    /// The text of the commands that are piped into the present one.
    input: String,
    loops: usize,
    commands: Vec<Simple>,
}

impl Cutter {
    fn push(&mut self, character: char) {
        self.word.get_or_insert_default().push(character);
    }

    /// Whether the word holds a bracket that is not closed.
    fn is_in_brackets(&self) -> bool {
        let word = self.word.as_deref().unwrap_or_default();
        word.matches('(').count() > word.matches(')').count()
    }

    fn close_word(&mut self) {
        if let Some(word) = self.word.take() {
            match word.as_str() {
                "do" if self.words.is_empty() => self.loops += 1,
                "done" if self.words.is_empty() => self.loops = self.loops.saturating_sub(1),
                _ => {}
            }
            self.words.push(word);
        }
    }

    fn end(&mut self, end: CommandEnd) {
        self.close_word();
        let words = std::mem::take(&mut self.words);
        let input = std::mem::take(&mut self.input);
        if end == CommandEnd::Pipe {
            self.input = format!("{input} {}", words.join(" "));
        }
        if !words.is_empty() {
            self.commands.push(Simple {
                words,
                input,
                is_repeated: self.loops > 0,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<String> {
        let shown = |one: &Simple| {
            let input = one.input.trim();
            let repeated = if one.is_repeated { "* " } else { "" };
            let words = one.words.join("·");
            if input.is_empty() {
                format!("{repeated}{words}")
            } else {
                format!("{repeated}{words} < {input}")
            }
        };
        commands(text).iter().map(shown).collect()
    }

    #[test]
    fn commands_are_cut_as_a_shell_cuts_them() {
        let cases: [(&str, &[&str]); 11] = [
            ("kill -9 $MAINPID", &["kill·-9·$MAINPID"]),
            (
                "kill -USR1 $(cat a.pid | head -1) || :",
                &["kill·-USR1·$(cat a.pid | head -1)", ":"],
            ),
            (
                "pgrep -f sidekiq | xargs kill -TERM",
                &["pgrep·-f·sidekiq", "xargs·kill·-TERM < pgrep -f sidekiq"],
            ),
            (
                "sh -c 'kill -TSTP 1; sleep 30'",
                &["sh·-c·kill -TSTP 1; sleep 30"],
            ),
            ("a && b; c & d", &["a", "b", "c", "d"]),
            ("a > x 2>&1 # note\nb", &["a·>·x·2>&1", "b"]),
            (
                "for p in $(pgrep -f sidekiq); do kill -9 $p; done; x",
                &[
                    "for·p·in·$(pgrep -f sidekiq)",
                    "* do·kill·-9·$p",
                    "done",
                    "x",
                ],
            ),
            ("kill `cat a.pid`", &["kill·`cat a.pid`"]),
            ("kill #{pid} \\\n -9", &["kill·#{pid}·-9"]),
            ("(a; b)", &["a", "b"]),
            (
                "systemctl stop fetch(:unit)",
                &["systemctl·stop·fetch(:unit)"],
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(cut(text), expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[a-z $(){}`'\"|&;#\\\\\n]{0,60}") {
            let _ = commands(&text);
        }
    }
}
