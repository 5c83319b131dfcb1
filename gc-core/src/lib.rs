//! An embeddable managed heap with CPython's memory model.
//!
//! * **Reference counting** destroys an object as soon as its last [`Gc`] is dropped, in a defined
//!   order.
//! * A **cycle detector** reclaims unreachable cycles, which counting cannot reclaim. Roots are
//!   never registered: an object is externally reachable if and only if its count exceeds the
//!   number of references that other objects of the heap hold to it.
//! * **Finalizers** follow one of two rule books, chosen for each heap by
//!   [`FinalizerPolicy`].
//!
//! ```
//! use gc_core::{Finalize, FinalizerPolicy, Gc, Heap, Slot, Trace};
//!
//! #[derive(Trace)]
//! #[trace(finalize)]
//! struct Node {
//!     name: String,
//!     next: Slot<Node>,
//! }
//!
//! impl Finalize for Node {
//!     fn finalize(this: &Gc<Self>) {
//!         println!("finalizing {}", this.name);
//!     }
//! }
//!
//! let heap = Heap::builder().policy(FinalizerPolicy::Legacy).build()?;
//! let a = heap.alloc(Node { name: "a".into(), next: Slot::empty() });
//! let b = heap.alloc(Node { name: "b".into(), next: Slot::new(Some(a.clone())) });
//! a.next.set(Some(b.clone()));
//! drop((a, b));
//!
//! // Python up to 3.3: a cycle with finalizers is uncollectable.
//! assert_eq!(heap.collect(), 2);
//! assert_eq!(heap.garbage().len(), 2);
//!
//! // The program breaks the cycle, and counting does the rest.
//! heap.garbage().get(0).unwrap().downcast::<Node>().unwrap().next.take();
//! heap.garbage().clear();
//! assert_eq!(heap.collect(), 0);
//! # Ok::<(), gc_core::BuildError>(())
//! ```
//!
//! Start with [`Heap`], [`Gc`], [`Slot`] and `#[derive(Trace)]`.
//!
//! # Features
//!
//! * `std` (on by default): takes memory from the operating system, catches panics of user code,
//!   traces the standard collections, and writes files. Without it the crate needs `alloc` only:
//!   memory comes from the global allocator unless the heap is given a [`ChunkSource`], and panics
//!   of user code propagate once the heap is in order.
//! * `observe` (on by default): adds [census](Heap::census), [snapshots](Heap::snapshot) with their
//!   analyses, samples and [diagnosis], the [verifier](Heap::verify), exports, and
//!   `assert_no_growth!`. Without it the crate `gc-snapshot` is not compiled.
//! * `hashbrown`: traces the maps and sets of `hashbrown` 0.17. (The heap itself uses the crate in
//!   any case.)
//! * `tracing`: spans and events of collections, by the crate `tracing`, target `gc_core`.
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(feature = "observe"), allow(dead_code, reason = "some parts are there to be looked at"))]
#![deny(missing_docs)]
#![warn(missing_debug_implementations)]

extern crate alloc;

mod any;
mod cell;
mod collect;
mod core;
mod finalize;
mod gc;
mod gc_state;
mod graph;
mod ground;
mod heap;
mod invariants;
mod object;
pub mod observe;
mod release;
mod slots;
mod storage;
mod telemetry;
mod trace;
mod weak;
mod workset;

pub use any::GcAny;
pub use cell::{List, ReleaseAfter, Slot, TracedFn};
pub use gc::{ByAddress, Gc};
pub use gc_core_derive::Trace;
pub use heap::{
    Budget, BuildError, DebugFlags, ExternalBytes, FinalizerPolicy, Garbage, Generation, Heap, HeapBuilder,
    NoSuchGeneration, OutOfMemory, OutOfMemoryInfo, OutOfMemoryKind, Pace, Pause, Progress, WeakHeap,
};
pub use object::type_info::{FieldList, FinalizerFns};
pub use storage::os::{ChunkSource, SystemChunks};
pub use trace::{DynTrace, KeyLabel, PathSegment, Trace, TypeWalker, Visitor};
pub use weak::{Weak, WeakRef};

pub mod stats {
    //! Metrics of collections and of memory, for logs and monitoring.
    //!
    //! [`Heap::metrics`](crate::Heap::metrics), [`Heap::memory`](crate::Heap::memory),
    //! [`Heap::stats`](crate::Heap::stats), [`Heap::records`](crate::Heap::records) and
    //! [`Heap::allocation_sites`](crate::Heap::allocation_sites) return the types of this module.

    pub use crate::gc_state::schedule::GenerationStats;
    pub use crate::heap::MemoryMetrics;
    pub use crate::telemetry::allocation_sites::Site;
    pub use crate::telemetry::records::{Cause, CollectionRecord, FoundType};
    pub use crate::telemetry::stats::{CollectionMetrics, Metrics, Pauses};
}

