//! The list of uncollectable objects.

use super::Heap;
use crate::any::GcAny;
use crate::core::Core;
use crate::object::raw::Object;
use crate::release::decrement;
use alloc::vec::Vec;
use core::fmt;

/// The heap's list of uncollectable objects. Under
/// [`DebugFlags::SAVE_ALL`](crate::DebugFlags::SAVE_ALL), the list holds all unreachable objects
/// that collections found.
///
/// Each entry is a pointer to its object. If the program breaks a cycle and drops the entries of
/// its objects, reference counting frees the objects.
///
/// ```
/// use gc_core::{DebugFlags, Heap, Slot, Trace};
///
/// #[derive(Trace)]
/// struct Node(Slot<Node>);
///
/// let heap = Heap::new();
/// heap.set_debug(DebugFlags::SAVE_ALL); // keep what is found instead of reclaiming it
/// for _ in 0..4 {
///     let node = heap.alloc(Node(Slot::empty()));
///     node.0.set(Some(node.clone()));
/// }
/// heap.collect();
/// let garbage = heap.garbage();
/// assert_eq!((garbage.len(), garbage.is_empty(), garbage.to_vec().len()), (4, false, 4));
/// for object in garbage.to_vec() {
///     object.downcast::<Node>().unwrap().0.take();
/// }
/// assert!(garbage.get(0).is_some() && garbage.pop().is_some() && garbage.remove(9).is_none());
/// garbage.clear();
/// assert!(heap.objects(None).is_empty());
/// ```
#[derive(Clone, Copy)]
pub struct Garbage<'h>(&'h Core);

impl Heap {
    /// Returns the list of uncollectable objects.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// assert!(heap.garbage().is_empty());
    /// ```
    pub fn garbage(&self) -> Garbage<'_> {
        Garbage(self.core())
    }
}

impl Garbage<'_> {
    /// Returns the number of entries.
    pub fn len(&self) -> usize {
        self.0.state.garbage.borrow().len()
    }

    /// Returns true if the list is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns a pointer to the object at `index`, or `None` if `index` is not below the length.
    pub fn get(&self, index: usize) -> Option<GcAny> {
        self.0.state.garbage.borrow().get(index).map(|&object| GcAny::another(object))
    }

    /// Returns pointers to all objects of the list, in order.
    pub fn to_vec(&self) -> Vec<GcAny> {
        self.0.state.garbage.borrow().iter().map(|&object| GcAny::another(object)).collect()
    }

    /// Takes the last entry out of the list and returns it, or returns `None` if the list is empty.
    pub fn pop(&self) -> Option<GcAny> {
        self.0.state.garbage.borrow_mut().pop_back().map(GcAny::from_counted)
    }

    /// Takes the entry at `index` out of the list and returns it, or returns `None` if there is
    /// none.
    pub fn remove(&self, index: usize) -> Option<GcAny> {
        self.0.state.garbage.borrow_mut().remove(index).map(GcAny::from_counted)
    }

    /// Empties the list, then releases the entries last to first, as Python's
    /// `del gc.garbage[:]`.
    pub fn clear(&self) {
        let mut detached = self.0.state.garbage.take();
        while let Some(object) = detached.pop_back() {
            self.release(object);
        }
    }

    fn release(&self, object: Object) {
        let _guard = self.0.enter();
        decrement(object);
    }
}

impl fmt::Debug for Garbage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.to_vec()).finish()
    }
}
