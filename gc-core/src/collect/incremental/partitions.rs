//! The proof: partitions of the tentative garbage, each counted anew and reclaimed within one
//! slice.
//!
//! A partition is what some root candidates reach in the tentative garbage, up to a limit. It need
//! not be all that they reach. Members whose count is not accounted for from within the partition
//! leave it, with all that they reach; the members that are left are unreachable, whatever lies
//! outside of the partition.

use super::guess::join;
use crate::collect::{Outcome, Unreachable, dispose};
use crate::core::Core;
use crate::gc_state::cycle::CycleState;
use crate::gc_state::pass::{Pass, Scope};
use crate::ground::time::Stamp;
use crate::storage::block::{Block, TENTATIVE_GARBAGE};
use crate::workset::set::Set;

/// Rounds over the root candidates: in one after the first those have their turn that only now
/// lost their last pointer from another partition.
const ROUNDS: u32 = 64;

/// A round is unproductive if it reclaimed less than one object for each `WORTH` objects of the
/// round before.
const WORTH: usize = 8;

/// The most objects of a partition, where time would allow for more.
const LARGEST: usize = 4096;

/// Smaller ones wait for the next slice, unless that is all that a slice may do.
const SMALLEST: usize = 64;

/// A partition begins with one root candidate for each `ROOTS` objects that it may have: what they
/// reach is added.
const ROOTS: usize = 4;

/// Tries partitions until the slice or all rounds are over.
pub(super) fn try_all(core: &Core, cycle: &mut CycleState) -> bool {
    loop {
        let limit = core.state.work_budget.affords(cycle.partition_cost * 2).min(LARGEST);
        if limit < SMALLEST && core.state.work_budget.spent() > 0 {
            core.state.work_budget.finish();
            return false;
        }
        let began = Stamp::now();
        let Some(objects) = try_partition(core, cycle, limit.max(1)) else {
            if cycle.rounds == ROUNDS || !is_worth_another(core, cycle) {
                return true;
            }
            cycle.begin_round(&core.state.candidates, core.storage.birth_clock.next());
            continue;
        };
        cycle.learn_cost(began.elapsed(), objects);
        if core.state.work_budget.spend(objects) {
            return false;
        }
    }
}

/// Is there more to be reclaimed? Pieces that hung off others follow these, round by round;
/// but when only as much was reclaimed as may have become garbage meanwhile, that waits for
/// the next collection.
fn is_worth_another(core: &Core, cycle: &CycleState) -> bool {
    let births = (core.storage.birth_clock.next() - cycle.round_began) as usize;
    cycle.reclaimed > births.min(cycle.reclaimed_before / WORTH)
}

/// Tries one partition of about `limit` objects. Returns the number of objects looked at; `None` if
/// no root candidate is left in this round.
fn try_partition(core: &Core, cycle: &mut CycleState, limit: usize) -> Option<usize> {
    let mut pass = Pass::new(core.owner(), 2);
    pass.scope = Scope::TentativeGarbage;
    pass.clears_candidates = false;
    let taken = take_root_candidates(core, cycle, &mut pass, limit.div_ceil(ROOTS));
    if taken.groups == 0 {
        return None;
    }
    let mut set = Set::new(core, pass);
    let whole = set.close_over_tentative_garbage(limit);
    if !whole {
        cycle.truncated = true;
        set.count_internal();
    }
    let objects = set.pass.scanned;
    condemn(set, cycle);
    // Only now is known which of them have candidates left, and which are empty.
    cycle.blocks_are_done(&core.state.candidates, &core.storage.empty_blocks, taken.blocks);
    Some(objects + taken.groups)
}

/// Tries at once all root candidates that are left after the rounds and have passed a recheck. This
/// is the only step that can take longer than a slice may.
pub(super) fn try_remainder(core: &Core, cycle: &mut CycleState) -> bool {
    let pass = core::mem::replace(&mut cycle.pass, Pass::new(core.owner(), 2));
    let mut set = Set::new(core, pass);
    set.forget_empty_blocks();
    if !set.is_empty() {
        set.count_internal();
        condemn(set, cycle);
    }
    true
}

/// Proves what it can of a set whose internal references were just counted, and disposes
/// of that.
fn condemn(mut set: Set<'_>, cycle: &mut CycleState) {
    set.evict_reachable();
    if set.is_empty() {
        return;
    }
    // Their slots will be others'.
    set.blocks().for_each(Block::forget_tentative_garbage);
    super::report::note_found(set.core(), &set);
    let Outcome { collected, uncollectable, .. } = dispose(Unreachable(set));
    cycle.reclaimed += collected + uncollectable;
    cycle.collected += collected;
    cycle.uncollectable += uncollectable;
}

/// Result of a search for root candidates.
struct Taken {
    /// Groups of slots that were looked at.
    groups: usize,
    /// Blocks whose last group was among them.
    blocks: usize,
}

/// Makes the next root candidates members: `most` of them, or those of one group more.
fn take_root_candidates(core: &Core, cycle: &mut CycleState, pass: &mut Pass, most: usize) -> Taken {
    let (mut roots_taken, mut taken) = (0, Taken { groups: 0, blocks: 0 });
    let mut next = cycle.first_block();
    while let Some(block) = next
        && roots_taken < most
        && taken.groups < most * 4
    {
        core.state.epoch.catch_up(block);
        let (group, bitmaps) = (cycle.group, block.group(cycle.group));
        taken.groups += 1;
        let candidates = bitmaps.candidate.get() & bitmaps.examined(2);
        let root_candidates = block.flagged(group, candidates, TENTATIVE_GARBAGE);
        if root_candidates != 0 {
            pass.list(block);
            join(pass, block, group, root_candidates, TENTATIVE_GARBAGE);
            roots_taken += root_candidates.count_ones() as usize;
        }
        cycle.group += 1;
        if cycle.group == block.group_count() {
            (next, cycle.group) = (cycle.block_after(block), 0);
            taken.blocks += 1;
        }
    }
    taken
}

impl Set<'_> {
    /// Adds the tentative garbage that members reach, and counts the references within. Returns
    /// false if there
    /// are more, and of some members nothing was counted.
    fn close_over_tentative_garbage(&mut self, limit: usize) -> bool {
        while let Some(block) = self.pass.dequeue() {
            let groups = block.pending.take();
            if self.pass.scanned < limit {
                self.pass.scan(block, groups, block.info().trace_closure);
            }
        }
        self.pass.scanned < limit
    }
}
