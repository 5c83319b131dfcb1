//! Takes and frees the slots of a block.
//!
//! A slot that is freed on its own goes on the block's list of free slots, and is the next one that
//! is taken, while it is still in the cache. A collection frees many slots at once and makes them
//! *fresh*: it sets a bit for each slot, and does not write to the slots. Fresh slots are taken in
//! runs of neighbours, so that a new block is filled from its beginning to its end.

use super::{Block, flag};
use crate::object::address::Object;
use crate::object::bitmaps::{lower, raise};
use crate::storage::layout::SlotLayout;
use core::cell::Cell;
use core::ptr::{self, NonNull};

/// The header of a free slot: a link in the block's list of free slots.
#[repr(C)]
pub(super) struct FreeSlot {
    next: Cell<*mut FreeSlot>,
}

impl Block {
    /// Makes all slots of `layout` fresh. Precondition: the block's bitmaps are zero.
    pub(super) fn make_slots(&self, layout: &SlotLayout) {
        self.live.set(0);
        self.run.set(0);
        self.run_end.set(0);
        self.free.set(ptr::null_mut());
        self.refresh_slots(0..layout.gap.0.into());
        self.refresh_slots(layout.gap.1.into()..layout.slots);
        self.capacity.set((layout.slots - u32::from(layout.gap.1 - layout.gap.0)) as u16);
    }

    fn refresh_slots(&self, slots: core::ops::Range<u32>) {
        for group in slots.start / 64..slots.end.div_ceil(64) {
            let first = group * 64;
            let from = slots.start.saturating_sub(first);
            let to = (slots.end - first).min(64);
            raise(&self.group(group).generation_high, (u64::MAX << from) & (u64::MAX >> (64 - to)));
        }
    }

    /// Returns the number of slots that are not free: alive, taken or put aside.
    #[inline]
    pub(crate) fn live(&self) -> u32 {
        u32::from(self.live.get())
    }

    /// Takes a slot: the one that was freed last, or a fresh one if the list of free slots is
    /// empty. Returns `None` if the block has no free slot.
    #[inline]
    pub(crate) fn take_slot(&self) -> Option<Object> {
        let free = self.free.get();
        let object = if free.is_null() {
            self.take_fresh()?
        } else {
            // SAFETY: invariant 5: the list links free slots of this block. A header is 8 bytes,
            // and the value follows it directly.
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

    /// Makes the first run of fresh slots the one that `take_fresh` takes slots from. Returns
    /// `None` if there is no fresh slot.
    #[cold]
    #[inline(never)]
    fn next_run(&self) -> Option<()> {
        if !self.has_room() {
            return None;
        }
        let group = self.groups().iter().position(|bitmaps| bitmaps.fresh() != 0)?;
        let bitmaps = self.group(group as u32);
        let first = bitmaps.fresh().trailing_zeros();
        let length = (bitmaps.fresh() >> first).trailing_ones();
        lower(&bitmaps.generation_high, (u64::MAX >> (64 - length)) << first);
        let start = group as u16 * 64 + first as u16;
        self.run.set(start);
        self.run_end.set(start + length as u16);
        Some(())
    }

    /// Sets the alloc bit of an object: from now on passes and enumerations see it. The block's
    /// bitmaps are up to date, so the object is in generation 0.
    #[inline]
    pub(crate) fn publish(&self, object: Object) {
        let (bitmaps, bit) = self.bitmaps_of(self.index(object));
        raise(&bitmaps.alloc, bit);
    }

    #[inline]
    fn unpoison(&self, object: Object) {
        #[cfg(gc_asan)]
        crate::storage::os::poison::clear(object.value(), self.bin().size);
        #[cfg(gc_zeal)]
        crate::storage::os::overwritten::check(object.value(), self.bin().size);
        let _ = object;
    }

    /// Frees a taken slot that has no bits in any bitmap: puts it on the block's list of free
    /// slots.
    #[inline]
    pub(crate) fn give_slot(&self, object: Object) {
        let slot = object.value().cast::<FreeSlot>().as_ptr();
        // SAFETY: invariants 1 and 5: the slot is taken, so its header is mapped, and nothing uses
        // the header as that of an object any more.
        unsafe {
            let slot = slot.sub(1);
            (*slot).next.set(self.free.get());
            self.free.set(slot);
        }
        self.count_freed(1);
    }

    /// Updates the number of slots in use after `slots` slots were freed.
    #[inline]
    pub(crate) fn count_freed(&self, slots: u32) {
        self.live.set(self.live.get() - slots as u16);
    }

    /// Marks the bytes of a freed value, so that tests find accesses to them. See `os::poison` and
    /// `os::overwritten`.
    #[inline]
    pub(crate) fn poison(&self, object: Object) {
        #[cfg(gc_asan)]
        crate::storage::os::poison::set(object.value(), self.bin().size);
        #[cfg(gc_zeal)]
        crate::storage::os::overwritten::write(object.value(), self.bin().size);
        let _ = object;
    }

    /// Returns true if the block has a free slot and is not marked as full.
    pub(crate) fn has_room(&self) -> bool {
        !self.has(flag::FULL) && self.live.get() < self.capacity.get()
    }
}
