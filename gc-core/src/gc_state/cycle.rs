//! State of an incremental collection between two of its slices.
//!
//! The state holds no pointer to an object. The state consists of bits and counts in the side
//! tables of blocks, and of lists of blocks, which keep these blocks in place. So objects may die
//! between two slices, and their slots may be reused: the bits of an object are cleared before its
//! slot is reused.

use crate::gc_state::candidates::CandidateBlocks;
use crate::gc_state::pass::{Pass, Scope};
use crate::storage::block::{Block, flag};
use crate::storage::chunk::Owner;
use crate::storage::empty_blocks::EmptyBlocks;
use crate::telemetry::records::Cause;
use core::ptr::NonNull;
use core::time::Duration;

/// The next step of an incremental collection. The functions of `collect::incremental` document the
/// postcondition of each step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stage {
    /// Takes the candidates.
    Take,
    /// Adds the objects that candidates reach, and counts the references between members.
    TraceClosure,
    /// Lists all blocks that can have members, if the linear pass is used.
    List,
    /// Makes all examined objects of the listed blocks members.
    Prepare,
    /// Counts the references between all members.
    Count,
    /// Marks the members whose count is not accounted for.
    FindExternal,
    /// Marks the members that marked members reach; marked members leave the set.
    Mark,
    /// Makes the remaining members tentative garbage.
    BuildGarbageList,
    /// Condemns and reclaims tentative garbage, partition by partition.
    Partitions,
    /// Takes the root candidates that are still tentative garbage.
    Retake,
    /// Clears the marks of the recheck, which has removed the objects that it found reachable.
    Sweep,
    /// Tries to prove the remaining members unreachable, all at once.
    Remainder,
    /// Destroys the objects whose release was deferred.
    Release,
    /// Measures the bytes that values own, if the heap has a limit.
    Measure,
}

pub(crate) struct CycleState {
    pub(crate) pass: Pass,
    pub(crate) stage: Stage,
    /// True if the candidates may be incomplete, so that all objects must be looked at.
    pub(crate) linear: bool,
    /// True while the guess is repeated on the tentative garbage alone: see `Stage::Retake`.
    pub(crate) rechecking: bool,
    /// Greatest number of objects that the candidates may reach. If the candidates reach more, the
    /// collection looks at all objects instead.
    pub(crate) closure: usize,
    /// First of the blocks with candidates that are still to be visited. The blocks are linked by
    /// `next_with_candidates` and have the flag `RECENT`.
    todo: Option<NonNull<Block>>,
    /// The listed block that is being worked on.
    at: Option<NonNull<Block>>,
    /// Index of the next chunk whose blocks are to be listed.
    pub(crate) chunk: usize,
    /// Number of chunks that had ever been given back when `chunk` was set.
    pub(crate) releases: usize,
    /// Number of the next group to be worked on, in the block `at` or in the first block of `todo`.
    pub(crate) group: u32,
    pub(crate) rounds: u32,
    /// Objects reclaimed or found uncollectable in this round.
    pub(crate) reclaimed: usize,
    /// Objects reclaimed or found uncollectable in the round before this one.
    pub(crate) reclaimed_before: usize,
    /// Number of the birth that was next when this round began.
    pub(crate) round_began: u64,
    /// True if a partition of this round did not contain all that its root candidates reach.
    pub(crate) truncated: bool,
    /// Average time for one object of the recent partitions, in nanoseconds.
    pub(crate) partition_cost: u32,
    /// Cause of the collection.
    pub(crate) cause: Cause,
    /// Bytes of the blocks that were in use when the collection began.
    pub(crate) used_before: usize,
    pub(crate) collected: usize,
    pub(crate) uncollectable: usize,
    /// Objects found to be tentative garbage, and the bytes of their slots.
    pub(crate) found: usize,
    pub(crate) found_bytes: usize,
    pub(crate) slices: u32,
    pub(crate) time: Duration,
    pub(crate) longest: Duration,
}

/// Initial value of `partition_cost`. The cost is measured from the first partition on.
const PARTITION_COST: u32 = 400;

