//! Records of the last collections, and of the types of the unreachable objects that they found.

use crate::object::type_info::{TypeInfo, short};
use crate::telemetry::stats::CollectionMetrics;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::fmt;

/// The reason for which a collection ran.
///
/// ```
/// # let heap = gc_core::Heap::new();
/// heap.collect();
/// assert_eq!(heap.last_collection().unwrap().cause, gc_core::stats::Cause::Explicit);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum Cause {
    /// The program called a function that collects: `collect` or `step`.
    #[default]
    Explicit,
    /// The number of young objects exceeded the threshold.
    Allocations,
    /// Enough bytes were allocated in the heap, or declared as external, since the last full
    /// collection.
    Bytes,
    /// An allocation found no room.
    AllocationFailure,
    /// The last handle of the heap was dropped.
    Exit,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cause::Explicit => "Explicit",
            Cause::Allocations => "Allocations",
            Cause::Bytes => "Bytes",
            Cause::AllocationFailure => "Allocation Failure",
            Cause::Exit => "Exit",
        })
    }
}

/// The unreachable objects of one type that a collection found.
///
/// ```
/// # let heap = gc_core::Heap::new();
/// heap.on_record(|_, record| {
///     for found in &record.types {
///         println!("{} unreachable objects of {}, {} bytes", found.objects, found.type_name, found.bytes);
///     }
/// });
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct FoundType {
    /// The name of the type, without module paths.
    pub type_name: String,
    /// Number of unreachable objects of the type.
    pub objects: usize,
    /// Bytes of the slots of these objects.
    pub bytes: usize,
}

/// The record of a collection that ended: see [`Heap::on_record`](crate::Heap::on_record).
///
/// `Display` prints it as a line of the JVM's `-Xlog:gc`: the time since the heap was made, the
/// bytes in use before and after, the committed bytes, and the time that the collection took. For a
/// collection in slices it adds their number and the time of the longest:
///
/// ```text
/// [0.299s][info][gc] GC(0) Pause Young (Allocations) 4M->3M(15M) 4.795ms
/// [0.412s][info][gc] GC(1) Incremental Full (Allocations) 9M->5M(15M) 6.120ms in 14 slices, longest 0.501ms
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct CollectionRecord {
    /// Duration and results of the collection.
    pub figures: CollectionMetrics,
    /// The types of the unreachable objects that it found, the one with the most bytes first; at
    /// most [`CollectionRecord::TYPES`] types. Types are counted only while a record hook is set.
    pub types: Vec<FoundType>,
}

impl CollectionRecord {
    /// The largest number of types in a record.
    pub const TYPES: usize = 5;
}

impl fmt::Display for CollectionRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.figures, f)
    }
}

/// The records of one heap.
#[derive(Default)]
pub(crate) struct Records {
    last: RefCell<VecDeque<CollectionMetrics>>,
    /// Unreachable objects of the open collection by type, while a record hook is set.
    found: RefCell<Vec<(&'static TypeInfo, usize, usize)>>,
    pub(crate) wants_types: Cell<bool>,
}

/// The largest number of collections that are remembered.
pub(crate) const REMEMBERED: usize = 1024;

impl Records {
    /// Remembers a collection that ended. Does nothing if there is no memory for it.
    pub(crate) fn add(&self, figures: CollectionMetrics) {
        let mut last = self.last.borrow_mut();
        if last.len() == REMEMBERED {
            last.pop_front();
        }
        if last.try_reserve(1).is_ok() {
            last.push_back(figures);
        }
    }

    pub(crate) fn last(&self) -> Vec<CollectionMetrics> {
        self.last.borrow().iter().copied().collect()
    }

    /// Counts unreachable objects of a type that the open collection found.
    pub(crate) fn note_found(&self, info: &'static TypeInfo, objects: usize, bytes: usize) {
        let mut found = self.found.borrow_mut();
        if let Some((_, all, size)) = found.iter_mut().find(|(known, ..)| known.id == info.id) {
            (*all, *size) = (*all + objects, *size + bytes);
        } else if found.try_reserve(1).is_ok() {
            found.push((info, objects, bytes));
        }
    }

    /// Removes and returns the types that the last collection found unreachable, the one with the
    /// most bytes first.
    pub(crate) fn take_found(&self) -> Vec<FoundType> {
        let mut found = self.found.take();
        found.sort_by_key(|&(_, objects, bytes)| core::cmp::Reverse((bytes, objects)));
        found.truncate(CollectionRecord::TYPES);
        let named = |(info, objects, bytes): (&TypeInfo, usize, usize)| FoundType {
            type_name: short((info.name)()),
            objects,
            bytes,
        };
        found.into_iter().map(named).collect()
    }
}
