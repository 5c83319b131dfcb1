//! `Slot`: a field with a pointer that can be changed in place.

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
    /// Makes a slot that holds a pointer, or an empty slot for `None`.
    pub const fn new(value: Option<Gc<T>>) -> Slot<T> {
        Slot(Cell::new(value))
    }

    /// Makes an empty slot.
    pub const fn empty() -> Slot<T> {
        Slot(Cell::new(None))
    }

    /// Returns a clone of the pointer, or `None` if the slot is empty.
    #[inline]
    pub fn get(&self) -> Option<Gc<T>> {
        // SAFETY: invariant 15: no other thread uses the cell; cloning a `Gc` runs no user code, so
        // nothing replaces the pointer during the clone.
        unsafe { (*self.0.as_ptr()).clone() }
    }

    /// Stores a pointer, or empties the slot for `None`; then releases the old pointer.
    #[inline]
    pub fn set(&self, value: Option<Gc<T>>) {
        drop(self.0.replace(value));
    }

    /// Stores a pointer, or empties the slot for `None`, and returns the old pointer.
    #[inline]
    pub fn replace(&self, value: Option<Gc<T>>) -> Option<Gc<T>> {
        self.0.replace(value)
    }

    /// Empties the slot and returns the pointer that it held.
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

// SAFETY: `trace` passes on the one pointer that the slot owns. `trace` reads the pointer in
// place, and no visitor can replace the pointer meanwhile.
unsafe impl<T: Trace + ?Sized> Trace for Slot<T> {
    fn types(walk: &mut TypeWalker) {
        walk.field::<Gc<T>>();
    }
    #[inline(always)]
    fn trace<V: Visitor>(&self, visitor: &mut V) {
        self.0.trace(visitor);
    }
}
