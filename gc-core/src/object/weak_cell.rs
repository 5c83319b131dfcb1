//! The cells that weak references point to, and chains of such cells.

use crate::ground::boxed::try_box;
use crate::object::address::Object;
use alloc::boxed::Box;
use core::cell::Cell;
use core::ptr::NonNull;

/// The callback of a weak reference. The argument of the callback is the managed weak reference
/// that owns the cell, if there is one.
pub(crate) type Callback = Box<dyn FnOnce(Option<Object>)>;

/// The cell that a weak reference points to. The cell holds the target and the callback.
pub(crate) struct WeakCell {
    pub(crate) target: Cell<Option<Object>>,
    pub(crate) newer: Cell<Option<NonNull<WeakCell>>>,
    /// The next older cell of the target. After the target's list was cleared, the next cell of a
    /// chain ([`Cells`]).
    pub(crate) older: Cell<Option<NonNull<WeakCell>>>,
    /// Number of handles of the cell and of chains that hold it. The cell is freed with the last of
    /// them.
    holders: Cell<u32>,
    /// Number of handles (see `open_handle`). The closing of the last one takes the callback, so
    /// that the callback never runs after it.
    handles: Cell<u32>,
    /// The managed weak reference that this cell belongs to.
    owner: Cell<Option<Object>>,
    callback: Cell<Option<Callback>>,
}

/// Increments a count. A count that would overflow saturates, and the cell is never freed then.
fn raise_count(count: &Cell<u32>) {
    count.set(count.get().saturating_add(1));
}

/// Decrements a count, unless it is saturated. Returns the new count.
fn lower_count(count: &Cell<u32>) -> u32 {
    if count.get() < u32::MAX {
        count.set(count.get() - 1);
    }
    count.get()
}

/// A counted pointer to a cell.
pub(crate) struct CellRef(pub(crate) NonNull<WeakCell>);

impl Clone for CellRef {
    fn clone(&self) -> CellRef {
        raise_count(&self.holders);
        CellRef(self.0)
    }
}

impl Drop for CellRef {
    fn drop(&mut self) {
        if lower_count(&self.holders) == 0 {
            // SAFETY: invariant 8: the last holder frees the cell, and no list links it any more.
            drop(unsafe { Box::from_raw(self.0.as_ptr()) });
        }
    }
}

impl core::ops::Deref for CellRef {
    type Target = WeakCell;
    fn deref(&self) -> &WeakCell {
        // SAFETY: invariant 8: a counted cell is alive.
        unsafe { self.0.as_ref() }
    }
}

impl CellRef {
    /// Makes a cell that is not linked yet. Fails if there is no memory, and gives the callback
    /// back then.
    pub(crate) fn new(callback: Option<Callback>) -> Result<CellRef, Option<Callback>> {
        let cell = WeakCell {
            target: Cell::new(None),
            newer: Cell::new(None),
            older: Cell::new(None),
            holders: Cell::new(1),
            handles: Cell::new(0),
            owner: Cell::new(None),
            callback: Cell::new(callback),
        };
        match try_box(cell) {
            Ok(cell) => Ok(CellRef(NonNull::from(Box::leak(cell)))),
            Err(cell) => Err(cell.callback.take()),
        }
    }

    /// Turns the pointer into a link, which takes over its count.
    fn into_link(self) -> NonNull<WeakCell> {
        core::mem::ManuallyDrop::new(self).0
    }

    /// Returns a new counted pointer to a linked cell.
    pub(crate) fn of_linked(cell: NonNull<WeakCell>) -> CellRef {
        CellRef::clone(&core::mem::ManuallyDrop::new(CellRef(cell)))
    }

    /// Counts a new handle (a `Weak`, or the value of a managed weak reference) and returns a
    /// pointer for it.
    pub(crate) fn open_handle(&self) -> CellRef {
        raise_count(&self.handles);
        self.clone()
    }

    /// Counts the end of a handle. Returns true if it was the last one.
    pub(crate) fn lower_handles(&self) -> bool {
        lower_count(&self.handles) == 0
    }

    pub(crate) fn is(&self, other: &CellRef) -> bool {
        self.0 == other.0
    }
}

impl WeakCell {
    /// Returns the target, unless it has died. The target may be condemned or dying.
    pub(crate) fn target(&self) -> Option<Object> {
        self.target.get()
    }

    pub(crate) fn owner(&self) -> Option<Object> {
        self.owner.get()
    }

    /// Increments the count of the owner, if there is one. The caller must decrement it later.
    pub(crate) fn hold_owner(&self) {
        if let Some(owner) = self.owner() {
            owner.count().increment();
        }
    }

    pub(crate) fn set_owner(&self, owner: Object) {
        self.owner.set(Some(owner));
    }

    pub(crate) fn has_callback(&self) -> bool {
        self.look_at_callback(|callback| callback.is_some())
    }

    /// Calls `look` with the callback, or with `None` if it was taken or there never was one. The
    /// callback is not called.
    pub(crate) fn look_at_callback<R>(&self, look: impl FnOnce(Option<&Callback>) -> R) -> R {
        let callback = self.callback.take();
        let result = look(callback.as_ref());
        self.callback.set(callback);
        result
    }

    /// Takes the callback, to run or to drop it. Returns `None` if there is no callback: the
    /// closing of the last handle takes it, too.
    pub(crate) fn take_callback(&self) -> Option<Callback> {
        self.callback.take()
    }
}

/// A chain of cells that were removed from their targets' lists. The chain holds each of its cells,
/// and is linked through the cells themselves, so that it needs no memory.
#[derive(Default)]
pub(crate) struct Cells {
    first: Option<CellRef>,
    last: Option<CellRef>,
}

impl Cells {
    pub(crate) fn push_back(&mut self, cell: CellRef) {
        match self.last.replace(cell.clone()) {
            Some(last) => last.older.set(Some(cell.into_link())),
            None => self.first = Some(cell),
        }
    }

    pub(crate) fn push_front(&mut self, cell: CellRef) {
        match self.first.take() {
            Some(first) => cell.older.set(Some(first.into_link())),
            None => self.last = Some(cell.clone()),
        }
        self.first = Some(cell);
    }

    pub(crate) fn pop_front(&mut self) -> Option<CellRef> {
        let cell = self.first.take()?;
        self.first = cell.older.take().map(CellRef);
        if self.first.is_none() {
            self.last = None;
        }
        Some(cell)
    }
}

impl Drop for Cells {
    fn drop(&mut self) {
        while self.pop_front().is_some() {}
    }
}
