//! Internal counts of the slots of a block, and their membership in the set of a collection.
//!
//! ```text
//!   internal count   31                | 30             | 29 ................ 0
//!                    tentative garbage | root candidate | references by members
//! ```
//!
//! Only an incremental collection uses the upper two bits. *Tentative garbage* was found
//! unreachable by passes that ran in slices. The program ran between the slices, so this may be
//! wrong. A *root candidate* was a candidate when the collection began.

use super::{Block, flag};
use crate::object::bitmaps::{Bitmaps, bits, lower, raise};

/// Bit of an object that passes in slices found unreachable, which must be confirmed.
pub(crate) const TENTATIVE_GARBAGE: u32 = 1 << 31;
/// Bit of an object that was a candidate when the incremental collection began.
pub(crate) const ROOT_CANDIDATE: u32 = 1 << 30;
const COUNT: u32 = ROOT_CANDIDATE - 1;

impl Block {
    /// Returns the groups of 64 slots that may have members of the collection's set, one bit for
    /// each.
    #[inline]
    pub(crate) fn filled(&self) -> u64 {
        self.filled.get()
    }

    /// Adds objects of a group to the collection's set.
    #[inline]
    pub(crate) fn add_members(&self, group: u32, slots: u64) {
        raise(&self.group(group).set, slots);
        self.filled.set(self.filled.get() | 1 << group);
    }

    /// Returns the groups that may have members of the collection's set, with their bitmaps.
    #[inline]
    pub(crate) fn filled_groups(&self) -> impl Iterator<Item = (u32, &Bitmaps)> {
        bits(self.filled()).map(|group| (group, self.group(group)))
    }

    /// Returns true if the block has a living member of the collection's set.
    pub(crate) fn has_members(&self) -> bool {
        self.filled_groups().any(|(_, bitmaps)| bitmaps.members() != 0)
    }

    /// Returns the number of living members of the collection's set in the block.
    pub(crate) fn member_count(&self) -> usize {
        self.filled_groups().map(|(_, bitmaps)| bitmaps.members().count_ones() as usize).sum()
    }

    /// Removes all members of a group from the collection's set.
    pub(crate) fn remove_members(&self, group: u32) {
        self.group(group).set.set(0);
        self.filled.set(self.filled.get() & !(1 << group));
    }

    /// Removes all members of the block from the collection's set.
    pub(crate) fn clear_members(&self) {
        for (_, bitmaps) in self.filled_groups() {
            bitmaps.set.set(0);
        }
        self.filled.set(0);
    }

    #[inline]
    fn word(&self, index: u32) -> u32 {
        debug_assert!(index < self.slots());
        // SAFETY: invariant 4: the table has one entry for each slot; invariant 7: it was written
        // before.
        unsafe { *self.counts.get().add(index as usize) }
    }

    /// Returns the number of references to slot `index` that the open collection has counted. The
    /// result is unspecified if no collection is open.
    #[inline]
    pub(crate) fn internal(&self, index: u32) -> u32 {
        self.word(index) & COUNT
    }

    /// Sets the internal count of slot `index` and its two flags.
    #[inline]
    pub(crate) fn set_internal(&self, index: u32, word: u32) {
        debug_assert!(index < self.slots());
        // SAFETY: invariant 4: one entry a slot.
        unsafe { *self.counts.get().add(index as usize) = word }
    }

    /// Adds one to the internal count of slot `index`.
    #[inline]
    pub(crate) fn add_internal(&self, index: u32) {
        self.set_internal(index, self.word(index).saturating_add(1));
    }

    /// Returns the slots among `slots` whose table entries have all of `flags` set.
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

    /// Zeroes the internal counts and the flags of all slots.
    pub(crate) fn clear_internal(&self) {
        // SAFETY: invariant 4: one entry a slot.
        unsafe { self.counts.get().write_bytes(0, self.slots() as usize) }
        self.set_flag(flag::COUNTED);
    }

    /// Zeroes the internal counts and the flags of a group of slots.
    pub(crate) fn clear_internal_group(&self, group: u32) {
        let first = group * 64;
        let slots = (self.slots() - first).min(64);
        // SAFETY: invariant 4: one entry a slot.
        unsafe { self.counts.get().add(first as usize).write_bytes(0, slots as usize) }
    }

    /// Zeroes the internal counts of the members, and keeps their flags.
    pub(crate) fn clear_internal_of_members(&self) {
        for (group, bitmaps) in self.filled_groups() {
            for index in bits(bitmaps.members()).map(|bit| group * 64 + bit) {
                self.set_internal(index, self.word(index) & !COUNT);
            }
        }
    }

    /// Clears the flags of the members (tentative garbage and root candidate), and keeps their
    /// internal counts.
    pub(crate) fn forget_tentative_garbage(&self) {
        for (group, bitmaps) in self.filled_groups() {
            for index in bits(bitmaps.members()).map(|bit| group * 64 + bit) {
                self.set_internal(index, self.internal(index));
            }
        }
    }

    /// Removes the marked members of a group from the collection's set, and returns their bits. If
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
    /// unbuffered, so that the next decrement makes them candidates again.
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
