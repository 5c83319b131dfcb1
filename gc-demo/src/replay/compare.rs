//! Comparison of outcomes with the recorded ones.

use super::look::Watch;
use super::record::{Final, Outcome};
use super::words::Id;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::fmt;

/// One value that differs from the recorded one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The record's key.
    pub key: String,
    /// The value recorded.
    pub expected: String,
    /// The value of this run.
    pub got: String,
    /// The objects that the difference concerns.
    pub concerned: BTreeSet<Id>,
}

impl Difference {
    /// Makes a difference that concerns no object yet.
    pub fn new(key: &str, expected: impl fmt::Display, got: impl fmt::Display) -> Difference {
        let (expected, got) = (expected.to_string(), got.to_string());
        Difference { key: key.to_owned(), expected, got, concerned: BTreeSet::new() }
    }

    /// Adds objects that the difference concerns.
    pub fn concerning(mut self, ids: impl IntoIterator<Item = Id>) -> Difference {
        self.concerned.extend(ids);
        self
    }
}

/// Returns the differences between two records of an op, in the keys that `watch` covers.
pub fn outcomes(expected: &Outcome, got: &Outcome, watch: Watch) -> Vec<Difference> {
    if expected == got {
        return Vec::new();
    }
    differences(expected, got, |key| watch.covers(key))
}

/// Returns the differences between two records of the heap after the last op.
pub fn finals(expected: &Final, got: &Final) -> Vec<Difference> {
    differences(expected, got, |_| true)
}

fn differences<T: Serialize>(expected: &T, got: &T, covers: impl Fn(&str) -> bool) -> Vec<Difference> {
    let (expected, got) = (values(expected), values(got));
    let keys: BTreeSet<&String> = expected.keys().chain(got.keys()).filter(|key| covers(key)).collect();
    let pair = |key: &String| (expected.get(key).unwrap_or(&Value::Null), got.get(key).unwrap_or(&Value::Null));
    let differ = keys.into_iter().filter(|key| pair(key).0 != pair(key).1);
    differ.map(|key| difference(key, pair(key).0, pair(key).1)).collect()
}

fn values<T: Serialize>(record: &T) -> Map<String, Value> {
    match serde_json::to_value(record) {
        Ok(Value::Object(values)) => values,
        // Records are plain structs of numbers and lists.
        _ => Map::new(),
    }
}

fn difference(key: &str, expected: &Value, got: &Value) -> Difference {
    let (expected, got) = if is_by_id(key) { without_common(expected, got) } else { (expected.clone(), got.clone()) };
    let concerned = concerned(key, &expected, &got);
    Difference::new(key, shown(key, &expected), shown(key, &got)).concerning(concerned)
}

/// Returns true if the value of this key is a list of `[id, value]`.
fn is_by_id(key: &str) -> bool {
    matches!(key, "rc" | "wr" | "refs")
}

/// Returns both lists without the entries that they have in common.
fn without_common(expected: &Value, got: &Value) -> (Value, Value) {
    let rest = |of: &Value, than: &Value| {
        let there = than.as_array().map(Vec::as_slice).unwrap_or_default();
        let entries = of.as_array().into_iter().flatten();
        Value::Array(entries.filter(|entry| !there.contains(entry)).cloned().collect())
    };
    (rest(expected, got), rest(got, expected))
}

/// Returns the objects that a difference concerns: the ids that occur on one side only, or all ids
/// if both sides have the same. For `rc`, returns the objects whose counts differ.
fn concerned(key: &str, expected: &Value, got: &Value) -> BTreeSet<Id> {
    if matches!(key, "ret" | "ngarbage" | "count12") {
        return BTreeSet::new();
    }
    if matches!(key, "rc") {
        return [expected, got].into_iter().flat_map(owners).collect();
    }
    let (left, right) = (ids(expected), ids(got));
    let one_side: BTreeSet<Id> = left.symmetric_difference(&right).copied().collect();
    if one_side.is_empty() { left } else { one_side }
}

fn owners(list: &Value) -> impl Iterator<Item = Id> {
    list.as_array().into_iter().flatten().filter_map(|entry| as_id(entry.get(0)?))
}

fn ids(value: &Value) -> BTreeSet<Id> {
    match value {
        Value::Array(items) => items.iter().flat_map(ids).collect(),
        Value::Object(fields) => fields.values().flat_map(ids).collect(),
        _ => as_id(value).into_iter().collect(),
    }
}

fn as_id(value: &Value) -> Option<Id> {
    Id::try_from(value.as_u64()?).ok()
}

fn shown(key: &str, value: &Value) -> String {
    match value {
        Value::Null => "not there".to_owned(),
        Value::Array(entries) if is_by_id(key) => by_id(entries),
        _ => spaced(value),
    }
}

/// Formats JSON with blanks, so that long lists can be broken into lines.
fn spaced(value: &Value) -> String {
    value.to_string().replace(',', ", ").replace("\":", "\": ")
}

fn by_id(entries: &[Value]) -> String {
    if entries.is_empty() {
        return "unchanged".to_owned();
    }
    let entry = |entry: &Value| match (entry.get(0), entry.get(1)) {
        (Some(id), Some(value)) => format!("{id}: {}", spaced(value)),
        _ => spaced(entry),
    };
    entries.iter().map(entry).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::{Outcome, outcomes};
    use crate::replay::look::Watch;

    fn outcome(rc: &[(u32, usize)], dead: &[u32]) -> Outcome {
        Outcome { rc: rc.to_vec(), dead: dead.to_vec(), ..Outcome::default() }
    }

    #[test]
    fn equal_records_do_not_differ() {
        assert_eq!(outcomes(&outcome(&[(1, 2)], &[]), &outcome(&[(1, 2)], &[]), Watch::Closely), []);
    }

    #[test]
    fn a_difference_shows_only_what_differs_and_names_whom_it_concerns() {
        let found = outcomes(&outcome(&[(1, 2), (3, 1)], &[]), &outcome(&[(1, 2), (3, 2)], &[]), Watch::Closely);
        let [difference] = found.as_slice() else { panic!("one difference: {found:?}") };
        assert_eq!((difference.expected.as_str(), difference.got.as_str()), ("3: 1", "3: 2"));
        assert_eq!(Vec::from_iter(&difference.concerned), [&3]);
    }

    #[test]
    fn from_afar_deaths_are_not_compared() {
        assert_eq!(outcomes(&outcome(&[], &[1]), &outcome(&[], &[]), Watch::FromAfar), []);
        assert_eq!(outcomes(&outcome(&[], &[1]), &outcome(&[], &[]), Watch::Closely).len(), 1);
    }
}
