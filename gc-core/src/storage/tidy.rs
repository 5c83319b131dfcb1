//! Where a block goes that has room again, or holds nothing any more.

use crate::core::Core;
use crate::gc_state::candidates::Stay;
use crate::storage::bin::Bin;
use crate::storage::block::{Block, flag};

/// So many blocks are gathered before they are given back.
const AT_A_TIME: usize = 64;

impl Core {
    /// Accounts for slots of a block that are free again, and puts the block where it belongs.
    pub(crate) fn count_freed(&self, block: &Block, slots: u32) {
        block.count_freed(slots);
        if block.is_tracked() {
            self.births.count_deaths(slots);
        }
        self.settle_block(block);
    }

    /// Lists a block that has room again; gives it back when it is empty.
    #[cold]
    pub(crate) fn settle_block(&self, block: &Block) {
        let Some(bin) = block.bin.get() else { return };
        // SAFETY: invariant 9.
        let bin = unsafe { bin.as_ref() };
        if block.live() == 0 {
            block.clear_flag(flag::RETIRED);
            if !self.collecting.get() && !block.has(flag::HELD) {
                self.empty_block(bin, block);
                return;
            }
            self.note_if_empty(block);
        }
        if !block.has(flag::AVAILABLE | flag::CURRENT) && block.has_room() {
            bin.push_available(block);
        }
    }

    /// Notes a block that is to be given back as soon as nothing is in its way. (A dirty
    /// one is noted when it is visited, a listed one when it is let go, a current one when
    /// another takes its place.)
    pub(crate) fn note_if_empty(&self, block: &Block) {
        if block.live() > 0 || block.has(flag::HELD) {
            return;
        }
        let mut emptied = self.emptied.borrow_mut();
        if emptied.try_reserve(1).is_err() {
            return self.untidy.set(true);
        }
        block.set_flag(flag::EMPTIED);
        emptied.push(block.link());
    }

    fn empty_block(&self, bin: &Bin, block: &Block) {
        if block.has(flag::AVAILABLE) {
            bin.remove_available(block);
        }
        if !bin.is_large() {
            bin.blocks.set(bin.blocks.get() - 1);
        } else {
            self.account.renew(block.slot_bytes(), 0);
        }
        self.memory.give_block(self, block);
    }

    /// Gives back the blocks that became empty while a collection was open.
    pub(crate) fn tidy(&self) {
        for link in self.emptied.take() {
            // SAFETY: invariant 2: a block that is to be given back does not go before.
            let block = unsafe { link.as_ref() };
            block.clear_flag(flag::EMPTIED);
            self.settle_block(block);
        }
        if self.untidy.take() {
            self.tidy_all(false);
        }
    }

    /// Gives back every block that is empty. With `closing` nothing will be allocated
    /// any more: blocks go by themselves as soon as they are empty.
    pub(crate) fn tidy_all(&self, closing: bool) {
        self.visit_dirty(2, usize::MAX, |block| if block.live() > 0 { Stay::Recent } else { Stay::Clean });
        self.bins.flush();
        self.emptied.take();
        while self.tidy_some(closing) {}
    }

    /// Gives back some of the blocks that are empty. `false`: none is left.
    fn tidy_some(&self, closing: bool) -> bool {
        let mut blocks = [None; AT_A_TIME];
        let mut found = 0;
        self.memory.each_block(&mut |block| {
            block.clear_flag(flag::EMPTIED);
            let empty = block.live() == 0 && !block.has(flag::DIRTY | flag::LISTED);
            if found < AT_A_TIME && (empty || (closing && block.has(flag::CURRENT))) {
                blocks[found] = Some(block.link());
                found += 1;
            }
        });
        for link in blocks.into_iter().flatten() {
            // SAFETY: invariant 2: still in place, only blocks visited before went back.
            let block = unsafe { link.as_ref() };
            // SAFETY: invariant 9.
            let Some(bin) = block.bin.get().map(|bin| unsafe { bin.as_ref() }) else { continue };
            if block.has(flag::CURRENT) {
                bin.leave_current();
            }
            self.settle_block(block);
        }
        found == AT_A_TIME
    }
}
