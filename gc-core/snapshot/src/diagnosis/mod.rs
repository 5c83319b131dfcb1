//! Diagnoses a heap from samples and snapshots, and tells in words what is wrong, how it shows, and
//! what to do.

mod cures;
mod growth;
mod holders;
mod input;
mod library;
mod problem;
mod rules;
mod trend;
mod words;

pub(crate) use holders::general;
pub use input::{DiagnosisInput, Trial};
pub use problem::{Problem, ProblemKind};

use crate::ObjectId;
use alloc::string::String;
use alloc::vec::Vec;

/// The conclusion of a diagnosis.
///
/// ```
/// assert_eq!(gc_core::diagnosis::VerdictKind::ContainerGrowth.word(), "container-growth");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum VerdictKind {
    /// Nothing is suspicious.
    None,
    /// Objects gather in a container, from unit of work to unit of work.
    ContainerGrowth,
    /// Cycles with finalizers lie in the list of uncollectable objects.
    UncollectableCycle,
    /// Memory outside of the heap grows while the heap does not.
    ExternalGrowth,
    /// One part of the program produces more than another consumes.
    Backlog,
    /// There is no leak: the live objects need more than the limit.
    LimitTooSmall,
    /// A type's `Trace` is wrong: see `Heap::verify`.
    TraceBug,
    /// One unit of work holds very much memory at once, and releases it.
    BulkLoad,
    /// One unit of work allocates without an end.
    RunawayAllocation,
}

impl VerdictKind {
    /// Returns the word for the verdict in reports and JSON, such as `container-growth`.
    pub fn word(self) -> &'static str {
        match self {
            VerdictKind::None => "none",
            VerdictKind::ContainerGrowth => "container-growth",
            VerdictKind::UncollectableCycle => "uncollectable-cycle",
            VerdictKind::ExternalGrowth => "external-growth",
            VerdictKind::Backlog => "backlog",
            VerdictKind::LimitTooSmall => "limit-too-small",
            VerdictKind::TraceBug => "trace-bug",
            VerdictKind::BulkLoad => "bulk-load",
            VerdictKind::RunawayAllocation => "runaway-allocation",
        }
    }
}

/// A number that a conclusion rests on.
///
/// ```
/// use gc_core::diagnosis::DiagnosisInput;
/// use gc_core::observe::Timeline;
/// use gc_core::Heap;
///
/// let heap = Heap::new();
/// let mut timeline = Timeline::new();
/// timeline.push(heap.sample());
/// for fact in &DiagnosisInput::new(&timeline).diagnose().evidence {
///     println!("{}: {}", fact.name, fact.value);
/// }
/// ```
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Evidence {
    /// Name of the quantity, with its unit: `bytes at the end`.
    pub name: &'static str,
    /// The value of the quantity.
    pub value: f64,
}

/// One thing that is probably wrong.
///
/// ```
/// use gc_core::diagnosis::DiagnosisInput;
/// use gc_core::Heap;
///
/// let heap = Heap::new();
/// let snapshot = heap.snapshot();
/// for suspect in DiagnosisInput::of_snapshot(&snapshot).diagnose().suspects {
///     println!("{} in {:?}: {}", suspect.type_name, suspect.place, suspect.advice);
/// }
/// ```
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Suspect {
    /// The kind of trouble.
    pub kind: VerdictKind,
    /// The type of the objects that gather or are to blame; empty if the suspect is not about
    /// objects.
    pub type_name: String,
    /// The object that holds the objects that gather, or an example of the objects to blame.
    pub holder: Option<ObjectId>,
    /// The type of the object in `holder`.
    pub holder_type: Option<String>,
    /// The edge by which the holder holds the objects, such as `sessions[…]`, or the gauge that
    /// shows the growth.
    pub place: Option<String>,
    /// The bytes that the suspect accounts for.
    pub bytes: u64,
    /// The numbers that the finding rests on.
    pub evidence: Vec<Evidence>,
    /// The finding, in words.
    pub finding: String,
    /// Advice, in words.
    pub advice: String,
    /// Other places that hold the same objects.
    pub also: Vec<String>,
    /// The types that gather at the place, the one with the most bytes first. Empty if the suspect
    /// rests on samples.
    pub types: Vec<Gathered>,
    /// The path to one of the objects, a line a step.
    pub path: Option<String>,
}

/// Objects of one type that gather in one place.
///
/// ```
/// use gc_core::diagnosis::DiagnosisInput;
///
/// let heap = gc_core::Heap::new();
/// let snapshot = heap.snapshot();
/// for suspect in DiagnosisInput::of_snapshot(&snapshot).diagnose().suspects {
///     for gathered in &suspect.types {
///         println!("{}: {} became {}", gathered.type_name, gathered.before, gathered.now);
///     }
/// }
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Gathered {
    /// The type, with the own name of a function or class.
    pub type_name: String,
    /// How many were held in the first snapshot.
    pub before: u64,
    /// How many are held in the last one.
    pub now: u64,
    /// The bytes that gathered through them.
    pub bytes: u64,
}

/// The result of [`DiagnosisInput::diagnose`]: the suspects, the one that matters most first.
///
/// `Display` prints the diagnosis as a text. Without suspects, the text begins with "nothing
/// suspicious".
///
/// ```
/// use gc_core::diagnosis::{DiagnosisInput, VerdictKind};
/// use gc_core::observe::Timeline;
///
/// let diagnosis = DiagnosisInput::new(&Timeline::new()).diagnose();
/// assert_eq!((diagnosis.verdict, diagnosis.suspects.len()), (VerdictKind::None, 0));
/// println!("{diagnosis}");
/// ```
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Diagnosis {
    /// The kind of the first suspect; [`VerdictKind::None`] without suspects.
    pub verdict: VerdictKind,
    /// All suspects, the one that matters most first.
    pub suspects: Vec<Suspect>,
    /// The extent of the input, such as the numbers of samples, units of work and objects.
    pub evidence: Vec<Evidence>,
}
