//! `List`: a growable array of counted pointers.

use crate::gc::{Gc, ShowGc};
use crate::trace::{Trace, TypeWalker, Visitor};
use alloc::vec::Vec;
use core::cell::RefCell;
use core::fmt;

/// A growable array of pointers that can be changed in place.
///
/// Like Python's list, a `List` detaches pointers before it releases them, and releases them last
/// to first. The list does so when it is cleared and when it is dropped. (A plain `Vec` drops its
/// elements first to last.)
///
/// ```
/// use gc_core::{Heap, List};
///
/// let heap = Heap::new();
/// let list = List::new();
/// list.push(heap.alloc(1));
/// list.push(heap.alloc(2));
/// assert_eq!((list.len(), *list.get(1).unwrap()), (2, 2));
/// ```
///
/// ```
/// use gc_core::{Heap, List};
///
/// let heap = Heap::new();
/// let list: List<u32> = List::new();
/// (1..6).for_each(|number| list.push(heap.alloc(number)));
/// assert_eq!(*list.replace(0, heap.alloc(10)), 1);
/// list.insert(1, heap.alloc(11));
/// assert_eq!((*list.remove(1), list.len(), list.is_empty()), (11, 5, false));
/// assert_eq!((list.pop().as_deref(), list.get(9)), (Some(&5), None));
/// list.truncate(2);
/// let all: Vec<u32> = list.to_vec().iter().map(|it| **it).collect();
/// assert_eq!(all, [10, 2]);
/// list.clear();
/// assert!(list.is_empty());
/// ```
pub struct List<T: ?Sized>(RefCell<Vec<Gc<T>>>);

impl<T: ?Sized> List<T> {
    /// Makes an empty list.
    pub const fn new() -> List<T> {
        List(RefCell::new(Vec::new()))
    }

    /// Returns the number of pointers in the list.
    pub fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// Returns true if the list holds no pointer.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns a clone of the pointer at `index`, or `None` if `index` is not below the length.
    pub fn get(&self, index: usize) -> Option<Gc<T>> {
        self.0.borrow().get(index).cloned()
    }

    /// Appends a pointer.
    pub fn push(&self, value: Gc<T>) {
        self.0.borrow_mut().push(value);
    }

    /// Removes the last pointer and returns it, or returns `None` if the list is empty.
    pub fn pop(&self) -> Option<Gc<T>> {
        self.0.borrow_mut().pop()
    }

    /// Stores a pointer at `index` and returns the pointer that was there.
    ///
    /// # Panics
    /// Panics if `index` is not below the length.
    pub fn replace(&self, index: usize, value: Gc<T>) -> Gc<T> {
        core::mem::replace(&mut self.0.borrow_mut()[index], value)
    }

    /// Inserts a pointer before `index`.
    ///
    /// # Panics
    /// Panics if `index` is above the length.
    pub fn insert(&self, index: usize, value: Gc<T>) {
        self.0.borrow_mut().insert(index, value);
    }

    /// Removes the pointer at `index` and returns it.
    ///
    /// # Panics
    /// Panics if `index` is not below the length.
    pub fn remove(&self, index: usize) -> Gc<T> {
        self.0.borrow_mut().remove(index)
    }

    /// Detaches all pointers, then releases them last to first.
    pub fn clear(&self) {
        self.truncate(0);
    }

    /// Detaches the pointers from position `length` on, then releases them last to first.
    pub fn truncate(&self, length: usize) {
        let length = length.min(self.len());
        let detached = self.0.borrow_mut().split_off(length);
        release(detached);
    }

    /// Returns clones of all pointers, in order.
    pub fn to_vec(&self) -> Vec<Gc<T>> {
        self.0.borrow().clone()
    }
}

/// Releases the pointers of a vector, last to first.
fn release<T: ?Sized>(mut detached: Vec<Gc<T>>) {
    while detached.pop().is_some() {}
}

impl<T: ?Sized> Drop for List<T> {
    fn drop(&mut self) {
        release(core::mem::take(self.0.get_mut()));
    }
}

impl<T: ?Sized> Default for List<T> {
    fn default() -> List<T> {
        List::new()
    }
}

impl<T: ?Sized> FromIterator<Gc<T>> for List<T> {
    fn from_iter<I: IntoIterator<Item = Gc<T>>>(values: I) -> List<T> {
        List(RefCell::new(values.into_iter().collect()))
    }
}

impl<T: ?Sized> Extend<Gc<T>> for List<T> {
    fn extend<I: IntoIterator<Item = Gc<T>>>(&mut self, values: I) {
        self.0.get_mut().extend(values);
    }
}

impl<T: ShowGc + ?Sized> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.to_vec()).finish()
    }
}

// SAFETY: `trace` passes on every pointer that the list owns. The drop releases pointers and
// dereferences none.
unsafe impl<T: Trace + ?Sized> Trace for List<T> {
    fn types(walk: &mut TypeWalker) {
        walk.owns_memory();
        walk.field::<Gc<T>>();
    }
    #[inline]
    fn trace<V: Visitor>(&self, visitor: &mut V) {
        self.0.trace(visitor);
    }
}
