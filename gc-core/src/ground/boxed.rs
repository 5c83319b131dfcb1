//! Boxes for code that must handle a lack of memory.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ptr::NonNull;

/// Boxes a value. Returns the value as the error if there is no memory. (`Box::try_new` is
/// unstable.)
pub(crate) fn try_box<T>(value: T) -> Result<Box<T>, T> {
    let mut room = Vec::new();
    if room.try_reserve_exact(1).is_err() {
        return Err(value);
    }
    room.push(value);
    let values: Box<[T]> = room.into_boxed_slice();
    // SAFETY: invariant 16: the slice that was boxed has one value.
    Ok(unsafe { Box::from_raw(Box::into_raw(values).cast::<T>()) })
}

/// An owning pointer to a boxed value that other pointers may point to. (A `Box` would not allow
/// them: moving it asserts that no other pointer to its value is used.)
pub(crate) struct Shared<T>(NonNull<T>);

impl<T> Shared<T> {
    pub(crate) fn new(value: Box<T>) -> Shared<T> {
        // SAFETY: invariant 16: a box's address is not null.
        Shared(unsafe { NonNull::new_unchecked(Box::into_raw(value)) })
    }

    pub(crate) fn link(&self) -> NonNull<T> {
        self.0
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        // SAFETY: invariant 16: the pointer came from a box, and this is its only owner.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}
