//! YAML with places: `serde_yaml` decides what a text means, `granit-parser` only says on which
//! line each node stands. Text in, documents out, one laid over another; it knows no setting.

mod overlay;
mod size;

use std::collections::BTreeMap;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle};
use serde::Deserialize;
use serde_yaml::Value;

use super::erb::{Untagged, is_marked};
use super::value::{FilePlace, Reading};
use crate::core::clean::clean;

use self::size::{MOST_NODES, Size};

pub(super) use self::overlay::Lists;

/// The largest text that is read as YAML: configuration is never this long.
const LARGEST: usize = 1_000_000;

/// A document of a YAML text.
#[derive(Clone, Debug)]
pub(super) struct Document {
    /// Its meaning.
    pub(super) root: Value,
    file: Arc<str>,
    nodes: BTreeMap<String, Node>,
}

/// Where one node stands.
#[derive(Clone, Debug)]
struct Node {
    file: Arc<str>,
    line: usize,
    quoted: bool,
}

/// A text that is no YAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NotYaml {
    /// Line from 1, where it is known.
    pub(super) line: Option<usize>,
    /// The fault, in the parser's words.
    pub(super) why: String,
}

impl Document {
    /// The line of the node under these keys (list items by their number).
    pub(super) fn line(&self, path: &[&str]) -> usize {
        self.nearest(path).map_or(1, |node| node.line)
    }

    /// The place of the node under these keys.
    pub(super) fn place(&self, path: &[&str]) -> FilePlace {
        match self.nearest(path) {
            Some(node) => FilePlace::new(&node.file, node.line),
            None => FilePlace::whole(&self.file),
        }
    }

    fn nearest(&self, path: &[&str]) -> Option<&Node> {
        (0..=path.len())
            .rev()
            .find_map(|length| self.nodes.get(&join(&path[..length])))
    }

    /// Whether the scalar under these keys is quoted or a block.
    pub(super) fn is_quoted(&self, path: &[&str]) -> bool {
        self.nodes.get(&join(path)).is_some_and(|node| node.quoted)
    }

    /// The node under these keys.
    pub(super) fn get(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(&self.root, |value, key| match value {
            Value::Mapping(mapping) => mapping.get(*key),
            Value::Sequence(items) => key.parse::<usize>().ok().and_then(|i| items.get(i)),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Tagged(_) => None,
        })
    }
}

/// The keys of a mapping that are texts, with their values.
pub(super) fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value
        .as_mapping()
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| key.as_str().map(|key| (key, value)))
}

/// A scalar as text; `None` for lists, mappings and nothing.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Sequence(_) | Value::Mapping(_) | Value::Tagged(_) => None,
    }
}

/// The character between the keys of a path.
const SEPARATOR: char = '\u{1f}';

/// Reads the documents of a file that may be a template; what cannot be read is said.
pub(super) fn read(file: &str, text: &str, reading: &mut Reading) -> (Untagged, Vec<Document>) {
    let untagged = Untagged::of_any(text);
    match documents(file, &untagged.text) {
        Ok(mut documents) => {
            if untagged.is_template() {
                for document in &mut documents {
                    restore(&mut document.root, &untagged);
                }
            }
            (untagged, documents)
        }
        Err(broken) => {
            let place = FilePlace {
                file: file.into(),
                line: broken.line,
            };
            if untagged.is_template() || untagged.has_lines() {
                reading.not_read(
                    place,
                    "a template, not YAML: render it first (helm template)",
                );
            } else {
                let why = format!("no valid YAML: {}", untagged.restore(&broken.why));
                reading.not_read(place, why);
            }
            (untagged, Vec::new())
        }
    }
}

