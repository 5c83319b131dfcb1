//! Looking into the heap without changing it.

mod census;
mod diagnosis;
#[cfg(feature = "std")]
mod export;
mod graph;
mod leftovers;
mod no_growth;
mod numbering;
mod records;
mod select;
mod snapshot;
mod type_names;
mod verify;
mod watch;

pub use census::{Census, Growth, Peaks, TypeCount};
pub use diagnosis::{Case, Diagnosis, Fact, Suspect, Trial, VerdictKind};
#[cfg(feature = "std")]
pub use export::Dot;
pub(crate) use graph::{edges, objects, referrers};
pub use leftovers::{Leftover, LeftoverKind, Leftovers};
pub use select::Mark;
pub use snapshot::{
    Chain, Component, Diff, Dominators, Link, ObjectId, Snapshot, SnapshotBuilder, SnapshotError, SnapshotObject,
    TypeChange,
};
pub(crate) use verify::zeal;
pub use verify::{Problem, ProblemKind};
#[cfg(feature = "std")]
pub use watch::resident_bytes;
pub use watch::{Sample, Timeline, UnitOfWork};

use crate::any::GcAny;
use alloc::string::String;

/// An edge of an object: the place in its value, and the object that it leads to.
///
/// ```
/// use gc_core::{Gc, Heap};
///
/// let heap = Heap::new();
/// let row = heap.alloc_slice([heap.alloc(7)]);
/// let edges = heap.edges(&Gc::as_any(&row));
/// assert_eq!((&*edges[0].name, edges[0].target.downcast_ref()), ("[0]", Some(&7)));
/// ```
#[derive(Clone, Debug)]
pub struct Edge {
    /// The path from the value to the pointer: `next`, `children[3]`, `["key"]`.
    pub name: String,
    /// The object pointed to.
    pub target: GcAny,
}
