//! The loops of Ruby that a pause stands in: a pause that is repeated is none of so many seconds.

/// How often a loop runs at most; `None` where that is not written.
type Rounds = Option<u32>;

/// The loops that are open, each with the indentation of the line that opens it.
#[derive(Default)]
pub(super) struct OpenLoops(Vec<(usize, Rounds)>);

impl OpenLoops {
    /// Goes on to a line.
    pub(super) fn take(&mut self, indent: usize, code: &str) {
        self.0.retain(|(opener, _)| *opener < indent);
        self.0.extend(rounds(code).map(|rounds| (indent, rounds)));
    }

    /// A command as a shell would repeat it, where it waits.
    pub(super) fn around(&self, command: String) -> String {
        match self.0[..] {
            _ if !command.starts_with("sleep") => command,
            [] => command,
            [(_, Some(rounds))] => format!("for i in $(seq {rounds}); do {command}; done"),
            [..] => format!("while :; do {command}; done"),
        }
    }
}

/// How often the loop of a line runs; `None` if it opens none.
fn rounds(code: &str) -> Option<Rounds> {
    let number = |text: &str| {
        let digits = text.rsplit(|c: char| !c.is_ascii_digit()).next();
        digits.and_then(|digits| digits.parse::<u32>().ok())
    };
    if let Some((before, _)) = code.split_once(".times") {
        return Some(number(before));
    }
    if let Some((range, _)) = code.split_once(").each")
        && let Some((first, last)) = range
            .rsplit('(')
            .next()
            .and_then(|range| range.split_once(".."))
    {
        let ends = number(first).zip(last.parse().ok());
        return Some(
            ends.and_then(|(first, last): (u32, u32)| last.checked_add(1)?.checked_sub(first)),
        );
    }
    let begins = ["while ", "until "]
        .iter()
        .any(|word| code.starts_with(word));
    let holds = [" while ", " until ", "loop do", "loop {"]
        .iter()
        .any(|word| code.contains(word));
    (begins || holds).then_some(None)
}