impl CycleState {
    pub(crate) fn new(owner: NonNull<Owner>, candidates: &CandidateBlocks, linear: bool, closure: usize) -> CycleState {
        let mut cycle = CycleState {
            pass: Pass::new(owner, 2),
            stage: Stage::Take,
            linear,
            rechecking: false,
            closure,
            todo: None,
            at: None,
            chunk: 0,
            releases: 0,
            group: 0,
            rounds: 0,
            reclaimed: 0,
            reclaimed_before: 0,
            round_began: 0,
            truncated: false,
            partition_cost: PARTITION_COST,
            cause: Cause::Explicit,
            used_before: 0,
            collected: 0,
            uncollectable: 0,
            found: 0,
            found_bytes: 0,
            slices: 0,
            time: Duration::ZERO,
            longest: Duration::ZERO,
        };
        cycle.pass.scope = Scope::Increment;
        cycle.pass.clears_candidates = false;
        cycle.take_candidates(candidates);
        cycle
    }

    /// Takes all blocks with candidates, to be visited one by one.
    pub(crate) fn take_candidates(&mut self, candidates: &CandidateBlocks) {
        debug_assert!(self.todo.is_none());
        self.todo = candidates.take_all();
        self.group = 0;
    }

    /// Returns the first block of `todo`.
    pub(crate) fn first_block<'a>(&self) -> Option<&'a Block> {
        // SAFETY: invariant 2: a block on a list of candidate blocks is not given back.
        self.todo.map(|link| unsafe { link.as_ref() })
    }

    /// Returns the block that follows `block` in `todo`.
    pub(crate) fn block_after<'a>(&self, block: &Block) -> Option<&'a Block> {
        // SAFETY: invariant 2: a block on a list of candidate blocks is not given back.
        block.next_with_candidates.get().map(|link| unsafe { link.as_ref() })
    }

    /// Removes the first `blocks` blocks from `todo`. Keeps the number of the current group.
    pub(crate) fn blocks_are_done(&mut self, candidates: &CandidateBlocks, empty: &EmptyBlocks, blocks: usize) {
        let group = self.group;
        (0..blocks).for_each(|_| self.first_block_is_done(candidates, empty));
        self.group = group;
    }

    /// Removes the first block from `todo`, and lists it again if it has candidates.
    pub(crate) fn first_block_is_done(&mut self, candidates: &CandidateBlocks, empty: &EmptyBlocks) {
        if let Some(block) = self.first_block() {
            self.todo = block.next_with_candidates.take();
            self.group = 0;
            block.clear_flag(flag::RECENT);
            candidates.list_again(block, empty);
        }
    }

    /// Begins to walk over the groups of the listed blocks.
    pub(crate) fn rewind(&mut self) {
        self.at = self.pass.listed().first();
        self.group = 0;
    }

    /// Returns the next group of the listed blocks, among the groups that `choose` selects for a
    /// block (one bit each). Returns `None` if no group is left.
    pub(crate) fn next_group<'a>(&mut self, choose: impl Fn(&Block) -> u64) -> Option<(&'a Block, u32)> {
        loop {
            // SAFETY: invariant 2: a listed block is not given back.
            let block = unsafe { self.at?.as_ref() };
            let left = choose(block).checked_shr(self.group).unwrap_or(0);
            if left != 0 {
                let group = self.group + left.trailing_zeros();
                self.group = group + 1;
                return Some((block, group));
            }
            self.at = block.next_listed.get();
            self.group = 0;
        }
    }

    /// Begins a round, in which each root candidate is tried again.
    pub(crate) fn begin_round(&mut self, candidates: &CandidateBlocks, next_birth: u64) {
        self.rounds += 1;
        (self.reclaimed_before, self.reclaimed) = (self.reclaimed, 0);
        self.round_began = next_birth;
        self.truncated = false;
        self.take_candidates(candidates);
    }

    /// Updates the cost of an object with a partition of `objects` objects that took `time`.
    pub(crate) fn learn_cost(&mut self, time: Duration, objects: usize) {
        let cost = time.as_nanos() / objects.max(1) as u128;
        let cost = (u128::from(self.partition_cost) * 3 + cost) / 4;
        self.partition_cost = cost.clamp(20, 1 << 30) as u32;
    }

    /// Discards the collection. Postcondition: no object is a member or marked, no block is listed,
    /// and the blocks of `todo` are candidate blocks again if they have candidates.
    pub(crate) fn discard(&mut self, candidates: &CandidateBlocks, empty: &EmptyBlocks) {
        for block in self.pass.listed() {
            for (_, bitmaps) in block.filled_groups() {
                bitmaps.mark.set(0);
            }
            block.clear_members();
            block.pending.set(0);
        }
        self.pass.forget_queue();
        self.pass.forget_blocks(empty);
        while self.todo.is_some() {
            self.first_block_is_done(candidates, empty);
        }
    }
}
