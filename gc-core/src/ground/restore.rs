//! A guard that changes a setting for a limited time.

use core::cell::Cell;

/// Restores the old value of a cell when it is dropped, also if user code unwinds.
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
