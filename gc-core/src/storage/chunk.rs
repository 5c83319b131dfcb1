//! A chunk is 4 MiB of address space, aligned to its size and cut into blocks.
//!
//! ```text
//!   +--------------------------+---------+---------+-- ... --+----------+
//!   | heap, free bits, 64 block| block 1 | block 2 |         | block 63 |
//!   | entries | sub-blocks     | 64 KiB  | 64 KiB  |         |          |
//!   +--------------------------+---------+---------+-- ... --+----------+
//!   address:  .... chunk .... | 6 bits block | 4 bits sub-block | 12 bits
//! ```
//!
//! The first word of a chunk names its heap, so that a pass finds out with one load, which usually
//! hits the cache, that a pointer leads into another heap. The header takes the first part of block
//! 0. The rest of block 0 is a shorter block. In the first chunk that rest is split into sub-blocks
//! of 4 KiB. Other blocks can be split, too: a type gets a sub-block first, and a whole block only
//! when it has more objects.

use crate::storage::block::Block;
use core::cell::Cell;
use core::ptr::NonNull;

pub(crate) const CHUNK: usize = 4 << 20;
pub(crate) const BLOCK_SHIFT: usize = 16;
pub(crate) const BLOCK: usize = 1 << BLOCK_SHIFT;
pub(crate) const BLOCKS: usize = CHUNK / BLOCK;
pub(crate) const SUB_SHIFT: usize = 12;
pub(crate) const SUB: usize = 1 << SUB_SHIFT;
pub(crate) const SUBS: usize = BLOCK / SUB;

/// The heap that a chunk belongs to, as an opaque type: the storage modules use only its address.
/// It is a [`Core`](crate::core::Core).
pub(crate) struct Owner(());

/// The header of a chunk, in its first bytes.
#[repr(C, align(64))]
pub(crate) struct Chunk {
    // (Fields that never change are cells as well: see invariant 17.)
    owner: Cell<NonNull<Owner>>,
    /// The chunk's address as the chunk source returned it, with provenance over the whole chunk.
    start: Cell<NonNull<u8>>,
    /// The free blocks: bit `n` is set if block `n` is free.
    free: Cell<u64>,
    /// The free blocks that still have their memory, one bit for each.
    committed_free: Cell<u64>,
    /// The blocks that can be free, one bit for each: all blocks, except for block 0 if it is split
    /// from the start.
    all: Cell<u64>,
    /// Bytes acquired from the chunk source; more than `CHUNK` if the chunk serves one very large
    /// object.
    bytes: Cell<usize>,
    pub(crate) blocks: [Block; BLOCKS],
    subs: [Block; SUBS],
}

/// Number of sub-blocks of block 0 that the header covers.
const HEADER_SUBS: usize = size_of::<Chunk>().div_ceil(SUB);

impl Chunk {
    /// Writes the header of a new chunk. If `split` is true, the rest of block 0 is split into
    /// sub-blocks.
    ///
    /// # Safety
    /// `memory` is the start of `bytes` bytes from the heap's chunk source, aligned
    /// to `CHUNK`, unused. `owner` outlives the chunk.
    pub(crate) unsafe fn create(
        memory: NonNull<u8>,
        bytes: usize,
        owner: NonNull<Owner>,
        split: bool,
    ) -> NonNull<Chunk> {
        let all = if split { !1 } else { !0 };
        let chunk = memory.cast::<Chunk>();
        // SAFETY: the caller's promise; the header fits into block 0 (asserted below).
        unsafe {
            chunk.write(Chunk {
                owner: Cell::new(owner),
                start: Cell::new(memory),
                free: Cell::new(all),
                committed_free: Cell::new(0),
                all: Cell::new(all),
                bytes: Cell::new(bytes),
                blocks: [const { Block::EMPTY }; BLOCKS],
                subs: [const { Block::EMPTY }; SUBS],
            });
            if split {
                let subs = NonNull::new_unchecked(&raw mut (*chunk.as_ptr()).subs).cast();
                chunk.as_ref().blocks[0].split(subs);
            }
        }
        chunk
    }

    #[inline]
    pub(crate) fn owner(&self) -> NonNull<Owner> {
        self.owner.get()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes.get()
    }

    /// Takes neighbouring free blocks, and returns the number of the first; `None` if there are no
    /// such blocks. Takes only blocks that have their memory if `committed_free` is true.
    pub(crate) fn take_blocks(&self, wanted: Wanted, committed_free: bool) -> Option<usize> {
        let count = wanted.count();
        let free = self.free.get();
        let choice = if committed_free { self.committed_free.get() } else { free };
        let choice = if wanted == Wanted::One { choice } else { choice & !1 };
        let mut runs = choice;
        for shift in 1..count {
            runs &= choice >> shift;
        }
        if runs == 0 {
            return None;
        }
        let first = runs.trailing_zeros() as usize;
        self.free.set(free & !run(first, count));
        self.committed_free.set(self.committed_free.get() & !run(first, count));
        Some(first)
    }

