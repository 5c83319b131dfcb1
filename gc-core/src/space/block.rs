//! A block: slots of one type, with its dense side tables inside.
//!
//! ```text
//!   64 KiB block (or a 4 KiB sub-block, or one large object)
//!   +------+------+------+-------------------+------+------+------+
//!   | slot | slot | slot |  hole: the tables | slot | slot | slot |
//!   +------+------+------+-------------------+------+------+------+
//!                        planes: 64 bytes for each 64 slots
//!                        counts: 4 bytes a slot, internal references
//! ```
//!
//! The tables take the place of a run of slots. Where the run starts differs from
//! block to block, so that the tables of many blocks do not fall into the same
//! sets of the processor's caches.

use super::bins::Bin;
use super::chunk::{CHUNK, Chunk};
use super::info::{Class, Glue, Kind, TypeInfo};
use super::layout::SlotLayout;
use super::object::Object;
use super::planes::{Planes, bits, lower, raise};
use core::cell::Cell;
use core::ptr::{self, NonNull};

/// Facts about a block, one bit each.
pub(crate) mod flag {
    /// Its type is tracked: also the loud bit of a new count word.
    pub(crate) const TRACKED: u16 = 1;
    /// Objects of its type are allocated here at present.
    pub(crate) const CURRENT: u16 = 2;
    /// On its bin's list of blocks with free slots.
    pub(crate) const AVAILABLE: u16 = 4;
    /// Some plane beside `alloc` may have bits.
    pub(crate) const PLANED: u16 = 8;
    /// On the open collection's list of examined blocks.
    pub(crate) const LISTED: u16 = 16;
    /// On the list of blocks with recent candidates.
    pub(crate) const RECENT: u16 = 32;
    /// Its births are used up: nothing is allocated here until it is empty.
    pub(crate) const RETIRED: u16 = 64;
    /// Its type has a finalizer.
    pub(crate) const FINALIZABLE: u16 = 128;
    /// Dropping its values may run code that we do not know.
    pub(crate) const WILD: u16 = 256;
    /// A split block: its sub-blocks hold the slots.
    pub(crate) const SPLIT: u16 = 512;
    /// Weak references point, or pointed, into it.
    pub(crate) const WEAK: u16 = 1024;
    /// On the list of blocks with slots that were put aside.
    pub(crate) const ASIDE: u16 = 2048;
    /// On the list of blocks with candidates of generation 1 or older.
    pub(crate) const SETTLED_MIDDLE: u16 = 4096;
    /// On the list of blocks with candidates of generation 2.
    pub(crate) const SETTLED_OLD: u16 = 8192;
    /// On some list of blocks with candidates.
    pub(crate) const DIRTY: u16 = RECENT | SETTLED_MIDDLE | SETTLED_OLD;
    /// On the list of blocks that are to be given back when the collection closes.
    pub(crate) const EMPTIED: u16 = 16384;
    /// The death of an object may be more than dropping its value.
    pub(crate) const CAREFUL: u16 = FINALIZABLE | WILD | WEAK | LISTED;
}

/// A free slot's header: the list of free slots of its block.
#[repr(C)]
struct FreeSlot {
    next: Cell<*mut FreeSlot>,
}

pub(crate) type BlockLink = Cell<Option<NonNull<Block>>>;

/// What the heap knows of a block. It lies in the chunk's header, not in the block.
#[repr(C, align(64))]
pub(crate) struct Block {
    // What every pass reads.
    first: Cell<*mut u8>,
    planes: Cell<*mut Planes>,
    counts: Cell<*mut u32>,
    reciprocal: Cell<u32>,
    stride: Cell<u16>,
    /// Behind the last slot of the run that fresh slots are taken from.
    run_end: Cell<u16>,
    pub(crate) epoch: Cell<u32>,
    flags: Cell<u16>,
    pub(crate) kind: Cell<Kind>,
    /// Whole 64 KiB blocks that this one covers; 0 for a sub-block.
    pub(crate) span: Cell<u8>,
    pub(crate) birth_base: Cell<u64>,
    /// Slots, those of the hole included.
    slots: Cell<u16>,
    /// Slots without those of the hole.
    capacity: Cell<u16>,
    /// Slots that are not free.
    live: Cell<u16>,
    /// The next slot of that run.
    run: Cell<u16>,
    // Allocation.
    /// The free slots that lay between others in use, last freed first.
    free: Cell<*mut FreeSlot>,
    pub(crate) bin: Cell<Option<NonNull<Bin>>>,
    pub(crate) next_available: BlockLink,
    pub(crate) previous_available: BlockLink,
    // Lists of the collector.
    /// Groups of 64 slots that wait to be scanned; on the queue while not 0.
    pub(crate) pending: Cell<u64>,
    pub(crate) next_queued: BlockLink,
    pub(crate) next_listed: BlockLink,
    pub(crate) next_dirty: BlockLink,
    pub(crate) next_aside: BlockLink,
}

