//! State of an incremental collection between two of its slices.
//!
//! No pointer to an object is among it, only bits and counts in the side tables of
//! blocks, and lists of blocks, which keep those blocks in place. So objects may die
//! between two slices, and their slots be used again: that clears their bits.

use crate::gc_state::candidates::CandidateBlocks;
use crate::gc_state::pass::{Pass, Scope};
use crate::storage::block::{Block, flag};
use crate::storage::chunk::Owner;
use crate::storage::empty_blocks::EmptyBlocks;
use crate::telemetry::records::Cause;
use core::ptr::NonNull;
use core::time::Duration;

/// The next step of an incremental collection; `collect::incremental` has the postcondition of
/// each.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stage {
    /// Takes the candidates.
    Take,
    /// Adds what the candidates reach, and counts the references between members.
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
    /// Takes the root candidates that are left.
    Retake,
    /// Lets those go that a recheck on them found reachable.
    Sweep,
    /// Tries the rest at once.
    Remainder,
    /// Releases long structures.
    Release,
    /// Adds up what values own, where there is a limit.
    Measure,
}

pub(crate) struct CycleState {
    pub(crate) pass: Pass,
    pub(crate) stage: Stage,
    /// Candidates may be incomplete: everything must be looked at.
    pub(crate) linear: bool,
    /// The guess is repeated on the tentative garbage alone: see `Stage::Retake`.
    pub(crate) rechecking: bool,
    /// How many objects the candidates may reach before all are looked at instead.
    pub(crate) closure: usize,
    /// Blocks with candidates that wait their turn, linked by `next_with_candidates`, `RECENT` all.
    todo: Option<NonNull<Block>>,
    /// The listed block that is being worked on.
    at: Option<NonNull<Block>>,
    /// The chunks before this one were listed, when `releases` chunks had ever been given back.
    pub(crate) chunk: usize,
    pub(crate) releases: usize,
    /// The groups before this one are done, in the block `at` or in the first of `todo`.
    pub(crate) group: u32,
    pub(crate) rounds: u32,
    /// Reclaimed in this round, and in the one before.
    pub(crate) reclaimed: usize,
    pub(crate) reclaimed_before: usize,
    /// The next birth when this round began.
    pub(crate) round_began: u64,
    /// A partition of this round was not all that its root candidates reach.
    pub(crate) truncated: bool,
    /// Recent time for one object of a partition, in nanoseconds.
    pub(crate) partition_cost: u32,
    /// Why it began, and the bytes of blocks that were in use then.
    pub(crate) cause: Cause,
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

/// A guess to begin with; it is measured from the first partition on.
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

    /// The block whose turn it is.
    pub(crate) fn first_block<'a>(&self) -> Option<&'a Block> {
        // SAFETY: invariant 2: a candidates block does not go back.
        self.todo.map(|link| unsafe { link.as_ref() })
    }

    /// Returns the block whose turn comes after that of `block`.
    pub(crate) fn block_after<'a>(&self, block: &Block) -> Option<&'a Block> {
        // SAFETY: invariant 2: a candidates block does not go back.
        block.next_with_candidates.get().map(|link| unsafe { link.as_ref() })
    }

    /// Removes the first `blocks` blocks from `todo`. The number of the current group stays.
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

    /// The next group of those that `choose` gives for a block (a bit each). `None`: all
    /// are done.
    pub(crate) fn next_group<'a>(&mut self, choose: impl Fn(&Block) -> u64) -> Option<(&'a Block, u32)> {
        loop {
            // SAFETY: invariant 2: a listed block does not go back.
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

    /// Learns what an object of a partition takes.
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
