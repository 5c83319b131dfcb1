//! Lists the empty blocks that could not be given back at once.

use crate::storage::block::{Block, flag};
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::ptr::NonNull;

/// The empty blocks that wait to be given back by `Core::release_empty_blocks`.
#[derive(Default)]
pub(crate) struct EmptyBlocks {
    list: RefCell<Vec<NonNull<Block>>>,
    /// True if there may be empty blocks that are not in the list.
    is_incomplete: Cell<bool>,
}

impl EmptyBlocks {
    /// Notes the block if it is empty and nothing else refers to it, so that it is given back
    /// later. If there is no memory for the list, marks the list incomplete. (A block on a list of
    /// candidates or of the open collection is noted when it is taken off that list. A current
    /// block is noted after another block has become current.)
    pub(crate) fn note_if_empty(&self, block: &Block) {
        if block.live() > 0 || block.has(flag::HELD) {
            return;
        }
        let mut list = self.list.borrow_mut();
        if list.try_reserve(1).is_err() {
            return self.is_incomplete.set(true);
        }
        block.set_flag(flag::NOTED_EMPTY);
        list.push(block.link());
    }

    /// Empties the list, and returns the blocks that were in it.
    pub(crate) fn take(&self) -> Vec<NonNull<Block>> {
        self.list.take()
    }

    /// Marks the list incomplete: any block may be empty, so all must be examined.
    pub(crate) fn set_incomplete(&self) {
        self.is_incomplete.set(true);
    }

    /// Returns true if there may be empty blocks that are not in the list.
    pub(crate) fn is_incomplete(&self) -> bool {
        self.is_incomplete.get()
    }

    /// Returns true if the list is incomplete, and marks it complete.
    pub(crate) fn take_incomplete(&self) -> bool {
        self.is_incomplete.take()
    }
}
