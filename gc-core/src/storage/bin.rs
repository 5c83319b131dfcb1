//! A bin: all blocks that hold objects of one type (and size class, for slices).

use crate::object::type_info::{Class, Deallocate, TypeInfo};
use crate::storage::block::{Block, BlockLink, flag};
use core::cell::Cell;

/// Lists the blocks with free slots of one type (and size class, for slices), and holds what
/// allocation must know about the type.
pub(crate) struct Bin {
    /// Copy of `info.deallocate`; it saves a load.
    pub(crate) deallocate: Deallocate,
    pub(crate) info: &'static TypeInfo,
    pub(crate) class: Class,
    /// Bytes of a value; for slices, the largest number of bytes that the size class holds.
    pub(crate) size: usize,
    /// The block in which new objects of this bin are allocated at present.
    current: BlockLink,
    /// Other blocks with free slots.
    available: BlockLink,
    /// Number of blocks of this bin. Blocks for single large values are not counted.
    pub(crate) blocks: Cell<u32>,
}

/// A value that needs a slot larger than this many bytes gets a block of its own.
const LARGE: usize = 16 << 10;

impl Bin {
    pub(crate) fn new(info: &'static TypeInfo, class: Class, size: usize) -> Bin {
        Bin {
            deallocate: info.deallocate,
            info,
            class,
            size,
            current: Cell::new(None),
            available: Cell::new(None),
            blocks: Cell::new(0),
        }
    }

    /// Returns the distance in bytes between neighbouring slots.
    pub(crate) fn stride(&self) -> usize {
        (self.info.prefix + self.size.max(8)).next_multiple_of(self.info.align.max(8))
    }

    /// Returns true if each value of this type gets a block of its own.
    pub(crate) fn is_large(&self) -> bool {
        self.stride() > LARGE
    }

    pub(crate) fn current_block(&self) -> Option<&Block> {
        // SAFETY: invariant 2: a current block is not given back.
        self.current.get().map(|block| unsafe { block.as_ref() })
    }

    pub(crate) fn make_current(&self, block: &Block) {
        block.set_flag(flag::CURRENT);
        self.current.set(Some(block.link()));
    }

    pub(crate) fn leave_current(&self) {
        if let Some(block) = self.current_block() {
            block.clear_flag(flag::CURRENT);
        }
        self.current.set(None);
    }

    pub(crate) fn push_available(&self, block: &Block) {
        block.set_flag(flag::AVAILABLE);
        let next = self.available.replace(Some(block.link()));
        block.previous_available.set(None);
        block.next_available.set(next);
        if let Some(next) = next {
            // SAFETY: invariant 2: listed blocks are in place.
            unsafe { next.as_ref() }.previous_available.set(Some(block.link()));
        }
    }

    pub(crate) fn pop_available(&self) -> Option<&Block> {
        // SAFETY: invariant 2: listed blocks are in place.
        let block = unsafe { self.available.get()?.as_ref() };
        self.remove_available(block);
        Some(block)
    }

    pub(crate) fn remove_available(&self, block: &Block) {
        block.clear_flag(flag::AVAILABLE);
        let (previous, next) = (block.previous_available.take(), block.next_available.take());
        // SAFETY: invariant 2: listed blocks are in place.
        unsafe {
            match previous {
                Some(previous) => previous.as_ref().next_available.set(next),
                None => self.available.set(next),
            }
            if let Some(next) = next {
                next.as_ref().previous_available.set(previous);
            }
        }
    }
}
