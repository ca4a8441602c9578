//! A source file as the rules see it: its module, its code without comments and tests, and the
//! modules that it names.

use std::fs;
use std::path::Path;

/// A file below `src`.
pub(super) struct Source {
    pub(super) path: String,
    /// `core/drain/gate`.
    pub(super) module: String,
    pub(super) code: String,
}

/// Every Rust file below `folders` as path and text.
pub(super) fn files(folders: &[&str]) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in folders {
        gather(root, &root.join(folder), &mut found);
    }
    found.sort();
    assert!(found.len() > 10, "no sources below {}", root.display());
    found
}

fn gather(root: &Path, folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(root, &path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap();
            found.push((name.to_owned(), fs::read_to_string(&path).unwrap()));
        }
    }
}

/// Every source that is no test.
pub(super) fn all() -> Vec<Source> {
    files(&["src"])
        .iter()
        .map(|(path, text)| Source::of(path, text))
        .filter(|source| !is_test(&source.module))
        .collect()
}

fn is_test(module: &str) -> bool {
    module
        .split('/')
        .any(|part| matches!(part, "tests" | "fixture"))
}

impl Source {
    pub(super) fn of(path: &str, text: &str) -> Self {
        let module = path.trim_start_matches("src/").trim_end_matches(".rs");
        let module = module.trim_end_matches("/mod").to_owned();
        // The tests of a file stand at its end.
        let code = text.split("#[cfg(test)]\nmod tests {").next();
        let lines = code.unwrap_or_default().lines();
        let code: Vec<&str> = lines
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect();
        Self {
            path: path.to_owned(),
            module,
            code: code.join("\n"),
        }
    }

    /// The modules that its paths name, `crate::…` and `super::…` alike, as far as they are
    /// written out; its own file and what is below it left out.
    pub(super) fn used_modules(&self) -> Vec<String> {
        let mut used: Vec<String> = tokens(&self.code)
            .filter_map(|path| self.resolve(path))
            .filter(|module| *module != self.module)
            .collect();
        used.sort();
        used.dedup();
        used
    }

    /// The full paths of everything that it names: `core/fleet/Fleet`. Groups are opened.
    pub(super) fn full_paths(&self) -> Vec<String> {
        let opened = opened(&self.code);
        tokens(&opened).filter_map(|path| self.full(path)).collect()
    }

    /// The full paths of what it passes on by `pub use`.
    pub(super) fn uses_that_are_public(&self) -> Vec<String> {
        let opened = opened(&self.code);
        let lines = opened.lines().filter_map(|line| {
            let line = line.trim_start().strip_prefix("pub")?;
            let path = line.split_once("use ")?.1.trim_end_matches(';');
            let child = !path.starts_with("crate::") && !path.starts_with("super::");
            if child {
                return Some(format!("{}/{}", self.module, path.replace("::", "/")));
            }
            self.full(path)
        });
        lines.collect()
    }

    fn full(&self, path: &str) -> Option<String> {
        let mut parts = path.split("::");
        let mut base: Vec<&str> = match parts.next()? {
            "crate" => Vec::new(),
            "super" => {
                let mut own: Vec<&str> = self.module.split('/').collect();
                own.pop();
                own
            }
            _ => return None,
        };
        for part in parts {
            match part {
                "super" => drop(base.pop()),
                "" | "self" => {}
                name => base.push(name),
            }
        }
        Some(base.join("/"))
    }

    /// The module of a path, at most three steps deep. A group directly below `crate` or
    /// `crate::core` hides which module is used.
    fn resolve(&self, path: &str) -> Option<String> {
        let full = self.full(path)?;
        let hides = path.starts_with("crate") && matches!(full.as_str(), "" | "core");
        assert!(
            !hides,
            "{}: a group directly below `crate` or `crate::core` hides what is used",
            self.path
        );
        let parts: Vec<&str> = full.split('/').take(3).collect();
        Some(parts.join("/"))
    }
}

/// The code with each group of a `use` written out: one `use` a line, one path each.
fn opened(code: &str) -> String {
    let mut lines = String::new();
    let mut rest = code;
    while let Some(at) = rest.find("use ") {
        let head = &rest[..at];
        let begins = head.ends_with(|letter: char| letter.is_whitespace()) || head.is_empty();
        let end = rest[at..].find(';').map_or(rest.len(), |end| at + end);
        if !begins {
            lines.push_str(&rest[..at + 4]);
            rest = &rest[at + 4..];
            continue;
        }
        lines.push_str(head);
        let visible = if head.trim_end().ends_with("pub") || head.trim_end().ends_with(')') {
            "pub "
        } else {
            ""
        };
        for path in open_group(rest[at + 4..end].trim()) {
            lines.extend(["\n", visible, "use ", &path, ";"]);
        }
        rest = &rest[end..];
    }
    lines.push_str(rest);
    lines
}

/// `a::{b, c::{d, e}}` as `a::b`, `a::c::d`, `a::c::e`.
fn open_group(path: &str) -> Vec<String> {
    let Some((before, inside)) = path.split_once('{') else {
        let path = path.split(" as ").next().unwrap_or(path);
        return vec![path.trim().to_owned()];
    };
    let inside = inside.strip_suffix('}').unwrap_or(inside);
    let (mut depth, mut parts) = (0, vec![String::new()]);
    for letter in inside.chars() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        let part = parts.last_mut().expect("there is one");
        part.push(letter);
    }
    let parts = parts.iter().map(|part| part.trim());
    let parts = parts.filter(|part| !part.is_empty());
    parts
        .flat_map(open_group)
        .map(|part| format!("{}{part}", before.trim()))
        .collect()
}

/// Paths that begin with `crate` or `super`, as they are written.
fn tokens(code: &str) -> impl Iterator<Item = &str> {
    let is_path = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
    code.split(move |letter| !is_path(letter))
        .filter(|token| token.starts_with("crate::") || token.starts_with("super::"))
}

/// The names of the types and modules that a file defines.
pub(super) fn definitions(text: &str) -> impl Iterator<Item = &str> {
    const KEYWORDS: [&str; 5] = ["struct ", "enum ", "trait ", "mod ", "type "];
    text.lines().filter_map(|line| {
        let line = line.trim_start();
        if line.starts_with("//") {
            return None;
        }
        let line = line.strip_prefix("pub").map_or(line, |rest| {
            rest.trim_start_matches(|letter| letter != ' ').trim_start()
        });
        let name = KEYWORDS
            .iter()
            .find_map(|keyword| line.strip_prefix(keyword))?;
        name.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .next()
    })
}

/// The words of a name, in lower case: `SigCaught`, `sig_caught` and `sig-caught` are two.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for letter in name.chars() {
        if !letter.is_alphanumeric() || letter.is_uppercase() {
            words.push(String::new());
        }
        if letter.is_alphanumeric() {
            let word = words.last_mut().expect("there is one");
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
