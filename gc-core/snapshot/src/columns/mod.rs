//! Builds snapshots, with checks or column by column.
//!
//! [`SnapshotBuilder`] checks its input. A heap that takes a snapshot of itself knows that its rows
//! fit together, and fills the [`Columns`] directly.

mod builder;
mod names;
mod rows;

#[cfg(feature = "read")]
pub(crate) use builder::{MOST_BYTES, MOST_OBJECTS};
pub use builder::{SnapshotBuilder, SnapshotError};
pub use names::{EdgeKind, NAMED, Name, Texts};
pub use rows::{Columns, NodeKind, ObjectRow, Traits};
