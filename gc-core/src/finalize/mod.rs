//! The steps of the two finalizer policies in a collection. (The module `release::finalizer`
//! handles objects at count zero.)

mod weak;

pub(crate) use weak::{Calls, silence_new_weak};

use crate::core::Core;
use crate::object::bitmaps::{Bitmaps, lower, raise};
use crate::object::raw::{Object, Place};
use crate::release::finalizer::set_finalized;
use crate::release::{decrement, user_code};
use crate::storage::block::{Block, flag};
use crate::workset::set::{Set, unmark};
use crate::workset::stages::{Uncollectable, Unreachable};

fn finalizable(block: &Block, _: &Bitmaps) -> u64 {
    if block.has(flag::FINALIZABLE) { !0 } else { 0 }
}

/// Asks each member, oldest first, if its finalizer is armed, and notes the answer in the
/// `finalized` bitmap. Only the Legacy policy calls this function; it has no other use for that
/// bitmap. User code gives the answers, so the set must be recounted afterwards.
pub(crate) fn ask_whether_armed(unreachable: &Unreachable<'_>) {
    let set = &unreachable.0;
    for object in set.in_birth_order(finalizable) {
        if set.contains(object) {
            let Place { bitmaps, bit, .. } = object.place();
            lower(&bitmaps.finalized, bit);
            held(object, || {
                if is_armed(set.core(), object) {
                    raise(&bitmaps.finalized, bit);
                }
            });
        }
    }
}

fn is_armed(core: &Core, object: Object) -> bool {
    object.info().finalizer.is_some_and(|fns| user_code::armed(core, object, fns))
}

/// Returns the objects that Legacy set aside and that are still marked, each with true if it is
/// armed. The armed objects come first, followed by the objects that they reach.
pub(crate) fn set_aside(set: &Set<'_>) -> impl Iterator<Item = (Object, bool)> {
    let reached = |block: &Block, bitmaps: &Bitmaps| !armed(block, bitmaps);
    let armed = set.marked_in_birth_order(armed).map(|object| (object, true));
    armed.chain(set.marked_in_birth_order(reached).map(|object| (object, false)))
}

/// Returns the bits of the armed objects of a group.
pub(crate) fn armed(block: &Block, bitmaps: &Bitmaps) -> u64 {
    finalizable(block, bitmaps) & bitmaps.finalized.get()
}

/// Runs `f` while the object is held by a count. The count is released even if `f` unwinds.
fn held<R>(object: Object, f: impl FnOnce() -> R) -> R {
    struct Held(Object);
    impl Drop for Held {
        fn drop(&mut self) {
            decrement(self.0);
        }
    }
    object.count().increment();
    let _held = Held(object);
    f()
}

/// Runs the finalizers of the members that were never finalized, oldest first. Only the PEP 442
/// policy calls this function. A member that has left the set in the meantime is skipped, because
/// it died or was resurrected at count zero.
pub(crate) fn run_finalizers(unreachable: &Unreachable<'_>) {
    let set = &unreachable.0;
    let core = set.core();
    let pending = |block: &Block, bitmaps: &Bitmaps| finalizable(block, bitmaps) & !bitmaps.finalized.get();
    for object in set.in_birth_order(pending) {
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

/// Appends the objects that are still uncollectable under Legacy to `garbage`: first the armed
/// objects, then, under `SAVE_ALL`, the objects that they reach. Returns the number of tracked
/// uncollectable objects, saved or not.
pub(crate) fn file_uncollectable(uncollectable: &Uncollectable<'_>) -> usize {
    let Uncollectable { set, saved } = uncollectable;
    let mut left = 0;
    for (object, is_armed) in set_aside(set) {
        unmark(object);
        left += object.block().kind.get().tracked() as usize;
        if is_armed || *saved {
            save(set.core(), object);
        }
    }
    left
}

/// Appends all members to `garbage`, oldest first, as `SAVE_ALL` requires.
pub(crate) fn save_all(set: &Set<'_>) {
    set.in_birth_order(|_, _| !0).for_each(|object| save(set.core(), object));
}

/// Appends an object to `garbage`. If there is no memory for the list, marks the candidates as
/// incomplete, so that the next full collection is linear and finds the object again.
fn save(core: &Core, object: Object) {
    let mut garbage = core.state.garbage.borrow_mut();
    if garbage.try_reserve(1).is_err() {
        return core.state.schedule.candidates_incomplete.set(true);
    }
    object.count().increment();
    garbage.push_back(object);
}
