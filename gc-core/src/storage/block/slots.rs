//! Takes and frees the slots of a block.
//!
//! A slot that is freed alone goes on a list and is the next to be given out, while it is in cache.
//! A collection makes slots fresh by setting a bit for each, without writing to the slots. Fresh
//! slots are given out in runs of neighbours, so that a new block is filled by counting up.

use super::{Block, flag};
use crate::object::address::Object;
use crate::object::bitmaps::{lower, raise};
use crate::storage::layout::SlotLayout;
use core::cell::Cell;
use core::ptr::{self, NonNull};

/// A free slot's header: the list of free slots of its block.
#[repr(C)]
pub(super) struct FreeSlot {
    next: Cell<*mut FreeSlot>,
}

impl Block {
    /// Makes the slots fresh that `layout` has; the block's tables are zero.
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

    /// Slots in use: alive, taken or put aside.
    #[inline]
    pub(crate) fn live(&self) -> u32 {
        u32::from(self.live.get())
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

    /// Sets the alloc bit: from now on every pass and enumeration sees the object. The block's
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

    /// Nobody may touch the value's bytes from here on; see `os::poison`, `os::overwritten`.
    #[inline]
    pub(crate) fn poison(&self, object: Object) {
        #[cfg(gc_asan)]
        crate::storage::os::poison::set(object.value(), self.bin().size);
        #[cfg(gc_zeal)]
        crate::storage::os::overwritten::write(object.value(), self.bin().size);
        let _ = object;
    }

    /// Returns true if it has a free slot.
    pub(crate) fn has_room(&self) -> bool {
        !self.has(flag::FULL) && self.live.get() < self.capacity.get()
    }
}
