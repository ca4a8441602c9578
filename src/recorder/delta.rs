//! The difference between two JSON values, and its way back. A number stands for what is added to
//! an integer, `{"=": v}` for a new value, an object for its members that changed (`{"-": 0}`: one
//! that went), `{"~": […]}` for the elements of a list: the place of an old one with what changed
//! in it, or a new one.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::{Map, Value, json};

/// Members whose values name an element of a list wherever it stands.
const NAMES: [&str; 4] = ["identity", "id", "tid", "name"];
/// A member that an object must not have to be compared member by member.
const SIGNS: [&str; 3] = ["=", "-", "~"];

/// The change from `old` to `new`; `None`: there is none.
pub(super) fn difference(old: &Value, new: &Value) -> Option<Value> {
    if old == new {
        return None;
    }
    let found = match (old, new) {
        (Value::Number(_), Value::Number(_)) => added(old, new),
        (Value::Object(old), Value::Object(new)) => members(old, new),
        (Value::Array(old), Value::Array(new)) => Some(elements(old, new)),
        _ => None,
    };
    Some(found.unwrap_or_else(|| json!({ "=": new })))
}

fn added(old: &Value, new: &Value) -> Option<Value> {
    let added = i64::try_from(integer(new)? - integer(old)?).ok()?;
    Some(added.into())
}

fn integer(value: &Value) -> Option<i128> {
    let signed = value.as_i64().map(i128::from);
    signed.or_else(|| value.as_u64().map(i128::from))
}

fn members(old: &Map<String, Value>, new: &Map<String, Value>) -> Option<Value> {
    if SIGNS
        .iter()
        .any(|sign| old.contains_key(*sign) || new.contains_key(*sign))
    {
        return None;
    }
    let mut changed = Map::new();
    for (name, value) in new {
        let difference = match old.get(name) {
            Some(old) => difference(old, value),
            None => Some(json!({ "=": value })),
        };
        if let Some(difference) = difference {
            changed.insert(name.clone(), difference);
        }
    }
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        changed.insert(name.clone(), json!({ "-": 0 }));
    }
    Some(Value::Object(changed))
}

fn name(value: &Value) -> Option<&Value> {
    NAMES.iter().find_map(|name| value.get(name))
}

/// The places of the elements of a list by their names. Most elements stay where they were, so that
/// nothing is sorted before one has moved.
pub(super) struct Places<'a, T, N> {
    of: &'a [T],
    name: N,
    by_name: Option<HashMap<Cow<'a, str>, usize>>,
}

impl<'a, T, N: Fn(&'a T) -> Option<Cow<'a, str>>> Places<'a, T, N> {
    pub(super) fn new(of: &'a [T], name: N) -> Self {
        Self {
            of,
            name,
            by_name: None,
        }
    }

    /// Where the element called `named` stands; `expected` is looked at first.
    pub(super) fn find(&mut self, named: &str, expected: usize) -> Option<usize> {
        let (of, name) = (self.of, &self.name);
        let there = of.get(expected).and_then(name);
        if there.is_some_and(|there| there == named) {
            return Some(expected);
        }
        let by_name = self.by_name.get_or_insert_with(|| {
            let mut by_name = HashMap::with_capacity(of.len());
            for (place, value) in of.iter().enumerate() {
                if let Some(named) = name(value) {
                    by_name.entry(named).or_insert(place);
                }
            }
            by_name
        });
        by_name.get(named).copied()
    }
}

/// A name as a text that no other name has.
fn key(named: &Value) -> Cow<'_, str> {
    match named {
        Value::String(text) => Cow::Borrowed(text),
        // No text of JSON begins as this does.
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Cow::Owned(format!("\0{named}"))
        }
    }
}

fn elements(old: &[Value], new: &[Value]) -> Value {
    let named = |value| name(value).map(key);
    let mut places = Places::new(old, named);
    let rows = new.iter().enumerate().map(|(place, value)| {
        let known = match named(value) {
            Some(named) => places.find(&named, place),
            None => (place < old.len()).then_some(place),
        };
        match known {
            Some(known) => Element::Old(known, difference(&old[known], value)),
            None => Element::New(value.clone()),
        }
    });
    list(old.len(), rows.collect())
}

