//! Guesses which objects are unreachable, in slices between which the program changes the graph.
//!
//! Objects that are garbage when the candidates are taken end up as tentative garbage: no code can
//! change them, so their references are counted exactly, and no mark reaches them. If objects
//! become garbage later, at least one of them lost a pointer after the candidates were taken, and
//! is a candidate for the next collection.

use crate::core::Core;
use crate::gc_state::cycle::{CycleState, Stage};
use crate::gc_state::pass::{Pass, Scope};
use crate::object::bitmaps::{bits, lower};
use crate::object::type_info::{Kind, ScanBlock, TypeInfo};
use crate::storage::block::{Block, ROOT_CANDIDATE, TENTATIVE_GARBAGE, flag};
use crate::workset::set::mark_externally_held;

/// Cost of a look at a block's entry, as a number of objects looked at.
const BLOCK_COST: usize = 4;

/// Prepares the first slice of a stage.
pub(super) fn prepare_stage(core: &Core, cycle: &mut CycleState, next: Stage) {
    match next {
        Stage::List => cycle.pass.forget_queue(),
        Stage::Count => cycle.pass.everything = !core.state.frozen.get(),
        Stage::FindExternal => cycle.pass.unmarked = 0,
        Stage::Partitions => {
            cycle.pass.everything = false;
            cycle.begin_round(&core.state.candidates, core.storage.birth_clock.next());
        }
        Stage::Retake => {
            cycle.rechecking = true;
            cycle.pass.scope = Scope::TentativeGarbage;
            cycle.pass.edges = 0;
            cycle.take_candidates(&core.state.candidates);
        }
        Stage::Measure => core.storage.owned_look.restart(),
        _ => {}
    }
    if !matches!(next, Stage::Partitions | Stage::Retake) {
        cycle.rewind();
    }
}

/// Takes the candidates. Returns false if the slice ends first. Postcondition: the candidates are
/// members with internal count 0 and the flag `ROOT_CANDIDATE`. The candidate bits of the members
/// are cleared, so that later decrements make these objects candidates again.
pub(super) fn take(core: &Core, cycle: &mut CycleState) -> bool {
    join_candidates(core, cycle, |pass, block, group, candidates| {
        pass.list(block);
        join(pass, block, group, candidates, ROOT_CANDIDATE);
        block.clear_candidates(group, candidates);
        candidates
    })
}

/// Takes the root candidates that are still tentative garbage, because no partition proved them
/// unreachable. The objects taken remain candidates. Returns false if the slice ends first.
pub(super) fn retake(core: &Core, cycle: &mut CycleState) -> bool {
    join_candidates(core, cycle, |pass, block, group, candidates| {
        let root_candidates = block.flagged(group, candidates, TENTATIVE_GARBAGE);
        if root_candidates != 0 {
            pass.list(block);
            join(pass, block, group, root_candidates, TENTATIVE_GARBAGE);
        }
        root_candidates
    })
}

/// Calls `choose` with the candidates of each group, block by block. `choose` adds some of the
/// candidates to the set and returns the bits of those. Returns false if the slice ends before the
/// last block.
fn join_candidates(core: &Core, cycle: &mut CycleState, choose: impl Fn(&mut Pass, &Block, u32, u64) -> u64) -> bool {
    while let Some(block) = cycle.first_block() {
        core.state.epoch.catch_up(block);
        let mut cost = 0;
        for (group, bitmaps) in (0..).zip(block.groups()) {
            let candidates = bitmaps.candidate.get() & bitmaps.examined(2);
            if candidates != 0 {
                cost += choose(&mut cycle.pass, block, group, candidates).count_ones();
            }
            cost += 1;
        }
        cycle.first_block_is_done(&core.state.candidates, &core.storage.empty_blocks);
        if core.state.work_budget.spend(cost as usize) {
            return false;
        }
    }
    true
}

/// Adds objects of a group to the set and queues the group. `word` becomes the internal count of
/// each object, with its flags.
pub(super) fn join(pass: &mut Pass, block: &Block, group: u32, slots: u64, word: u32) {
    block.add_members(group, slots);
    lower(&block.group(group).mark, slots);
    bits(slots).for_each(|bit| block.set_internal(group * 64 + bit, word));
    pass.enqueue_groups(block, 1 << group);
}

/// Adds the objects that members reach, and counts the references between members. Returns false if
/// the slice ends first, or if the closure becomes too large.
pub(super) fn trace_closure(core: &Core, cycle: &mut CycleState) -> bool {
    let closure = if cycle.rechecking { usize::MAX } else { cycle.closure };
    let within = |pass: &Pass| pass.scanned <= closure;
    work_off(core, &mut cycle.pass, |info| info.trace_closure, within) && within(&cycle.pass)
}

/// Returns true if the closure of the candidates is so large that a look at everything is cheaper.
pub(super) fn is_too_large(cycle: &CycleState) -> bool {
    !cycle.rechecking && cycle.pass.scanned > cycle.closure
}

