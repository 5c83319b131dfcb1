//! The set of objects that a collection works on: the `set` bits of living objects, and the list of
//! blocks that have such bits.
//!
//! Each stage of a collection has a type of its own around a `Set`, so that a wrong order of steps
//! does not compile.

use crate::core::Core;
use crate::gc_state::pass::{Listed, Pass, Scope};
use crate::object::bitmaps::{Bitmaps, bits, lower, raise};
use crate::object::raw::{Object, Place};
use crate::storage::block::{Block, flag};
use crate::workset::order::BirthOrder;

/// A set of objects. Dropping a `Set` removes all members from it, but does not release the
/// objects.
pub(crate) struct Set<'h> {
    core: &'h Core,
    pub(crate) pass: Pass,
}

impl<'h> Set<'h> {
    pub(crate) fn new(core: &'h Core, pass: Pass) -> Set<'h> {
        Set { core, pass }
    }

    pub(crate) fn core(&self) -> &'h Core {
        self.core
    }

    /// Returns the oldest generation that is examined.
    pub(crate) fn generation(&self) -> u8 {
        self.pass.oldest
    }

    pub(crate) fn blocks(&self) -> Listed<'h> {
        self.pass.listed()
    }

    pub(crate) fn is_empty(&self) -> bool {
        !self.blocks().any(Block::has_members)
    }

    /// Returns the number of tracked members, which collections count and return.
    pub(crate) fn tracked(&self) -> usize {
        let tracked = self.blocks().filter(|block| block.is_tracked());
        let groups = tracked.flat_map(Block::filled_groups);
        groups.map(|(_, bitmaps)| bitmaps.members().count_ones() as usize).sum()
    }

    /// Returns the number of members, and the bytes of their slots.
    pub(crate) fn size(&self) -> (usize, usize) {
        self.blocks().fold((0, 0), |(objects, bytes), block| {
            let members = block.member_count();
            (objects + members, bytes + members * block.slot_bytes())
        })
    }

    pub(crate) fn contains(&self, object: Object) -> bool {
        self.pass.owns(object) && {
            let Place { bitmaps, bit, .. } = object.place();
            bitmaps.members() & bit != 0
        }
    }

    /// Returns the members that `choose` selects, oldest first. A member that leaves the set during
    /// the iteration may still be yielded.
    pub(crate) fn in_birth_order(&self, choose: impl Fn(&Block, &Bitmaps) -> u64) -> impl Iterator<Item = Object> {
        BirthOrder::new(self, move |block, bitmaps| bitmaps.members() & choose(block, bitmaps))
    }

    /// Returns the marked former members that `choose` selects, oldest first.
    pub(crate) fn marked_in_birth_order(
        &self,
        choose: impl Fn(&Block, &Bitmaps) -> u64,
    ) -> impl Iterator<Item = Object> {
        let marked = |bitmaps: &Bitmaps| bitmaps.mark.get() & bitmaps.alloc.get() & !bitmaps.set.get();
        BirthOrder::new(self, move |block, bitmaps| marked(bitmaps) & choose(block, bitmaps))
    }

    /// Calls `f` for each member, block by block.
    pub(crate) fn each(&self, mut f: impl FnMut(&Block, Object)) {
        for block in self.blocks() {
            block.each_member(Bitmaps::members, |object| f(block, object));
        }
    }

    /// Counts the references between members anew.
    pub(crate) fn count_internal(&mut self) {
        self.pass.edges = 0;
        for block in self.blocks() {
            if self.pass.scope == Scope::TentativeGarbage {
                block.clear_internal_of_members();
            } else {
                block.clear_internal();
            }
        }
        for block in self.blocks() {
            self.pass.scan(block, !0, block.info().count);
        }
    }

    /// Removes the members that are held from outside of the set, and all members that they reach.
    /// Postcondition: every reference to a member comes from within the set. If the pass clears
    /// candidates, the objects that left the set are unbuffered.
    pub(crate) fn evict_reachable(&mut self) {
        let held = self.mark_externally_held();
        if self.pass.unmarked < held / FEW {
            // If few members are unmarked, it is cheaper to count the edges of these members again
            // than to trace the edges of the many marked members. Afterwards a member is held from
            // outside if the edges of the remaining members do not account for its count.
            self.evict_waiting();
            self.forget_marks();
            self.forget_empty_blocks();
            self.recount_internal();
            self.mark_externally_held();
        }
        self.spread_marks();
        self.forget_marks();
        self.forget_empty_blocks();
    }

    /// Marks the members whose count is not accounted for by internal references. Returns the
    /// number of these members.
    fn mark_externally_held(&mut self) -> usize {
        let mut held = 0;
        self.pass.unmarked = 0;
        for block in self.blocks() {
            // Survivors are promoted here because their bitmaps are read anyway.
            self.core.state.epoch.catch_up(block);
            held += mark_externally_held(block, block.filled(), &mut self.pass);
        }
        held
    }

    /// Counts the references between members anew, after members have left the set.
    pub(crate) fn recount_internal(&mut self) {
        let everything = core::mem::replace(&mut self.pass.everything, false);
        self.count_internal();
        self.pass.everything = everything;
    }

    /// Unlists the blocks in which no member lives.
    pub(crate) fn forget_empty_blocks(&mut self) {
        let empty = &self.core().storage.empty_blocks;
        self.pass.retain_listed(empty, |block| {
            let keep = block.has_members();
            if !keep {
                block.clear_members();
            }
            keep
        });
    }

    /// Marks the members that marked members reach. All marked members leave the set.
    pub(crate) fn spread_marks(&mut self) {
        while self.pass.unmarked > 0
            && let Some(block) = self.pass.dequeue()
        {
            self.pass.scan(block, block.pending.take(), block.info().mark);
        }
        // Every member is marked, or nothing is queued: there is no other member to be marked.
        self.evict_waiting();
    }

    /// Evicts queued members without tracing them.
    fn evict_waiting(&mut self) {
        while let Some(block) = self.pass.dequeue() {
            for group in bits(block.pending.take()) {
                block.evict_marked(group, self.pass.clears_candidates);
            }
        }
    }

    /// Returns true if no code outside of the set can observe what happens to the members: no edge
    /// leaves the set, and no member has a finalizer, a weak reference or a drop that may run
    /// unknown code.
    pub(crate) fn is_unobservable(&self) -> bool {
        let plain = |block: &Block| {
            !block.has(flag::FINALIZABLE | flag::WEAK | flag::UNKNOWN_DROP) && block.info().managed_weak.is_none()
        };
        self.blocks().all(plain) && self.pass.edges == self.edges_within()
    }

    /// Returns the number of edges between members, as the sum of the internal counts.
    fn edges_within(&self) -> usize {
        let mut edges = 0;
        for block in self.blocks() {
            for (group, bitmaps) in block.filled_groups() {
                let internal = |bit| block.internal(group * 64 + bit) as usize;
                edges += bits(bitmaps.members()).map(internal).sum::<usize>();
            }
        }
        edges
    }

    /// Clears the marks of all members and former members.
    pub(crate) fn forget_marks(&self) {
        for (_, bitmaps) in self.blocks().flat_map(Block::filled_groups) {
            bitmaps.mark.set(0);
        }
    }

    /// Marks the members that `choose` selects, and queues them for `spread_marks`.
    pub(crate) fn mark_members(&mut self, choose: impl Fn(&Block, &Bitmaps) -> u64) {
        self.pass.unmarked = usize::MAX;
        for block in self.blocks() {
            let mut groups = 0;
            for (group, bitmaps) in block.filled_groups() {
                let marked = bitmaps.members() & choose(block, bitmaps);
                raise(&bitmaps.mark, marked);
                groups |= u64::from(marked != 0) << group;
            }
            self.pass.enqueue_groups(block, groups);
        }
    }

    /// Clears the candidate bits of the members. Members that were saved live on like other
    /// survivors.
    fn clear_candidates_of_members(&self) {
        for block in self.blocks() {
            for (group, bitmaps) in block.filled_groups() {
                block.clear_candidates(group, bitmaps.members());
            }
        }
    }

    /// Removes all members. Postcondition: the set is empty, and no block is listed.
    pub(crate) fn clear(&mut self) {
        for block in self.blocks() {
            block.clear_members();
        }
        let empty = &self.core().storage.empty_blocks;
        self.pass.forget_blocks(empty);
    }
}

