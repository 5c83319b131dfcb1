//! Looking into the heap without changing it.

mod census;
mod diagnosis;
#[cfg(feature = "std")]
mod export;
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
pub use leftovers::{Leftover, LeftoverKind, Leftovers};
pub use select::Mark;
pub use snapshot::{
    Chain, Component, Diff, Dominators, Link, Snapshot, SnapshotBuilder, SnapshotError, SnapshotObject, TypeChange,
};
pub use verify::{Problem, ProblemKind};
#[cfg(feature = "std")]
pub use watch::resident_bytes;
pub use watch::{Sample, Timeline, UnitOfWork};
