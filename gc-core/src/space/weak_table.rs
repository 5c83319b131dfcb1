//! Weak references: cells outside of the heap's slots, listed by target.
//!
//! An object that weak references point to has its `weak` bit set and an entry
//! here; all others cost nothing. The cells of a target are linked from the
//! newest to the oldest. Those without callback and owner share one cell.

use super::block::flag;
use super::object::Object;
use super::planes::{lower, raise};
use alloc::boxed::Box;
use core::cell::{Cell, RefCell};
use core::ptr::NonNull;
use hashbrown::HashMap;

/// What a weak reference runs when its target goes; the argument is its owner.
pub(crate) type Callback = Box<dyn FnOnce(Option<Object>)>;

/// The cell behind a weak reference.
pub(crate) struct WeakCell {
    target: Cell<Option<Object>>,
    newer: Cell<Option<NonNull<WeakCell>>>,
    older: Cell<Option<NonNull<WeakCell>>>,
    /// Handles, and lists of callbacks to run: the cell is freed with the last one.
    holders: Cell<u32>,
    /// Handles among them; a callback runs only while there is one.
    handles: Cell<u32>,
    /// The managed weak reference that this cell belongs to.
    owner: Cell<Option<Object>>,
    callback: Cell<Option<Callback>>,
}

/// One more. A count that would overflow saturates and stays: the cell is immortal.
fn raise_count(count: &Cell<u32>) {
    count.set(count.get().saturating_add(1));
}

/// One less, unless it saturated. Returns what is left.
fn lower_count(count: &Cell<u32>) -> u32 {
    if count.get() < u32::MAX {
        count.set(count.get() - 1);
    }
    count.get()
}

/// A counted pointer to a cell.
pub(crate) struct CellRef(NonNull<WeakCell>);

impl Clone for CellRef {
    fn clone(&self) -> CellRef {
        raise_count(&self.holders);
        CellRef(self.0)
    }
}

