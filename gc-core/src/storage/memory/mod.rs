//! Owns the chunks of a heap, and hands out blocks and sub-blocks of them.

mod give_back;
mod subs;

use self::subs::Subs;
use crate::storage::block::Block;
use crate::storage::chunk::{BLOCK, BLOCKS, CHUNK, Chunk, Owner, SUB, Wanted, run};
use crate::storage::decay::Decay;
use crate::storage::limit::Account;
use crate::storage::os::{ChunkSource, poison};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::ptr::NonNull;

pub(crate) struct Memory {
    source: Box<dyn ChunkSource>,
    account: Account,
    /// The heap that the chunks belong to.
    owner: Cell<Option<NonNull<Owner>>>,
    /// True if the heap collects in slices. Operations on memory are then bounded, too.
    is_incremental: Cell<bool>,
    /// Number of chunks that are kept even when they are empty.
    kept_chunks: Cell<usize>,
    chunks: RefCell<Vec<NonNull<Chunk>>>,
    /// Free 64 KiB blocks in all chunks.
    free: Cell<usize>,
    /// The number of free blocks that still have their memory, and of those that were not needed
    /// lately.
    decay: Decay,
    /// Index of the chunk at which the search for free blocks begins.
    hint: Cell<usize>,
    subs: Subs,
    /// Number of blocks and sub-blocks that hold slots, and the bytes that they take.
    used: Cell<usize>,
    used_bytes: Cell<usize>,
    /// Number of chunks that were given back to the source so far.
    releases: Cell<usize>,
}

impl Memory {
    pub(crate) fn new(source: Box<dyn ChunkSource>, account: Account) -> Memory {
        Memory {
            source,
            account,
            owner: Cell::new(None),
            is_incremental: Cell::new(false),
            kept_chunks: Cell::new(0),
            chunks: RefCell::new(Vec::new()),
            free: Cell::new(0),
            decay: Decay::default(),
            hint: Cell::new(0),
            subs: Subs::default(),
            used: Cell::new(0),
            used_bytes: Cell::new(0),
            releases: Cell::new(0),
        }
    }

    /// Sets the heap that the chunks belong to. Must be called before the first chunk is taken.
    pub(crate) fn set_owner(&self, owner: NonNull<Owner>) {
        self.owner.set(Some(owner));
    }

    pub(crate) fn set_incremental(&self, is_incremental: bool) {
        self.is_incremental.set(is_incremental);
    }

    /// Returns the number of blocks and sub-blocks in use.
    pub(crate) fn used(&self) -> usize {
        self.used.get()
    }

    /// Takes chunks for `bytes` bytes, and keeps that many chunks from now on even if they are
    /// empty. Returns false if there is no memory.
    pub(crate) fn reserve(&self, bytes: usize) -> bool {
        let chunks = bytes.div_ceil(CHUNK);
        self.kept_chunks.set(chunks);
        (0..chunks).all(|_| self.new_chunk(CHUNK).is_some())
    }

    /// Takes neighbouring blocks. If `wanted` is too large for a normal chunk, acquires a chunk for
    /// these blocks alone. Returns the entry of the first block, its memory, and the bytes of the
    /// first block. Returns `None` if there is no memory.
    pub(crate) fn take_blocks(&self, wanted: Wanted) -> Option<(&Block, NonNull<u8>, usize)> {
        let count = wanted.count();
        let (chunk, first, count) = if count >= BLOCKS {
            let bytes = (count + 1).checked_mul(BLOCK)?.checked_next_multiple_of(CHUNK)?;
            self.make_room(bytes)?;
            let chunk = self.new_chunk(bytes)?;
            (chunk, chunk.take_blocks(Wanted::Whole(BLOCKS - 1), false)?, BLOCKS - 1)
        } else {
            self.find_blocks(wanted)?
        };
        self.free.set(self.free.get() - count);
        self.used.set(self.used.get() + 1);
        let all = if chunk.bytes() > CHUNK { chunk.bytes() } else { count * BLOCK };
        self.used_bytes.set(self.used_bytes.get() + all);
        let block = &chunk.blocks[first];
        block.span.set(count as u8);
        let (memory, bytes) = chunk.memory(first);
        Some((block, memory, bytes))
    }