/// The entry of an address is found by shifting.
const _: () = assert!(size_of::<Block>() == 128);

impl Block {
    /// A block that holds nothing, for a fresh chunk header.
    #[expect(clippy::declare_interior_mutable_const, reason = "a template to be copied")]
    pub(crate) const EMPTY: Block = Block {
        first: Cell::new(ptr::null_mut()),
        planes: Cell::new(ptr::null_mut()),
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
        next_dirty: Cell::new(None),
        next_aside: Cell::new(None),
    };

    /// Lays slots and tables out in memory. Holds after it: no slot is in use, all
    /// planes are 0, the counts are unspecified.
    ///
    /// # Safety
    /// `memory` is the start of this block's memory, as many bytes as `layout` was
    /// planned for, and nothing else refers to it.
    pub(crate) unsafe fn format(&self, memory: *mut u8, layout: SlotLayout, info: &'static TypeInfo, class: Class) {
        let groups = (layout.slots as usize).div_ceil(64);
        // SAFETY: invariant 4: the plan keeps the tables inside of the block and away from slots.
        unsafe {
            let planes = memory.add(layout.tables as usize).cast::<Planes>();
            planes.write_bytes(0, groups);
            self.planes.set(planes);
            self.counts.set(planes.add(groups).cast());
            self.first.set(memory.add(layout.first as usize));
        }
        // (That of a large value does not fit, and is not needed.)
        self.stride.set(layout.stride as u16);
        self.reciprocal.set(((1u64 << 32).div_ceil(u64::from(layout.stride))) as u32);
        self.slots.set(layout.slots as u16);
        self.kind.set(class.kind);
        let finalizable = if info.finalizer.is_some() { flag::FINALIZABLE } else { 0 };
        let wild = if class.glue == Glue::Unknown { flag::WILD } else { 0 };
        let tracked = if class.kind == Kind::Cyclic { flag::TRACKED } else { 0 };
        self.flags.set(tracked | finalizable | wild);
        self.live.set(0);
        self.run.set(0);
        self.run_end.set(0);
        self.pending.set(0);
        self.free.set(ptr::null_mut());
        self.refresh_slots(0..layout.hole.0.into());
        self.refresh_slots(layout.hole.1.into()..layout.slots);
        self.capacity.set((layout.slots - u32::from(layout.hole.1 - layout.hole.0)) as u16);
    }

    fn refresh_slots(&self, slots: core::ops::Range<u32>) {
        for group in slots.start / 64..slots.end.div_ceil(64) {
            let first = group * 64;
            let from = slots.start.saturating_sub(first);
            let to = (slots.end - first).min(64);
            raise(&self.group(group).old, (u64::MAX << from) & (u64::MAX >> (64 - to)));
        }
    }

    /// Forgets the type. Holds after it: the block holds nothing.
    pub(crate) fn retire(&self) {
        self.flags.set(0);
        self.bin.set(None);
        self.span.set(0);
    }

    /// Turns this entry into a split block whose sub-blocks lie at `subs`.
    pub(crate) fn split(&self, subs: NonNull<Block>) {
        self.next_queued.set(Some(subs));
        self.flags.set(flag::SPLIT);
    }

    /// No longer a split block.
    pub(crate) fn unsplit(&self) {
        self.next_queued.set(None);
        self.flags.set(0);
    }

