//! Runs the finalizer of an object at count zero, and the callbacks of weak references to it,
//! before its value is dropped.

use super::{decrement, user_code};
use crate::core::Core;
use crate::ground::config::FinalizerPolicy;
use crate::object::bitmaps::raise;
use crate::object::raw::Object;
use crate::object::type_info::FinalizerFns;
use crate::object::weak_cell::{CellRef, Cells};
use crate::object::weak_table::has_weak;
use crate::storage::block::flag;

/// Runs the finalizer of a dying object and clears the weak references to it, in the order of the
/// policy. Returns false if the object was resurrected.
pub(super) fn finalize_and_clear_weak(core: &Core, object: Object) -> bool {
    let fns = object.info().finalizer;
    match core.policy {
        FinalizerPolicy::Legacy => {
            clear_weak(core, object);
            if fns.is_some_and(|fns| !run_finalizer(core, object, fns)) {
                return false;
            }
            silence_weak(core, object);
        }
        FinalizerPolicy::Pep442 => {
            if !is_finalized(object) && fns.is_some_and(|fns| !run_finalizer(core, object, fns)) {
                return false;
            }
            clear_weak(core, object);
        }
    }
    true
}

/// Runs the finalizer of an object at count zero. Meanwhile the object is alive, with count 1 and
/// in generation 0. Returns false if the finalizer resurrected the object.
fn run_finalizer(core: &Core, object: Object, fns: FinalizerFns) -> bool {
    object.count().start(object.block().is_tracked());
    core.resurrect(object);
    if user_code::armed(core, object, fns) {
        if core.policy == FinalizerPolicy::Pep442 {
            set_finalized(object);
        }
        user_code::finalize(core, object, fns);
    }
    if object.count().get() > 1 {
        decrement(object);
        return false;
    }
    object.place().clear_alloc();
    object.count().close();
    true
}

/// Returns true if the PEP 442 finalizer of the object has run.
pub(crate) fn is_finalized(object: Object) -> bool {
    let block = object.block();
    let (bitmaps, bit) = block.bitmaps_of(block.index(object));
    bitmaps.finalized.get() & bit != 0
}

/// Marks the finalizer of the object as run, so that it does not run again.
pub(crate) fn set_finalized(object: Object) {
    let block = object.block();
    block.set_flag(flag::HAS_METADATA);
    let (bitmaps, bit) = block.bitmaps_of(block.index(object));
    raise(&bitmaps.finalized, bit);
}

/// Clears all weak references to a dying object, then runs their callbacks, newest first. The
/// owners of the weak references are held until the last callback has returned.
fn clear_weak(core: &Core, object: Object) {
    if !has_weak(object) {
        return;
    }
    let mut cells = core.weaks.clear(object);
    // A managed weak reference that is dying itself has no callback any more.
    let lives = |cell: &CellRef| cell.owner().is_none_or(|owner| owner.is_alive() && owner.count().get() > 0);
    let (mut live, mut called) = (Cells::default(), Cells::default());
    while let Some(cell) = cells.pop_front() {
        if lives(&cell) {
            cell.hold_owner();
            live.push_back(cell);
        }
    }
    while let Some(cell) = live.pop_front() {
        if let Some(callback) = cell.take_callback() {
            user_code::weak_callback(core, callback, cell.owner());
        }
        called.push_front(cell);
    }
    while let Some(cell) = called.pop_front() {
        if let Some(owner) = cell.owner() {
            decrement(owner);
        }
    }
}

/// Clears the weak references to an object whose value was moved out, and runs their callbacks.
pub(crate) fn part_with_weak(core: &Core, object: Object) {
    let _guard = core.enter();
    clear_weak(core, object);
}

/// Clears the weak references to an object without running their callbacks.
pub(crate) fn silence_weak(core: &Core, object: Object) {
    if has_weak(object) {
        let mut cells = core.weaks.clear(object);
        while let Some(cell) = cells.pop_front() {
            user_code::forget_callback(core, cell.take_callback());
        }
    }
}
