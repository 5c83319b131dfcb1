//! Looking into the heap without changing it.

mod census;
mod graph;
#[cfg(feature = "std")]
mod heap_snapshot;
mod select;

pub use census::{Census, Growth, Peaks, TypeCount};
pub(crate) use graph::{edges, objects, referrers};
pub use select::Mark;

use crate::any::GcAny;
use alloc::string::String;

/// An edge of an object: the place in its value, and the object that it leads to.
#[derive(Clone, Debug)]
pub struct Edge {
    /// The path from the value to the pointer: `next`, `children[3]`, `["key"]`.
    pub name: String,
    /// The object pointed to.
    pub target: GcAny,
}
