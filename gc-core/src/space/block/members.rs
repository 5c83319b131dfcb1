//! What a collection keeps for the slots of a block: internal counts, and who is a member
//! of its set.

use super::Block;
use crate::space::planes::{bits, lower};

impl Block {
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

    /// Candidates among these slots of a group are so no longer: they are loud.
    #[inline]
    pub(crate) fn acquit(&self, group: u32, slots: u64) {
        let planes = self.group(group);
        let candidates = planes.candidate.get() & slots;
        if candidates != 0 {
            lower(&planes.candidate, candidates);
            bits(candidates).for_each(|bit| self.object(group * 64 + bit).count().arm());
        }
    }
}
