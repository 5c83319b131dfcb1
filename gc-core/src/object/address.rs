//! The type that identifies an object by the address of its value.

use core::ptr::NonNull;

/// The address of a value in a slot of a living heap.
///
/// A copy does not count as a reference. Invariant 1 (see `invariants`): code that makes or keeps a
/// copy must know what keeps the object's block mapped meanwhile: a count, or an open operation.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) struct Object(NonNull<u8>);

impl Object {
    /// # Safety
    /// `value` is the address of a value in a slot of a mapped block, with
    /// provenance over its whole chunk, and stays so while the result is used.
    #[inline]
    pub(crate) unsafe fn new(value: NonNull<u8>) -> Object {
        Object(value)
    }

    /// The value's address.
    #[inline]
    pub(crate) fn value(self) -> NonNull<u8> {
        self.0
    }
}
