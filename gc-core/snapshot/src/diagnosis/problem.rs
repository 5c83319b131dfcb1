//! Problems that a heap's verifier finds, which are input of a diagnosis.

use crate::ObjectId;
use alloc::string::String;
use core::fmt;

/// The kind of a problem.
///
/// ```
/// use gc_core::observe::ProblemKind;
/// use gc_core::Heap;
///
/// let wrong = |heap: &Heap| heap.verify().iter().any(|it| it.kind == ProblemKind::MissedEdge);
/// assert!(!wrong(&Heap::new()));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ProblemKind {
    /// Values of a type hold pointers that the type's `Trace` does not report. The targets of
    /// unreported pointers count as held from outside, and cycles through unreported pointers leak.
    MissedEdge,
    /// A type's `Trace` reports a pointer more than once. The target of such a pointer can be taken
    /// for unreachable while it is in use. The cause is a hand-written `unsafe impl` that breaks
    /// its contract.
    DoubledEdge,
    /// The callback of a weak reference captured pointers to objects of the type. The captured
    /// objects count as held from outside while the callback waits, and leak if they hold the weak
    /// reference. Use `Heap::alloc_weak_with_state` instead.
    CapturedPointer,
    /// The heap's own tables contradict each other. The cause is a bug of this library, or other
    /// code that wrote into the heap's memory.
    Structure,
}

/// A problem that `Heap::verify` found.
///
/// ```
/// for problem in gc_core::Heap::new().verify() {
///     println!("{}: {:?}: {problem}", problem.type_name, problem.field);
/// }
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Problem {
    /// The kind of the problem.
    pub kind: ProblemKind,
    /// The type that is to blame.
    pub type_name: String,
    /// The likely field: its name if `Trace::fields` or the edges tell the name, else its place.
    pub field: Option<String>,
    /// Number of objects of the type that show the problem.
    pub objects: usize,
    /// One of the objects that show the problem.
    pub example: Option<ObjectId>,
    /// The contradiction, if the kind is [`ProblemKind::Structure`].
    pub detail: String,
}

impl Problem {
    /// Creates a problem of a type, without objects that show it.
    pub fn new(kind: ProblemKind, type_name: String) -> Problem {
        Problem { kind, type_name, field: None, objects: 0, example: None, detail: String::new() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem { kind, type_name, field, objects, example, detail } = self;
        let field = field.as_deref().unwrap_or("unknown");
        match kind {
            ProblemKind::MissedEdge => write!(
                f,
                "{type_name}: `Trace` does not report the pointers in `{field}` ({objects} objects): what they lead to \
                 is never collected while it lies on a cycle"
            )?,
            ProblemKind::DoubledEdge => write!(
                f,
                "{type_name}: `Trace` reports the pointer in `{field}` more than once ({objects} objects): what it \
                 leads to may be reclaimed while it is in use"
            )?,
            ProblemKind::CapturedPointer => write!(
                f,
                "{type_name}: held by a weak callback's capture ({objects} objects): they live as long as the weak \
                 reference does, for ever where they hold it"
            )?,
            ProblemKind::Structure => write!(f, "{type_name}: {detail}")?,
        }
        match example {
            Some(id) => write!(f, "; for example {id}"),
            None => Ok(()),
        }
    }
}
