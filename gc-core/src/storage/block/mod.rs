//! A block: memory that is cut into slots for objects of one type, with its side tables inside.
//!
//! ```text
//!   64 KiB block (or a 4 KiB sub-block, or one large object)
//!   +------+------+------+-------------------+------+------+------+
//!   | slot | slot | slot |  gap: the tables | slot | slot | slot |
//!   +------+------+------+-------------------+------+------+------+
//!                        bitmaps: 64 bytes for each 64 slots
//!                        counts: 4 bytes a slot, internal references
//! ```
//!
//! The side tables take the place of a run of slots (the *metadata gap*). The position of this run
//! differs from block to block, so that the tables of many blocks do not fall into the same sets of
//! the processor's caches.

pub(crate) mod flag;
mod members;
mod slots;

pub(crate) use members::{ROOT_CANDIDATE, TENTATIVE_GARBAGE};

use crate::object::address::Object;
use crate::object::bitmaps::{Bitmaps, bits};
use crate::object::type_info::{Class, DropEffect, Kind, TypeInfo};
use crate::storage::bin::Bin;
use crate::storage::chunk::{BLOCK_SHIFT, CHUNK, Chunk};
use crate::storage::layout::SlotLayout;
use core::cell::Cell;
use core::ptr::{self, NonNull};
use slots::FreeSlot;

pub(crate) type BlockLink = Cell<Option<NonNull<Block>>>;

/// The entry that describes a block. The entry of a block lies in the header of the block's chunk,
/// or, for a sub-block, in the table of sub-blocks, never in the block itself.
#[repr(C, align(64))]
pub(crate) struct Block {
    // Every pass reads the following fields.
    first: Cell<*mut u8>,
    bitmaps: Cell<*mut Bitmaps>,
    counts: Cell<*mut u32>,
    reciprocal: Cell<u32>,
    stride: Cell<u16>,
    /// Number of the slot behind the run of neighbours that fresh slots are taken from.
    run_end: Cell<u16>,
    pub(crate) epoch: Cell<u32>,
    flags: Cell<u16>,
    pub(crate) kind: Cell<Kind>,
    /// Number of 64 KiB blocks that this one covers; 0 for a sub-block, `SPLIT` for a split block.
    pub(crate) span: Cell<u8>,
    pub(crate) birth_base: Cell<u64>,
    /// Number of slots, including those of the metadata gap.
    slots: Cell<u16>,
    /// Number of slots, without those of the metadata gap.
    capacity: Cell<u16>,
    /// Number of slots that are not free.
    live: Cell<u16>,
    /// Number of the next slot of the run of neighbours that fresh slots are taken from.
    run: Cell<u16>,
    // Only allocation and the freeing of slots use the following fields.
    /// The list of slots that were freed one by one, the one that was freed last at its head.
    free: Cell<*mut FreeSlot>,
    pub(crate) bin: Cell<Option<NonNull<Bin>>>,
    pub(crate) next_available: BlockLink,
    pub(crate) previous_available: BlockLink,
    // Only the collector uses the following fields.
    /// Groups of 64 slots that wait to be scanned, one bit for each. The block is on the queue of a
    /// pass while this is not 0.
    pub(crate) pending: Cell<u64>,
    pub(crate) next_queued: BlockLink,
    pub(crate) next_listed: BlockLink,
    pub(crate) next_with_candidates: BlockLink,
    /// Groups of 64 slots that have, or had, members of a collection's set, one bit for each.
    filled: Cell<u64>,
}

/// The data that turn the address of an object into the number of its slot.
#[derive(Clone, Copy)]
pub(crate) struct Geometry {
    first: usize,
    reciprocal: u32,
}

impl Geometry {
    /// Returns the number of the slot that an object of the block is in. Multiplies by the
    /// reciprocal of the stride, which is faster than a division.
    #[inline]
    pub(crate) fn index(self, object: Object) -> u32 {
        let offset = object.address().wrapping_sub(self.first);
        ((offset as u64 * u64::from(self.reciprocal)) >> 32) as u32
    }
}

/// The value of `span` that marks a split block.
const SPLIT: u8 = u8::MAX;

/// A power of two, so that the address of an entry in its table is computed by a shift.
const _: () = assert!(size_of::<Block>() == 128);

impl Block {
    /// The entry of a block that is not in use, for the header of a new chunk.
    #[expect(clippy::declare_interior_mutable_const, reason = "a template to be copied")]
    pub(crate) const EMPTY: Block = Block {
        first: Cell::new(ptr::null_mut()),
        bitmaps: Cell::new(ptr::null_mut()),
        counts: Cell::new(ptr::null_mut()),
        reciprocal: Cell::new(0),
        stride: Cell::new(0),
        run_end: Cell::new(0),
        epoch: Cell::new(0),
        flags: Cell::new(0),
        kind: Cell::new(Kind::Leaf),
        span: Cell::new(0),
        birth_base: Cell::new(0),
        slots: Cell::new(0),
        capacity: Cell::new(0),
        live: Cell::new(0),
        run: Cell::new(0),
        free: Cell::new(ptr::null_mut()),
        bin: Cell::new(None),
        next_available: Cell::new(None),
        previous_available: Cell::new(None),
        pending: Cell::new(0),
        next_queued: Cell::new(None),
        next_listed: Cell::new(None),
        next_with_candidates: Cell::new(None),
        filled: Cell::new(0),
    };