    fn find_blocks(&self, wanted: Wanted) -> Option<(&Chunk, usize, usize)> {
        let count = wanted.count();
        let found = if self.decay.committed_free() >= count { self.find_free(wanted, true) } else { None };
        if let Some((chunk, first)) = found {
            return Some((chunk, first, count));
        }
        self.make_room(count * BLOCK)?;
        if let Some((chunk, first)) = self.find_free(wanted, false) {
            return Some((chunk, first, count));
        }
        self.make_room((count + 1) * BLOCK)?;
        let chunk = self.new_chunk(CHUNK)?;
        self.hint.set(self.chunks.borrow().len() - 1);
        let first = chunk.take_blocks(wanted, false)?;
        self.account.take(resident(run(first, count)));
        Some((chunk, first, count))
    }

    /// Makes room for `bytes` bytes within the limit. If there is none, the memory of all free
    /// blocks is handed to the system first. Returns `None` if there is no room then either.
    fn make_room(&self, bytes: usize) -> Option<()> {
        if !self.account.admits(bytes) {
            self.cool_all();
        }
        self.account.admits(bytes).then_some(())
    }

    /// Takes neighbouring free blocks of any chunk, and returns the chunk and the number of the
    /// first block. If `committed_free` is true, takes only blocks that still have their memory.
    /// Returns `None` if there are no such blocks.
    fn find_free(&self, wanted: Wanted, committed_free: bool) -> Option<(&Chunk, usize)> {
        if self.free.get() < wanted.count() {
            return None;
        }
        let chunks = self.chunks.borrow();
        let hint = self.hint.get();
        (0..chunks.len()).find_map(|step| {
            let at = (hint + step) % chunks.len();
            // SAFETY: invariant 2: listed chunks are mapped.
            let chunk = unsafe { chunks[at].as_ref() };
            let before = chunk.committed_free().get();
            let first = chunk.take_blocks(wanted, committed_free)?;
            let cooled = before & !chunk.committed_free().get();
            self.decay.remove(cooled.count_ones() as usize);
            self.account.take(resident(run(first, wanted.count()) & !cooled));
            self.hint.set(at);
            Some((chunk, first))
        })
    }

    fn new_chunk(&self, bytes: usize) -> Option<&Chunk> {
        self.chunks.borrow_mut().try_reserve(1).ok()?;
        self.subs.reserve()?;
        let memory = self.source.acquire(bytes, CHUNK)?;
        poison::chunk_is_root(memory, bytes, true);
        self.account.take(if bytes > CHUNK { bytes } else { BLOCK });
        let is_first = self.chunks.borrow().is_empty();
        // (An incremental heap uses no huge pages, because zeroing one takes longer than a slice
        // may.)
        if !is_first && !self.is_incremental.get() && self.is_far_from_the_limit() {
            // SAFETY: invariant 14. (The first chunk uses no huge pages, to keep small heaps
            // small.)
            unsafe { self.source.expect_dense(memory, bytes) };
        }
        // (Block 0 of a chunk for a very large object is split and never listed as free: a small
        // object in it would keep the whole chunk.)
        let split = is_first || bytes > CHUNK;
        // SAFETY: the chunk source promises memory of this size and alignment that nothing else
        // uses.
        let link = unsafe { Chunk::create(memory, bytes, self.owner.get()?, split) };
        // SAFETY: invariant 2: the chunk was just created, and is mapped until it is released.
        let chunk = unsafe { link.as_ref() };
        self.chunks.borrow_mut().push(link);
        self.free.set(self.free.get() + chunk.capacity());
        if split && bytes == CHUNK {
            self.subs.add(link, 0);
        }
        Some(chunk)
    }

    /// Returns true if a new chunk may use huge pages. The system counts a huge page as a whole
    /// even if it is used in part, which a heap near its limit cannot afford.
    fn is_far_from_the_limit(&self) -> bool {
        !self.account.is_limited() || self.account.resident() + 2 * CHUNK <= self.account.max() / 2
    }

    /// Takes a sub-block, and splits a block if no sub-block is free. Returns `None` if there is no
    /// memory.
    pub(crate) fn take_sub(&self) -> Option<(&Block, NonNull<u8>)> {
        if !self.subs.has_free() {
            self.split_block()?;
        }
        let taken = self.subs.take()?;
        self.used.set(self.used.get() + 1);
        self.used_bytes.set(self.used_bytes.get() + SUB);
        Some(taken)
    }

