//! Weak references to the objects that a collection found unreachable.

use crate::core::Core;
use crate::ground::config::FinalizerPolicy;
use crate::object::bitmaps::Bitmaps;
use crate::object::raw::Object;
use crate::object::weak_cell::{CellRef, Cells};
use crate::release::finalizer::silence_weak;
use crate::release::{decrement, user_code};
use crate::storage::block::Block;
use crate::workset::set::{Set, unmark};

/// The weak references whose callbacks are to run, in the order of the calls. Managed weak
/// references are held by a count.
pub(crate) struct Calls(Cells);

impl Calls {
    /// Clears all weak references to the members. Visits the members in birth order, and the weak
    /// references to each member from the newest to the oldest. Returns the weak references whose
    /// callbacks are to run; weak references that are members themselves are not among them.
    pub(crate) fn clear_weak(set: &Set<'_>) -> Calls {
        let core = set.core();
        let mut calls = Cells::default();
        for object in set.in_birth_order(concerned_by_weak) {
            if core.policy == FinalizerPolicy::Pep442 {
                forget_target(object);
            }
            let mut cells = core.weaks.clear(object);
            while let Some(cell) = cells.pop_front() {
                if cell.has_callback() && owner_can_be_called(set, &cell) {
                    cell.hold_owner();
                    calls.push_back(cell);
                }
            }
        }
        Calls(calls)
    }

    /// Runs the callbacks. A managed weak reference whose callback was called dies if nothing else
    /// holds it, else it moves to the generation after `generation`. Returns the number of managed
    /// weak references that died.
    pub(crate) fn run(mut self, core: &Core, generation: u8) -> usize {
        let mut died = 0;
        while let Some(cell) = self.0.pop_front() {
            if let Some(callback) = cell.take_callback() {
                user_code::weak_callback(core, callback, cell.owner());
            }
            let Some(owner) = cell.owner() else { continue };
            let last = owner.count().get() == 1;
            decrement(owner);
            if last {
                died += 1;
            } else if core::ptr::eq(owner.core(), core) {
                core.state.epoch.set_generation(owner, (generation + 1).min(2));
                // An owner that has moved is no longer uncollectable (as in CPython 2.7).
                unmark(owner);
            }
        }
        died
    }
}

/// Returns the bits of the objects that weak references point to, or that are managed weak
/// references.
fn concerned_by_weak(block: &Block, bitmaps: &Bitmaps) -> u64 {
    if block.info().managed_weak.is_some() { !0 } else { bitmaps.weak.get() }
}

/// Clears the target of a managed weak reference that is unreachable itself, even if the target is
/// reachable.
fn forget_target(object: Object) {
    if let Some(cell) = object.weak_cell() {
        cell.detach();
    }
}

fn owner_can_be_called(set: &Set<'_>, cell: &CellRef) -> bool {
    cell.owner().is_none_or(|owner| !set.contains(owner) && owner.is_alive())
}

/// Clears the weak references that finalizers made to the members, without calling the callbacks.
/// PEP 442 requires this before any member is reclaimed.
pub(crate) fn silence_new_weak(set: &Set<'_>) {
    for object in set.in_birth_order(|_, bitmaps| bitmaps.weak.get()) {
        if object.is_alive() {
            silence_weak(set.core(), object);
        }
    }
}
