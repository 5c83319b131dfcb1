//! What is recorded of each op, and how two records are compared.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::program::{FIELDS, Id, ROOTS};

/// A call of user code, as the program's log tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "RawEvent", into = "RawEvent")]
pub enum Event {
    /// A finalizer was called.
    Finalized {
        /// The object finalized.
        id: Id,
        /// The weak references that pointed at it at that moment, newest first.
        weak_refs: Vec<Id>,
        /// What its fields held at that moment.
        fields: [Option<Id>; FIELDS],
    },
    /// A weak reference's callback was called.
    CalledBack {
        /// The weak reference.
        id: Id,
    },
}

/// An event as the files write it: an array that starts with the event's name.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum RawEvent {
    Del(DelTag, Id, Vec<Id>, [Option<Id>; FIELDS]),
    Cb(CbTag, Id),
}

#[derive(Serialize, Deserialize)]
enum DelTag {
    #[serde(rename = "del")]
    Del,
}

#[derive(Serialize, Deserialize)]
enum CbTag {
    #[serde(rename = "cb")]
    Cb,
}

impl From<RawEvent> for Event {
    fn from(raw: RawEvent) -> Self {
        match raw {
            RawEvent::Del(_, id, weak_refs, fields) => Event::Finalized { id, weak_refs, fields },
            RawEvent::Cb(_, id) => Event::CalledBack { id },
        }
    }
}

impl From<Event> for RawEvent {
    fn from(event: Event) -> Self {
        match event {
            Event::Finalized { id, weak_refs, fields } => RawEvent::Del(DelTag::Del, id, weak_refs, fields),
            Event::CalledBack { id } => RawEvent::Cb(CbTag::Cb, id),
        }
    }
}

/// What one op did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The user code called, in order.
    pub log: Vec<Event>,
    /// Who was alive before the op and is not now, in birth order.
    pub dead: Vec<Id>,
    /// The counts of the living that are new or changed, in birth order.
    pub rc: Vec<(Id, usize)>,
    /// The referents of the living weak references that are new or changed, in birth order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wr: Vec<(Id, Option<Id>)>,
    /// The garbage list, when it changed (always of a collection).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub garbage: Option<Vec<Id>>,
    /// The survivors list, when it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surv: Option<Vec<Id>>,
    /// What is recorded of a collection only.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub collected: Option<Collected>,
}

/// What a collection adds to an [`Outcome`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collected {
    /// What the collection returned.
    pub ret: usize,
    /// The length of the garbage list.
    pub ngarbage: usize,
    /// What the roots hold.
    pub roots: [Option<Id>; ROOTS],
    /// The collection counts of generations 1 and 2.
    pub count12: [usize; 2],
    /// The members of the three generations, in birth order.
    pub gens: [Vec<Id>; 3],
}

/// The heap after the last op.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Final {
    /// The garbage list.
    pub garbage: Vec<Id>,
    /// The members of the three generations, in birth order.
    pub gens: [Vec<Id>; 3],
    /// Every count.
    pub rc: Vec<(Id, usize)>,
    /// What every object but the weak references refers to.
    pub refs: Vec<(Id, Refs)>,
    /// What the roots hold.
    pub roots: [Option<Id>; ROOTS],
    /// The survivors list.
    pub surv: Vec<Id>,
}

/// What one object refers to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Refs {
    /// The fields that are set, by name.
    Fields(BTreeMap<String, Id>),
    /// The items of a list.
    Items(Vec<Id>),
}

/// One value that is not as recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The op's index; none for the state after the last op.
    pub op: Option<usize>,
    /// The record's key.
    pub key: String,
    /// The value recorded.
    pub expected: String,
    /// The value met.
    pub got: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.op {
            Some(op) => write!(f, "op {op}")?,
            None => f.write_str("final")?,
        }
        let (key, expected, got) = (&self.key, &self.expected, &self.got);
        write!(f, ": {key}: expected {expected}, got {got}")
    }
}

/// Every key of `expected` and `got` whose values differ; generations are compared as sets.
pub fn differences<T: Serialize>(op: Option<usize>, expected: &T, got: &T) -> Vec<Difference> {
    let (expected, got) = (values(expected), values(got));
    let keys: BTreeSet<&String> = expected.keys().chain(got.keys()).collect();
    keys.into_iter()
        .filter(|key| expected.get(*key) != got.get(*key))
        .map(|key| Difference { op, key: key.clone(), expected: shown(expected.get(key)), got: shown(got.get(key)) })
        .collect()
}

/// The record's values by key, the members of each generation in birth order.
pub fn values<T: Serialize>(record: &T) -> BTreeMap<String, Value> {
    let record = serde_json::to_value(record).expect("a record is plain data");
    let Value::Object(record) = record else { panic!("a record has keys") };
    let mut values: BTreeMap<String, Value> = record.into_iter().collect();
    if let Some(Value::Array(generations)) = values.get_mut("gens") {
        for members in generations.iter_mut().filter_map(Value::as_array_mut) {
            members.sort_by_key(Value::as_u64);
        }
    }
    values
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), Value::to_string)
}
