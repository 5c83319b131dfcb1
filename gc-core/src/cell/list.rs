//! The growable array of pointers.

use crate::gc::{Gc, ShowGc};
use crate::trace::{Trace, TypeWalker, Visitor};
use alloc::vec::Vec;
use core::cell::RefCell;
use core::fmt;

/// A growable array of pointers that can be changed in place.
///
/// Like Python's list it detaches pointers before it releases them, and releases
/// last to first, when it is cleared and when it dies. (A plain `Vec` follows Rust:
/// first to last.)
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
    /// An empty list.
    pub const fn new() -> List<T> {
        List(RefCell::new(Vec::new()))
    }

    /// How many pointers it holds.
    pub fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// Returns true if the list holds no pointer.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A clone of the pointer at `index`.
    pub fn get(&self, index: usize) -> Option<Gc<T>> {
        self.0.borrow().get(index).cloned()
    }

    /// Appends a pointer.
    pub fn push(&self, value: Gc<T>) {
        self.0.borrow_mut().push(value);
    }

    /// Removes the last pointer and hands it out.
    pub fn pop(&self) -> Option<Gc<T>> {
        self.0.borrow_mut().pop()
    }

    /// Stores a pointer at `index` and hands the old one out.
    ///
    /// # Panics
    /// When `index` is not below the length.
    pub fn replace(&self, index: usize, value: Gc<T>) -> Gc<T> {
        core::mem::replace(&mut self.0.borrow_mut()[index], value)
    }

    /// Inserts a pointer before `index`.
    ///
    /// # Panics
    /// When `index` is above the length.
    pub fn insert(&self, index: usize, value: Gc<T>) {
        self.0.borrow_mut().insert(index, value);
    }

    /// Removes the pointer at `index` and hands it out.
    ///
    /// # Panics
    /// When `index` is not below the length.
    pub fn remove(&self, index: usize) -> Gc<T> {
        self.0.borrow_mut().remove(index)
    }

    /// Detaches all pointers, then releases them last to first.
    pub fn clear(&self) {
        self.truncate(0);
    }

    /// Detaches the pointers from `length` on, then releases them last to first.
    pub fn truncate(&self, length: usize) {
        let length = length.min(self.len());
        let detached = self.0.borrow_mut().split_off(length);
        release(detached);
    }

    /// Clones of all pointers.
    pub fn to_vec(&self) -> Vec<Gc<T>> {
        self.0.borrow().clone()
    }
}

/// Releases last to first.
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

// SAFETY: passes every owned pointer on. The drop releases pointers and dereferences none.
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
