//! Manages sub-blocks, the 4 KiB parts of split blocks. A type with few objects gets a sub-block in
//! place of a block.

use crate::storage::block::Block;
use crate::storage::chunk::{Chunk, SUB, SUBS};
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::ptr::NonNull;

/// The sub-blocks of all split blocks of a heap.
#[derive(Default)]
pub(super) struct Subs {
    /// The free sub-blocks. The list has capacity for all sub-blocks, so that `give` never
    /// allocates.
    free: RefCell<Vec<FreeSub>>,
    all: Cell<usize>,
}

#[derive(Clone, Copy)]
struct FreeSub {
    chunk: NonNull<Chunk>,
    block: u8,
    sub: u8,
}

impl Subs {
    pub(super) fn has_free(&self) -> bool {
        !self.free.borrow().is_empty()
    }

    /// Makes room in the list of free sub-blocks for those of one more block. Returns `None` if
    /// there is no memory.
    pub(super) fn reserve(&self) -> Option<()> {
        let mut free = self.free.borrow_mut();
        let more = self.all.get() + SUBS - free.len();
        free.try_reserve(more).ok()
    }

    /// Lists the sub-blocks of a newly split block as free. Must be called after `reserve`.
    pub(super) fn add(&self, chunk: NonNull<Chunk>, block: usize) {
        let subs = (Chunk::first_sub(block)..SUBS).rev();
        let subs = subs.map(|sub| FreeSub { chunk, block: block as u8, sub: sub as u8 });
        self.all.set(self.all.get() + subs.len());
        self.free.borrow_mut().extend(subs);
    }

    /// Takes a free sub-block, and returns its entry and its memory. Returns `None` if no sub-block
    /// is free.
    pub(super) fn take(&self) -> Option<(&Block, NonNull<u8>)> {
        let free = self.free.borrow_mut().pop()?;
        // SAFETY: invariants 2 and 3: a listed sub-block is an entry of a split block of a mapped chunk.
        unsafe {
            let chunk = free.chunk.as_ref();
            let entry = chunk.blocks[free.block as usize].subs()?.add(free.sub as usize);
            Some((entry.as_ref(), chunk.block_start(free.block as usize).add(free.sub as usize * SUB)))
        }
    }

    /// Lists a sub-block as free again.
    pub(super) fn give(&self, chunk: &Chunk, block: usize, sub: usize) {
        let chunk = NonNull::from(chunk);
        self.free.borrow_mut().push(FreeSub { chunk, block: block as u8, sub: sub as u8 });
    }

    /// Turns a split block into a whole one if all its sub-blocks are free. Returns true if it did.
    pub(super) fn unsplit(&self, chunk: &Chunk, block: usize) -> bool {
        let here = |free: &FreeSub| free.chunk == NonNull::from(chunk) && free.block as usize == block;
        if self.free.borrow().iter().filter(|free| here(free)).count() < SUBS - 1 {
            return false;
        }
        self.forget(here);
        chunk.blocks[block].unsplit();
        true
    }

    /// Removes the sub-blocks of a chunk that is about to be given back from the list.
    pub(super) fn forget_chunk(&self, chunk: NonNull<Chunk>) {
        self.forget(|free| free.chunk == chunk);
    }

    fn forget(&self, gone: impl Fn(&FreeSub) -> bool) {
        let mut free = self.free.borrow_mut();
        let before = free.len();
        free.retain(|sub| !gone(sub));
        self.all.set(self.all.get() - (before - free.len()));
    }
}
