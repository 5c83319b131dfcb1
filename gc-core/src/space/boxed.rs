//! Boxes that are refused where there is no memory.

use alloc::boxed::Box;
use alloc::vec::Vec;

/// Boxes a value; gives it back where there is no memory. (`Box::try_new` is unstable.)
pub(crate) fn try_box<T>(value: T) -> Result<Box<T>, T> {
    let mut room = Vec::new();
    if room.try_reserve_exact(1).is_err() {
        return Err(value);
    }
    room.push(value);
    let values: Box<[T]> = room.into_boxed_slice();
    // SAFETY: invariant 16: a slice of one value was boxed.
    Ok(unsafe { Box::from_raw(Box::into_raw(values).cast::<T>()) })
}
