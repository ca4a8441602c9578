//! The difference between two looks. Most rows and jobs of a look are those of the one before; what is
//! the very same is neither written as JSON nor compared.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::delta::{Element, Places, difference, list};
use super::scrubbed::written;
use crate::core::fleet::{DeadMembers, Info, Look, LookRow, Work};

/// The changes from `old` to `new`, but for the members that have no rows.
pub(super) fn change(old: &Look, new: &Look) -> Value {
    let mut changed = members(head(old), head(new));
    let rows = elements(
        (&old.rows, &new.rows),
        |row| row.identity.as_str(),
        row_change,
    );
    insert(&mut changed, "rows", rows);
    Value::Object(changed)
}

/// A look without its rows.
fn head(look: &Look) -> Look {
    Look {
        asked: look.asked,
        answered: look.answered,
        server_time: look.server_time,
        server: look.server.clone(),
        counter: look.counter,
        rows: Vec::new(),
        dead: DeadMembers::default(),
    }
}

fn row_change(old: &LookRow, new: &LookRow) -> Option<Value> {
    let nothing = |row: &LookRow| row.is_ghost() && row.work.is_empty() && row.iterating.is_empty();
    if nothing(old) && nothing(new) && old.beat_age == new.beat_age {
        return None;
    }
    let (mut bare, mut now) = (without_jobs(old), without_jobs(new));
    if let (Some(old), Some(new)) = (&mut bare.heartbeat, &mut now.heartbeat)
        && Arc::ptr_eq(&old.info, &new.info)
    {
        let nothing = Arc::<Info>::default();
        (old.info, new.info) = (Arc::clone(&nothing), nothing);
    }
    let mut changed = members(bare, now);
    let jobs = elements((&old.work, &new.work), |work| work.tid.as_str(), job_change);
    insert(&mut changed, "work", jobs);
    (!changed.is_empty()).then_some(Value::Object(changed))
}

fn without_jobs(row: &LookRow) -> LookRow {
    LookRow {
        identity: row.identity.clone(),
        heartbeat: row.heartbeat.clone(),
        beat_age: row.beat_age,
        work: Vec::new(),
        iterating: row.iterating.clone(),
        faults: row.faults.clone(),
    }
}

fn job_change(old: &Arc<Work>, new: &Arc<Work>) -> Option<Value> {
    if Arc::ptr_eq(old, new) {
        return None;
    }
    difference(&written(old), &written(new))
}

/// The members that changed, of values that are written as objects.
fn members(old: impl Serialize, new: impl Serialize) -> Map<String, Value> {
    match difference(&written(&old), &written(&new)) {
        Some(Value::Object(changed)) => changed,
        Some(_) | None => Map::new(),
    }
}

fn insert(changed: &mut Map<String, Value>, name: &str, elements: Value) {
    let nothing = elements.as_object().is_some_and(Map::is_empty);
    if !nothing {
        changed.insert(name.into(), elements);
    }
}

/// The change of a list whose elements have names: most stay where they were.
fn elements<T: Serialize>(
    (old, new): (&[T], &[T]),
    name: impl Fn(&T) -> &str,
    change: impl Fn(&T, &T) -> Option<Value>,
) -> Value {
    let mut places = Places::new(old, |value| Some(Cow::Borrowed(name(value))));
    let elements =
        new.iter()
            .enumerate()
            .map(|(place, value)| match places.find(name(value), place) {
                Some(known) => Element::Old(known, change(&old[known], value)),
                None => Element::New(written(value)),
            });
    list(old.len(), elements.collect())
}