/// Puts the tags of a template back where they stood.
fn restore(value: &mut Value, untagged: &Untagged) {
    match value {
        Value::String(text) => {
            if is_marked(text) {
                *text = untagged.restore(text);
            }
        }
        Value::Sequence(items) => items.iter_mut().for_each(|item| restore(item, untagged)),
        Value::Mapping(mapping) => mapping
            .iter_mut()
            .for_each(|(_, value)| restore(value, untagged)),
        Value::Tagged(tagged) => restore(&mut tagged.value, untagged),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Reads every document of a text.
pub(super) fn documents(file: &str, text: &str) -> Result<Vec<Document>, NotYaml> {
    if text.len() > LARGEST {
        return Err(NotYaml {
            line: None,
            why: format!("larger than {LARGEST} bytes"),
        });
    }
    let file: Arc<str> = file.into();
    let mut places = locate(&file, text)?.into_iter();
    let mut roots = Vec::new();
    for deserializer in serde_yaml::Deserializer::from_str(text) {
        roots.push(Value::deserialize(deserializer).map_err(|error| NotYaml {
            line: error.location().map(|location| location.line()),
            why: clean(&error.to_string(), 200),
        })?);
    }
    Ok(roots
        .into_iter()
        .map(|mut root| {
            // `<<: *defaults`, which Psych and Docker Compose merge too; a wrong one stays.
            let _merged = root.apply_merge();
            Document {
                root: plain(root),
                file: Arc::clone(&file),
                nodes: places.next().unwrap_or_default(),
            }
        })
        .collect())
}

/// Reads a text of one document (further ones are left out).
pub(super) fn document(file: &str, text: &str) -> Result<Document, NotYaml> {
    Ok(documents(file, text)?
        .into_iter()
        .next()
        .unwrap_or(Document {
            root: Value::Null,
            file: file.into(),
            nodes: BTreeMap::new(),
        }))
}

/// A tag of some other tool (`!Ref x`) says nothing here: its value stands without it.
fn plain(value: Value) -> Value {
    match value {
        Value::Tagged(tagged) => plain(tagged.value),
        Value::Sequence(items) => Value::Sequence(items.into_iter().map(plain).collect()),
        Value::Mapping(mapping) => {
            let entries = mapping.into_iter().map(|(key, value)| (key, plain(value)));
            Value::Mapping(entries.collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

fn join(path: &[&str]) -> String {
    path.join(&SEPARATOR.to_string())
}

/// A collection that is being read.
enum OpenCollection {
    Mapping {
        path: Vec<String>,
        key: Option<String>,
    },
    Sequence {
        path: Vec<String>,
        next: usize,
    },
}

impl OpenCollection {
    /// The path of the next node in it.
    fn next_path(&mut self) -> Vec<String> {
        let (path, step) = match self {
            Self::Mapping { path, key } => (path, key.take().unwrap_or_default()),
            Self::Sequence { path, next } => {
                *next += 1;
                (path, (*next - 1).to_string())
            }
        };
        let mut path = path.clone();
        path.push(step);
        path
    }
}

/// The places of all nodes, one table for each document.
fn locate(file: &Arc<str>, text: &str) -> Result<Vec<BTreeMap<String, Node>>, NotYaml> {
    let mut tables: Vec<BTreeMap<String, Node>> = Vec::new();
    let mut open: Vec<OpenCollection> = Vec::new();
    let mut size = Size::default();
    for event in Parser::new_from_str(text) {
        let Ok((event, span)) = event else { break };
        let line = span.start.line();
        size.count(&event);
        if size.nodes > MOST_NODES {
            return Err(NotYaml {
                line: Some(line),
                why: format!("more than {MOST_NODES} nodes, with those that aliases stand for"),
            });
        }
        if matches!(event, Event::DocumentStart(..)) {
            tables.push(BTreeMap::new());
            open.clear();
        } else if matches!(event, Event::MappingEnd | Event::SequenceEnd) {
            open.pop();
        } else if let (Event::Scalar(text, ..), Some(OpenCollection::Mapping { key, path })) =
            (&event, open.last_mut())
            && key.is_none()
        {
            *key = Some(text.to_string());
            let path: Vec<String> = path.iter().cloned().chain([text.to_string()]).collect();
            note(&mut tables, &path, file, line, false);
        } else if let Some((kind, quoted)) = node_kind(&event) {
            let path = open
                .last_mut()
                .map(OpenCollection::next_path)
                .unwrap_or_default();
            note(&mut tables, &path, file, line, quoted);
            match kind {
                NodeKind::Mapping => open.push(OpenCollection::Mapping { path, key: None }),
                NodeKind::Sequence => open.push(OpenCollection::Sequence { path, next: 0 }),
                NodeKind::Scalar => {}
            }
        }
    }
    Ok(tables)
}

/// The content of a node.
enum NodeKind {
    Scalar,
    Mapping,
    Sequence,
}

/// The kind of node that an event begins, and whether it is a quoted scalar.
fn node_kind(event: &Event<'_>) -> Option<(NodeKind, bool)> {
    if let Event::Scalar(_, style, ..) = event {
        return Some((NodeKind::Scalar, *style != ScalarStyle::Plain));
    }
    if matches!(event, Event::Alias(..)) {
        return Some((NodeKind::Scalar, false));
    }
    if matches!(event, Event::MappingStart(..)) {
        return Some((NodeKind::Mapping, false));
    }
    matches!(event, Event::SequenceStart(..)).then_some((NodeKind::Sequence, false))
}

/// Keeps the line of a key; its value only adds whether it is quoted.
fn note(
    tables: &mut [BTreeMap<String, Node>],
    path: &[String],
    file: &Arc<str>,
    line: usize,
    quoted: bool,
) {
    let joined = path.join(&SEPARATOR.to_string());
    if let Some(table) = tables.last_mut() {
        table
            .entry(joined)
            .and_modify(|node| node.quoted = quoted)
            .or_insert_with(|| Node {
                file: Arc::clone(file),
                line,
                quoted,
            });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nodes_are_found_on_their_lines() {
        let document = document("x.yml", "# ü\na: &x\n  b: 1\nc:\n  - d: \"2\"\n  - *x\n").unwrap();
        assert_eq!(document.line(&["a", "b"]), 3);
        assert_eq!(document.line(&["c", "0", "d"]), 5);
        assert_eq!(document.line(&["c", "1"]), 6);
        assert!(document.is_quoted(&["c", "0", "d"]));
        assert_eq!(document.get(&["c", "1", "b"]), Some(&Value::from(1)));
    }

    #[test]
    fn a_tab_is_an_error_with_its_line() {
        let broken = document("x.yml", "a:\n\tb: 1\n").unwrap_err();
        assert_eq!(broken.line, Some(2));
    }

    #[test]
    fn documents_have_their_own_lines() {
        let documents = documents("x.yml", "a: 1\n---\na: 2\n").unwrap();
        assert_eq!(documents[1].line(&["a"]), 3);
    }

    #[test]
    fn one_document_is_laid_over_another() {
        let mut base = document("a.yml", "a:\n  b: 1\n  c: [1, 2]\n").unwrap();
        let over = document("b.yml", "\na:\n  c: [3]\n  d: 4\n").unwrap();
        base.overlay(&over, Lists::Replaced);
        assert_eq!(base.place(&["a", "b"]).to_string(), "a.yml:2");
        assert_eq!(base.place(&["a", "c", "0"]).to_string(), "b.yml:3");
        assert_eq!(base.place(&["a", "d"]).to_string(), "b.yml:4");
        assert_eq!(base.place(&["a", "c", "1"]).to_string(), "b.yml:3");
        assert_eq!(base.get(&["a", "c", "1"]), None);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[a-c:\\-\\[\\]{}&*!|>\"'#,? \\n\\t]{0,60}|.*") {
            let _read = documents("x.yml", &text);
        }
    }
}
