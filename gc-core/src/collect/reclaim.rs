//! Reclaims a set of unreachable objects.
//!
//! If the program could observe the order, the members are reclaimed one by one, oldest first.
//! Otherwise they are reclaimed block by block, which is faster.

use super::Reclaimable;
use crate::core::Core;
use crate::gc_state::pass::Leaving;
use crate::ground::restore::Restore;
use crate::object::raw::Object;
use crate::object::type_info::DropEffect;
use crate::release;
use crate::storage::block::{Block, flag};

/// Reclaims every member. Postcondition: the values of the members are dropped and their slots are
/// free, except for managed weak references that a callback kept.
pub(super) fn reclaim(mut reclaimable: Reclaimable<'_, '_>) {
    if !reclaimable.unobservable && must_be_exact(&mut reclaimable) {
        exact(&reclaimable);
    } else {
        fast(&mut reclaimable);
    }
}

/// Returns true if the program could observe the order in which the members are reclaimed.
fn must_be_exact(reclaimable: &mut Reclaimable<'_, '_>) -> bool {
    let set = &mut *reclaimable.set;
    if set.blocks().any(|block| block.has(flag::UNKNOWN_DROP) || block.info().managed_weak.is_some()) {
        return true;
    }
    for block in set.blocks() {
        set.pass.scan(block, !0, block.info().scan_external);
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
    let _open = Restore::after(&core.release.reclaiming, true);
    for object in set.in_birth_order(|_, _| !0) {
        if !set.contains(object) {
            continue; // the object died with an earlier member
        }
        object.count().increment();
        empty(core, object);
        release::decrement(object);
    }
}

/// Drops the value of a member. The slot of the member stays in use for the pointers to it that are
/// left.
///
/// A managed weak reference keeps its value, because user code may have a pointer to it. The weak
/// reference loses only its target, its callback and the state of the callback.
fn empty(core: &Core, object: Object) {
    if let Some(cell) = object.weak_cell() {
        cell.detach();
        release::user_code::forget_callback(core, cell.take_callback());
        object.release_weak_state();
        return;
    }
    object.place().clear_alloc();
    release::drop_value(core, object);
}

/// Frees the members' slots block by block. No user code runs.
fn fast(reclaimable: &mut Reclaimable<'_, '_>) {
    let set = &mut *reclaimable.set;
    let drop_effect = |block: &Block| block.bin_class().drop_effect;
    if set.pass.leaving == Leaving::Unwatched {
        for block in set.blocks().filter(|block| drop_effect(block) == DropEffect::Pointers) {
            set.pass.scan(block, !0, block.info().release_external);
        }
    }
    let own_memory = set.blocks().any(|block| drop_effect(block) == DropEffect::Memory);
    for block in set.blocks() {
        clear_alloc_of_members(block, own_memory);
    }
    if own_memory {
        for block in set.blocks().filter(|block| drop_effect(block) == DropEffect::Memory) {
            block.each_member(|bitmaps| bitmaps.set.get(), |object| release::drop_value(set.core(), object));
        }
    }
    for block in set.blocks() {
        free_cleared(set.core(), block);
    }
}

/// Clears the members' alloc bits. Postcondition: exactly the former members have a `set` bit. If
/// `pin` is true, the counts of the members are pinned, so that dropping the value of a member
/// releases no other member.
fn clear_alloc_of_members(block: &Block, pin: bool) {
    for (_, bitmaps) in block.filled_groups() {
        bitmaps.set.set(bitmaps.members());
        bitmaps.clear_alloc(bitmaps.set.get());
    }
    if pin {
        block.each_member(|bitmaps| bitmaps.set.get(), |object| object.count().pin());
    }
}

/// Frees the slots of a block's former members, whose alloc bits are cleared. The values of these
/// objects are dropped already or need no drop.
fn free_cleared(core: &Core, block: &Block) {
    if cfg!(any(gc_asan, gc_zeal)) {
        block.each_member(|bitmaps| bitmaps.set.get(), |object| block.poison(object));
    }
    let mut freed = 0;
    for (_, bitmaps) in block.filled_groups() {
        let dead = bitmaps.set.get();
        freed += dead.count_ones();
        bitmaps.refresh(dead);
    }
    core.count_freed(block, freed);
}
