//! The verifier, which compares the counts of the heap with the pointers that its objects report,
//! and checks the tables of the heap.

mod edges;
mod memory;

use super::type_names::TypeNames;
use crate::Heap;
use crate::graph::structure::{self, Contradiction};
use crate::object::scan::Words;
use alloc::string::String;
use alloc::vec::Vec;
use gc_snapshot::diagnosis::{Problem, ProblemKind};

impl Heap {
    /// Checks the invariants of the heap, and that the `Trace` of every type with objects reports
    /// each pointer once. Returns the problems; an empty vector means that nothing is wrong. Use
    /// the verifier in tests and to find a leak. The verifier takes some 32 bytes of memory for
    /// each object.
    ///
    /// The verifier finds pointers in fields that a derived `Trace` skips, if the type of the field
    /// has a `Trace` of its own: also behind vectors and boxes, and in variants. The verifier does
    /// not find pointers in types that are not `Trace`, or pointers that a hand-written `Trace`
    /// leaves out; [`verify_memory`](Heap::verify_memory) does.
    ///
    /// The verifier finds pointers that the callback of a weak reference captured, if they lead
    /// back to the weak reference or to its target. A captured object and the object that it leads
    /// back to keep each other alive.
    ///
    /// While a collection is running, as it is in a hook or a finalizer that it calls, only edges
    /// are checked.
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
        if !core.state.collecting.get() {
            let names = TypeNames::of(core);
            problems.extend(structure::problems(core).into_iter().map(|it| contradiction(&names, it)));
        }
        problems
    }
}

fn contradiction(names: &TypeNames, it: Contradiction) -> Problem {
    let type_name = String::from(it.of.map_or("heap", |info| names.get(info)));
    let mut problem = Problem::new(ProblemKind::Structure, type_name);
    problem.detail = it.detail;
    problem
}