    pub(crate) fn give_blocks(&self, first: usize, count: usize) {
        debug_assert_eq!(self.free.get() & run(first, count), 0);
        self.free.set(self.free.get() | run(first, count));
    }

    /// Returns true if no block or sub-block of the chunk is in use.
    pub(crate) fn is_empty(&self) -> bool {
        self.free.get() == self.all.get() && self.subs.iter().all(|sub| !sub.is_used())
    }

    /// Returns the number of blocks of the chunk that can be free.
    pub(crate) fn capacity(&self) -> usize {
        self.all.get().count_ones() as usize
    }

    /// Returns the address at which block `index` begins.
    pub(crate) fn block_start(&self, index: usize) -> NonNull<u8> {
        debug_assert!(index < BLOCKS);
        // SAFETY: invariant 2: the chunk spans all its blocks.
        unsafe { self.start.get().add(index << BLOCK_SHIFT) }
    }

    /// Returns the memory of block `index` and its size in bytes. The header is not part of the
    /// memory of block 0.
    pub(crate) fn memory(&self, index: usize) -> (NonNull<u8>, usize) {
        let header = if index == 0 { HEADER_SUBS * SUB } else { 0 };
        // SAFETY: invariant 2: the header is shorter than a block.
        (unsafe { self.block_start(index).add(header) }, BLOCK - header)
    }

    /// Returns the chunk's address as the chunk source returned it.
    pub(crate) fn start(&self) -> NonNull<u8> {
        self.start.get()
    }

    /// Returns the free blocks that still have their memory, one bit for each.
    pub(crate) fn committed_free(&self) -> &Cell<u64> {
        &self.committed_free
    }

    /// Returns the number of the block, and of the sub-block in it, that an address lies in.
    pub(crate) fn place(address: usize) -> (usize, usize) {
        ((address >> BLOCK_SHIFT) & (BLOCKS - 1), (address >> SUB_SHIFT) & (SUBS - 1))
    }

    /// Splits a free 64 KiB block into sub-blocks. The table of the sub-blocks is in its first 4
    /// KiB.
    pub(crate) fn split_block(&self, index: usize) {
        let table = self.block_start(index).cast::<Block>();
        for sub in 0..SUBS {
            // SAFETY: invariant 2: the block was free, and SUBS entries fit into its first sub-block.
            unsafe { table.add(sub).write(Block::EMPTY) };
        }
        self.blocks[index].split(table);
    }

    /// Returns the number of the first sub-block of split block `index` that can hold slots. The
    /// sub-blocks before it hold the chunk's header or the table of sub-blocks.
    pub(crate) fn first_sub(index: usize) -> usize {
        if index == 0 { HEADER_SUBS } else { 1 }
    }

    /// Calls `f` for each block in use, and for each sub-block in use of a split block.
    pub(crate) fn each_block(&self, f: &mut dyn FnMut(&Block)) {
        let used = !self.free.get();
        for index in crate::object::bitmaps::bits(used) {
            let block = &self.blocks[index as usize];
            match block.subs() {
                None if block.is_used() => f(block),
                None => {}
                Some(subs) => {
                    for sub in Self::first_sub(index as usize)..SUBS {
                        // SAFETY: invariant 3: SUBS entries.
                        let sub = unsafe { subs.add(sub).as_ref() };
                        if sub.is_used() {
                            f(sub);
                        }
                    }
                }
            }
        }
    }
}

/// The blocks that a caller of [`Chunk::take_blocks`] wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wanted {
    /// One block, which may be the shorter block 0 behind the chunk's header.
    One,
    /// This many neighbouring blocks of full length.
    Whole(usize),
}

impl Wanted {
    pub(crate) fn count(self) -> usize {
        match self {
            Wanted::One => 1,
            Wanted::Whole(count) => count,
        }
    }
}

/// Returns a word with the bits of `count` neighbouring blocks set, from block `first` on.
pub(crate) fn run(first: usize, count: usize) -> u64 {
    (u64::MAX >> (64 - count)) << first
}

const _: () = assert!(HEADER_SUBS < SUBS && size_of::<Block>() * SUBS <= SUB);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_blocks_are_taken_and_given_back() {
        assert_eq!(run(1, 63), !1);
        assert_eq!(run(0, 64), u64::MAX);
        assert_eq!(run(5, 2), 0b110_0000);
    }
}
