//! Changing what is in a `RefCell` without releasing anything during the borrow.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::cell::RefCell;

/// Ways to change a collection in a `RefCell` that release what they remove only
/// after the borrow has ended.
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
/// Every method by an example:
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
    /// Lets `f` change the content, and drops what it returns after the borrow.
    ///
    /// # Panics
    /// When the cell is borrowed.
    fn change<R>(&self, f: impl FnOnce(&mut C) -> R);

    /// Stores new content, then drops the old.
    ///
    /// # Panics
    /// When the cell is borrowed.
    fn store(&self, content: C);

    /// Empties the content, then drops what was in it.
    ///
    /// # Panics
    /// When the cell is borrowed.
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
    /// When the cell is borrowed.
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

    /// Removes the element at a key or position, then drops it. Returns false if there is none.
    ///
    /// # Panics
    /// When the cell is borrowed.
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

/// Collections whose elements are found by a key or position.
pub trait Keyed {
    /// The key or position of an element.
    type Key;
    /// An element.
    type Value;
    /// The removed or unneeded parts: in a map a key as well.
    type Removed;

    /// Stores an element. Returns true if it was stored, and the parts that are left over: the
    /// replaced element, or the new one if it was refused. (A map that has the key already also
    /// returns the key that was passed.)
    fn put(&mut self, key: Self::Key, value: Self::Value) -> (bool, Option<Self::Removed>);
    /// Removes an element.
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
            // `insert` would drop a key that it does not need.
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
