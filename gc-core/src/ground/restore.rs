//! Settings for the time of one call.

use core::cell::Cell;

/// A cell has another value while this lives, also when user code unwinds; then it has its
/// old one again.
pub(crate) struct Restore<'a, T: Copy> {
    cell: &'a Cell<T>,
    before: T,
}

impl<T: Copy> Restore<'_, T> {
    pub(crate) fn after(cell: &Cell<T>, value: T) -> Restore<'_, T> {
        Restore { cell, before: cell.replace(value) }
    }
}

impl<T: Copy> Drop for Restore<'_, T> {
    fn drop(&mut self) {
        self.cell.set(self.before);
    }
}