impl Drop for Set<'_> {
    fn drop(&mut self) {
        if self.pass.clears_candidates {
            self.clear_candidates_of_members();
        }
        self.clear();
    }
}

/// A member with this many internal references counts as held from outside, because the count of
/// a condemned object has only 29 bits.
const MOST_INTERNAL: u32 = 1 << 28;

/// The edges of unmarked members are counted again if there is less than one unmarked member for
/// each `FEW` marked members.
const FEW: usize = 2;

/// Marks the members in the groups `among` of a block whose count is not accounted for by internal
/// references. Queues these members, and returns their number.
pub(crate) fn mark_externally_held(block: &Block, among: u64, pass: &mut Pass) -> usize {
    let (mut groups, mut found) = (0, 0);
    for group in bits(among) {
        let bitmaps = block.group(group);
        bitmaps.mark.set(0);
        let mut held = 0;
        for bit in bits(bitmaps.members()) {
            let index = group * 64 + bit;
            let internal = block.internal(index);
            let count = block.object(index).count();
            if count.get() != internal || internal >= MOST_INTERNAL {
                held |= 1 << bit;
            }
        }
        bitmaps.mark.set(held);
        found += held.count_ones() as usize;
        pass.unmarked += (bitmaps.members() & !held).count_ones() as usize;
        if pass.clears_candidates {
            // Clearing is cheap here, because the headers of these members were just read.
            block.clear_candidates(group, held);
        }
        groups |= u64::from(held != 0) << group;
    }
    pass.enqueue_groups(block, groups);
    found
}

/// Clears the mark of an object, so that it no longer counts as set aside.
pub(crate) fn unmark(object: Object) {
    let Place { bitmaps, bit, .. } = object.place();
    lower(&bitmaps.mark, bit);
}
