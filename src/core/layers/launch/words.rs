//! The words of a command.

/// Splits as a shell does: blanks, quotes, backslashes; separators stand alone. In a shell a line
/// end separates commands, and `#` begins a comment.
pub(in crate::core::layers) fn words(command: &str, in_shell: bool) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut groups = 0_usize;
    let mut characters = command.chars().peekable();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (None, '(') if in_shell && word.is_none() => {
                groups += 1;
                words.push("(".into());
            }
            (None, ')') if groups > 0 => {
                groups -= 1;
                words.extend(word.take());
                words.push(")".into());
            }
            (_, '#') if characters.peek() == Some(&'{') => {
                // A Ruby interpolation stays in one piece.
                let word = word.get_or_insert_default();
                word.push(character);
                for inside in characters.by_ref() {
                    word.push(inside);
                    if inside == '}' {
                        break;
                    }
                }
            }
            (None, '#') if in_shell && word.is_none() => {
                while characters.next_if(|next| *next != '\n').is_some() {}
            }
            (Some(open), _) if open == character => quote = None,
            (Some('"') | None, '\\') => {
                let next = characters.next().unwrap_or('\\');
                if next != '\n' {
                    word.get_or_insert_default().push(next);
                }
            }
            (None, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, '\n') if in_shell => {
                words.extend(word.take());
                words.push(";".into());
            }
            (None, _) if character.is_whitespace() => words.extend(word.take()),
            (None, '&') if word.as_deref().is_some_and(|word| word.ends_with('>')) => {
                // `2>&1` is one word.
                word.get_or_insert_default().push(character);
            }
            (None, ';' | '|' | '&') => {
                words.extend(word.take());
                let mut separator = character.to_string();
                if character != ';' && characters.peek() == Some(&character) {
                    separator.extend(characters.next());
                }
                words.push(separator);
            }
            (_, _) => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}