/// An element of a list as it is now.
pub(super) enum Element {
    /// It stood at this place, and what changed in it.
    Old(usize, Option<Value>),
    /// It was not there.
    New(Value),
}

/// The change of a list that had so many elements.
pub(super) fn list(before: usize, elements: Vec<Element>) -> Value {
    let is_in_place = |(place, element): (usize, &Element)| matches!(element, Element::Old(known, _) if *known == place);
    let stayed = before == elements.len() && elements.iter().enumerate().all(is_in_place);
    if stayed {
        // As long as no element came or went, only those that changed are told.
        let changed = elements.into_iter().filter_map(|element| match element {
            Element::Old(place, change) => Some((place.to_string(), change?)),
            Element::New(_) => None,
        });
        return Value::Object(changed.collect());
    }
    let rows = elements.into_iter().map(|element| match element {
        Element::Old(known, Some(change)) => json!([known, change]),
        Element::Old(known, None) => json!(known),
        Element::New(value) => json!({ "=": value }),
    });
    json!({ "~": rows.collect::<Vec<Value>>() })
}

/// Changes `old` by `difference`; `None` if that does not fit it.
pub(super) fn apply(old: &mut Value, difference: &Value) -> Option<()> {
    if let Some(added) = difference.as_i64() {
        let sum = integer(old)? + i128::from(added);
        *old = match i64::try_from(sum) {
            Ok(sum) => sum.into(),
            Err(_) => u64::try_from(sum).ok()?.into(),
        };
        return Some(());
    }
    let changed = difference.as_object()?;
    if let Some(new) = changed.get("=") {
        *old = new.clone();
        return Some(());
    }
    match old {
        Value::Object(members) => {
            for (name, difference) in changed {
                if difference.get("-").is_some() {
                    members.remove(name);
                } else if let Some(new) = difference.get("=") {
                    members.insert(name.clone(), new.clone());
                } else {
                    apply(members.get_mut(name)?, difference)?;
                }
            }
        }
        Value::Array(elements) => {
            if let Some(rows) = changed.get("~") {
                *elements = rebuilt(elements, rows)?;
                return Some(());
            }
            for (place, difference) in changed {
                apply(elements.get_mut(place.parse::<usize>().ok()?)?, difference)?;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
    }
    Some(())
}

fn rebuilt(old: &[Value], rows: &Value) -> Option<Vec<Value>> {
    let place = |row: &Value| usize::try_from(row.as_u64()?).ok();
    let row = |row: &Value| {
        if let Some(new) = row.get("=") {
            return Some(new.clone());
        }
        if let Some([known, difference]) = row.as_array().map(Vec::as_slice) {
            let mut value = old.get(place(known)?)?.clone();
            apply(&mut value, difference)?;
            return Some(value);
        }
        old.get(place(row)?).cloned()
    };
    rows.as_array()?.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            (-1e9..1e9).prop_map(Value::from),
            "[a-z=~-]{0,3}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 5, |inner| {
            let name = prop_oneof!["id|tid|a|b", "[=~-]"];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(name, inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_difference_leads_from_the_old_to_the_new(old in values(), new in values()) {
            let mut value = old.clone();
            if let Some(difference) = difference(&old, &new) {
                prop_assert!(apply(&mut value, &difference).is_some(), "{difference}");
            }
            prop_assert_eq!(&value, &new);
        }

        #[test]
        fn no_difference_makes_it_panic(mut old in values(), difference in values()) {
            let _ = apply(&mut old, &difference);
        }
    }

    #[test]
    fn what_stays_costs_nothing() {
        let old = json!({"at": [5, 6], "rows": [{"id": 1, "busy": 2}, {"id": 2, "busy": 0}]});
        let new = json!({"at": [9, 6], "rows": [{"id": 2, "busy": 0}]});
        let found = difference(&old, &new).unwrap();
        assert_eq!(found, json!({"at": {"0": 4}, "rows": {"~": [1]}}));
    }
}
