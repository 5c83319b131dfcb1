//! Every decrement that the library makes marks a candidate; where candidates may be missing, the next collection is linear.

use crate::support::kept::{fin, heaps, looped, node};
use gc_core::{DebugFlags, Gc, Generation, Slot, Trace, TypeWalker, Visitor};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static TRACE_PANICS: Cell<bool> = const { Cell::new(false) };
}

/// Every decrement that the library makes marks a candidate: that of a reclaim, too.
/// The other pointer is moved, and no decrement but that one is ever seen.
#[test]
fn reclaim_marks_candidates() {
    for heap in heaps() {
        let (held, garbage) = (node(&heap), looped(&heap));
        garbage.other.set(Some(held.clone()));
        drop(garbage);
        assert_eq!(heap.collect(), 1);
        let place = Gc::as_ptr(&held);
        // SAFETY: the object is alive before and after: it holds itself then.
        unsafe { &(*place).next }.set(Some(held));
        assert_eq!((heap.collect(), heap.objects(None).len()), (1, 0));
    }
}

/// So does the release of an object that its finalizer resurrected.
#[test]
fn the_release_after_a_resurrection_marks_a_candidate() {
    for heap in heaps() {
        drop(fin(&heap, |this| this.next.is_none(), |this| this.next.set(Some(this.clone()))));
        assert_eq!((heap.collect(), heap.objects(None).len()), (1, 0));
    }
}

/// So does the release of what was in `garbage`.
#[test]
fn clearing_garbage_marks_candidates() {
    for heap in heaps() {
        heap.set_debug(DebugFlags::SAVE_ALL);
        drop(looped(&heap));
        assert_eq!((heap.collect(), heap.garbage().len()), (1, 1));
        heap.set_debug(DebugFlags::empty());
        heap.garbage().clear();
        assert_eq!((heap.collect(), heap.objects(None).len()), (1, 0));
    }
}

/// A young collection passes the candidacy of its survivors on: one may hang off older
/// garbage, and be all that tells of it.
#[test]
fn a_young_collection_keeps_candidates() {
    for heap in heaps() {
        let old = node(&heap);
        heap.collect();
        let young = node(&heap);
        old.next.set(Some(young.clone()));
        young.next.set(Some(old));
        drop(young);
        assert_eq!((heap.collect_generation(Generation::Zero), heap.collect()), (0, 2));
    }
}

/// It visits the blocks that have none but older objects, too, and leaves their candidates listed.
#[test]
fn a_young_collection_keeps_blocks_of_older_candidates() {
    for heap in heaps() {
        let old = looped(&heap);
        heap.collect();
        drop(old);
        assert_eq!((heap.collect_generation(Generation::Zero), heap.collect()), (0, 1));
    }
}

struct Panics(Slot<Panics>);

// SAFETY: reports its edge. That it panics breaks the contract, and is what is tested.
unsafe impl Trace for Panics {
    fn types(walk: &mut TypeWalker) {
        walk.field::<Slot<Panics>>();
    }
    fn trace<V: Visitor>(&self, visitor: &mut V) {
        assert!(!TRACE_PANICS.get(), "in trace");
        self.0.trace(visitor);
    }
}

/// A collection that was aborted makes the next full one linear.
#[test]
fn after_an_aborted_collection_candidates_are_not_trusted() {
    for heap in heaps() {
        let object = heap.alloc(Panics(Slot::empty()));
        object.0.set(Some(object.clone()));
        drop((object, looped(&heap)));
        TRACE_PANICS.set(true);
        assert!(catch_unwind(AssertUnwindSafe(|| heap.collect())).is_err());
        TRACE_PANICS.set(false);
        assert_eq!((heap.collect(), heap.objects(None).len()), (2, 0));
    }
}

/// So does `unfreeze`: a candidate was taken while a frozen object held it.
#[test]
fn after_unfreeze_candidates_are_not_trusted() {
    for heap in heaps() {
        let frozen = node(&heap);
        heap.freeze();
        let young = node(&heap);
        frozen.next.set(Some(young.clone()));
        young.next.set(Some(frozen));
        drop(young);
        assert_eq!(heap.collect(), 0);
        heap.unfreeze();
        assert_eq!(heap.collect(), 2);
    }
}
