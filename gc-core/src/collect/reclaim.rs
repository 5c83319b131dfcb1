//! Reclaiming a condemned set: exactly, one object after the other, where somebody
//! could see the order; else block by block, in whatever order is fast.

use super::Reclaimable;
use crate::core::Core;
use crate::gc_state::pass::Leaving;
use crate::ground::restore::Restore;
use crate::object::raw::Object;
use crate::object::type_info::Glue;
use crate::release;
use crate::storage::block::{Block, flag};

/// Reclaims every member. Holds after it: their values are dropped and their slots
/// free, but for managed weak references that a callback kept.
pub(super) fn reclaim(mut reclaimable: Reclaimable<'_, '_>) {
    if !reclaimable.secluded && must_be_exact(&mut reclaimable) {
        exact(&reclaimable);
    } else {
        fast(&mut reclaimable);
    }
}

/// Could the program tell the order in which the members go?
fn must_be_exact(reclaimable: &mut Reclaimable<'_, '_>) -> bool {
    let set = &mut *reclaimable.set;
    if set.blocks().any(|block| block.has(flag::WILD) || block.info().managed_weak.is_some()) {
        return true;
    }
    for block in set.blocks() {
        set.pass.scan(block, !0, block.info().survey);
        if set.pass.leaving == Leaving::Watched {
            return true;
        }
    }
    false
}

/// Empties each member, oldest first, as Python's `delete_garbage` does.
fn exact(reclaimable: &Reclaimable<'_, '_>) {
    let set = &*reclaimable.set;
    let core = set.core();
    let _open = Restore::after(&core.reclaiming, true);
    for object in set.in_birth_order(|_, _| !0) {
        if !set.contains(object) {
            continue; // died with one before
        }
        object.count().increment();
        empty(core, object);
        release::decrement(object);
    }
}

/// Drops the member's value; its slot stays for the pointers that are left. A
/// managed weak reference only loses its target and the state of its callback: user code may
/// have a pointer to it.
fn empty(core: &Core, object: Object) {
    if let Some(cell) = object.weak_cell() {
        cell.detach();
        release::user_code::forget_callback(core, cell.take_callback());
        object.release_weak_state();
        return;
    }
    object.place().stop_living();
    release::drop_value(core, object);
}

/// Frees the members' slots block by block. No user code runs.
fn fast(reclaimable: &mut Reclaimable<'_, '_>) {
    let set = &mut *reclaimable.set;
    let glue = |block: &Block| block.bin_class().glue;
    if set.pass.leaving == Leaving::Unwatched {
        for block in set.blocks().filter(|block| glue(block) == Glue::Pointers) {
            set.pass.scan(block, !0, block.info().sever);
        }
    }
    let own_memory = set.blocks().any(|block| glue(block) == Glue::Memory);
    for block in set.blocks() {
        bury_members(block, own_memory);
    }
    if own_memory {
        for block in set.blocks().filter(|block| glue(block) == Glue::Memory) {
            block.each_member(|planes| planes.set.get(), |object| release::drop_value(set.core(), object));
        }
    }
    for block in set.blocks() {
        free_buried(set.core(), block);
    }
}

/// Clears the members' alloc bits: the `set` bits alone stand for them from here on.
/// With `pin`, releases by each other's values do not count any more.
fn bury_members(block: &Block, pin: bool) {
    for (_, planes) in block.filled_groups() {
        planes.set.set(planes.members());
        planes.stop_living(planes.set.get());
    }
    if pin {
        block.each_member(|planes| planes.set.get(), |object| object.count().pin());
    }
}

/// Frees the slots of a block's buried members. Their values are gone or need no drop.
fn free_buried(core: &Core, block: &Block) {
    if cfg!(any(gc_asan, gc_zeal)) {
        block.each_member(|planes| planes.set.get(), |object| block.poison(object));
    }
    let mut freed = 0;
    for (_, planes) in block.filled_groups() {
        let dead = planes.set.get();
        freed += dead.count_ones();
        planes.refresh(dead);
    }
    core.count_freed(block, freed);
}
