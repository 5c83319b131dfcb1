//! The record of each op of a program, and of the heap after the last one.

use super::words::{FIELDS, Id, ROOTS};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A call of user code: of a finalizer or of a weak callback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Event {
    /// The call of a finalizer, with the object, the weak references that pointed to the object at
    /// that moment, newest first, and the content of the object's fields.
    Finalized(Del, Id, Vec<Id>, [Option<Id>; FIELDS]),
    /// The call of the callback of a weak reference.
    CalledBack(Cb, Id),
}

/// The tag of [`Event::Finalized`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Del {
    #[serde(rename = "del")]
    Del,
}

/// The tag of [`Event::CalledBack`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cb {
    #[serde(rename = "cb")]
    Cb,
}

/// The outcome of one op.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The user code called, in order.
    pub log: Vec<Event>,
    /// Objects that were alive before the op and are dead after the op.
    pub dead: Vec<Id>,
    /// The counts of the objects that are new or whose count changed.
    pub rc: Vec<(Id, usize)>,
    /// The targets of the weak references that are new or lost their target.
    #[serde(default)]
    pub wr: Vec<(Id, Option<Id>)>,
    /// The garbage list, if it changed; always present for a collection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub garbage: Option<Vec<Id>>,
    /// The survivors list, if it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surv: Option<Vec<Id>>,
    /// The keys that only a collection has.
    #[serde(flatten)]
    pub collected: Collected,
}

/// The keys that only the record of a collection has. Such a record has all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collected {
    /// The return value of the collection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ret: Option<usize>,
    /// The length of the garbage list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ngarbage: Option<usize>,
    /// The object in each root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roots: Option<[Option<Id>; ROOTS]>,
    /// The members of the three generations, as sets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gens: Option<[Vec<Id>; 3]>,
    /// Numbers of collections of generations 0 and 1 since the next older generation was collected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count12: Option<[u32; 2]>,
}

/// The heap after the last op.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Final {
    /// The garbage list.
    pub garbage: Vec<Id>,
    /// The members of the three generations, as sets.
    pub gens: [Vec<Id>; 3],
    /// Every count.
    pub rc: Vec<(Id, usize)>,
    /// The targets of every object that is no weak reference.
    pub refs: Vec<(Id, Refs)>,
    /// The object in each root.
    pub roots: [Option<Id>; ROOTS],
    /// The survivors list.
    pub surv: Vec<Id>,
}

/// The targets of one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Refs {
    /// The fields that are set, by name.
    Fields(BTreeMap<String, Id>),
    /// The items of a list.
    Items(Vec<Id>),
}

impl Outcome {
    /// Returns the first key that the record of a collection must have and this record lacks.
    pub fn missing_of_collection(&self) -> Option<&'static str> {
        let Collected { ret, ngarbage, roots, gens, count12 } = &self.collected;
        let keys = [
            ("ret", ret.is_some()),
            ("ngarbage", ngarbage.is_some()),
            ("garbage", self.garbage.is_some()),
            ("roots", roots.is_some()),
            ("gens", gens.is_some()),
            ("count12", count12.is_some()),
        ];
        keys.into_iter().find(|&(_, there)| !there).map(|(key, _)| key)
    }

    /// Sorts the members of each generation. Generations are sets, so their order has no meaning.
    pub fn sort_generations(&mut self) {
        self.collected.gens.iter_mut().flatten().for_each(|members| members.sort_unstable());
    }
}

impl Final {
    /// Sorts the members of each generation. Generations are sets, so their order has no meaning.
    pub fn sort_generations(&mut self) {
        self.gens.iter_mut().for_each(|members| members.sort_unstable());
    }
}
