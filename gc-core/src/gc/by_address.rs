//! `ByAddress`: a pointer that is compared by identity, as a key of maps and sets.

use super::Gc;
use crate::trace::{Trace, TypeWalker, Visitor};
use core::cmp::Ordering;
use core::hash::{Hash, Hasher};

/// A pointer that is compared and hashed by identity: for maps and sets of objects.
///
/// ```
/// use gc_core::{ByAddress, Heap};
///
/// let heap = Heap::new();
/// let (a, b) = (ByAddress(heap.alloc(1)), ByAddress(heap.alloc(1)));
/// assert!(a == a.clone() && a != b && a.0 == b.0);
/// ```
#[derive(Clone, Debug)]
pub struct ByAddress<P>(pub P);

impl<T: ?Sized> ByAddress<Gc<T>> {
    fn address(&self) -> usize {
        self.0.object().address()
    }
}

impl<T: ?Sized> PartialEq for ByAddress<Gc<T>> {
    fn eq(&self, other: &Self) -> bool {
        self.address() == other.address()
    }
}

impl<T: ?Sized> Eq for ByAddress<Gc<T>> {}

impl<T: ?Sized> PartialOrd for ByAddress<Gc<T>> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: ?Sized> Ord for ByAddress<Gc<T>> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.address().cmp(&other.address())
    }
}

impl<T: ?Sized> Hash for ByAddress<Gc<T>> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.address().hash(state);
    }
}

// SAFETY: `trace` passes on the pointer that this type owns.
unsafe impl<P: Trace> Trace for ByAddress<P> {
    fn types(walk: &mut TypeWalker) {
        walk.field::<P>();
    }
    fn trace<V: Visitor>(&self, visitor: &mut V) {
        self.0.trace(visitor);
    }
}
