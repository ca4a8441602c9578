//! Which files of `src` import each other in a circle. A parent and its child may: a `mod.rs` names
//! its children, and they use what it holds.

use std::collections::{BTreeMap, BTreeSet};

use super::source::Source;

/// Every circle of files, each as the sorted names of its modules, the largest first.
pub(super) fn circles(sources: &[Source]) -> Vec<Vec<String>> {
    let uses = imports(sources);
    let reach: BTreeMap<&str, BTreeSet<&str>> = uses
        .keys()
        .map(|module| (module.as_str(), reached(module, &uses)))
        .collect();
    let mut circles = BTreeSet::new();
    for (module, reached) in &reach {
        let both_ways = reached
            .iter()
            .filter(|other| reach[*other].contains(module));
        let circle: Vec<String> = both_ways.map(|other| (*other).to_owned()).collect();
        if circle.len() > 1 {
            circles.insert(circle);
        }
    }
    let mut circles: Vec<Vec<String>> = circles.into_iter().collect();
    circles.sort_by_key(|circle| std::cmp::Reverse(circle.len()));
    circles
}

fn reached<'a>(from: &str, uses: &'a BTreeMap<String, BTreeSet<String>>) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&str> = uses[from].iter().map(String::as_str).collect();
    while let Some(module) = open.pop() {
        if found.insert(module) {
            open.extend(uses[module].iter().map(String::as_str));
        }
    }
    found
}

/// The modules that each module imports: parents and children left out, and what a module passes
/// on from a child counted as the child's.
fn imports(sources: &[Source]) -> BTreeMap<String, BTreeSet<String>> {
    let modules: BTreeSet<&str> = sources
        .iter()
        .map(|source| source.module.as_str())
        .collect();
    let passed_on: BTreeMap<&str, Vec<String>> = sources
        .iter()
        .map(|source| (source.module.as_str(), source.uses_that_are_public()))
        .collect();
    let related = |one: &str, other: &str| {
        let below = |whole: &str, part: &str| whole.starts_with(&format!("{part}/"));
        one == other || below(one, other) || below(other, one)
    };
    let of = |source: &Source| {
        let targets = source.full_paths().into_iter();
        let targets = targets.filter_map(|path| defined_in(&path, &modules, &passed_on, 0));
        targets
            .filter(|target| !related(target, &source.module))
            .collect()
    };
    sources
        .iter()
        .map(|source| (source.module.clone(), of(source)))
        .collect()
}

/// The module in which the item of `path` stands: the longest module that begins it, or the one
/// from which that passes it on.
fn defined_in(
    path: &str,
    modules: &BTreeSet<&str>,
    passed_on: &BTreeMap<&str, Vec<String>>,
    depth: u8,
) -> Option<String> {
    let mut module = path;
    while !modules.contains(module) {
        module = module.rsplit_once('/')?.0;
    }
    let item = path[module.len()..].trim_start_matches('/');
    let item = item.split('/').next().filter(|item| !item.is_empty());
    let source = item.and_then(|item| {
        let suffix = format!("/{item}");
        let paths = passed_on.get(module)?;
        paths.iter().find(|path| path.ends_with(&suffix))
    });
    match source {
        Some(source) if depth < 4 => defined_in(source, modules, passed_on, depth + 1),
        _ => Some(module.to_owned()),
    }
}