    /// Lays out slots and side tables in memory. Postcondition: no slot is in use, all bitmaps are
    /// 0, the internal counts are unspecified.
    ///
    /// # Safety
    /// `memory` is the start of this block's memory. The memory has at least as many bytes as
    /// `layout` was planned for, and nothing else refers to it.
    pub(crate) unsafe fn format(&self, memory: *mut u8, layout: SlotLayout, info: &'static TypeInfo, class: Class) {
        let groups = (layout.slots as usize).div_ceil(64);
        // SAFETY: invariant 4: the plan keeps the tables inside of the block and away from slots.
        unsafe {
            let bitmaps = memory.add(layout.tables as usize).cast::<Bitmaps>();
            bitmaps.write_bytes(0, groups);
            self.bitmaps.set(bitmaps);
            self.counts.set(bitmaps.add(groups).cast());
            self.first.set(memory.add(layout.first as usize));
        }
        // (The stride of a large value may not fit into 16 bits. A block with one
        // slot uses no stride.)
        self.stride.set(layout.stride as u16);
        self.reciprocal.set(((1u64 << 32).div_ceil(u64::from(layout.stride))) as u32);
        self.slots.set(layout.slots as u16);
        self.kind.set(class.kind);
        let finalizable = if info.finalizer.is_some() { flag::FINALIZABLE } else { 0 };
        let unknown = if class.drop_effect == DropEffect::Unknown { flag::UNKNOWN_DROP } else { 0 };
        let tracked = if class.kind == Kind::Cyclic { flag::TRACKED } else { 0 };
        self.flags.set(tracked | finalizable | unknown);
        self.pending.set(0);
        self.filled.set(0);
        self.make_slots(&layout);
        #[cfg(gc_zeal)]
        if layout.stride <= 1 << 20 {
            for slot in (0..layout.gap.0.into()).chain(layout.gap.1.into()..layout.slots) {
                crate::storage::os::overwritten::write(self.object(slot).value(), layout.stride as usize - info.prefix);
            }
        }
    }

    /// Removes the block's type and flags. Postcondition: the block is not in use.
    pub(crate) fn reset(&self) {
        self.flags.set(0);
        self.bin.set(None);
        self.span.set(0);
    }

    /// Turns this entry into that of a split block. `subs` is its table of sub-blocks.
    pub(crate) fn split(&self, subs: NonNull<Block>) {
        self.next_queued.set(Some(subs));
        self.span.set(SPLIT);
    }

    /// Turns the entry of a split block into that of a free block.
    pub(crate) fn unsplit(&self) {
        self.next_queued.set(None);
        self.span.set(0);
    }

    /// Returns the table of sub-blocks of a split block; `None` if the block is not split. (The
    /// table is stored in `next_queued`, because a split block is in no queue itself.)
    #[inline]
    pub(crate) fn subs(&self) -> Option<NonNull<Block>> {
        if self.is_split() { self.next_queued.get() } else { None }
    }

    /// Returns true if the block is split into sub-blocks.
    #[inline]
    pub(crate) fn is_split(&self) -> bool {
        self.span.get() == SPLIT
    }

    #[inline]
    pub(crate) fn has(&self, flags: u16) -> bool {
        self.flags.get() & flags != 0
    }

    #[inline]
    pub(crate) fn flags(&self) -> u16 {
        self.flags.get()
    }

    #[inline]
    pub(crate) fn set_flag(&self, flags: u16) {
        self.flags.set(self.flags.get() | flags);
    }

    #[inline]
    pub(crate) fn clear_flag(&self, flags: u16) {
        self.flags.set(self.flags.get() & !flags);
    }

