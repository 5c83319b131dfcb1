//! Inspects the heap without changing it: counts by type, gauges and samples over time, the
//! verifier, and leftovers of work.
//!
//! Most functions are methods of [`Heap`](crate::Heap). Without the feature `observe` there are
//! only the records of collections, and the selection of objects by type and referrer.

#[cfg(feature = "observe")]
mod census;
#[cfg(all(feature = "observe", feature = "std"))]
mod export;
#[cfg(feature = "observe")]
mod leftovers;
#[cfg(feature = "observe")]
mod naming;
#[cfg(feature = "observe")]
mod no_growth;
#[cfg(feature = "observe")]
mod numbering;
mod records;
mod select;
#[cfg(feature = "observe")]
mod take;
#[cfg(feature = "observe")]
mod type_names;
#[cfg(feature = "observe")]
mod verify;
#[cfg(feature = "observe")]
mod watch;

pub use crate::heap::Edge;
#[cfg(feature = "observe")]
pub use gc_snapshot::diagnosis::{Problem, ProblemKind};
#[cfg(feature = "observe")]
pub use gc_snapshot::{Census, GaugeKind, Growth, HeapMemory, PeakCounts, Reading, Sample, Timeline, TypeCount, Units};
#[cfg(feature = "observe")]
pub use leftovers::{Leftover, LeftoverKind, Leftovers};
pub use select::Mark;
#[cfg(feature = "observe")]
pub use watch::UnitOfWork;
#[cfg(all(feature = "observe", feature = "std"))]
pub use watch::resident_bytes;
