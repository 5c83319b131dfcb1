//! Proves tentative garbage unreachable, partition by partition. Each partition is counted anew and
//! reclaimed within one slice.
//!
//! A partition consists of objects that some root candidates reach in the tentative garbage, up to
//! a limit. A partition need not contain all objects that its root candidates reach. Members whose
//! count is not accounted for from within the partition leave it, with all that they reach. The
//! remaining members are unreachable, whatever lies outside of the partition.

use super::guess::join;
use crate::collect::{Outcome, Unreachable, dispose};
use crate::core::Core;
use crate::gc_state::cycle::CycleState;
use crate::gc_state::pass::{Pass, Scope};
use crate::ground::time::Stamp;
use crate::storage::block::{Block, TENTATIVE_GARBAGE};
use crate::workset::set::Set;

/// Greatest number of rounds over the root candidates. A round after the first reclaims objects
/// whose last pointers from other partitions were released in the round before.
const ROUNDS: u32 = 64;

/// A round is unproductive if it reclaimed less than one object for each `WORTH` objects of the
/// round before.
const WORTH: usize = 8;

/// Greatest number of objects of a partition, even if there is time for more.
const LARGEST: usize = 4096;

/// A slice that has done some work ends if it can afford only a partition with fewer objects.
const SMALLEST: usize = 64;

/// A partition begins with one root candidate for each `ROOTS` objects that it may have. The
/// objects that the root candidates reach are added.
const ROOTS: usize = 4;

/// Tries partitions until all rounds are over. Returns false if the slice ends first.
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

/// Returns true if another round is worth its time: the last round reclaimed more objects than were
/// born meanwhile, or more than one for each `WORTH` objects of the round before.
///
/// Garbage that reclaimed garbage pointed to can be proved unreachable in the next round. If the
/// rounds reclaim little, such garbage is left to the next collection.
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
    // Reclaiming decides which of these blocks keep candidates, and which are empty.
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

/// Disposes of the unreachable part of a set whose internal references were just counted. The
/// other members leave the set.
fn condemn(mut set: Set<'_>, cycle: &mut CycleState) {
    set.evict_reachable();
    if set.is_empty() {
        return;
    }
    // The members' slots will be reused by other objects.
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
    /// Blocks whose last group was looked at.
    blocks: usize,
}

/// Adds the next root candidates to the set, group by group, until there are `most` or more of
/// them or `most * 4` groups were looked at.
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
    /// Adds the tentative garbage that the members reach, and counts the references between
    /// members. Returns false if it stopped at about `limit` objects; the internal counts are
    /// incomplete then.
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
