//! Builds snapshots, with checks or column by column.
//!
//! [`SnapshotBuilder`] checks its input. A heap that takes a snapshot of itself knows that its rows
//! fit together, and fills the [`Columns`] directly.

mod builder;
mod names;
mod rows;

pub use builder::{SnapshotBuilder, SnapshotError};
pub use names::{NAMED, Name, Texts};
pub use rows::{Columns, ObjectRow, Traits};
