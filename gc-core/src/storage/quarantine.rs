//! Slots that were freed while a collection is open: they are not used again until it closes.

use crate::object::bitmaps::raise;
use crate::object::raw::Place;
use crate::storage::block::{Block, flag};
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::ptr::NonNull;

/// The blocks with such slots.
#[derive(Default)]
pub(crate) struct Quarantine {
    blocks: RefCell<Vec<NonNull<Block>>>,
    /// There are more than the list has.
    is_incomplete: Cell<bool>,
}

impl Quarantine {
    /// Puts a taken slot aside.
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

    /// Empties the list. The second part: some blocks are not in it.
    pub(crate) fn take(&self) -> (Vec<NonNull<Block>>, bool) {
        (self.blocks.take(), self.is_incomplete.take())
    }
}
