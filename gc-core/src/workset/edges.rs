//! The action of each pass on an edge.

use crate::core::Core;
use crate::gc_state::pass::{Leaving, Pass, Scope};
use crate::object::bitmaps::{Bitmaps, raise};
use crate::object::raw::Object;
use crate::object::type_info::Kind;
use crate::object::weak_table::has_weak;
use crate::storage::block::{Block, TENTATIVE_GARBAGE, flag};

/// The action of a pass on an edge.
pub(crate) trait EdgeAction {
    fn edge(pass: &mut Pass, target: Object);
    /// The action on a part of a value that could not be looked at.
    #[inline(always)]
    fn opaque(pass: &mut Pass) {
        let _ = pass;
    }
}

/// Returns the block and the slot number of a target that can be a member of a set: one in this
/// heap, and of a type that is examined.
#[inline(always)]
fn examined_target<'a>(pass: &Pass, target: Object) -> Option<(&'a Block, u32)> {
    let chunk = target.chunk();
    if chunk.owner() != pass.owner {
        return None;
    }
    let block = target.block_in(chunk);
    if block.kind.get() == Kind::Leaf {
        return None;
    }
    Some((block, block.index(target)))
}

fn is_member(bitmaps: &Bitmaps, bit: u64) -> bool {
    bitmaps.members() & bit != 0
}

/// Counts an edge to a member as an internal reference.
pub(crate) struct Count;

impl EdgeAction for Count {
    #[inline(always)]
    fn edge(pass: &mut Pass, target: Object) {
        pass.edges += 1;
        let Some((block, index)) = examined_target(pass, target) else { return };
        if pass.everything {
            block.add_internal(index);
            return;
        }
        let (bitmaps, bit) = block.bitmaps_of(index);
        if is_member(bitmaps, bit) {
            block.add_internal(index);
        }
    }

    #[inline(always)]
    fn opaque(pass: &mut Pass) {
        pass.edges += 1;
    }
}

/// Counts an edge as an internal reference of its target. A target in the scope of the pass that is
/// no member yet is added to the set.
pub(crate) struct TraceClosure;

impl EdgeAction for TraceClosure {
    #[inline(always)]
    fn edge(pass: &mut Pass, target: Object) {
        pass.edges += 1;
        let Some((block, index)) = examined_target(pass, target) else { return };
        let (bitmaps, bit) = block.bitmaps_of(index);
        if is_member(bitmaps, bit) {
            block.add_internal(index);
            return;
        }
        let tentative = pass.scope == Scope::TentativeGarbage;
        if tentative && !block.is_tentative_garbage(index) {
            return;
        }
        let epoch = &Core::of(pass.owner).state.epoch;
        if !epoch.may_hold(block, pass.oldest) {
            return;
        }
        epoch.catch_up(block);
        if bitmaps.examined(pass.oldest) & bit != 0 {
            pass.list(block);
            block.add_members(index >> 6, bit);
            block.set_internal(index, if tentative { TENTATIVE_GARBAGE | 1 } else { 1 });
            pass.enqueue(block, index);
        }
    }

    #[inline(always)]
    fn opaque(pass: &mut Pass) {
        pass.edges += 1;
    }
}

/// Marks the member that an edge of a reachable object leads to.
pub(crate) struct Mark;

impl EdgeAction for Mark {
    #[inline(always)]
    fn edge(pass: &mut Pass, target: Object) {
        // (The subtraction wraps: in slices, a member can have gained edges since it was counted.)
        pass.edges = pass.edges.wrapping_sub(1);
        let Some((block, index)) = examined_target(pass, target) else { return };
        let (bitmaps, bit) = block.bitmaps_of(index);
        if bitmaps.members() & !bitmaps.mark.get() & bit != 0 {
            raise(&bitmaps.mark, bit);
            pass.unmarked -= 1;
            pass.enqueue(block, index);
        }
    }

    #[inline(always)]
    fn opaque(pass: &mut Pass) {
        pass.edges = pass.edges.wrapping_sub(1);
    }
}

/// Determines the way of reclaim that the edges out of the set require.
pub(crate) struct ScanExternal;

impl EdgeAction for ScanExternal {
    fn edge(pass: &mut Pass, target: Object) {
        if pass.leaving != Leaving::Watched && !is_inside(pass, target) {
            let leaving = if is_watched(pass, target) { Leaving::Watched } else { Leaving::Unwatched };
            pass.leaving = pass.leaving.max(leaving);
        }
    }

    /// Requires the exact way of reclaim: pointers hidden by a leaked mutable borrow are released
    /// when the value is dropped, or never.
    fn opaque(pass: &mut Pass) {
        pass.leaving = Leaving::Watched;
    }
}

/// Returns true if the target is a member of the set.
pub(crate) fn is_inside(pass: &Pass, target: Object) -> bool {
    examined_target(pass, target).is_some_and(|(block, index)| {
        let (bitmaps, bit) = block.bitmaps_of(index);
        is_member(bitmaps, bit)
    })
}

/// Returns true if user code may observe the release of the target.
fn is_watched(pass: &Pass, target: Object) -> bool {
    if !pass.owns(target) {
        return true;
    }
    let block = target.block();
    if block.kind.get() == Kind::Leaf {
        return block.has(flag::FINALIZABLE | flag::UNKNOWN_DROP) || has_weak(target);
    }
    // A target with edges of its own was examined and found reachable if this collection examines
    // all objects. The target is still reachable if no user code ran since.
    !pass.everything || Core::of(pass.owner).release.user_code_ran.get()
}
