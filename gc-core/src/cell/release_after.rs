//! `ReleaseAfter`: changes to the content of a `RefCell` that release nothing during the borrow.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::cell::RefCell;

/// Changes a collection in a `RefCell`, and releases what is removed only after the borrow has
/// ended.
///
/// `*cell.borrow_mut() = value` drops the old value while the cell is borrowed: a finalizer that
/// runs at that moment, and borrows the cell itself, panics. These methods end the borrow first.
///
/// ```
/// use gc_core::{Heap, ReleaseAfter};
/// use std::cell::RefCell;
///
/// let heap = Heap::new();
/// let cell = RefCell::new(vec![heap.alloc(1), heap.alloc(2)]);
/// cell.change(|items| items.pop());
/// cell.store(Vec::new());
/// assert!(cell.borrow().is_empty());
/// ```
///
/// An example of every method:
///
/// ```
/// use gc_core::{Gc, Heap, ReleaseAfter};
/// use std::cell::RefCell;
/// use std::collections::BTreeMap;
///
/// let heap = Heap::new();
/// let map: RefCell<BTreeMap<&str, Gc<u32>>> = RefCell::default();
/// assert!(map.put("one", heap.alloc(1)));
/// assert!(map.discard(&"one") && !map.discard(&"one"));
/// let list = RefCell::new(vec![heap.alloc(1)]);
/// assert!(list.put(0, heap.alloc(2)) && !list.put(5, heap.alloc(3)));
/// list.change(|items| items.push(heap.alloc(4)));
/// assert_eq!(list.borrow().len(), 2);
/// list.store(vec![heap.alloc(5)]);
/// list.clear();
/// assert!(list.borrow().is_empty());
/// ```
pub trait ReleaseAfter<C> {
    /// Calls `f` to change the content, and drops the result of `f` after the borrow has ended.
    ///
    /// # Panics
    /// Panics if the cell is borrowed.
    fn change<R>(&self, f: impl FnOnce(&mut C) -> R);

    /// Stores new content, and drops the old content after the borrow has ended.
    ///
    /// # Panics
    /// Panics if the cell is borrowed.
    fn store(&self, content: C);

    /// Empties the content, and drops the old content after the borrow has ended.
    ///
    /// # Panics
    /// Panics if the cell is borrowed.
    fn clear(&self)
    where
        C: Default,
    {
        self.store(C::default());
    }

    /// Stores an element at a key or position, then drops the element that it replaces. A map also
    /// takes a new key, but a sequence does not grow: for a position at or beyond its end, the new
    /// element is dropped and false is returned.
    ///
    /// # Panics
    /// Panics if the cell is borrowed.
    fn put(&self, key: C::Key, value: C::Value) -> bool
    where
        C: Keyed,
    {
        let mut stored = false;
        self.change(|content| {
            let (done, old) = content.put(key, value);
            stored = done;
            old
        });
        stored
    }

    /// Removes the element at a key or position, then drops it. Returns false if there is no such
    /// element.
    ///
    /// # Panics
    /// Panics if the cell is borrowed.
    fn discard(&self, key: &C::Key) -> bool
    where
        C: Keyed,
    {
        let mut found = false;
        self.change(|content| {
            let old = content.discard(key);
            found = old.is_some();
            old
        });
        found
    }
}

impl<C> ReleaseAfter<C> for RefCell<C> {
    fn change<R>(&self, f: impl FnOnce(&mut C) -> R) {
        let removed = f(&mut self.borrow_mut());
        drop(removed);
    }

    fn store(&self, content: C) {
        drop(self.replace(content));
    }
}

/// A collection whose elements are found by a key or position.
pub trait Keyed {
    /// The type of the keys or positions of elements.
    type Key;
    /// The type of the elements.
    type Value;
    /// The type of the parts that a change removes or does not need: an element, and in a map its
    /// key.
    type Removed;

    /// Stores an element. Returns true if it was stored, and the parts that are left over: the
    /// replaced element, or the new element if it was refused. (If a map has the key already, the
    /// key that was passed is left over, too.)
    fn put(&mut self, key: Self::Key, value: Self::Value) -> (bool, Option<Self::Removed>);
    /// Removes the element at a key or position and returns its parts, or `None` if there is none.
    fn discard(&mut self, key: &Self::Key) -> Option<Self::Removed>;
}

macro_rules! sequence {
    ($ty:ident, $remove:expr) => {
        impl<T> Keyed for $ty<T> {
            type Key = usize;
            type Value = T;
            type Removed = T;
            fn put(&mut self, key: usize, value: T) -> (bool, Option<T>) {
                match self.get_mut(key) {
                    Some(place) => (true, Some(core::mem::replace(place, value))),
                    None => (false, Some(value)),
                }
            }
            fn discard(&mut self, key: &usize) -> Option<T> {
                let remove: fn(&mut $ty<T>, usize) -> Option<T> = $remove;
                remove(self, *key)
            }
        }
    };
}

sequence!(Vec, |items, at| (at < items.len()).then(|| items.remove(at)));
sequence!(VecDeque, |items, at| items.remove(at));

/// The methods of [`Keyed`] for maps of keys `K` to values `T`.
macro_rules! map_methods {
    () => {
        type Key = K;
        type Value = T;
        type Removed = (Option<K>, T);
        fn put(&mut self, key: K, value: T) -> (bool, Option<Self::Removed>) {
            // If the map has the key already, `insert` would drop the key that is passed to it.
            match self.get_mut(&key) {
                Some(place) => (true, Some((Some(key), core::mem::replace(place, value)))),
                None => (true, self.insert(key, value).map(|old| (None, old))),
            }
        }
        fn discard(&mut self, key: &K) -> Option<Self::Removed> {
            self.remove_entry(key).map(|(key, value)| (Some(key), value))
        }
    };
}

impl<K: Ord, T> Keyed for BTreeMap<K, T> {
    map_methods!();
}

#[cfg(feature = "std")]
impl<K: Eq + core::hash::Hash, T, S: core::hash::BuildHasher> Keyed for std::collections::HashMap<K, T, S> {
    map_methods!();
}
