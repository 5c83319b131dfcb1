//! Internal counts and set membership of the slots of a block, for a collection.
//!
//! ```text
//!   internal count   31                | 30             | 29 ................ 0
//!                    tentative garbage | root candidate | references by members
//! ```
//!
//! The upper two bits belong to an incremental collection. *Tentative garbage* was found
//! unreachable by passes that ran in slices, which is a guess. A *root candidate* was a candidate
//! when the collection began.

use super::{Block, flag};
use crate::object::bitmaps::{Bitmaps, bits, lower, raise};

/// Found unreachable, as far as slices can tell.
pub(crate) const TENTATIVE_GARBAGE: u32 = 1 << 31;
/// Was a candidate when the incremental collection began.
pub(crate) const ROOT_CANDIDATE: u32 = 1 << 30;
const COUNT: u32 = ROOT_CANDIDATE - 1;

impl Block {
    /// The groups that may have members of the collection's set, one bit each.
    #[inline]
    pub(crate) fn filled(&self) -> u64 {
        self.filled.get()
    }

    /// Objects of a group become members.
    #[inline]
    pub(crate) fn add_members(&self, group: u32, slots: u64) {
        raise(&self.group(group).set, slots);
        self.filled.set(self.filled.get() | 1 << group);
    }

    /// Groups with members, and their bitmaps.
    #[inline]
    pub(crate) fn filled_groups(&self) -> impl Iterator<Item = (u32, &Bitmaps)> {
        bits(self.filled()).map(|group| (group, self.group(group)))
    }

    /// Returns true if a member is alive.
    pub(crate) fn has_members(&self) -> bool {
        self.filled_groups().any(|(_, bitmaps)| bitmaps.members() != 0)
    }

    /// How many members live.
    pub(crate) fn member_count(&self) -> usize {
        self.filled_groups().map(|(_, bitmaps)| bitmaps.members().count_ones() as usize).sum()
    }

    /// Removes all members of a group from the set.
    pub(crate) fn remove_members(&self, group: u32) {
        self.group(group).set.set(0);
        self.filled.set(self.filled.get() & !(1 << group));
    }

    /// Removes all members of the block from the set.
    pub(crate) fn clear_members(&self) {
        for (_, bitmaps) in self.filled_groups() {
            bitmaps.set.set(0);
        }
        self.filled.set(0);
    }

    #[inline]
    fn word(&self, index: u32) -> u32 {
        debug_assert!(index < self.slots());
        // SAFETY: invariant 4: one entry a slot; invariant 7: written before it is read.
        unsafe { *self.counts.get().add(index as usize) }
    }

    /// The internal count of slot `index`; unspecified outside of a collection.
    #[inline]
    pub(crate) fn internal(&self, index: u32) -> u32 {
        self.word(index) & COUNT
    }

    /// Sets the internal count of slot `index`, and what else is known of it.
    #[inline]
    pub(crate) fn set_internal(&self, index: u32, word: u32) {
        debug_assert!(index < self.slots());
        // SAFETY: invariant 4: one entry a slot.
        unsafe { *self.counts.get().add(index as usize) = word }
    }

    /// One more internal reference to slot `index`.
    #[inline]
    pub(crate) fn add_internal(&self, index: u32) {
        self.set_internal(index, self.word(index).saturating_add(1));
    }

    /// Returns the slots of a group, among `slots`, whose word has all of `flags`.
    pub(crate) fn flagged(&self, group: u32, slots: u64, flags: u32) -> u64 {
        if !self.has(flag::COUNTED) {
            return 0;
        }
        let has = |bit: &u32| self.word(group * 64 + bit) & flags == flags;
        bits(slots).filter(has).fold(0, |found, bit| found | 1 << bit)
    }

    /// Returns true if the slot's object is tentative garbage.
    #[inline]
    pub(crate) fn is_tentative_garbage(&self, index: u32) -> bool {
        self.has(flag::COUNTED) && self.word(index) & TENTATIVE_GARBAGE != 0
    }

    /// Zeroes the internal counts of all slots.
    pub(crate) fn clear_internal(&self) {
        // SAFETY: invariant 4: one entry a slot.
        unsafe { self.counts.get().write_bytes(0, self.slots() as usize) }
        self.set_flag(flag::COUNTED);
    }

    /// Zeroes the internal counts of a group of slots.
    pub(crate) fn clear_internal_group(&self, group: u32) {
        let first = group * 64;
        let slots = (self.slots() - first).min(64);
        // SAFETY: invariant 4: one entry a slot.
        unsafe { self.counts.get().add(first as usize).write_bytes(0, slots as usize) }
    }

    /// Zeroes the internal counts of the members; what else is known of them stays known.
    pub(crate) fn clear_internal_of_members(&self) {
        for (group, bitmaps) in self.filled_groups() {
            for index in bits(bitmaps.members()).map(|bit| group * 64 + bit) {
                self.set_internal(index, self.word(index) & !COUNT);
            }
        }
    }

    /// The members are tentative garbage no longer; their internal counts stay.
    pub(crate) fn forget_tentative_garbage(&self) {
        for (group, bitmaps) in self.filled_groups() {
            for index in bits(bitmaps.members()).map(|bit| group * 64 + bit) {
                self.set_internal(index, self.internal(index));
            }
        }
    }

    /// Removes the marked members of a group from the set, and returns their bits. If
    /// `clear_candidates` is true, they are no longer candidates, and the next decrement makes them
    /// candidates again.
    pub(crate) fn evict_marked(&self, group: u32, clear_candidates: bool) -> u64 {
        let bitmaps = self.group(group);
        let leaving = bitmaps.members() & bitmaps.mark.get();
        lower(&bitmaps.set, leaving);
        if clear_candidates {
            self.clear_candidates(group, leaving);
        }
        leaving
    }

    /// Clears the candidate bits of these slots of a group. Objects that were candidates become
    /// unbuffered.
    #[inline]
    pub(crate) fn clear_candidates(&self, group: u32, slots: u64) {
        let bitmaps = self.group(group);
        let candidates = bitmaps.candidate.get() & slots;
        if candidates != 0 {
            lower(&bitmaps.candidate, candidates);
            bits(candidates).for_each(|bit| self.object(group * 64 + bit).count().arm());
        }
    }
}
