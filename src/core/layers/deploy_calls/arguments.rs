//! The arguments of a call of Ruby, as a shell gets them.

/// The text behind the arguments of a call: from the bracket, brace or keyword that ends them.
pub(super) fn behind_arguments(text: &str) -> &str {
    let mut quote: Option<char> = None;
    let mut escaped = false;
    let mut depth = 0usize;
    for (at, character) in text.char_indices() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if character == '\\' => escaped = true,
            Some(open) if character == open => quote = None,
            Some(_) => {}
            None => match character {
                '"' | '\'' | '`' => quote = Some(character),
                '(' | '[' | '{' => depth += 1,
                _ if depth == 0
                    && (matches!(character, ')' | ']' | '}' | ';') || is_keyword(&text[at..])) =>
                {
                    return &text[at..];
                }
                ')' | ']' | '}' => depth -= 1,
                _ => {}
            },
        }
    }
    ""
}

/// ` if …`, ` unless …`, ` rescue …`, ` do …` behind a call.
fn is_keyword(text: &str) -> bool {
    [
        " if ", " unless ", " rescue ", " do ", " && ", " || ", " ? ", " while ", " until ",
    ]
    .iter()
    .any(|word| text.starts_with(word))
}

/// The arguments of a call as words of a shell: strings without quotes, symbols without colon,
/// other code as it stands. Options (`raise_on_non_zero_exit: false`) are no part of a command.
pub(super) fn arguments_of(text: &str) -> Vec<String> {
    let whole = &text[..text.len() - behind_arguments(text).len()];
    let mut parts: Vec<String> = Vec::new();
    let mut part = String::new();
    let mut quote: Option<char> = None;
    let mut escaped = false;
    let mut depth = 0usize;
    for character in whole.chars() {
        let is_end = quote.is_none() && depth == 0 && character == ',';
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if character == '\\' => escaped = true,
            Some(open) if character == open => quote = None,
            Some(_) => {}
            None => match character {
                '"' | '\'' => quote = Some(character),
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            },
        }
        if is_end {
            parts.push(std::mem::take(&mut part));
        } else {
            part.push(character);
        }
    }
    parts.push(part);
    parts
        .iter()
        .map(|part| part.trim())
        .filter(|part| !part.is_empty() && !is_option(part))
        .map(plain)
        .collect()
}

/// `name: value` or `:name => value`.
fn is_option(part: &str) -> bool {
    let name: String = part
        .trim_start_matches(['{', ' '])
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
        .collect();
    let rest = &part.trim_start_matches(['{', ' '])[name.len()..];
    let is_keyword = !name.is_empty() && rest.starts_with(':') && !rest.starts_with("::");
    is_keyword || part.starts_with(':') && part.contains("=>")
}

/// An argument as a word.
fn plain(part: &str) -> String {
    for open in ['"', '\''] {
        if let Some(inside) = part
            .strip_prefix(open)
            .and_then(|rest| rest.strip_suffix(open))
        {
            return inside.replace("\\\"", "\"").replace("\\'", "'");
        }
    }
    for (open, close) in [
        ("%w[", ']'),
        ("%[", ']'),
        ("%{", '}'),
        ("%Q[", ']'),
        ("%w(", ')'),
        ("%(", ')'),
        ("%Q(", ')'),
        ("%q(", ')'),
        ("[", ']'),
    ] {
        if let Some(inside) = part
            .strip_prefix(open)
            .and_then(|rest| rest.strip_suffix(close))
        {
            if open == "[" {
                return arguments_of(inside).join(" ");
            }
            return inside.trim().to_owned();
        }
    }
    part.strip_prefix(':').unwrap_or(part).to_owned()
}
