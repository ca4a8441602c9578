//! The words of a command line: which program runs. A wrapper (a shell, `timeout`, an editor) is
//! never the program that its arguments name.

/// A program of Sidekiq's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Program {
    Sidekiq,
    /// The parent of Sidekiq Enterprise that starts several.
    Swarm,
}

/// Options of `ruby` whose value is a word of its own.
const RUBY_OPTIONS_WITH_VALUE: [&[u8]; 4] = [b"-r", b"-I", b"-C", b"-E"];

/// The first argument: a title ends at the first NUL, whatever pads the rest.
pub(super) fn first_argument(command_line: &[u8]) -> &[u8] {
    let end = command_line.iter().position(|byte| *byte == 0);
    command_line[..end.unwrap_or(command_line.len())].trim_ascii_end()
}

/// The program that a command line starts, if it is one of Sidekiq's: by itself, through `ruby`,
/// or through `bundle exec`.
pub(super) fn program(command_line: &[u8]) -> Option<Program> {
    let mut words: Vec<&[u8]> = split(command_line, |byte| byte == 0);
    // `bundle exec` and titles leave one argument with blanks in it (Bundler's
    // `lib/bundler/cli/exec.rb`, `process_title`).
    if let [only] = words[..] {
        words = split(only, |byte| byte == b' ');
    }
    program_of(&words)
}

fn program_of(words: &[&[u8]]) -> Option<Program> {
    let (first, rest) = words.split_first()?;
    let name = base(first);
    if let Some(program) = named(name) {
        return Some(program);
    }
    if is_ruby(name) {
        return program_of(after_ruby_options(rest)?);
    }
    if name.starts_with(b"bundle") {
        let exec = rest.iter().position(|word| *word == b"exec")?;
        let command = rest.get(exec + 1..)?;
        let options = command.iter().take_while(|word| word.starts_with(b"-"));
        return program_of(&command[options.count()..]);
    }
    None
}

/// `sidekiq`, or the parent's title `sidekiqswarm, managing 4 processes`.
fn named(name: &[u8]) -> Option<Program> {
    match name {
        b"sidekiq" => Some(Program::Sidekiq),
        b"sidekiqswarm" | b"sidekiqswarm," => Some(Program::Swarm),
        _ => None,
    }
}

/// `ruby`, `ruby3.3`, `ruby.ruby2.5`, `truffleruby`.
fn is_ruby(name: &[u8]) -> bool {
    let name = name.strip_prefix(b"truffle").unwrap_or(name);
    name.strip_prefix(b"ruby").is_some_and(|rest| {
        rest.iter()
            .all(|byte| byte.is_ascii_digit() || b".-ruby".contains(byte))
    })
}

/// The script and its arguments; `None` if the code is given with `-e`.
fn after_ruby_options<'a, 'b>(mut words: &'b [&'a [u8]]) -> Option<&'b [&'a [u8]]> {
    loop {
        let (first, rest) = words.split_first()?;
        if *first == b"--" {
            return Some(rest);
        }
        if !first.starts_with(b"-") {
            return Some(words);
        }
        if first.starts_with(b"-e") {
            return None;
        }
        let skipped = usize::from(RUBY_OPTIONS_WITH_VALUE.contains(first));
        words = rest.get(skipped..)?;
    }
}

pub(super) fn base(word: &[u8]) -> &[u8] {
    word.rsplit(|byte| *byte == b'/').next().unwrap_or(word)
}

pub(super) fn split(text: &[u8], ends: impl Fn(u8) -> bool) -> Vec<&[u8]> {
    text.split(|byte| ends(*byte))
        .filter(|word| !word.is_empty())
        .collect()
}
