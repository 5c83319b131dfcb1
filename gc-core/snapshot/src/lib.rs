//! Snapshots of object graphs, and their analyses.
//!
//! A [`Snapshot`] holds the objects and edges of a heap at one moment, in columns. A snapshot does
//! not refer to its heap. gc-core takes snapshots of a living heap, the dump reader makes snapshots
//! from `.heapsnapshot` files, and a [`SnapshotBuilder`] makes snapshots from the data of any
//! graph. The analyses of a snapshot are [dominators and retained sizes](Snapshot::dominators),
//! [shortest chains](Snapshot::path_to_root),
//! [strongly connected components](Snapshot::components), [differences](Snapshot::diff), and the
//! [diagnosis] of leaks.
//!
//! No analysis is recursive, so that a graph of any depth can be analysed on a stack of any size.
//!
//! ```
//! use gc_snapshot::{ObjectId, SnapshotBuilder};
//!
//! let mut builder = SnapshotBuilder::new();
//! let list = builder.object(ObjectId(1), "List", 64, 1)?; // held by one pointer from outside
//! let node = builder.object(ObjectId(3), "Node", 32, 0)?;
//! builder.edge(list, "items[0]", node)?;
//! let snapshot = builder.finish();
//! let list = snapshot.find(ObjectId(1)).unwrap();
//! assert_eq!(snapshot.dominators().retained_bytes(list), 96);
//! # Ok::<(), gc_snapshot::SnapshotError>(())
//! ```
//!
//! # Features
//!
//! - `std` (default): writes pictures ([`Dot`]) and tables. Without `std`, the crate needs only
//!   `alloc`.
//! - `read`: reads heap dumps, with `serde_json`.

#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![warn(missing_debug_implementations)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod analyses;
mod census;
pub mod columns;
pub mod diagnosis;
#[cfg(feature = "read")]
mod dump;
#[cfg(feature = "std")]
mod export;
mod id;
mod places;
mod samples;
mod snapshot;
pub mod text;

pub use analyses::{Chain, Component, Diff, DominatorTree, Dominators, Link, TypeChange};
pub use census::{Census, Growth, PeakCounts, TypeCount};
pub use columns::{SnapshotBuilder, SnapshotError};
#[cfg(feature = "read")]
pub use dump::{HeapDump, Process, ReadError, read_dump, read_heap_snapshot};
#[cfg(feature = "std")]
pub use export::Dot;
pub use id::ObjectId;
pub use places::{HolderChange, HolderCount, Holders, PathStep};
pub use samples::{GaugeKind, HeapMemory, Reading, Sample, Timeline, Units};
pub use snapshot::{Snapshot, SnapshotObject};
