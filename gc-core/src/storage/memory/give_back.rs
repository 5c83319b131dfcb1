//! Gives memory back: the memory of free blocks to the system, and empty chunks to their source.

use super::{Memory, resident};
use crate::storage::chunk::{BLOCK, CHUNK, Chunk};
use crate::storage::os::poison;
use core::ptr::NonNull;

impl Memory {
    /// Hands the memory of at most `most` free blocks that were not needed in the present period to
    /// the system, and begins a new period. Releases whole chunks where possible.
    pub(crate) fn give_to_system(&self, most: usize) {
        let mut surplus = self.decay.end_period().min(most);
        let mut at = self.chunks.borrow().len();
        while surplus > 0 && at > 0 {
            at -= 1;
            let link = self.chunks.borrow()[at];
            // SAFETY: invariant 2: listed chunks are mapped.
            let chunk = unsafe { link.as_ref() };
            let committed_free = chunk.committed_free().get().count_ones() as usize;
            if chunk.is_empty() && committed_free <= surplus && self.may_release() {
                self.release_chunk(chunk);
            } else {
                self.cool(chunk, surplus);
            }
            surplus -= committed_free.min(surplus);
        }
        self.decay.begin_period();
    }

    fn may_release(&self) -> bool {
        self.chunks.borrow().len() > self.kept_chunks.get().max(1)
    }

    /// Hands the memory of all free blocks to the system.
    pub(super) fn cool_all(&self) {
        for at in 0..self.chunks.borrow().len() {
            let link = self.chunks.borrow()[at];
            // SAFETY: invariant 2: listed chunks are mapped.
            self.cool(unsafe { link.as_ref() }, usize::MAX);
        }
    }

    /// Hands the memory of all free blocks to the system, and releases empty chunks that need not
    /// be kept. Returns the number of bytes given back.
    pub(crate) fn trim(&self) -> usize {
        let before = self.account.resident();
        self.cool_all();
        let mut at = self.chunks.borrow().len();
        while at > 0 && self.may_release() {
            at -= 1;
            let link = self.chunks.borrow()[at];
            // SAFETY: invariant 2: listed chunks are mapped.
            let chunk = unsafe { link.as_ref() };
            if chunk.is_empty() {
                self.release_chunk(chunk);
            }
        }
        before - self.account.resident()
    }

    /// Hands the memory of at most `most` free blocks of a chunk to the system.
    fn cool(&self, chunk: &Chunk, most: usize) {
        for index in crate::object::bitmaps::bits(chunk.committed_free().get()).take(most) {
            chunk.committed_free().set(chunk.committed_free().get() & !(1 << index));
            self.decay.remove(1);
            self.account.give(resident(1 << index));
            let (memory, bytes) = chunk.memory(index as usize);
            // SAFETY: invariant 14: the block is free.
            unsafe { self.source.decommit(memory, bytes) };
        }
    }

    /// Removes an empty chunk from the heap and gives it back to the chunk source.
    pub(super) fn release_chunk(&self, chunk: &Chunk) {
        let link = NonNull::from(chunk);
        self.releases.set(self.releases.get() + 1);
        self.chunks.borrow_mut().retain(|known| *known != link);
        self.subs.forget_chunk(link);
        self.free.set(self.free.get() - chunk.capacity());
        self.decay.remove(chunk.committed_free().get().count_ones() as usize);
        self.account.give(match chunk.bytes() {
            CHUNK => BLOCK + resident(chunk.committed_free().get()),
            bytes => bytes,
        });
        self.hint.set(0);
        self.unmap(link);
    }

    pub(super) fn unmap(&self, chunk: NonNull<Chunk>) {
        // SAFETY: invariant 2: the chunk is mapped until here.
        let (start, bytes) = unsafe { (chunk.as_ref().start(), chunk.as_ref().bytes()) };
        poison::clear(start, bytes);
        poison::chunk_is_root(start, bytes, false);
        // SAFETY: invariant 14: the chunk was acquired with these numbers, and no block of it is in
        // use.
        unsafe { self.source.release(start, bytes, CHUNK) };
    }
}