/// Scans the queued groups. Returns false if the slice ended, or `go_on` returned false, before the
/// queue was empty.
pub(super) fn work_off(
    core: &Core,
    pass: &mut Pass,
    scan: impl Fn(&TypeInfo) -> ScanBlock,
    go_on: impl Fn(&Pass) -> bool,
) -> bool {
    while let Some(block) = pass.dequeue() {
        let mut waiting = block.pending.take();
        while waiting != 0 {
            let group = waiting & waiting.wrapping_neg();
            waiting ^= group;
            let before = pass.scanned;
            pass.scan(block, group, scan(block.info()));
            if core.state.work_budget.spend(pass.scanned - before + 1) || !go_on(pass) {
                pass.enqueue_groups(block, waiting);
                return pass.is_idle();
            }
        }
    }
    true
}

/// Lists every block that can have members, chunk by chunk, for the linear pass. Returns false if
/// the slice ends first.
pub(super) fn list(core: &Core, cycle: &mut CycleState) -> bool {
    loop {
        if cycle.releases != core.storage.memory.releases() {
            // A chunk was given back, and others may have moved to a lower place in the list.
            (cycle.releases, cycle.chunk) = (core.storage.memory.releases(), 0);
        }
        let mut blocks = 0;
        let pass = &mut cycle.pass;
        let any = core.storage.memory.each_block_of(cycle.chunk, &mut |block| {
            blocks += 1;
            if block.kind.get() != Kind::Leaf && !block.has(flag::LISTED) {
                pass.list_new(block);
            }
        });
        if !any {
            return true;
        }
        cycle.chunk += 1;
        if core.state.work_budget.spend(blocks * BLOCK_COST) {
            return false;
        }
    }
}

/// Adds all examined objects of the listed blocks to the set. Returns false if the slice ends
/// first. Postcondition: all internal counts are 0, and root candidates still have their flag.
pub(super) fn prepare(core: &Core, cycle: &mut CycleState) -> bool {
    let all = |block: &Block| u64::MAX >> (64 - block.group_count());
    while let Some((block, group)) = cycle.next_group(all) {
        core.state.epoch.catch_up(block);
        let bitmaps = block.group(group);
        let root_candidates = block.flagged(group, bitmaps.members(), ROOT_CANDIDATE);
        block.clear_internal_group(group);
        bitmaps.mark.set(0);
        let examined = bitmaps.examined(2);
        block.add_members(group, examined);
        bits(root_candidates).for_each(|bit| block.set_internal(group * 64 + bit, ROOT_CANDIDATE));
        if group + 1 == block.group_count() {
            block.pending.set(0);
            block.set_flag(flag::COUNTED);
        }
        if core.state.work_budget.spend(examined.count_ones() as usize / 4 + 1) {
            return false;
        }
    }
    true
}

/// Counts the references between members. Returns false if the slice ends first.
pub(super) fn count(core: &Core, cycle: &mut CycleState) -> bool {
    while let Some((block, group)) = cycle.next_group(Block::filled) {
        let before = cycle.pass.scanned;
        cycle.pass.scan(block, 1 << group, block.info().count);
        if core.state.work_budget.spend(cycle.pass.scanned - before + 1) {
            return false;
        }
    }
    true
}

/// Marks the members whose count is not accounted for by internal references. Returns false if the
/// slice ends first.
pub(super) fn find_external(core: &Core, cycle: &mut CycleState) -> bool {
    while let Some((block, group)) = cycle.next_group(Block::filled) {
        mark_externally_held(block, 1 << group, &mut cycle.pass);
        if core.state.work_budget.spend(block.group(group).members().count_ones() as usize + 1) {
            return false;
        }
    }
    true
}

/// Marks the members that marked members reach. Marked members leave the set. Returns false if the
/// slice ends first.
pub(super) fn mark(core: &Core, cycle: &mut CycleState) -> bool {
    work_off(core, &mut cycle.pass, |info| info.mark, |_| true)
}

/// Makes the remaining members tentative garbage. Returns false if the slice ends first.
/// Postcondition: the set is empty, and the root candidates among the tentative garbage are
/// candidates again. If the collection was linear from the start, all tentative garbage becomes
/// candidates.
pub(super) fn build_garbage_list(core: &Core, cycle: &mut CycleState) -> bool {
    while let Some((block, group)) = cycle.next_group(Block::filled) {
        let bitmaps = block.group(group);
        let tentative = bitmaps.members();
        let root_candidates = if cycle.linear { tentative } else { block.flagged(group, tentative, ROOT_CANDIDATE) };
        bits(tentative).for_each(|bit| block.set_internal(group * 64 + bit, TENTATIVE_GARBAGE));
        if root_candidates != 0 {
            core.state.candidates.add_group(block, group, root_candidates);
        }
        bitmaps.mark.set(0);
        block.remove_members(group);
        let found = tentative.count_ones() as usize;
        cycle.found += found;
        cycle.found_bytes += found * block.slot_bytes();
        if core.state.work_budget.spend(found / 4 + 1) {
            return false;
        }
    }
    while cycle.pass.unlist_one(&core.storage.empty_blocks) {
        if core.state.work_budget.spend(BLOCK_COST) {
            return false;
        }
    }
    true
}

/// Clears the marks of a recheck. Postcondition: the members are the objects that the recheck did
/// not find reachable. Returns false if the slice ends first.
pub(super) fn sweep(core: &Core, cycle: &mut CycleState) -> bool {
    while let Some((block, group)) = cycle.next_group(Block::filled) {
        let bitmaps = block.group(group);
        bitmaps.mark.set(0);
        if bitmaps.members() == 0 {
            block.remove_members(group);
        }
        if core.state.work_budget.spend(8) {
            return false;
        }
    }
    true
}
