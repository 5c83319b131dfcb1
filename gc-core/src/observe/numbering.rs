//! Numbers for the living objects, dense and in the order of blocks. The number of an object is
//! found from its address in a few small tables, without a look at the object.

use crate::core::Core;
use crate::graph::edges::each_living;
use crate::object::raw::Object;
use crate::storage::block::{Block, Geometry};
use crate::storage::chunk::{BLOCK_SHIFT, BLOCKS, CHUNK};
use alloc::vec::Vec;
use hashbrown::HashMap;

/// The numbers of all objects that live now. The tables take 16 bytes for each 64 slots, and some
/// bytes for each block.
pub(super) struct Numbering<'h> {
    core: &'h Core,
    /// For each chunk, the index in `blocks` of the entry of its first block.
    chunks: HashMap<usize, usize>,
    /// The entries of the blocks: `BLOCKS` for each chunk.
    blocks: Vec<Option<Entry>>,
    /// The entries of sub-blocks, by the addresses of their links.
    subs: HashMap<usize, Entry>,
    ranks: Vec<Rank>,
    objects: u32,
}

#[derive(Clone, Copy)]
struct Entry {
    geometry: Geometry,
    /// The index in `ranks` of the first 64 slots of the block.
    ranks: u32,
}

/// A group of 64 slots: which slots hold an object, and how many objects come before the group.
#[derive(Clone, Copy)]
struct Rank {
    alive: u64,
    before: u32,
}

impl<'h> Numbering<'h> {
    /// Numbers all living objects of a heap.
    ///
    /// # Panics
    /// Panics if there are 2^32 objects or more.
    pub(super) fn of(core: &'h Core) -> Numbering<'h> {
        let (chunks, blocks, subs, ranks) = Default::default();
        let mut numbering = Numbering { core, chunks, blocks, subs, ranks, objects: 0 };
        core.storage.memory.each_block(&mut |block| numbering.add(block));
        numbering
    }

    fn add(&mut self, block: &Block) {
        let entry = Entry { geometry: block.geometry(), ranks: self.ranks.len() as u32 };
        let address = block.first_address();
        if block.span.get() == 0 {
            self.subs.insert(key(block), entry);
        } else {
            let first = *self.chunks.entry(chunk_of(address)).or_insert(self.blocks.len());
            if first == self.blocks.len() {
                self.blocks.resize(first + BLOCKS, None);
            }
            self.blocks[first + block_of(address)] = Some(entry);
        }
        for bitmaps in block.groups() {
            let alive = bitmaps.alloc.get();
            self.ranks.push(Rank { alive, before: self.objects });
            self.objects = self.objects.checked_add(alive.count_ones()).expect("fewer than 2^32 objects");
        }
    }

    /// Returns the count of objects that have a number.
    pub(super) fn len(&self) -> usize {
        self.objects as usize
    }

    /// Calls `f` for each living object with its number, in the order of the numbers.
    pub(super) fn each_object(&self, mut f: impl FnMut(usize, Object)) {
        let mut number = 0;
        each_living(self.core, |object| {
            f(number, object);
            number += 1;
        });
    }

    /// Returns the number of an object, or `None` if the object is of another heap or dying.
    #[inline]
    pub(super) fn number(&self, object: Object) -> Option<usize> {
        let address = object.address();
        let known = self.chunks.get(&chunk_of(address)).and_then(|&first| self.blocks[first + block_of(address)]);
        let Entry { geometry, ranks } = match known {
            Some(entry) => entry,
            None => self.of_sub_block(object)?,
        };
        let slot = geometry.index(object);
        let Rank { alive, before } = self.ranks[(ranks + slot / 64) as usize];
        let bit = 1 << (slot % 64);
        (alive & bit != 0).then(|| (before + (alive & (bit - 1)).count_ones()) as usize)
    }

    #[cold]
    fn of_sub_block(&self, object: Object) -> Option<Entry> {
        let is_ours = core::ptr::eq(object.core(), self.core);
        self.subs.get(&key(object.block())).filter(|_| is_ours).copied()
    }
}

fn chunk_of(address: usize) -> usize {
    address & !(CHUNK - 1)
}

fn block_of(address: usize) -> usize {
    (address >> BLOCK_SHIFT) & (BLOCKS - 1)
}

fn key(block: &Block) -> usize {
    block.link().addr().get()
}
