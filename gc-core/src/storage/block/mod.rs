//! A block: slots of one type, with its dense side tables inside.
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
//! The tables take the place of a run of slots. Where the run starts differs from
//! block to block, so that the tables of many blocks do not fall into the same
//! sets of the processor's caches.

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

/// The entry of a block. It lies in the chunk's header, not in the block.
#[repr(C, align(64))]
pub(crate) struct Block {
    // What every pass reads.
    first: Cell<*mut u8>,
    bitmaps: Cell<*mut Bitmaps>,
    counts: Cell<*mut u32>,
    reciprocal: Cell<u32>,
    stride: Cell<u16>,
    /// Behind the last slot of the run that fresh slots are taken from.
    run_end: Cell<u16>,
    pub(crate) epoch: Cell<u32>,
    flags: Cell<u16>,
    pub(crate) kind: Cell<Kind>,
    /// Whole 64 KiB blocks that this one covers; 0 for a sub-block, `SPLIT` for a split block.
    pub(crate) span: Cell<u8>,
    pub(crate) birth_base: Cell<u64>,
    /// Slots, those of the metadata gap included.
    slots: Cell<u16>,
    /// Slots without those of the gap.
    capacity: Cell<u16>,
    /// Slots that are not free.
    live: Cell<u16>,
    /// The next slot of that run.
    run: Cell<u16>,
    // Allocation.
    /// The list of the slots that were freed one by one, the last freed first.
    free: Cell<*mut FreeSlot>,
    pub(crate) bin: Cell<Option<NonNull<Bin>>>,
    pub(crate) next_available: BlockLink,
    pub(crate) previous_available: BlockLink,
    // Lists of the collector.
    /// Groups of 64 slots that wait to be scanned; on the queue while not 0.
    pub(crate) pending: Cell<u64>,
    pub(crate) next_queued: BlockLink,
    pub(crate) next_listed: BlockLink,
    pub(crate) next_with_candidates: BlockLink,
    /// Groups of 64 slots in which a collection's set has members, or had.
    filled: Cell<u64>,
}

/// How the slots of a block lie.
#[derive(Clone, Copy)]
pub(crate) struct Geometry {
    first: usize,
    reciprocal: u32,
}

impl Geometry {
    /// The slot number of an object of the block: a multiplication, no division.
    #[inline]
    pub(crate) fn index(self, object: Object) -> u32 {
        let offset = object.address().wrapping_sub(self.first);
        ((offset as u64 * u64::from(self.reciprocal)) >> 32) as u32
    }
}

/// The span of a split block.
const SPLIT: u8 = u8::MAX;

/// The entry of an address is found by shifting.
const _: () = assert!(size_of::<Block>() == 128);

impl Block {
    /// A block that holds nothing, for a fresh chunk header.
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

    /// Lays slots and tables out in memory. Postcondition: no slot is in use, all
    /// bitmaps are 0, the counts are unspecified.
    ///
    /// # Safety
    /// `memory` is the start of this block's memory, as many bytes as `layout` was
    /// planned for, and nothing else refers to it.
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
        // (The stride of a large value does not fit. It is not needed, for there is one slot.)
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

    /// Forgets the type. Postcondition: the block holds nothing.
    pub(crate) fn reset(&self) {
        self.flags.set(0);
        self.bin.set(None);
        self.span.set(0);
    }

    /// Turns this entry into a split block whose sub-blocks lie at `subs`.
    pub(crate) fn split(&self, subs: NonNull<Block>) {
        self.next_queued.set(Some(subs));
        self.span.set(SPLIT);
    }

    /// No longer a split block.
    pub(crate) fn unsplit(&self) {
        self.next_queued.set(None);
        self.span.set(0);
    }

    /// The sub-blocks of a split block, which is in no queue itself.
    #[inline]
    pub(crate) fn subs(&self) -> Option<NonNull<Block>> {
        if self.is_split() { self.next_queued.get() } else { None }
    }

    /// Returns true if its sub-blocks hold the slots.
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

