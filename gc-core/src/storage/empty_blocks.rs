//! The empty blocks that could not be given back at once.

use crate::storage::block::{Block, flag};
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::ptr::NonNull;

/// A list of them.
#[derive(Default)]
pub(crate) struct EmptyBlocks {
    list: RefCell<Vec<NonNull<Block>>>,
    /// Any block may be empty without being listed.
    is_incomplete: Cell<bool>,
}

impl EmptyBlocks {
    /// Notes a block that is to be given back as soon as nothing is in its way. (A candidates
    /// one is noted when it is visited, a listed one when it is let go, a current one when
    /// another takes its place.)
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

    /// Empties the list.
    pub(crate) fn take(&self) -> Vec<NonNull<Block>> {
        self.list.take()
    }

    /// Marks the list incomplete: every block must be looked at.
    pub(crate) fn set_incomplete(&self) {
        self.is_incomplete.set(true);
    }

    /// Returns true if the list is incomplete.
    pub(crate) fn is_incomplete(&self) -> bool {
        self.is_incomplete.get()
    }

    /// Returns true if the list is incomplete, and marks it complete.
    pub(crate) fn take_incomplete(&self) -> bool {
        self.is_incomplete.take()
    }
}
