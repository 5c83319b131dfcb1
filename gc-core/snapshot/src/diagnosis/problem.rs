//! Problems that a heap's verifier finds: input of a diagnosis.

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
    /// Values of a type hold pointers that its `Trace` does not report: what they lead to
    /// counts as held from outside, and cycles through them leak.
    MissedEdge,
    /// A type's `Trace` reports a pointer more than once: its target can be taken for
    /// unreachable while it is in use. A hand-written `unsafe impl` broke its contract.
    DoubledEdge,
    /// The callback of a weak reference captured pointers to objects of the type: they count as
    /// held from outside while it waits, and leak where they hold the weak reference. Use
    /// `Heap::alloc_weak_with_state`.
    CapturedPointer,
    /// The heap's own tables contradict each other. A bug of this library, or memory that
    /// something else wrote into.
    Structure,
}

/// Something that `Heap::verify` found.
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
    /// The likely field: its name, where `Trace::fields` or the
    /// edges tell it, else its place.
    pub field: Option<String>,
    /// Objects of the type that show it.
    pub objects: usize,
    /// One of them.
    pub example: Option<ObjectId>,
    /// The contradiction, where the structure is wrong.
    pub detail: String,
}

impl Problem {
    /// A problem of a type, with no object to show yet.
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
