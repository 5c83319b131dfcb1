//! Looking into the heap without changing it: counts by type, gauges and samples over time, the
//! verifier, and what work left behind.
//!
//! Most of it is reached by methods of [`Heap`](crate::Heap).

mod census;
pub(crate) mod diagnosis;
#[cfg(feature = "std")]
pub(crate) mod export;
mod leftovers;
mod no_growth;
mod numbering;
mod records;
mod select;
pub(crate) mod snapshot;
mod type_names;
mod verify;
mod watch;

pub use crate::heap::Edge;
pub use crate::telemetry::gauges::{GaugeKind, Reading, Units};
pub use census::{Census, Growth, Peaks, TypeCount};
pub use leftovers::{Leftover, LeftoverKind, Leftovers};
pub use select::Mark;
pub use verify::{Problem, ProblemKind};
#[cfg(feature = "std")]
pub use watch::resident_bytes;
pub use watch::{Sample, Timeline, UnitOfWork};
