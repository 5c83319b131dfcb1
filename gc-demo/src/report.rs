//! What a scenario found out: steps with facts that were read from the heap.

use gc_core::FinalizerPolicy;
use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};

/// One run of a scenario under one policy.
#[derive(serde::Serialize)]
pub struct Report {
    /// The scenario's name.
    pub scenario: &'static str,
    /// The policy's name, as on the command line.
    #[serde(serialize_with = "by_name")]
    pub policy: FinalizerPolicy,
    /// What was done and seen, in order.
    pub steps: Vec<Step>,
    /// The heap at the end.
    pub heap: HeapAtEnd,
    /// Every collection, in order.
    pub collections: Vec<Collection>,
    /// What is in the garbage list at the end.
    pub garbage: Vec<String>,
}

/// The heap at the end of a scenario.
#[derive(Default, serde::Serialize)]
pub struct HeapAtEnd {
    /// Tracked objects that are alive.
    pub objects: usize,
}

/// What the heap told of a collection.
#[derive(Clone, serde::Serialize)]
pub struct Collection {
    /// The oldest generation examined.
    pub generation: u8,
    /// Objects reclaimed.
    pub collected: usize,
    /// Objects found uncollectable.
    pub uncollectable: usize,
}

/// Something that was done, and what the heap showed then.
pub struct Step {
    /// What was done.
    pub title: &'static str,
    /// What to make of it; for people only.
    pub note: &'static str,
    /// Names and values, in the order in which they tell the story.
    pub facts: Vec<(&'static str, Fact)>,
    /// Is the step one that the tour shows?
    pub in_tour: bool,
}

/// Something read from the heap.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fact {
    Number(i64),
    Flag(bool),
    Text(String),
    List(Vec<String>),
    /// Numbers by name, in an order that matters.
    Table(Vec<(String, i64)>),
}

impl Step {
    /// Adds a fact.
    pub fn fact(&mut self, name: &'static str, value: impl Into<Fact>) -> &mut Step {
        self.facts.push((name, value.into()));
        self
    }

    /// Shows the step in the tour.
    pub fn in_tour(&mut self) -> &mut Step {
        self.in_tour = true;
        self
    }
}

/// A policy's name, as on the command line.
pub fn policy_name(policy: FinalizerPolicy) -> &'static str {
    match policy {
        FinalizerPolicy::Legacy => "legacy",
        FinalizerPolicy::Pep442 => "pep442",
    }
}

fn by_name<S: Serializer>(policy: &FinalizerPolicy, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(policy_name(*policy))
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        struct Facts<'a>(&'a [(&'static str, Fact)]);

        impl Serialize for Facts<'_> {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_map(self.0.iter().map(|(name, value)| (name, value)))
            }
        }

        let mut step = to.serialize_struct("Step", 2)?;
        step.serialize_field("title", self.title)?;
        step.serialize_field("facts", &Facts(&self.facts))?;
        step.end()
    }
}

impl Serialize for Fact {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Fact::Number(number) => to.serialize_i64(*number),
            Fact::Flag(flag) => to.serialize_bool(*flag),
            Fact::Text(text) => to.serialize_str(text),
            Fact::List(items) => to.collect_seq(items),
            Fact::Table(rows) => {
                let mut map = to.serialize_map(Some(rows.len()))?;
                rows.iter().try_for_each(|(name, number)| map.serialize_entry(name, number))?;
                map.end()
            }
        }
    }
}

impl From<usize> for Fact {
    fn from(number: usize) -> Fact {
        Fact::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<bool> for Fact {
    fn from(flag: bool) -> Fact {
        Fact::Flag(flag)
    }
}

impl From<String> for Fact {
    fn from(text: String) -> Fact {
        Fact::Text(text)
    }
}

impl From<Vec<String>> for Fact {
    fn from(items: Vec<String>) -> Fact {
        Fact::List(items)
    }
}

impl From<Vec<(String, i64)>> for Fact {
    fn from(rows: Vec<(String, i64)>) -> Fact {
        Fact::Table(rows)
    }
}
