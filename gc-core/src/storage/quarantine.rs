//! Lists the blocks with slots that were freed while a collection is open. Such a slot is not used
//! again until the collection closes.

use crate::object::bitmaps::raise;
use crate::object::raw::Place;
use crate::storage::block::{Block, flag};
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::ptr::NonNull;

/// The blocks with slots that were freed while a collection is open.
#[derive(Default)]
pub(crate) struct Quarantine {
    blocks: RefCell<Vec<NonNull<Block>>>,
    /// True if some blocks with such slots are not in the list, because there was no memory for it.
    is_incomplete: Cell<bool>,
}

impl Quarantine {
    /// Marks a taken slot as put aside, and lists its block.
    #[cold]
    pub(crate) fn put(&self, place: Place<'_>) {
        let Place { block, bitmaps, bit } = place;
        raise(&bitmaps.generation_low, bit);
        if block.has(flag::QUARANTINED) {
            return;
        }
        block.set_flag(flag::QUARANTINED);
        let mut blocks = self.blocks.borrow_mut();
        match blocks.try_reserve(1) {
            Ok(()) => blocks.push(block.link()),
            Err(_) => self.is_incomplete.set(true),
        }
    }

    /// Empties the list. Returns the blocks that were in it, and true if some blocks with slots put
    /// aside are missing from it.
    pub(crate) fn take(&self) -> (Vec<NonNull<Block>>, bool) {
        (self.blocks.take(), self.is_incomplete.take())
    }
}
