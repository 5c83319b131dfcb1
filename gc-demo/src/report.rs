//! The report of a scenario: steps with facts that were read from the heap.

use crate::inspect::Suspected;
use gc_core::FinalizerPolicy;
use gc_core::diagnosis::{Diagnosis, DiagnosisInput, Trial};
use gc_core::observe::{Problem, Sample, Timeline};
use gc_core::snapshot::Snapshot;
use gc_snapshot::text::Bytes;
use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};
use std::collections::BTreeMap;

/// One run of a scenario under one policy.
#[derive(serde::Serialize)]
pub struct Report {
    /// The scenario's name.
    pub scenario: &'static str,
    /// True if the cure was applied.
    pub fixed: bool,
    /// The policy's name, as on the command line.
    #[serde(serialize_with = "by_name")]
    pub policy: FinalizerPolicy,
    /// The seed of the random numbers.
    pub seed: u64,
    /// The factor by which the numbers of requests, objects and rows were multiplied.
    pub scale: f64,
    /// True if the run was interrupted. The verdict of an interrupted run rests on the samples
    /// taken until then.
    pub interrupted: bool,
    /// The conclusion.
    pub verdict: Verdict,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// The heap at the end.
    pub heap: HeapAtEnd,
    /// Every collection, in order.
    pub collections: Vec<Collection>,
    /// The first out-of-memory error, if the run ended in one.
    pub out_of_memory: Option<Exhausted>,
    /// Names of the objects in the garbage list at the end.
    pub garbage: Vec<String>,
    /// Samples over time.
    pub timeline: Vec<Moment>,
    /// Files that could not be written.
    #[serde(skip)]
    pub unwritten: Vec<String>,
    /// The input of the diagnosis.
    #[serde(skip)]
    pub evidence: Evidence,
}

/// A conclusion with the suspects that it rests on.
#[derive(serde::Serialize)]
pub struct Verdict {
    /// The kind of the first suspect, or `none`.
    pub kind: &'static str,
    /// All suspects, in the order of the diagnosis.
    pub suspects: Vec<Suspected>,
    /// The conclusion as text.
    #[serde(skip)]
    pub text: String,
}

/// The data of a heap that a diagnosis needs after the heap was dropped.
pub struct Evidence {
    pub timeline: Timeline,
    pub snapshot: Snapshot,
    pub problems: Vec<Problem>,
    /// The end of each collection, in seconds since the heap was made.
    pub collected_at: Vec<f64>,
    /// How this run ended, as a trial.
    pub trial: Option<Trial>,
    /// True if caches that fill up at the start may not be full yet.
    pub is_early: bool,
}

/// Least number of samples for the verdict that an interrupted run shows nothing suspicious.
const ENOUGH: usize = 30;

/// Number of samples below which growth cannot be told from containers that fill up at the start.
const FEW: usize = 12;

/// A suspect that holds more than this fraction of the limit explains the out-of-memory error.
const FILLED: f64 = 0.25;

impl Report {
    /// Computes the verdict again, with the results of trials under other limits.
    pub fn conclude(&mut self, trials: &[Trial]) {
        let Evidence { timeline, snapshot, problems, .. } = &self.evidence;
        let mut input = DiagnosisInput::new(timeline).problems(problems).trials(trials);
        // An interrupted run may have no snapshot.
        if !(self.interrupted && snapshot.is_empty()) {
            input = input.snapshot(snapshot);
        }
        let diagnosis = input.diagnose();
        self.verdict = Verdict::of(&diagnosis);
        let says_little = self.verdict.suspects.is_empty() || self.may_be_told_by_trials() || self.evidence.is_early;
        if self.interrupted && says_little {
            // The remaining kinds of verdict would judge the whole run, which did not finish.
            let has_looked = timeline.samples().len() >= ENOUGH && !self.evidence.is_early;
            let text = match self.verdict.suspects.is_empty() && has_looked {
                true => "the run was interrupted: what was seen until then shows nothing suspicious\n".into(),
                false => "the run was interrupted before there was enough to judge\n".into(),
            };
            self.verdict = Verdict { kind: "interrupted", suspects: Vec::new(), text };
        } else if self.is_too_early() {
            let looks = timeline.samples().len();
            let advice = match self.out_of_memory {
                Some(_) => "give the heap more memory, so that there is more to look at, and run it again",
                None => "run it for longer, or with a larger --scale",
            };
            let text = format!(
                "too early to tell: {looks} of at least {FEW} looks, and what fills up at the start looks like a \
                 leak\n   what to do: {advice}\n"
            );
            self.verdict = Verdict { kind: "too-early", suspects: Vec::new(), text };
        }
    }
}

impl Report {
    /// Returns true if something seems to grow, but there are too few samples to be sure.
    fn is_too_early(&self) -> bool {
        let grows = ["container-growth", "external-growth", "backlog"].contains(&self.verdict.kind);
        grows && self.evidence.timeline.samples().len() < FEW && !self.fills_the_limit()
    }

    /// Returns true if the first suspect holds so much memory that it explains the out-of-memory
    /// error.
    fn fills_the_limit(&self) -> bool {
        let max = self.out_of_memory.as_ref().and_then(|error| error.max);
        let held = self.verdict.suspects.first().map_or(0, |suspect| suspect.bytes);
        max.is_some_and(|max| held as f64 > FILLED * max as f64)
    }

