//! Sub-blocks: what a type with few objects has in place of a block.

use crate::storage::block::Block;
use crate::storage::chunk::{Chunk, SUB, SUBS};
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::ptr::NonNull;

/// The sub-blocks of all split blocks of a heap.
#[derive(Default)]
pub(super) struct Subs {
    /// The free sub-blocks. It has capacity for all sub-blocks, so that `give` takes no memory.
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

    /// Makes room in the list for the sub-blocks of one block more.
    pub(super) fn reserve(&self) -> Option<()> {
        let mut free = self.free.borrow_mut();
        let more = self.all.get() + SUBS - free.len();
        free.try_reserve(more).ok()
    }

    /// Lists the sub-blocks of a block that was split, for which there is room.
    pub(super) fn add(&self, chunk: NonNull<Chunk>, block: usize) {
        let subs = (Chunk::first_sub(block)..SUBS).rev();
        let subs = subs.map(|sub| FreeSub { chunk, block: block as u8, sub: sub as u8 });
        self.all.set(self.all.get() + subs.len());
        self.free.borrow_mut().extend(subs);
    }

    /// Takes a free one, and its memory.
    pub(super) fn take(&self) -> Option<(&Block, NonNull<u8>)> {
        let free = self.free.borrow_mut().pop()?;
        // SAFETY: invariants 2 and 3: a listed sub-block is an entry of a split block of a mapped chunk.
        unsafe {
            let chunk = free.chunk.as_ref();
            let entry = chunk.blocks[free.block as usize].subs()?.add(free.sub as usize);
            Some((entry.as_ref(), chunk.block_start(free.block as usize).add(free.sub as usize * SUB)))
        }
    }

    /// Takes one back.
    pub(super) fn give(&self, chunk: &Chunk, block: usize, sub: usize) {
        let chunk = NonNull::from(chunk);
        self.free.borrow_mut().push(FreeSub { chunk, block: block as u8, sub: sub as u8 });
    }

    /// Undoes a split when all its sub-blocks are free.
    pub(super) fn unsplit(&self, chunk: &Chunk, block: usize) -> bool {
        let here = |free: &FreeSub| free.chunk == NonNull::from(chunk) && free.block as usize == block;
        if self.free.borrow().iter().filter(|free| here(free)).count() < SUBS - 1 {
            return false;
        }
        self.forget(here);
        chunk.blocks[block].unsplit();
        true
    }

    /// Removes the sub-blocks of a chunk, none of which is in use or will be taken.
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