    /// Returns the table of the type of the block's objects.
    #[inline]
    pub(crate) fn info(&self) -> &'static TypeInfo {
        self.bin().info
    }

    /// Returns true if the block is in use: it has been formatted for a type.
    pub(crate) fn is_used(&self) -> bool {
        self.bin.get().is_some()
    }

    #[inline]
    pub(crate) fn bin(&self) -> &Bin {
        debug_assert!(self.is_used());
        // SAFETY: invariants 2 and 9: a block in use has a bin, and bins live as long as their heap.
        unsafe { self.bin.get().unwrap_unchecked().as_ref() }
    }

    /// Returns the result of the type walk for the type of the block's objects.
    pub(crate) fn bin_class(&self) -> Class {
        self.bin().class
    }

    #[inline]
    pub(crate) fn is_tracked(&self) -> bool {
        self.has(flag::TRACKED)
    }

    pub(crate) fn link(&self) -> NonNull<Block> {
        NonNull::from(self)
    }

    /// Returns the number of slots, including those of the metadata gap.
    #[inline]
    fn slots(&self) -> u32 {
        u32::from(self.slots.get())
    }

    /// Returns the bytes of memory that one slot takes. A large value takes the whole block.
    pub(crate) fn slot_bytes(&self) -> usize {
        match self.slots.get() {
            1 => usize::from(self.span.get()) << BLOCK_SHIFT,
            _ => self.stride.get().into(),
        }
    }

    /// Returns the number of groups of 64 slots.
    pub(crate) fn group_count(&self) -> u32 {
        self.slots().div_ceil(64)
    }

    /// Returns the chunk that the block lies in.
    pub(crate) fn home<'a>(&self) -> &'a Chunk {
        let start = self.first.get().map_addr(|a| a & !(CHUNK - 1)).cast::<Chunk>();
        // SAFETY: invariant 2: the slots of a block in use lie in a chunk.
        unsafe { &*start }
    }

    /// Returns the address of the first slot's value.
    pub(crate) fn first_address(&self) -> usize {
        self.first.get().addr()
    }

    /// Returns the number of the slot that an object of this block is in.
    #[inline]
    pub(crate) fn index(&self, object: Object) -> u32 {
        self.geometry().index(object)
    }

    /// Returns the data that turn the address of an object into the number of its slot.
    #[inline]
    pub(crate) fn geometry(&self) -> Geometry {
        Geometry { first: self.first.get().addr(), reciprocal: self.reciprocal.get() }
    }

    /// Returns the object in slot `index`.
    #[inline]
    pub(crate) fn object(&self, index: u32) -> Object {
        debug_assert!(index < self.slots());
        // SAFETY: invariant 4: `first + index * stride` is a value's address in this block.
        unsafe {
            let value = self.first.get().add(index as usize * self.stride.get() as usize);
            Object::new(NonNull::new_unchecked(value))
        }
    }

    /// Returns the bitmaps of the 64 slots of group `group`.
    #[inline]
    pub(crate) fn group(&self, group: u32) -> &Bitmaps {
        debug_assert!(group < self.slots().div_ceil(64));
        // SAFETY: invariant 4: the tables have an entry for every group.
        unsafe { &*self.bitmaps.get().add(group as usize) }
    }

    /// Returns the bitmaps of the group that slot `index` is in, and a word with the slot's bit
    /// set.
    #[inline]
    pub(crate) fn bitmaps_of(&self, index: u32) -> (&Bitmaps, u64) {
        (self.group(index >> 6), 1 << (index & 63))
    }

    /// Returns the bitmaps of all groups.
    #[inline]
    pub(crate) fn groups(&self) -> &[Bitmaps] {
        let groups = (self.slots() as usize).div_ceil(64);
        // SAFETY: invariant 4: as many entries as groups, initialised by `format`.
        unsafe { core::slice::from_raw_parts(self.bitmaps.get(), groups) }
    }

    /// Returns the number of living objects in the block.
    pub(crate) fn living(&self) -> usize {
        self.groups().iter().map(|bitmaps| bitmaps.alloc.get().count_ones() as usize).sum()
    }

    /// Returns the bytes that the block's values own outside of their slots, and the number of
    /// objects that were examined to find it.
    pub(crate) fn owned_bytes(&self) -> (usize, usize) {
        let (mut owned, mut objects) = (0usize, 0);
        if self.bin_class().drop_effect >= DropEffect::Memory {
            self.each(
                |bitmaps| bitmaps.alloc.get(),
                |object| {
                    owned = owned.saturating_add(object.owned_bytes());
                    objects += 1;
                },
            );
        }
        (owned, objects)
    }

    /// Calls `f` for each object whose bit is set in the word that `choose` returns for its group.
    pub(crate) fn each(&self, choose: impl Fn(&Bitmaps) -> u64, f: impl FnMut(Object)) {
        self.each_in((0..).zip(self.groups()), choose, f);
    }

    /// Calls `f` for each object whose bit is set in the word that `choose` returns for its group,
    /// in the groups that may have members of the collection's set.
    pub(crate) fn each_member(&self, choose: impl Fn(&Bitmaps) -> u64, f: impl FnMut(Object)) {
        self.each_in(self.filled_groups(), choose, f);
    }

    fn each_in<'a>(
        &self,
        groups: impl Iterator<Item = (u32, &'a Bitmaps)>,
        choose: impl Fn(&Bitmaps) -> u64,
        mut f: impl FnMut(Object),
    ) {
        for (group, bitmaps) in groups {
            for bit in bits(choose(bitmaps)) {
                f(self.object(group * 64 + bit));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_reciprocal_divides() {
        for stride in (16..4096u64).step_by(8) {
            let reciprocal = (1u64 << 32).div_ceil(stride);
            for index in 0..65536 / stride {
                assert_eq!((index * stride * reciprocal) >> 32, index);
            }
        }
    }
}