    /// Makes free sub-blocks: takes the first chunk, whose block 0 is split from the start, or
    /// splits a block of a chunk. Returns `None` if there is no memory.
    fn split_block(&self) -> Option<()> {
        if self.chunks.borrow().is_empty() {
            self.new_chunk(CHUNK)?;
            return Some(());
        }
        self.subs.reserve()?;
        let (chunk, index, _) = self.find_blocks(Wanted::Whole(1))?;
        self.free.set(self.free.get() - 1);
        if self.subs.has_free() {
            self.return_blocks(chunk, index, 1);
        } else {
            chunk.split_block(index);
            self.subs.add(NonNull::from(chunk), index);
        }
        Some(())
    }

    /// Takes back an empty block. The memory of the block stays committed for a while, unless its
    /// chunk was acquired for this block alone.
    pub(crate) fn give_block(&self, block: &Block) {
        debug_assert_eq!(block.live(), 0);
        self.used.set(self.used.get() - 1);
        self.used_bytes.set(self.used_bytes.get() - bytes_of(block));
        let chunk = block.home();
        let (index, sub) = Chunk::place(block.first_address());
        let span = block.span.get() as usize;
        // SAFETY: invariant 2: the block lies in its chunk.
        let start = unsafe { chunk.block_start(index).add(if span == 0 { sub * SUB } else { 0 }) };
        poison::clear(start, if span == 0 { SUB } else { span * BLOCK });
        block.reset();
        if span == 0 {
            self.subs.give(chunk, index, sub);
            if index > 0 && self.subs.unsplit(chunk, index) {
                self.return_blocks(chunk, index, 1);
            }
        } else {
            self.return_blocks(chunk, index, span);
        }
        if chunk.bytes() > CHUNK && chunk.is_empty() {
            self.release_chunk(chunk);
        }
        if self.decay.is_over() {
            self.give_to_system(if self.is_incremental.get() { IN_A_SLICE } else { usize::MAX });
        }
    }

    fn return_blocks(&self, chunk: &Chunk, first: usize, count: usize) {
        chunk.give_blocks(first, count);
        self.free.set(self.free.get() + count);
        let given = (u64::MAX >> (64 - count)) << first;
        chunk.committed_free().set(chunk.committed_free().get() | given);
        self.decay.add(count);
    }

    /// Calls `f` for each block in use.
    pub(crate) fn each_block(&self, f: &mut dyn FnMut(&Block)) {
        let mut at = 0;
        // The chunks are visited by index and no borrow is held, because `f` may take blocks.
        while let Some(chunk) = self.chunks.borrow().get(at).copied() {
            // SAFETY: invariant 2: listed chunks are mapped.
            unsafe { chunk.as_ref() }.each_block(f);
            at += 1;
        }
    }

    /// Calls `f` for each block in use of the chunk at index `at`. Returns false if there is no
    /// such chunk.
    pub(crate) fn each_block_of(&self, at: usize, f: &mut dyn FnMut(&Block)) -> bool {
        let Some(chunk) = self.chunks.borrow().get(at).copied() else { return false };
        // SAFETY: invariant 2: listed chunks are mapped.
        unsafe { chunk.as_ref() }.each_block(f);
        true
    }

    /// Returns the number of chunks given back so far. Each release may have changed the indices of
    /// other chunks.
    pub(crate) fn releases(&self) -> usize {
        self.releases.get()
    }

    /// Returns the bytes that the blocks and sub-blocks in use take.
    pub(crate) fn used_bytes(&self) -> usize {
        self.used_bytes.get()
    }
}

/// Returns the bytes that a block in use takes: those of its whole chunk if the chunk was acquired
/// for this block alone.
pub(crate) fn bytes_of(block: &Block) -> usize {
    match block.span.get() {
        0 => SUB,
        63 if block.home().bytes() > CHUNK => block.home().bytes(),
        span => span as usize * BLOCK,
    }
}

/// Number of blocks whose memory is handed to the system at most in one slice of an incremental
/// heap.
const IN_A_SLICE: usize = 16;

/// Returns the bytes of the blocks whose bits are set. Block 0 is not counted, because it is
/// counted with the chunk's header.
fn resident(blocks: u64) -> usize {
    (blocks & !1).count_ones() as usize * BLOCK
}

impl Drop for Memory {
    fn drop(&mut self) {
        for chunk in self.chunks.take() {
            self.unmap(chunk);
        }
    }
}