    /// The sub-blocks of a split block, which is in no queue itself.
    #[inline]
    pub(crate) fn subs(&self) -> Option<NonNull<Block>> {
        if self.has(flag::SPLIT) { self.next_queued.get() } else { None }
    }

    /// Slots in use: alive, taken or put aside.
    #[inline]
    pub(crate) fn live(&self) -> u32 {
        u32::from(self.live.get())
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

    /// Holds it slots of a type?
    pub(crate) fn is_used(&self) -> bool {
        self.bin.get().is_some()
    }

    #[inline]
    pub(crate) fn bin(&self) -> &Bin {
        debug_assert!(self.is_used());
        // SAFETY: invariants 2 and 9: a block in use has a bin, and bins live as long as their heap.
        unsafe { self.bin.get().unwrap_unchecked().as_ref() }
    }

    /// What the type walk found of that type.
    pub(crate) fn bin_class(&self) -> Class {
        self.bin().class()
    }

    #[inline]
    pub(crate) fn is_tracked(&self) -> bool {
        self.has(flag::TRACKED)
    }

    pub(crate) fn link(&self) -> NonNull<Block> {
        NonNull::from(self)
    }

    /// Slots, those of the hole included.
    #[inline]
    fn slots(&self) -> u32 {
        u32::from(self.slots.get())
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

    /// The slot number of an object of this block: a multiplication, no division.
    #[inline]
    pub(crate) fn index(&self, object: Object) -> u32 {
        let offset = object.address().wrapping_sub(self.first.get().addr());
        ((offset as u64 * u64::from(self.reciprocal.get())) >> 32) as u32
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

    /// The planes of the 64 slots of group `group`.
    #[inline]
    pub(crate) fn group(&self, group: u32) -> &Planes {
        debug_assert!(group < self.slots().div_ceil(64));
        // SAFETY: invariant 4: the tables have an entry for every group.
        unsafe { &*self.planes.get().add(group as usize) }
    }

    /// The planes that slot `index` is in, and its bit there.
    #[inline]
    pub(crate) fn planes_of(&self, index: u32) -> (&Planes, u64) {
        (self.group(index >> 6), 1 << (index & 63))
    }

    /// All planes.
    #[inline]
    pub(crate) fn groups(&self) -> &[Planes] {
        let groups = (self.slots() as usize).div_ceil(64);
        // SAFETY: invariant 4: as many entries as groups, initialised by `format`.
        unsafe { core::slice::from_raw_parts(self.planes.get(), groups) }
    }

    /// The internal count of slot `index`; unspecified outside of a collection.
    #[inline]
    pub(crate) fn internal(&self, index: u32) -> u32 {
        debug_assert!(index < self.slots());
        // SAFETY: invariant 4: one entry a slot; invariant 7: written before it is read.
        unsafe { *self.counts.get().add(index as usize) }
    }

    #[inline]
    pub(crate) fn set_internal(&self, index: u32, count: u32) {
        debug_assert!(index < self.slots());
        // SAFETY: invariant 4: one entry a slot.
        unsafe { *self.counts.get().add(index as usize) = count }
    }

    /// One more internal reference to slot `index`.
    #[inline]
    pub(crate) fn add_internal(&self, index: u32) {
        self.set_internal(index, self.internal(index).saturating_add(1));
    }

    /// Zeroes the internal counts of all slots.
    pub(crate) fn clear_internal(&self) {
        // SAFETY: invariant 4: one entry a slot.
        unsafe { self.counts.get().write_bytes(0, self.slots() as usize) }
    }

    /// Takes a slot: the last one freed, else a fresh one.
    #[inline]
    pub(crate) fn take_slot(&self) -> Option<Object> {
        let free = self.free.get();
        let object = if free.is_null() {
            self.take_fresh()?
        } else {
            // SAFETY: invariant 5: the list links free slots of this block; a header
            // is 8 bytes, the value stands right behind it.
            unsafe {
                self.free.set((*free).next.get());
                Object::new(NonNull::new_unchecked(free.add(1).cast()))
            }
        };
        self.live.set(self.live.get() + 1);
        self.unpoison(object);
        Some(object)
    }

    #[inline]
    fn take_fresh(&self) -> Option<Object> {
        if self.run.get() == self.run_end.get() {
            self.next_run()?;
        }
        let index = self.run.get();
        self.run.set(index + 1);
        Some(self.object(index.into()))
    }

    /// Takes the first run of fresh slots. `None`: there is none.
    #[cold]
    #[inline(never)]
    fn next_run(&self) -> Option<()> {
        if !self.has_room() {
            return None;
        }
        let group = self.groups().iter().position(|planes| planes.fresh() != 0)?;
        let planes = self.group(group as u32);
        let first = planes.fresh().trailing_zeros();
        let length = (planes.fresh() >> first).trailing_ones();
        lower(&planes.old, (u64::MAX >> (64 - length)) << first);
        let start = group as u16 * 64 + first as u16;
        self.run.set(start);
        self.run_end.set(start + length as u16);
        Some(())
    }

    /// Sets the alloc bit: from now on every pass and enumeration sees the object. The
    /// block was folded, so it is one of generation 0.
    #[inline]
    pub(crate) fn come_alive(&self, object: Object) {
        let (planes, bit) = self.planes_of(self.index(object));
        raise(&planes.alloc, bit);
    }

    #[inline]
    fn unpoison(&self, object: Object) {
        #[cfg(gc_asan)]
        super::os::poison::clear(object.value(), self.bin().size());
        let _ = object;
    }

    /// Puts a taken slot of which nothing is known on the list of free ones.
    #[inline]
    pub(crate) fn give_slot(&self, object: Object) {
        let slot = object.value().cast::<FreeSlot>().as_ptr();
        // SAFETY: invariants 1 and 5: the header of a slot in use, nobody reads it as one any more.
        unsafe {
            let slot = slot.sub(1);
            (*slot).next.set(self.free.get());
            self.free.set(slot);
        }
        self.count_freed(1);
    }

    /// Counts slots that are free again.
    #[inline]
    pub(crate) fn count_freed(&self, slots: u32) {
        self.live.set(self.live.get() - slots as u16);
    }

    /// Nobody may touch the value's bytes from here on; see `os::poison`.
    #[inline]
    pub(crate) fn poison(&self, object: Object) {
        #[cfg(gc_asan)]
        super::os::poison::set(object.value(), self.bin().size());
        let _ = object;
    }

    /// Has it a slot to give?
    pub(crate) fn has_room(&self) -> bool {
        !self.has(flag::RETIRED) && self.live.get() < self.capacity.get()
    }

    /// Zeroes the internal counts of a group of slots.
    pub(crate) fn clear_internal_group(&self, group: u32) {
        let first = group * 64;
        let slots = (self.slots() - first).min(64);
        // SAFETY: invariant 4: one entry a slot.
        unsafe { self.counts.get().add(first as usize).write_bytes(0, slots as usize) }
    }

    /// Marked members of a group leave the set; their bits. With `acquit` they are
    /// candidates no longer: the next decrement makes them ones.
    pub(crate) fn evict_marked(&self, group: u32, acquit: bool) -> u64 {
        let planes = self.group(group);
        let leaving = planes.members() & planes.mark.get();
        lower(&planes.set, leaving);
        if acquit {
            self.acquit(group, leaving);
        }
        leaving
    }

    /// Candidates among the slots `bits` of a group are so no longer: they are loud.
    #[inline]
    pub(crate) fn acquit(&self, group: u32, bits: u64) {
        let planes = self.group(group);
        let candidates = planes.candidate.get() & bits;
        if candidates != 0 {
            lower(&planes.candidate, candidates);
            super::planes::bits(candidates).for_each(|bit| self.object(group * 64 + bit).count().arm());
        }
    }

    /// Calls `f` for each object of the plane bits that `choose` gives.
    pub(crate) fn each(&self, choose: impl Fn(&Planes) -> u64, mut f: impl FnMut(Object)) {
        for (group, planes) in self.groups().iter().enumerate() {
            for bit in bits(choose(planes)) {
                f(self.object(group as u32 * 64 + bit));
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