pub mod hooks {
    //! Arguments and names of hooks.
    //!
    //! A hook is set by [`Heap::on_unraisable`](crate::Heap::on_unraisable),
    //! [`Heap::on_record`](crate::Heap::on_record),
    //! [`Heap::on_out_of_memory`](crate::Heap::on_out_of_memory),
    //! [`Heap::on_log`](crate::Heap::on_log) or [`Heap::on_collection`](crate::Heap::on_collection),
    //! and removed by [`Heap::remove_hook`](crate::Heap::remove_hook).

    pub use crate::telemetry::hooks::{CollectionInfo, HookId, Phase, Unraisable, UnraisableKind};
}

#[cfg(feature = "observe")]
pub mod snapshot {
    //! Snapshots of all objects and edges of a heap at one moment, and their analyses: dominators,
    //! chains, components, differences, pictures.
    //!
    //! [`Heap::snapshot`](crate::Heap::snapshot) takes a snapshot of a heap; [`SnapshotBuilder`]
    //! builds one from any graph. The items are re-exports of the crate `gc-snapshot`.

    #[cfg(feature = "std")]
    pub use gc_snapshot::Dot;
    pub use gc_snapshot::{
        Chain, Component, Diff, DominatorTree, Dominators, HolderChange, HolderCount, Holders, Link, ObjectId,
        PathStep, Snapshot, SnapshotBuilder, SnapshotError, SnapshotObject, TypeChange,
    };
}

#[cfg(feature = "observe")]
pub mod diagnosis {
    //! Diagnosis of a heap from its samples and snapshots. A diagnosis names what leaks, gives the
    //! evidence, and says what to do.
    //!
    //! Begin with a [`DiagnosisInput`].

    pub use gc_snapshot::diagnosis::{Diagnosis, DiagnosisInput, Evidence, Gathered, Suspect, Trial, VerdictKind};
}

/// A finalizer, which runs before an object dies: Python's `__del__`.
///
/// A type adds `#[trace(finalize)]` to its `#[derive(Trace)]` and implements this trait. The heap's
/// [`FinalizerPolicy`] decides when and how often a finalizer runs.
///
/// A finalizer may do anything: allocate, collect, store `this` somewhere (which
/// resurrects the object), drop the heap, panic. A panic is caught and reported by
/// the hook of [`Heap::on_unraisable`].
///
/// ```
/// use gc_core::{Finalize, Gc, Heap, Trace};
/// use std::cell::Cell;
///
/// #[derive(Trace)]
/// #[trace(finalize)]
/// struct File {
///     open: Cell<bool>,
/// }
///
/// impl Finalize for File {
///     fn armed(&self) -> bool {
///         self.open.get()
///     }
///     fn finalize(this: &Gc<File>) {
///         this.open.set(false);
///     }
/// }
///
/// let heap = Heap::new();
/// drop(heap.alloc(File { open: Cell::new(true) })); // it is closed
/// ```
pub trait Finalize {
    /// Returns true if the object has a finalizer at the moment. The heap calls this method each
    /// time it has to know, as Python looks up whether a class has `__del__`. The method is user
    /// code, as [`finalize`](Finalize::finalize) is.
    fn armed(&self) -> bool {
        true
    }

    /// Finalizes the object. While this function runs, `this` counts as one pointer to the object.
    fn finalize(this: &Gc<Self>)
    where
        Self: Sized;
}

/// Runs the examples of the README as tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// Names that the code generated by `#[derive(Trace)]` refers to.
#[doc(hidden)]
#[expect(non_camel_case_types, reason = "the names are error messages")]
pub mod __private {
    pub use crate::gc::ShowGc;
    pub use crate::trace::{FindPart, Found, NotTraced, TraceObjectMustBeDyn, trace_dyn};

    /// Makes a traced type that implements `Drop` fail to compile. The trait is implemented here
    /// for every type with `Drop`, and by the derive for every traced type, so that the
    /// implementations conflict. The compiler's error shows the name of the trait, which says what
    /// to do.
    pub trait TracedTypeMustNotImplDrop_ImplFinalizeInstead {
        /// [`HasDrop`] or [`NoDrop`]: tells the two implementations of the trait apart.
        type Drop;
    }
    #[expect(drop_bounds, reason = "the bound is the point")]
    impl<T: Drop + ?Sized> TracedTypeMustNotImplDrop_ImplFinalizeInstead for T {
        type Drop = HasDrop;
    }
    /// Marks a type that implements `Drop`.
    #[derive(Debug)]
    pub enum HasDrop {}
    /// Marks a type that does not implement `Drop`, as the derive has made sure.
    #[derive(Debug)]
    pub enum NoDrop {}

    /// Makes a type that implements `Finalize` without `#[trace(finalize)]` fail to compile.
    pub trait FinalizeNeedsTheAttributeTraceFinalize {}
    impl<T: crate::Finalize> FinalizeNeedsTheAttributeTraceFinalize for T {}
}
