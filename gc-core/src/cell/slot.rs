//! The mutable edge.

use crate::gc::{Gc, ShowGc};
use crate::trace::{Trace, TypeWalker, Visitor};
use core::cell::Cell;
use core::fmt;

/// A field that holds a pointer to another object, or none, and that can be changed in place.
///
/// [`set`](Slot::set) stores the new pointer before it releases the old one, and
/// [`take`](Slot::take) empties the slot before it returns the old one. A finalizer that the
/// release runs therefore finds the slot usable and sees its new content, as in Python.
///
/// ```
/// use gc_core::{Heap, Slot, Trace};
///
/// #[derive(Trace)]
/// struct Node {
///     next: Slot<Node>,
/// }
///
/// let heap = Heap::new();
/// let a = heap.alloc(Node { next: Slot::empty() });
/// a.next.set(Some(a.clone()));
/// assert!(a.next.get().is_some());
/// a.next.take();
/// ```
///
/// ```
/// use gc_core::{Heap, Slot};
///
/// let heap = Heap::new();
/// let slot = Slot::new(Some(heap.alloc(1)));
/// assert_eq!((slot.get().as_deref(), slot.is_some(), slot.is_none()), (Some(&1), true, false));
/// assert_eq!(slot.replace(Some(heap.alloc(2))).as_deref(), Some(&1));
/// assert_eq!((slot.take().as_deref(), slot.take()), (Some(&2), None));
/// slot.set(Some(heap.alloc(3)));
/// let empty: Slot<u32> = Slot::empty();
/// assert!(empty.is_none());
/// ```
pub struct Slot<T: ?Sized>(Cell<Option<Gc<T>>>);

impl<T: ?Sized> Slot<T> {
    /// A slot with a value.
    pub const fn new(value: Option<Gc<T>>) -> Slot<T> {
        Slot(Cell::new(value))
    }

    /// A slot without one.
    pub const fn empty() -> Slot<T> {
        Slot(Cell::new(None))
    }

    /// A clone of the pointer.
    #[inline]
    pub fn get(&self) -> Option<Gc<T>> {
        // SAFETY: invariant 15: nobody else is in the cell; cloning a `Gc` runs no user
        // code, so nothing replaces the pointer while we look at it.
        unsafe { (*self.0.as_ptr()).clone() }
    }

    /// Stores a pointer, then releases the old one.
    #[inline]
    pub fn set(&self, value: Option<Gc<T>>) {
        drop(self.0.replace(value));
    }

    /// Stores a pointer and hands the old one out.
    #[inline]
    pub fn replace(&self, value: Option<Gc<T>>) -> Option<Gc<T>> {
        self.0.replace(value)
    }

    /// Empties the slot and hands the pointer out.
    #[inline]
    pub fn take(&self) -> Option<Gc<T>> {
        self.0.take()
    }

    /// Returns true if the slot holds a pointer.
    #[inline]
    pub fn is_some(&self) -> bool {
        // SAFETY: as in `get`.
        unsafe { (*self.0.as_ptr()).is_some() }
    }

    /// Returns true if the slot is empty.
    #[inline]
    pub fn is_none(&self) -> bool {
        !self.is_some()
    }
}

impl<T: ?Sized> Default for Slot<T> {
    fn default() -> Slot<T> {
        Slot::empty()
    }
}

impl<T: ?Sized> From<Gc<T>> for Slot<T> {
    fn from(value: Gc<T>) -> Slot<T> {
        Slot::new(Some(value))
    }
}

impl<T: ShowGc + ?Sized> fmt::Debug for Slot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Slot").field(&self.get()).finish()
    }
}

// SAFETY: passes the one owned pointer on; it is read in place, and no visitor can
// replace it meanwhile.
unsafe impl<T: Trace + ?Sized> Trace for Slot<T> {
    fn types(walk: &mut TypeWalker) {
        walk.field::<Gc<T>>();
    }
    #[inline(always)]
    fn trace<V: Visitor>(&self, visitor: &mut V) {
        self.0.trace(visitor);
    }
}