/// The members that came and those that went; `None`: there are none.
pub(super) fn dead_change(old: &DeadMembers, new: &DeadMembers) -> Option<Value> {
    if new.is_list_of(old) {
        return None;
    }
    let (came, went) = (new.without(old), old.without(new));
    let nothing = came.is_empty() && went.is_empty();
    (!nothing).then(|| json!({ "came": written(&came), "went": written(&went) }))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::super::chain::Chain;
    use super::*;
    use crate::core::fleet::{Identity, Observation};
    use crate::core::session::SessionInput;
    use crate::core::sidekiq::shown;

    fn at(seconds: u64) -> crate::core::moment::Moment {
        let since = std::time::Duration::from_secs(seconds);
        crate::core::moment::Moment::new(since, jiff::Timestamp::UNIX_EPOCH + since)
    }

    fn job() -> impl Strategy<Value = (u8, u8)> {
        (0..4_u8, 0..3_u8)
    }

    type Numbers = (u8, u8, Vec<(u8, u8)>);

    /// Rows by a number, each with a beat or without, and with jobs; and dead members.
    fn parts() -> impl Strategy<Value = (Vec<Numbers>, Vec<u8>)> {
        let row = (0..6_u8, 0..3_u8, prop::collection::vec(job(), 0..4));
        (
            prop::collection::vec(row, 0..6),
            prop::collection::vec(0..9_u8, 0..6),
        )
    }

    fn row((number, beat, jobs): Numbers) -> LookRow {
        let identity = format!("util1:{number}:abc");
        let registered = shown::Registered::new(&identity, "7.3.2", 5, 5.0);
        let work = |(tid, jid)| {
            let work = shown::work_of(&format!("t{tid}"), &format!("j{jid}"), "Job", 5.0);
            Arc::new(work)
        };
        match beat {
            0 => LookRow::dead(Identity::new(&identity)),
            beat => registered.row(f64::from(beat), false, jobs.into_iter().map(work).collect()),
        }
    }

    proptest! {
        #[test]
        fn looks_are_read_back_as_they_were(looks in prop::collection::vec(parts(), 1..6)) {
            let (mut writing, mut reading) = (Chain::default(), Chain::default());
            // Jobs that stay are the same object.
            let mut known: HashMap<String, Arc<Work>> = HashMap::new();
            for (number, (rows, dead)) in (1..).zip(looks) {
                let mut look = shown::look(rows.into_iter().map(row).collect(), at(number));
                for work in look.rows.iter_mut().flat_map(|row| &mut row.work) {
                    let shared = known.entry(format!("{work:?}"));
                    *work = Arc::clone(shared.or_insert_with(|| Arc::clone(work)));
                }
                let name = |number| Identity::new(&format!("web{number}:1:abc"));
                look.dead = dead.into_iter().map(name).collect::<Vec<_>>().into();
                let wanted = written(&look);
                let line = writing.encode(&SessionInput::Observed(Observation::Look(look)), at(number));
                let (input, _) = reading.decode(&line).unwrap();
                let SessionInput::Observed(Observation::Look(found)) = input else {
                    panic!("{input:?}");
                };
                prop_assert_eq!(written(&found), wanted);
            }
        }
    }

    #[test]
    fn what_stays_is_not_written_again() {
        let mut chain = Chain::default();
        let jobs = vec![(1, 1), (2, 2)];
        let mut look = shown::look(vec![row((1, 1, jobs)), row((2, 0, Vec::new()))], at(1));
        let members = |count: u32| -> Vec<Identity> {
            (0..count)
                .map(|number| Identity::new(&format!("web{number}:1:abc")))
                .collect()
        };
        look.dead = members(3).into();
        let mut write = |look: &Look| {
            let look = SessionInput::Observed(Observation::Look(look.clone()));
            chain.encode(&look, at(2))
        };
        write(&look);
        let again = Look {
            rows: look.rows.clone(),
            ..look.clone()
        };
        let line = write(&again);
        assert_eq!((&line["look"], line.get("dead")), (&json!({}), None));
        look.rows[0].heartbeat.as_mut().unwrap().busy += 1;
        look.dead = members(2).into();
        let line = write(&look);
        assert_eq!(
            line["look"],
            json!({"rows": {"0": {"heartbeat": {"busy": 1}}}})
        );
        let gone = &line["dead"]["went"];
        assert_eq!(gone.as_array().map(Vec::len), Some(1), "{line}");
        assert_eq!(line["dead"]["came"], json!([]));
    }
}