    /// Returns true if the run was not interrupted and its verdict is a leak.
    pub fn shows_a_leak(&self) -> bool {
        !self.interrupted && ["container-growth", "external-growth", "uncollectable-cycle"].contains(&self.verdict.kind)
    }

    /// Returns true if runs of the same work under larger limits would give a better verdict.
    pub fn may_be_told_by_trials(&self) -> bool {
        ["bulk-load", "runaway-allocation", "limit-too-small", "too-early"].contains(&self.verdict.kind)
    }
}

impl Verdict {
    /// Converts a diagnosis to a verdict.
    pub fn of(diagnosis: &Diagnosis) -> Verdict {
        let suspects = diagnosis.suspects.iter().map(Suspected::of).collect();
        Verdict { kind: diagnosis.verdict.word(), suspects, text: diagnosis.to_string() }
    }
}

/// An out-of-memory error.
#[derive(Clone, serde::Serialize)]
pub struct Exhausted {
    /// The resource that ran out.
    pub kind: String,
    /// Number of bytes requested. The fields below are the numbers of bytes used by blocks, owned
    /// by values, declared outside of the heap, and allowed by the limit.
    pub requested: usize,
    pub used: usize,
    pub owned: usize,
    pub external: usize,
    pub max: Option<usize>,
    /// Bytes of the limit that are kept for finalizers and hooks.
    pub reserve: usize,
    /// The error's text.
    pub message: String,
}

impl Exhausted {
    /// Returns the error as text for people.
    pub fn text(&self) -> String {
        let shown = |bytes: usize| Bytes(bytes as f64).to_string();
        format!(
            "out of memory: {} ({} requested; heap {}, owned by values {}, external {}, limit {}{})",
            self.kind,
            shown(self.requested),
            shown(self.used),
            shown(self.owned),
            shown(self.external),
            self.max.map_or_else(|| "none".into(), shown),
            self.max.map_or_else(String::new, |_| format!(", of which {} are a reserve", shown(self.reserve)))
        )
    }
}

/// A sample of the timeline.
#[derive(serde::Serialize)]
pub struct Moment {
    /// Milliseconds since the heap was made.
    pub at_ms: f64,
    pub objects: usize,
    /// Shallow and owned bytes of all objects.
    pub bytes: usize,
    pub committed: usize,
    pub external: usize,
    pub garbage: usize,
    pub units: u64,
    /// Values of the gauges.
    pub gauges: BTreeMap<String, u64>,
}

impl Moment {
    /// Converts a sample of the heap to a moment.
    pub fn of(sample: &Sample) -> Moment {
        Moment {
            at_ms: sample.at.as_secs_f64() * 1e3,
            objects: sample.census.objects(),
            bytes: sample.census.bytes(),
            committed: sample.memory.committed,
            external: sample.memory.external,
            garbage: sample.garbage,
            units: sample.units_ended(),
            gauges: sample.readings.iter().map(|reading| (reading.name.clone(), reading.value)).collect(),
        }
    }
}

/// The heap at the end of a scenario.
#[derive(Default, serde::Serialize)]
pub struct HeapAtEnd {
    /// Tracked objects that are alive.
    pub objects: usize,
    /// Number of bytes of blocks in use. The fields below are the numbers of bytes of all committed
    /// memory, of memory declared outside of the heap, of the peak, and of the limit.
    pub used: usize,
    pub committed: usize,
    pub external: usize,
    pub peak: usize,
    pub max: Option<usize>,
}

/// The record of a collection.
#[derive(Clone, serde::Serialize)]
pub struct Collection {
    /// The oldest generation examined.
    pub generation: u8,
    /// Objects reclaimed.
    pub collected: usize,
    /// Objects found uncollectable.
    pub uncollectable: usize,
    /// The cause of the collection.
    pub cause: String,
    /// The longest time for which the collection stopped the program, in ms.
    pub pause_ms: f64,
    /// Bytes of blocks in use before the collection; `used_after` is the number after the
    /// collection.
    pub used_before: usize,
    pub used_after: usize,
}

/// A step of a scenario: an action with the facts read from the heap after the action.
pub struct Step {
    /// The action.
    pub title: &'static str,
    /// An explanation for people; the JSON output omits it.
    pub note: &'static str,
    /// Names and values of the facts, in the order in which they are shown.
    pub facts: Vec<(&'static str, Fact)>,
    /// True if the tour shows the step.
    pub in_tour: bool,
}

/// A value read from the heap.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fact {
    Number(i64),
    /// A number of bytes.
    Bytes(u64),
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

    /// Marks the step as one that the tour shows.
    pub fn in_tour(&mut self) -> &mut Step {
        self.in_tour = true;
        self
    }
}

/// Returns a policy's name, as on the command line.
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
            Fact::Bytes(bytes) => to.serialize_u64(*bytes),
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

impl From<u64> for Fact {
    fn from(number: u64) -> Fact {
        Fact::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<i64> for Fact {
    fn from(number: i64) -> Fact {
        Fact::Number(number)
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