    /// The type of the objects here.
    #[inline]
    pub(crate) fn info(&self) -> &'static TypeInfo {
        self.bin().info
    }

    /// Returns true if it holds slots of a type.
    pub(crate) fn is_used(&self) -> bool {
        self.bin.get().is_some()
    }

    #[inline]
    pub(crate) fn bin(&self) -> &Bin {
        debug_assert!(self.is_used());
        // SAFETY: invariants 2 and 9: a block in use has a bin, and bins live as long as their heap.
        unsafe { self.bin.get().unwrap_unchecked().as_ref() }
    }

    /// Returns the result of the type walk for that type.
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

    /// Slots, those of the metadata gap included.
    #[inline]
    fn slots(&self) -> u32 {
        u32::from(self.slots.get())
    }

    /// Bytes of memory that one slot takes.
    pub(crate) fn slot_bytes(&self) -> usize {
        match self.slots.get() {
            1 => usize::from(self.span.get()) << BLOCK_SHIFT,
            _ => self.stride.get().into(),
        }
    }

    /// Groups of 64 slots.
    pub(crate) fn group_count(&self) -> u32 {
        self.slots().div_ceil(64)
    }

    /// The chunk that the block lies in.
    pub(crate) fn home<'a>(&self) -> &'a Chunk {
        let start = self.first.get().map_addr(|a| a & !(CHUNK - 1)).cast::<Chunk>();
        // SAFETY: invariant 2: the slots of a block in use lie in a chunk.
        unsafe { &*start }
    }

    /// The address of the first slot's value.
    pub(crate) fn first_address(&self) -> usize {
        self.first.get().addr()
    }

    /// The slot number of an object of this block.
    #[inline]
    pub(crate) fn index(&self, object: Object) -> u32 {
        self.geometry().index(object)
    }

    /// How the slots lie.
    #[inline]
    pub(crate) fn geometry(&self) -> Geometry {
        Geometry { first: self.first.get().addr(), reciprocal: self.reciprocal.get() }
    }

    /// The object in slot `index`.
    #[inline]
    pub(crate) fn object(&self, index: u32) -> Object {
        debug_assert!(index < self.slots());
        // SAFETY: invariant 4: `first + index * stride` is a value's address in this block.
        unsafe {
            let value = self.first.get().add(index as usize * self.stride.get() as usize);
            Object::new(NonNull::new_unchecked(value))
        }
    }

    /// The bitmaps of the 64 slots of group `group`.
    #[inline]
    pub(crate) fn group(&self, group: u32) -> &Bitmaps {
        debug_assert!(group < self.slots().div_ceil(64));
        // SAFETY: invariant 4: the tables have an entry for every group.
        unsafe { &*self.bitmaps.get().add(group as usize) }
    }

    /// The bitmaps that slot `index` is in, and its bit there.
    #[inline]
    pub(crate) fn bitmaps_of(&self, index: u32) -> (&Bitmaps, u64) {
        (self.group(index >> 6), 1 << (index & 63))
    }

    /// All bitmaps.
    #[inline]
    pub(crate) fn groups(&self) -> &[Bitmaps] {
        let groups = (self.slots() as usize).div_ceil(64);
        // SAFETY: invariant 4: as many entries as groups, initialised by `format`.
        unsafe { core::slice::from_raw_parts(self.bitmaps.get(), groups) }
    }

    /// How many objects live in the block.
    pub(crate) fn living(&self) -> usize {
        self.groups().iter().map(|bitmaps| bitmaps.alloc.get().count_ones() as usize).sum()
    }

    /// Bytes that the block's values own outside of their slots, and how many objects were
    /// looked at for that.
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

    /// Calls `f` for each object of the bitmap bits that `choose` gives.
    pub(crate) fn each(&self, choose: impl Fn(&Bitmaps) -> u64, f: impl FnMut(Object)) {
        self.each_in((0..).zip(self.groups()), choose, f);
    }

    /// Calls `f` for each chosen object in the groups that have members of the collection's set.
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
