//! Records of collections: the last of them, and what they found by type.

use crate::object::type_info::{TypeInfo, short};
use crate::telemetry::stats::CollectionMetrics;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::fmt;

/// Why a collection ran.
///
/// ```
/// # let heap = gc_core::Heap::new();
/// heap.collect();
/// assert_eq!(heap.last_collection().unwrap().cause, gc_core::stats::Cause::Explicit);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum Cause {
    /// The program asked for it: `collect`, `step`.
    #[default]
    Explicit,
    /// There were enough young objects.
    Allocations,
    /// There were enough new bytes, in the heap or declared.
    Bytes,
    /// There was no room for an allocation.
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

/// Unreachable objects of one type that a collection found.
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
    /// The type.
    pub type_name: String,
    /// How many objects.
    pub objects: usize,
    /// Bytes of their slots.
    pub bytes: usize,
}

/// A collection that ended: see [`Heap::on_record`](crate::Heap::on_record).
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
    /// most [`CollectionRecord::TYPES`] of them. They are counted only while a record hook is set.
    pub types: Vec<FoundType>,
}

impl CollectionRecord {
    /// The most types that a record has.
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

/// Number of collections that are remembered.
pub(crate) const REMEMBERED: usize = 1024;

impl Records {
    /// A collection ended. Where there is no memory to remember it, it is forgotten.
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

    /// The open collection found objects of this type.
    pub(crate) fn note_found(&self, info: &'static TypeInfo, objects: usize, bytes: usize) {
        let mut found = self.found.borrow_mut();
        if let Some((_, all, size)) = found.iter_mut().find(|(known, ..)| known.id == info.id) {
            (*all, *size) = (*all + objects, *size + bytes);
        } else if found.try_reserve(1).is_ok() {
            found.push((info, objects, bytes));
        }
    }

    /// Takes the types that the last collection found unreachable.
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
