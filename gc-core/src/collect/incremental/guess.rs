//! The guess: who seems unreachable, found in slices between which the graph changes.
//!
//! What is garbage when the candidates have been taken is among the suspects in the end.
//! Nobody can change it, so its references are counted exactly, and no mark gets to it. Of
//! what became garbage later some object lost a pointer later, and is a candidate again.

use crate::core::Core;
use crate::gc_state::cycle::{Sliced, Stage};
use crate::gc_state::pass::{Pass, Scope};
use crate::object::bitmaps::{bits, lower};
use crate::object::type_info::{Kind, ScanBlock, TypeInfo};
use crate::storage::block::{Block, SEED, SUSPECT, flag};
use crate::workset::set::mark_externally_held;

/// What it takes to look at a block's entry, in objects.
const BLOCK_COST: usize = 4;

/// What must hold before the first slice of a stage.
pub(super) fn prepare_stage(core: &Core, sliced: &mut Sliced, next: Stage) {
    match next {
        Stage::List => sliced.pass.forget_queue(),
        Stage::Count => sliced.pass.everything = !core.frozen.get(),
        Stage::Compare => sliced.pass.unmarked = 0,
        Stage::Pieces => {
            sliced.pass.everything = false;
            sliced.begin_round(&core.dirty, core.births.next());
        }
        Stage::Retake => {
            sliced.rehearsing = true;
            sliced.pass.scope = Scope::Suspects;
            sliced.pass.edges = 0;
            sliced.take_dirty(&core.dirty);
        }
        Stage::Measure => core.owned_look.restart(),
        _ => {}
    }
    if !matches!(next, Stage::Pieces | Stage::Retake) {
        sliced.rewind();
    }
}

/// Takes the candidates. Holds after it: they are members with internal count 0, known as
/// seeds, and candidates no longer, so that later decrements mark anew.
pub(super) fn take(core: &Core, sliced: &mut Sliced) -> bool {
    join_candidates(core, sliced, |pass, block, group, candidates| {
        pass.list(block);
        join(pass, block, group, candidates, SEED);
        block.acquit(group, candidates);
        candidates
    })
}

/// Takes the seeds that are suspects still: no piece proved them unreachable. They stay
/// candidates.
pub(super) fn retake(core: &Core, sliced: &mut Sliced) -> bool {
    join_candidates(core, sliced, |pass, block, group, candidates| {
        let seeds = block.flagged(group, candidates, SUSPECT);
        if seeds != 0 {
            pass.list(block);
            join(pass, block, group, seeds, SUSPECT);
        }
        seeds
    })
}

/// Hands each group's candidates to `choose`, block by block; it says whom it took.
fn join_candidates(core: &Core, sliced: &mut Sliced, choose: impl Fn(&mut Pass, &Block, u32, u64) -> u64) -> bool {
    while let Some(block) = sliced.first_dirty() {
        core.epochs.fold(block);
        let mut cost = 0;
        for (group, planes) in (0..).zip(block.groups()) {
            let candidates = planes.candidate.get() & planes.examined(2);
            if candidates != 0 {
                cost += choose(&mut sliced.pass, block, group, candidates).count_ones();
            }
            cost += 1;
        }
        sliced.first_dirty_is_done(&core.dirty, &core.empty_blocks);
        if core.slice.spend(cost as usize) {
            return false;
        }
    }
    true
}

/// Objects become members that wait to be scanned.
pub(super) fn join(pass: &mut Pass, block: &Block, group: u32, slots: u64, word: u32) {
    block.add_members(group, slots);
    lower(&block.group(group).mark, slots);
    bits(slots).for_each(|bit| block.set_internal(group * 64 + bit, word));
    pass.enqueue_groups(block, 1 << group);
}

/// Adds what members reach, and counts the references within.
pub(super) fn spread(core: &Core, sliced: &mut Sliced) -> bool {
    let closure = if sliced.rehearsing { usize::MAX } else { sliced.closure };
    let within = |pass: &Pass| pass.scanned <= closure;
    work_off(core, &mut sliced.pass, |info| info.spread, within) && within(&sliced.pass)
}

/// Is the closure of the candidates so large that all may as well be looked at?
pub(super) fn is_too_large(sliced: &Sliced) -> bool {
    !sliced.rehearsing && sliced.pass.scanned > sliced.closure
}

