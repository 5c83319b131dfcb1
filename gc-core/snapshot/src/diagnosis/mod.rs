//! From samples and a snapshot to the words: what is wrong, how it shows, what to do.

mod holders;
mod input;
mod offline;
mod problem;
mod rules;
mod trend;
mod words;

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
    /// Nothing suspicious.
    None,
    /// Objects gather in a container, from unit of work to unit of work.
    ContainerGrowth,
    /// Cycles with finalizers lie in the list of uncollectable objects.
    UncollectableCycle,
    /// Memory outside of the heap grows while the heap does not.
    ExternalGrowth,
    /// One part of the program produces more than another consumes.
    Backlog,
    /// There is no leak: what lives needs more than the limit.
    LimitTooSmall,
    /// A type's `Trace` is wrong: see `Heap::verify`.
    TraceBug,
    /// One unit of work holds very much at once, and lets go of it.
    BulkLoad,
    /// One unit of work allocates without an end.
    RunawayAllocation,
}

impl VerdictKind {
    /// The word for it in reports and JSON: `container-growth`.
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
    /// Name of the quantity, with its unit: `objects that live since then`.
    pub name: &'static str,
    /// How many.
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
    /// The type of the objects that gather, or that are to blame; empty where it is not
    /// about objects.
    pub type_name: String,
    /// The object that holds them.
    pub holder: Option<ObjectId>,
    /// The type of that object.
    pub holder_type: Option<String>,
    /// The edge by which it does: `sessions[…]`; or the gauge that shows it.
    pub place: Option<String>,
    /// The bytes that it is about.
    pub bytes: u64,
    /// The numbers that this rests on.
    pub evidence: Vec<Evidence>,
    /// The finding, in words.
    pub finding: String,
    /// Advice, in words.
    pub advice: String,
}

/// Result of a [`DiagnosisInput`]: the suspects, the most likely first.
///
/// `Display` prints it for people; "nothing suspicious" is a verdict, too.
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
    /// The kind of the first suspect.
    pub verdict: VerdictKind,
    /// All of them, the one that matters most first.
    pub suspects: Vec<Suspect>,
    /// The extent of the evidence: samples, units of work, objects.
    pub evidence: Vec<Evidence>,
}
