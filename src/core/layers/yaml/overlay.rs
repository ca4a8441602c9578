//! A document laid over another, and parts of a document as documents of their own: the places
//! of all nodes go with them.

use std::sync::Arc;

use serde_yaml::Value;

use super::{Document, Node, SEPARATOR, join};

impl Document {
    /// Lays another document over this one: mappings are joined, everything else is replaced.
    pub(in crate::core::layers) fn overlay(&mut self, over: &Self, lists: Lists) {
        let mut merged = Merge {
            lists,
            changed: Vec::new(),
        };
        merged.node(&mut self.root, &over.root, &mut Vec::new(), &mut Vec::new());
        for (path, source) in merged.changed {
            self.forget(&path);
            for (from, node) in over.under(&source) {
                let path = format!("{path}{}", &from[source.len()..]);
                self.nodes.insert(path, node.clone());
            }
        }
    }

    /// Puts a value under these keys, where everything above it exists.
    pub(in crate::core::layers) fn put(
        &mut self,
        path: &[&str],
        value: &Value,
        place: (&str, usize),
    ) {
        let Some((last, above)) = path.split_last() else {
            return;
        };
        let target = above
            .iter()
            .try_fold(&mut self.root, |node, key| match node {
                Value::Mapping(mapping) => mapping.get_mut(*key),
                Value::Sequence(items) => key.parse::<usize>().ok().and_then(|i| items.get_mut(i)),
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::Tagged(_) => None,
            });
        match target {
            Some(Value::Mapping(mapping)) => {
                mapping.insert((*last).into(), value.clone());
            }
            Some(Value::Sequence(items)) => match last.parse::<usize>() {
                Ok(index) if index < items.len() => items[index] = value.clone(),
                Ok(_) | Err(_) => items.push(value.clone()),
            },
            Some(_) | None => return,
        }
        let path = join(path);
        self.forget(&path);
        let (file, line) = place;
        let node = Node {
            file: file.into(),
            line,
            quoted: false,
        };
        self.nodes.insert(path, node);
    }

    /// The part under these keys as a document of its own.
    pub(in crate::core::layers) fn below(&self, path: &[&str]) -> Option<Self> {
        let root = self.get(path)?.clone();
        let source = join(path);
        let own = self.under(&source).map(|(from, node)| {
            let path = from[source.len()..].trim_start_matches(SEPARATOR);
            (path.to_owned(), node.clone())
        });
        Some(Self {
            root,
            nodes: own.collect(),
            file: Arc::clone(&self.file),
        })
    }

    /// The nodes under a path, with that of the path itself.
    fn under(&self, path: &str) -> impl Iterator<Item = (&String, &Node)> {
        let is_all = path.is_empty();
        let below = format!("{path}{SEPARATOR}");
        let path = path.to_owned();
        self.nodes
            .range(path.clone()..)
            .take_while({
                let path = path.clone();
                move |(node, _)| is_all || node.starts_with(&path)
            })
            .filter(move |(node, _)| is_all || **node == path || node.starts_with(&below))
    }

    fn forget(&mut self, path: &str) {
        let gone: Vec<String> = self.under(path).map(|(node, _)| node.clone()).collect();
        for node in gone {
            self.nodes.remove(&node);
        }
    }
}

/// The treatment of lists when one document is laid over another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::core::layers) enum Lists {
    /// The new one stands in place of the old one.
    Replaced,
    /// Items of one `name` are joined, as in patches of Kubernetes.
    JoinedByName,
}

/// Two documents that become one.
struct Merge {
    lists: Lists,
    /// The path of each node that is replaced or new, here and where it comes from.
    changed: Vec<(String, String)>,
}

impl Merge {
    fn node(
        &mut self,
        base: &mut Value,
        over: &Value,
        path: &mut Vec<String>,
        source: &mut Vec<String>,
    ) {
        match (&mut *base, over) {
            (Value::Mapping(base), Value::Mapping(over)) => {
                for (key, value) in over {
                    let step = key.as_str().unwrap_or_default();
                    path.push(step.to_owned());
                    source.push(step.to_owned());
                    if let Some(below) = base.get_mut(key) {
                        self.node(below, value, path, source);
                    } else {
                        self.changes(path, source);
                        base.insert(key.clone(), value.clone());
                    }
                    path.pop();
                    source.pop();
                }
            }
            (Value::Sequence(base), Value::Sequence(over))
                if self.lists == Lists::JoinedByName
                    && over.len() < MOST_JOINED
                    && over.iter().all(has_name) =>
            {
                for (index, item) in over.iter().enumerate() {
                    let same = base
                        .iter()
                        .position(|old| old.get("name") == item.get("name"));
                    let at = same.unwrap_or(base.len());
                    path.push(at.to_string());
                    source.push(index.to_string());
                    if let Some(below) = base.get_mut(at) {
                        self.node(below, item, path, source);
                    } else {
                        self.changes(path, source);
                        base.push(item.clone());
                    }
                    path.pop();
                    source.pop();
                }
            }
            (_, Value::Null) => {}
            (_, _) => {
                self.changes(path, source);
                *base = over.clone();
            }
        }
    }

    fn changes(&mut self, path: &[String], source: &[String]) {
        let joined = |path: &[String]| path.join(&SEPARATOR.to_string());
        self.changed.push((joined(path), joined(source)));
    }
}

/// No pod has more containers.
const MOST_JOINED: usize = 100;

fn has_name(item: &Value) -> bool {
    item.get("name").is_some_and(Value::is_string)
}
