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

    fn resolve(&self, path: &str) -> Option<String> {
        let mut parts = path.split("::").peekable();
        let mut base: Vec<&str> = match parts.next()? {
            "crate" => {
                assert!(
                    parts.peek().is_some_and(|next| !next.is_empty()),
                    "{}: a group directly below `crate` hides who is used",
                    self.path
                );
                Vec::new()
            }
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
        assert!(
            base != ["core"] || !path.starts_with("crate"),
            "{}: a group directly below `crate::core` hides who is used",
            self.path
        );
        base.truncate(3);
        Some(base.join("/"))
    }
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
