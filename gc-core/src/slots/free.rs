//! Frees slots, and lists or gives back the blocks that have room again or are empty.

use crate::core::Core;
use crate::gc_state::candidates::Keeps;
use crate::object::raw::Object;
use crate::storage::bin::Bin;
use crate::storage::block::{Block, flag};

/// Number of empty blocks that are collected in one walk over the blocks and then given back.
const AT_A_TIME: usize = 64;

impl Core {
    /// Frees a taken slot after its value was dropped.
    pub(crate) fn free_slot(&self, object: Object) {
        let place = object.place();
        place.bitmaps.forget(place.bit);
        self.free_unknown(place.block, object);
    }

    /// Frees a taken slot that has no bits in any bitmap. While a collection is open the slot is
    /// quarantined: it must not be reused.
    #[inline(always)]
    pub(crate) fn free_unknown(&self, block: &Block, object: Object) {
        block.poison(object);
        if self.state.collecting.get() {
            return self.storage.quarantine.put(object.place());
        }
        block.give_slot(object);
        let flags = block.flags();
        if flags & flag::TRACKED != 0 {
            self.storage.birth_clock.count_death();
        }
        if flags & flag::CURRENT == 0 && (flags & flag::AVAILABLE == 0 || block.live() == 0) {
            self.relist_block(block);
        }
    }

    /// Frees the slots that were put aside while a collection was open. Must be called after it
    /// closed.
    pub(crate) fn release_quarantined(&self) {
        let (listed, is_incomplete) = self.storage.quarantine.take();
        for link in listed {
            // SAFETY: invariant 2: a block with a slot put aside is in use.
            self.release_quarantined_of(unsafe { link.as_ref() });
        }
        if is_incomplete {
            self.storage.memory.each_block(&mut |block| {
                if block.has(flag::QUARANTINED) {
                    self.release_quarantined_of(block);
                }
            });
        }
    }

    fn release_quarantined_of(&self, block: &Block) {
        block.clear_flag(flag::QUARANTINED);
        let freed = block.groups().iter().map(|bitmaps| {
            let aside = bitmaps.quarantined();
            bitmaps.refresh(aside);
            aside.count_ones()
        });
        self.count_freed(block, freed.sum());
    }

    /// Counts `slots` freed slots of a block, and lists the block as one with room, or gives it
    /// back if it is empty.
    pub(crate) fn count_freed(&self, block: &Block, slots: u32) {
        block.count_freed(slots);
        if block.is_tracked() {
            self.storage.birth_clock.count_deaths(slots);
        }
        self.relist_block(block);
    }

    /// Lists a block as one with free slots. If it is empty, gives it back, or notes that it must
    /// be given back when a collection that is open closes.
    #[cold]
    pub(crate) fn relist_block(&self, block: &Block) {
        let Some(bin) = block.bin.get() else { return };
        // SAFETY: invariant 9.
        let bin = unsafe { bin.as_ref() };
        if block.live() == 0 {
            block.clear_flag(flag::FULL);
            if !self.state.collecting.get() && !block.has(flag::HELD) {
                self.empty_block(bin, block);
                return;
            }
            self.storage.empty_blocks.note_if_empty(block);
        }
        if !block.has(flag::AVAILABLE | flag::CURRENT) && block.has_room() {
            bin.push_available(block);
        }
    }

    fn empty_block(&self, bin: &Bin, block: &Block) {
        debug_assert!(!self.state.collecting.get(), "a block goes back while a collection is open");
        if block.has(flag::AVAILABLE) {
            bin.remove_available(block);
        }
        if !bin.is_large() {
            bin.blocks.set(bin.blocks.get() - 1);
        } else {
            self.storage.account.renew(block.slot_bytes(), 0);
        }
        self.storage.bins.flush();
        self.storage.memory.give_block(block);
    }

    /// Gives back the blocks that became empty while a collection was open.
    pub(crate) fn release_empty_blocks(&self) {
        for link in self.storage.empty_blocks.take() {
            // SAFETY: invariant 2: a listed block is not given back before this.
            let block = unsafe { link.as_ref() };
            block.clear_flag(flag::NOTED_EMPTY);
            self.relist_block(block);
        }
        if self.storage.empty_blocks.take_incomplete() {
            self.release_all_empty_blocks(false);
        }
    }

    /// Gives back every empty block. If `closing` is true, nothing will be allocated in the heap
    /// any more, so blocks are no longer current, and each is given back as soon as it is empty.
    pub(crate) fn release_all_empty_blocks(&self, closing: bool) {
        self.state.candidates.visit(2, usize::MAX, &self.storage.empty_blocks, |block| {
            if block.live() > 0 { Keeps::Recent } else { Keeps::Clean }
        });
        self.storage.bins.flush();
        self.storage.empty_blocks.take();
        while self.release_some_empty_blocks(closing) {}
    }

    /// Gives back some of the empty blocks. Returns false if none is left.
    fn release_some_empty_blocks(&self, closing: bool) -> bool {
        let mut blocks = [None; AT_A_TIME];
        let mut found = 0;
        self.storage.memory.each_block(&mut |block| {
            block.clear_flag(flag::NOTED_EMPTY);
            let empty = block.live() == 0 && !block.has(flag::WITH_CANDIDATES | flag::LISTED);
            if found < AT_A_TIME && (empty || (closing && block.has(flag::CURRENT))) {
                blocks[found] = Some(block.link());
                found += 1;
            }
        });
        for link in blocks.into_iter().flatten() {
            // SAFETY: invariant 2: the block is still in use, because only blocks earlier in the
            // list were given back.
            let block = unsafe { link.as_ref() };
            // SAFETY: invariant 9.
            let Some(bin) = block.bin.get().map(|bin| unsafe { bin.as_ref() }) else { continue };
            if block.has(flag::CURRENT) {
                bin.leave_current();
            }
            self.relist_block(block);
        }
        found == AT_A_TIME
    }
}