impl Drop for CellRef {
    fn drop(&mut self) {
        if lower_count(&self.holders) == 0 {
            // SAFETY: invariant 8: the last holder frees the cell, no list links it any more.
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
    fn new(callback: Option<Callback>) -> CellRef {
        let cell = WeakCell {
            target: Cell::new(None),
            newer: Cell::new(None),
            older: Cell::new(None),
            holders: Cell::new(1),
            handles: Cell::new(0),
            owner: Cell::new(None),
            callback: Cell::new(callback),
        };
        CellRef(NonNull::from(Box::leak(Box::new(cell))))
    }

    /// A handle more (a `Weak`, or the value of a managed weak reference).
    pub(crate) fn open_handle(&self) -> CellRef {
        raise_count(&self.handles);
        self.clone()
    }

    /// A handle less. The last one takes the cell from its target's list and
    /// cancels the callback, which is given back to be dropped by the caller.
    pub(crate) fn close_handle(&self) -> Option<Callback> {
        if lower_count(&self.handles) > 0 {
            return None;
        }
        self.detach();
        self.callback.take()
    }

    /// Clears what this one weak reference points to, in whichever heap that is.
    pub(crate) fn detach(&self) {
        if let Some(target) = self.target.get() {
            target.core().weaks.unlink(target, self);
        }
    }

    pub(crate) fn is(&self, other: &CellRef) -> bool {
        self.0 == other.0
    }
}

impl WeakCell {
    /// The target while it has not died; it may be condemned or dying.
    pub(crate) fn target(&self) -> Option<Object> {
        self.target.get()
    }

    pub(crate) fn owner(&self) -> Option<Object> {
        self.owner.get()
    }

    pub(crate) fn set_owner(&self, owner: Object) {
        self.owner.set(Some(owner));
    }

    pub(crate) fn has_callback(&self) -> bool {
        let callback = self.callback.take();
        let has = callback.is_some();
        self.callback.set(callback);
        has
    }

    /// Takes the callback to run it, unless every handle is gone.
    pub(crate) fn take_callback(&self) -> Option<Callback> {
        if self.handles.get() == 0 { None } else { self.callback.take() }
    }
}

struct WeakList {
    newest: NonNull<WeakCell>,
    /// The shared cell without callback and owner.
    plain: Option<NonNull<WeakCell>>,
}

/// All weak references into one heap.
#[derive(Default)]
pub(crate) struct WeakTable {
    lists: RefCell<HashMap<usize, WeakList>>,
}

impl WeakTable {
    /// Links a new cell with a callback or an owner as the target's newest.
    pub(crate) fn link(&self, target: Object, callback: Option<Callback>) -> CellRef {
        let cell = CellRef::new(callback);
        self.insert(target, &cell);
        cell
    }

    /// The target's shared cell.
    pub(crate) fn link_plain(&self, target: Object) -> CellRef {
        let known = self.lists.borrow().get(&target.address()).and_then(|list| list.plain);
        if let Some(plain) = known {
            let held = core::mem::ManuallyDrop::new(CellRef(plain));
            return CellRef::clone(&held);
        }
        let cell = CellRef::new(None);
        self.insert(target, &cell);
        if let Some(list) = self.lists.borrow_mut().get_mut(&target.address()) {
            list.plain = Some(cell.0);
        }
        cell
    }

    fn insert(&self, target: Object, cell: &CellRef) {
        cell.target.set(Some(target));
        let (block, index) = (target.block(), target.block().index(target));
        block.set_flag(flag::PLANED | flag::WEAK);
        let (planes, bit) = block.planes_of(index);
        raise(&planes.weak, bit);
        let mut lists = self.lists.borrow_mut();
        let list = lists.entry(target.address()).or_insert(WeakList { newest: cell.0, plain: None });
        let older = core::mem::replace(&mut list.newest, cell.0);
        if older != cell.0 {
            // SAFETY: invariant 8: linked cells are alive.
            unsafe { older.as_ref() }.newer.set(Some(cell.0));
            cell.older.set(Some(older));
        }
    }

    /// Takes one cell from its target's list.
    fn unlink(&self, target: Object, cell: &CellRef) {
        let mut lists = self.lists.borrow_mut();
        let (newer, older) = (cell.newer.take(), cell.older.take());
        // SAFETY: invariant 8: linked cells are alive.
        unsafe {
            if let Some(newer) = newer {
                newer.as_ref().older.set(older);
            }
            if let Some(older) = older {
                older.as_ref().newer.set(newer);
            }
        }
        cell.target.set(None);
        let Some(list) = lists.get_mut(&target.address()) else { return };
        if list.plain == Some(cell.0) {
            list.plain = None;
        }
        match (newer, older) {
            (None, None) => {
                lists.remove(&target.address());
                let (planes, bit) = target.block().planes_of(target.block().index(target));
                lower(&planes.weak, bit);
            }
            (None, Some(older)) => list.newest = older,
            _ => {}
        }
    }

    /// The cells that point at the target, newest first, each held.
    pub(crate) fn cells(&self, target: Object) -> smallvec::SmallVec<[CellRef; 4]> {
        let lists = self.lists.borrow();
        let mut next = lists.get(&target.address()).map(|list| list.newest);
        let mut cells = smallvec::SmallVec::new();
        while let Some(cell) = next {
            let held = core::mem::ManuallyDrop::new(CellRef(cell));
            next = held.older.get();
            cells.push(CellRef::clone(&held));
        }
        cells
    }

    /// Clears every weak reference to the target. Gives the cells, newest first.
    pub(crate) fn clear(&self, target: Object) -> smallvec::SmallVec<[CellRef; 4]> {
        let cells = self.cells(target);
        for cell in &cells {
            self.unlink(target, cell);
        }
        cells
    }
}

/// Do weak references point at this object?
pub(crate) fn has_weak(object: Object) -> bool {
    let block = object.block();
    let (planes, bit) = block.planes_of(block.index(object));
    block.has(flag::WEAK) && planes.weak.get() & bit != 0
}