/// Scans the groups that wait. `false`: the slice is over, or `go_on` says no.
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
            if core.slice.spend(pass.scanned - before + 1) || !go_on(pass) {
                pass.enqueue_groups(block, waiting);
                return pass.is_idle();
            }
        }
    }
    true
}

/// The linear way: every block that can have members is listed, chunk by chunk.
pub(super) fn list(core: &Core, sliced: &mut Sliced) -> bool {
    loop {
        if sliced.releases != core.memory.releases() {
            // Some may have moved to where we were.
            (sliced.releases, sliced.chunk) = (core.memory.releases(), 0);
        }
        let mut blocks = 0;
        let pass = &mut sliced.pass;
        let any = core.memory.each_block_of(sliced.chunk, &mut |block| {
            blocks += 1;
            if block.kind.get() != Kind::Leaf && !block.has(flag::LISTED) {
                pass.list_new(block);
            }
        });
        if !any {
            return true;
        }
        sliced.chunk += 1;
        if core.slice.spend(blocks * BLOCK_COST) {
            return false;
        }
    }
}

/// Makes everything a member. Holds after it: all internal counts are 0, seeds are known still.
pub(super) fn prepare(core: &Core, sliced: &mut Sliced) -> bool {
    let all = |block: &Block| u64::MAX >> (64 - block.group_count());
    while let Some((block, group)) = sliced.next_group(all) {
        core.epochs.fold(block);
        let planes = block.group(group);
        let seeds = block.flagged(group, planes.members(), SEED);
        block.clear_internal_group(group);
        planes.mark.set(0);
        let examined = planes.examined(2);
        block.add_members(group, examined);
        bits(seeds).for_each(|bit| block.set_internal(group * 64 + bit, SEED));
        if group + 1 == block.group_count() {
            block.pending.set(0);
            block.set_flag(flag::COUNTED);
        }
        if core.slice.spend(examined.count_ones() as usize / 4 + 1) {
            return false;
        }
    }
    true
}

/// Counts the references that members hold.
pub(super) fn count(core: &Core, sliced: &mut Sliced) -> bool {
    while let Some((block, group)) = sliced.next_group(Block::filled) {
        let before = sliced.pass.scanned;
        sliced.pass.scan(block, 1 << group, block.info().count);
        if core.slice.spend(sliced.pass.scanned - before + 1) {
            return false;
        }
    }
    true
}

/// Marks the members whose count is not accounted for.
pub(super) fn compare(core: &Core, sliced: &mut Sliced) -> bool {
    while let Some((block, group)) = sliced.next_group(Block::filled) {
        mark_externally_held(block, 1 << group, &mut sliced.pass);
        if core.slice.spend(block.group(group).members().count_ones() as usize + 1) {
            return false;
        }
    }
    true
}

/// Marks what marked members reach; they leave the set.
pub(super) fn mark(core: &Core, sliced: &mut Sliced) -> bool {
    work_off(core, &mut sliced.pass, |info| info.mark, |_| true)
}

/// What is left of the set becomes suspects. Holds after it: no bit of the set is left;
/// seeds among the suspects are candidates again, and so are those of later decrements. Where
/// the candidates were not complete every suspect is one.
pub(super) fn sort(core: &Core, sliced: &mut Sliced) -> bool {
    while let Some((block, group)) = sliced.next_group(Block::filled) {
        let planes = block.group(group);
        let suspects = planes.members();
        let seeds = if sliced.linear { suspects } else { block.flagged(group, suspects, SEED) };
        bits(suspects).for_each(|bit| block.set_internal(group * 64 + bit, SUSPECT));
        if seeds != 0 {
            core.dirty.add_group(block, group, seeds);
        }
        planes.mark.set(0);
        block.remove_members(group);
        let found = suspects.count_ones() as usize;
        sliced.found += found;
        sliced.found_bytes += found * block.slot_bytes();
        if core.slice.spend(found / 4 + 1) {
            return false;
        }
    }
    while sliced.pass.unlist_one(&core.empty_blocks) {
        if core.slice.spend(BLOCK_COST) {
            return false;
        }
    }
    true
}

/// Forgets the marks of a rehearsal. Holds after it: what is left is members, and in the
/// blocks that are listed.
pub(super) fn sweep(core: &Core, sliced: &mut Sliced) -> bool {
    while let Some((block, group)) = sliced.next_group(Block::filled) {
        let planes = block.group(group);
        planes.mark.set(0);
        if planes.members() == 0 {
            block.remove_members(group);
        }
        if core.slice.spend(8) {
            return false;
        }
    }
    true
}
