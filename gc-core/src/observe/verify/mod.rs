//! The verifier. It compares the counts of the heap with the pointers that its objects report, and
//! checks the tables of the heap.

mod edges;
mod memory;

use super::type_names::TypeNames;
use crate::Heap;
use crate::graph::structure::{self, Contradiction};
use crate::object::id::ObjectId;
use crate::object::scan::Words;
use alloc::string::String;
use alloc::vec::Vec;
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
    /// [`Heap::alloc_weak_with_state`].
    CapturedPointer,
    /// The heap's own tables contradict each other. A bug of this library, or memory that
    /// something else wrote into.
    Structure,
}

/// Something that [`Heap::verify`] found.
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
    /// The likely field: its name, where [`Trace::fields`](crate::Trace::fields) or the
    /// edges tell it, else its place.
    pub field: Option<String>,
    /// Objects of the type that show it.
    pub objects: usize,
    /// One of them.
    pub example: Option<ObjectId>,
    /// The contradiction, where the structure is wrong.
    pub detail: String,
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

impl Heap {
    /// Checks all that must hold of the heap, and that the `Trace` of every type with
    /// objects reports each pointer once. Empty: nothing is wrong. For tests, and for the
    /// hunt after a leak; it takes some 32 bytes an object.
    ///
    /// A pointer that is not reported is looked for in the fields that a derived `Trace` skips,
    /// where the field's type has a `Trace` of its own: behind vectors and boxes, and in
    /// variants, too. What a type that is not `Trace` holds, and what a `Trace` written by hand
    /// leaves out, is found by [`verify_memory`](Heap::verify_memory) alone.
    ///
    /// So is what the callback of a weak reference captured, where it leads back to the weak
    /// reference: neither goes before the other.
    ///
    /// While a collection is at work, which a hook or finalizer can look into, only edges are
    /// checked.
    ///
    /// ```
    /// use gc_core::{Heap, Slot, Trace};
    ///
    /// #[derive(Trace, Default)]
    /// struct Session {
    ///     user: Slot<String>,
    ///     #[trace(skip)] // wrong: it leads back here
    ///     back: Slot<Session>,
    /// }
    ///
    /// let heap = Heap::new();
    /// let session = heap.alloc(Session::default());
    /// session.back.set(Some(session.clone()));
    /// let problems = heap.verify();
    /// assert_eq!((&*problems[0].type_name, problems[0].field.as_deref()), ("Session", Some("back")));
    /// ```
    pub fn verify(&self) -> Vec<Problem> {
        self.problems(None)
    }

    pub(crate) fn problems(&self, words: Option<&Words>) -> Vec<Problem> {
        let core = self.core();
        let mut problems = edges::problems(core, words);
        if !core.collecting.get() {
            let names = TypeNames::of(core);
            problems.extend(structure::problems(core).into_iter().map(|it| contradiction(&names, it)));
        }
        problems
    }
}

fn contradiction(names: &TypeNames, it: Contradiction) -> Problem {
    let type_name = String::from(it.of.map_or("heap", |info| names.get(info)));
    let (kind, detail) = (ProblemKind::Structure, it.detail);
    Problem { kind, type_name, field: None, objects: 0, example: None, detail }
}
