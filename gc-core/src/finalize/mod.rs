//! The steps of the two finalizer policies in a collection. (What happens at count
//! zero is in `release::rites`.)

mod weak;

pub(crate) use weak::{Calls, silence_new_weak};

use crate::collect::set::{Set, is_marked, unmark};
use crate::collect::{Uncollectable, Unreachable};
use crate::release::rites::set_finalized;
use crate::release::{decrement, user_code};
use crate::space::block::{Block, flag};
use crate::space::core::Core;
use crate::space::object::Object;
use crate::space::planes::Planes;
use bumpalo::Bump;
use bumpalo::collections::Vec;

fn finalizable(block: &Block, _: &Planes) -> u64 {
    if block.has(flag::FINALIZABLE) { !0 } else { 0 }
}

/// Legacy: the members whose finalizer is armed now, oldest first. Asking is user
/// code: the set must be recounted after it.
pub(crate) fn find_armed<'b>(unreachable: &Unreachable<'_>, arena: &'b Bump) -> Vec<'b, Object> {
    let set = &unreachable.0;
    let mut armed = Vec::new_in(arena);
    for object in set.in_birth_order(arena, finalizable) {
        if set.contains(object) && held(object, || is_armed(set.core(), object)) {
            armed.push(object);
        }
    }
    armed
}

fn is_armed(core: &Core, object: Object) -> bool {
    object.info().finalizer.is_some_and(|fns| user_code::armed(core, object, fns))
}

/// Holds the object while `f` runs.
fn held<R>(object: Object, f: impl FnOnce() -> R) -> R {
    object.count().increment();
    let result = f();
    decrement(object);
    result
}

/// PEP 442: runs each finalizer that never ran, oldest first. An object that died
/// meanwhile, or was resurrected by its count, has dropped out of the set.
pub(crate) fn run_finalizers(unreachable: &Unreachable<'_>, arena: &Bump) {
    let set = &unreachable.0;
    let core = set.core();
    let pending = |block: &Block, planes: &Planes| finalizable(block, planes) & !planes.finalized.get();
    for object in set.in_birth_order(arena, pending) {
        if !set.contains(object) {
            continue;
        }
        let Some(fns) = object.info().finalizer else { continue };
        held(object, || {
            if user_code::armed(core, object, fns) {
                set_finalized(object);
                user_code::finalize(core, object, fns);
            }
        });
    }
}

/// Legacy: puts what is uncollectable still into `garbage`: the objects with a
/// finalizer, or `all` of them under `SAVE_ALL`. Returns how many there are.
pub(crate) fn settle_uncollectable(core: &Core, uncollectable: &Uncollectable<'_>, all: bool) -> usize {
    let mut left = 0;
    let finalizable = uncollectable.finalizable.iter().map(|&object| (object, true));
    let reached = uncollectable.reached.iter().map(|&object| (object, all));
    for (object, saved) in finalizable.chain(reached) {
        if !is_marked(object) {
            continue; // died, or was resurrected by its count
        }
        unmark(object);
        left += object.block().kind.get().tracked() as usize;
        if saved {
            save(core, object);
        }
    }
    left
}

/// `SAVE_ALL`: puts the whole set into `garbage`, oldest first.
pub(crate) fn save_all(set: &Set<'_>, arena: &Bump) {
    for object in set.in_birth_order(arena, |_, _| !0) {
        save(set.core(), object);
    }
}

fn save(core: &Core, object: Object) {
    object.count().increment();
    core.garbage.borrow_mut().push_back(object);
}
