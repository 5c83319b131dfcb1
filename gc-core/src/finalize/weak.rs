//! Weak references to what a collection found.

use crate::core::Core;
use crate::ground::config::FinalizerPolicy;
use crate::object::bitmaps::Bitmaps;
use crate::object::raw::Object;
use crate::object::weak_cell::{CellRef, Cells};
use crate::release::finalizer::silence_weak;
use crate::release::{decrement, user_code};
use crate::storage::block::Block;
use crate::workset::set::{Set, unmark};

/// Callbacks to run, in order; the managed weak references among them are held.
pub(crate) struct Calls(Cells);

impl Calls {
    /// Clears all weak references to the members: the members in birth order, the weak references
    /// to each from the newest to the oldest. Returns those whose callbacks are to be run, which
    /// excludes weak references that are members themselves.
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
    /// holds it, else it moves to the next generation. Returns the number of those that died.
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
                // Moved, it is not among the uncollectable any more (as in CPython 2.7).
                unmark(owner);
            }
        }
        died
    }
}

/// Objects that weak references point to, or that are weak references.
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

/// Clears the weak references to the members that finalizers made, without calling their
/// callbacks. PEP 442 requires this before any member is reclaimed.
pub(crate) fn silence_new_weak(set: &Set<'_>) {
    for object in set.in_birth_order(|_, bitmaps| bitmaps.weak.get()) {
        if object.is_alive() {
            silence_weak(set.core(), object);
        }
    }
}
