//! Finds the unreachable objects of the examined generations.
//!
//! Trial deletion looks only at what the candidates reach. The linear pass looks at all examined
//! objects. The linear pass is used if the candidates are incomplete, or reach so much that it is
//! cheaper.

use super::Unreachable;
use crate::core::Core;
use crate::gc_state::candidates::Keeps;
use crate::gc_state::pass::Pass;
use crate::gc_state::schedule::SMALL_CLOSURE;
use crate::object::bitmaps::Bitmaps;
use crate::object::type_info::Kind;
use crate::workset::set::Set;

/// Finds the unreachable objects of generations 0 to `generation`. Postcondition: every reference
/// to a member of the result comes from a member, and the survivors are promoted.
pub(super) fn find(core: &Core, generation: u8) -> Unreachable<'_> {
    let mut pass = Pass::new(core.owner(), generation);
    pass.everything = generation == 2 && !core.state.frozen.get();
    let mut set = Set::new(core, pass);
    let candidates = take_candidates(&mut set.pass);
    if distrusted(core, generation) || !close_candidates(&mut set, candidates) {
        set.clear();
        examine_all(&mut set.pass);
        set.count_internal();
    }
    core.state.epoch.promote(generation);
    core.storage.bins.flush();
    set.evict_reachable();
    Unreachable(set)
}

/// Returns true if this collection must be linear because its candidates are incomplete.
fn distrusted(core: &Core, generation: u8) -> bool {
    let candidates_incomplete = generation == 2 && core.state.schedule.candidates_incomplete.take();
    candidates_incomplete || core.state.schedule.is_always_linear()
}

/// Adds the candidates of the examined generations to the set, with internal count 0. Returns
/// their number.
///
/// A full collection clears the candidate bits of survivors when they leave the set, before any
/// user code runs, so that later decrements make them candidates again. A younger collection keeps
/// the candidate bits for the next collection, because its survivors may be held by older garbage
/// only.
fn take_candidates(pass: &mut Pass) -> usize {
    let core = Core::of(pass.owner);
    let mut candidates = 0;
    let most = if pass.oldest == 0 { core.state.schedule.most_candidate_blocks.get() } else { usize::MAX };
    core.state.candidates.visit(pass.oldest, most, &core.storage.empty_blocks, |block| {
        if !core.state.epoch.may_hold(block, pass.oldest) {
            return if block.live() > 0 { Keeps::Middle } else { Keeps::Clean };
        }
        core.state.epoch.catch_up(block);
        let (mut groups, mut stay) = (0, Keeps::Clean);
        for (group, bitmaps) in block.groups().iter().enumerate() {
            let taken = bitmaps.candidate.get() & bitmaps.examined(pass.oldest);
            if taken != 0 {
                block.add_members(group as u32, taken);
                groups |= 1 << group;
                block.clear_internal_group(group as u32);
                candidates += taken.count_ones() as usize;
            }
            stay = stay.max(where_to(bitmaps, taken, pass.oldest));
        }
        if groups != 0 {
            pass.list(block);
            pass.enqueue_groups(block, groups);
        }
        stay
    });
    candidates
}

/// Returns which list a block belongs on, judged by the candidates that one of its groups keeps
/// after this collection.
fn where_to(bitmaps: &Bitmaps, taken: u64, oldest: u8) -> Keeps {
    let untouched = bitmaps.candidate.get() & !taken;
    match oldest {
        0 if taken != 0 || untouched & bitmaps.generation(1) != 0 => Keeps::Middle,
        1 if taken != 0 => Keeps::Old,
        _ if untouched != 0 => Keeps::Old,
        _ => Keeps::Clean,
    }
}

/// Adds all examined objects that the candidates reach, and counts the references between members.
/// Returns false if it stopped early because the linear pass is cheaper.
fn close_candidates(set: &mut Set<'_>, candidates: usize) -> bool {
    let mut budget = Budget { core: set.core(), objects: SMALL_CLOSURE, is_final: false };
    if !budget.allows(candidates) {
        return false;
    }
    while let Some(block) = set.pass.dequeue() {
        set.pass.scan(block, block.pending.take(), block.info().trace_closure);
        if !budget.allows(set.pass.scanned) {
            return false;
        }
    }
    true
}

/// The largest closure that trial deletion may build. The objects of the heap, on which it depends,
/// are counted only when a closure exceeds `SMALL_CLOSURE`.
struct Budget<'h> {
    core: &'h Core,
    objects: usize,
    is_final: bool,
}

impl Budget<'_> {
    fn allows(&mut self, objects: usize) -> bool {
        if objects > self.objects && !self.is_final {
            self.is_final = true;
            self.objects = self.core.state.schedule.largest_closure(self.core.objects_in_use());
        }
        objects <= self.objects
    }
}

/// Makes every object that is examined a member.
fn examine_all(pass: &mut Pass) {
    let core = Core::of(pass.owner);
    core.storage.memory.each_block(&mut |block| {
        if block.kind.get() == Kind::Leaf {
            return;
        }
        if !core.state.epoch.may_hold(block, pass.oldest) {
            return;
        }
        core.state.epoch.catch_up(block);
        for (group, bitmaps) in (0..).zip(block.groups()) {
            let examined = bitmaps.examined(pass.oldest);
            if examined != 0 {
                block.add_members(group, examined);
            }
        }
        if block.filled() != 0 {
            pass.list(block);
        }
    });
}
