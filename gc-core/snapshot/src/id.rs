//! Ids of objects outside of the heap.

use core::fmt;

/// The id of an object in all snapshots and heap dumps of its heap.
///
/// The id is 5 plus twice the object's birth. (The format `.heapsnapshot` requires odd ids, and the
/// ids 1 and 3 are taken.)
///
/// ```
/// use gc_core::{Gc, Heap};
///
/// let heap = Heap::new();
/// let object = Gc::as_any(&heap.alloc(7));
/// assert_eq!((object.id().0, object.id().to_string()), (5 + 2 * object.birth(), format!("@{}", object.id().0)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ObjectId(pub u64);

impl ObjectId {
    /// Returns the id of the object that was the `birth`-th allocation of its heap, counted from 0.
    pub fn of_birth(birth: u64) -> ObjectId {
        ObjectId(5 + 2 * birth)
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", self.0)
    }
}
