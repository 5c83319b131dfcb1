//! The table of weak references: lists of cells by target. The cells lie outside of the heap's
//! slots.
//!
//! An object that weak references point to has its `weak` bit set and an entry in the table. Other
//! objects have neither, so weak references cost them nothing. The cells of a target are linked
//! from the newest to the oldest. All weak references without callback and owner to a target share
//! one cell.

use crate::object::bitmaps::{lower, raise};
use crate::object::raw::Object;
use crate::object::weak_cell::{Callback, CellRef, Cells, WeakCell};
use crate::storage::block::flag;
use core::cell::RefCell;
use core::ptr::NonNull;
use hashbrown::HashMap;

struct WeakList {
    newest: NonNull<WeakCell>,
    /// The cell that all weak references without callback and owner share.
    plain: Option<NonNull<WeakCell>>,
}

/// All weak references into one heap.
#[derive(Default)]
pub(crate) struct WeakTable {
    lists: RefCell<HashMap<usize, WeakList>>,
}

impl WeakTable {
    /// Makes a new cell, and links it as the target's newest. Fails if there is no memory, and
    /// gives the callback back then.
    pub(crate) fn link(&self, target: Object, callback: Option<Callback>) -> Result<CellRef, Option<Callback>> {
        if self.lists.borrow_mut().try_reserve(1).is_err() {
            return Err(callback);
        }
        let cell = CellRef::new(callback)?;
        self.insert(target, &cell);
        Ok(cell)
    }

    /// Returns the cell that all weak references without callback and owner to the target share;
    /// makes it on the first use. Returns `None` if there is no memory.
    pub(crate) fn link_plain(&self, target: Object) -> Option<CellRef> {
        let known = self.lists.borrow().get(&target.address()).and_then(|list| list.plain);
        if let Some(plain) = known {
            return Some(CellRef::of_linked(plain));
        }
        let cell = self.link(target, None).ok()?;
        if let Some(list) = self.lists.borrow_mut().get_mut(&target.address()) {
            list.plain = Some(cell.0);
        }
        Some(cell)
    }

    /// Returns true if weak references point to the object.
    pub(crate) fn has(&self, target: Object) -> bool {
        self.lists.borrow().contains_key(&target.address())
    }

    /// Links a cell as the target's newest. Precondition: the table has room for one more list.
    fn insert(&self, target: Object, cell: &CellRef) {
        cell.target.set(Some(target));
        let (block, index) = (target.block(), target.block().index(target));
        block.set_flag(flag::HAS_METADATA | flag::WEAK);
        let (bitmaps, bit) = block.bitmaps_of(index);
        raise(&bitmaps.weak, bit);
        let mut lists = self.lists.borrow_mut();
        let list = lists.entry(target.address()).or_insert(WeakList { newest: cell.0, plain: None });
        let older = core::mem::replace(&mut list.newest, cell.0);
        if older != cell.0 {
            // SAFETY: invariant 8: linked cells are alive.
            unsafe { older.as_ref() }.newer.set(Some(cell.0));
            cell.older.set(Some(older));
        }
    }

    /// Removes a cell from its target's list, and clears its target.
    pub(crate) fn unlink(&self, target: Object, cell: &CellRef) {
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
                let (bitmaps, bit) = target.block().bitmaps_of(target.block().index(target));
                lower(&bitmaps.weak, bit);
            }
            (None, Some(older)) => list.newest = older,
            _ => {}
        }
    }

    /// Calls `f` for each cell that points at the target, newest first.
    pub(crate) fn each(&self, target: Object, mut f: impl FnMut(&CellRef)) {
        let mut next = self.lists.borrow().get(&target.address()).map(|list| list.newest);
        while let Some(cell) = next.map(CellRef::of_linked) {
            next = cell.older.get();
            f(&cell);
        }
    }

    /// Calls `f` for each cell of all targets.
    pub(crate) fn each_of_all(&self, mut f: impl FnMut(&CellRef)) {
        for list in self.lists.borrow().values() {
            let mut next = Some(list.newest);
            while let Some(cell) = next.map(CellRef::of_linked) {
                next = cell.older.get();
                f(&cell);
            }
        }
    }

    /// Clears every weak reference to the target. Returns their cells, newest first.
    pub(crate) fn clear(&self, target: Object) -> Cells {
        let mut cells = Cells::default();
        loop {
            let newest = self.lists.borrow().get(&target.address()).map(|list| list.newest);
            let Some(cell) = newest.map(CellRef::of_linked) else { return cells };
            self.unlink(target, &cell);
            cells.push_back(cell);
        }
    }
}

/// Returns true if weak references point to the object.
pub(crate) fn has_weak(object: Object) -> bool {
    let block = object.block();
    let (bitmaps, bit) = block.bitmaps_of(block.index(object));
    block.has(flag::WEAK) && bitmaps.weak.get() & bit != 0
}

impl Object {
    /// Returns the cell of a living managed weak reference; `None` if the object is of another
    /// type.
    pub(crate) fn weak_cell(self) -> Option<CellRef> {
        debug_assert!(self.is_alive());
        // SAFETY: invariant 10: the table is the one of the object's type.
        self.info().managed_weak.as_ref().map(|weak| unsafe { (weak.cell)(self) })
    }
}
