//! Without the feature `std`, panics of user code come out of the heap's operations. What the
//! heap had set for the time of the call is as before, and it goes on.
//!
//! `cargo test -p gc-core --no-default-features --features observe --test without_std`

#![cfg(not(feature = "std"))]

use gc_core::{Finalize, FinalizerPolicy, Gc, Heap, Pace, Slot, Trace, TypeWalker, Visitor};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

const BOTH: [FinalizerPolicy; 2] = [FinalizerPolicy::Legacy, FinalizerPolicy::Pep442];

thread_local!(static PANICS: Cell<bool> = const { Cell::new(false) });

/// Its trace panics when it is told to, which a contract forbids.
struct Fragile(Slot<Fragile>);

// SAFETY: the pointer is reported, once; the panic is what is tested.
unsafe impl Trace for Fragile {
    fn types(walk: &mut TypeWalker) {
        walk.field::<Slot<Fragile>>();
    }
    fn trace<V: Visitor>(&self, visitor: &mut V) {
        assert!(!PANICS.get(), "a trace");
        self.0.trace(visitor);
    }
}

fn ring(heap: &Heap) {
    let object = heap.alloc(Fragile(Slot::empty()));
    object.0.set(Some(object.clone()));
}

/// Runs it with traces that panic.
fn fails<R>(act: impl FnOnce() -> R) {
    PANICS.set(true);
    let result = catch_unwind(AssertUnwindSafe(act));
    PANICS.set(false);
    assert!(result.is_err(), "the panic comes out");
}

fn is_whole(heap: &Heap) {
    assert_eq!(heap.verify(), []);
    heap.collect();
    assert_eq!(heap.objects(None).len(), 0);
    assert_eq!(heap.slots_in_use(), 0);
}

#[test]
fn a_trace_that_panics_leaves_no_setting_behind() {
    for policy in BOTH {
        // In a collection that is asked for, and in one that an allocation runs.
        let heap = Heap::builder().policy(policy).thresholds([5, 5, 5]).build().unwrap();
        (0..3).for_each(|_| ring(&heap));
        fails(|| heap.collect());
        assert_eq!(heap.collect(), 3, "it is not open any more, and trusts no candidates");
        let mut held = Vec::new();
        fails(|| {
            for _ in 0..50 {
                ring(&heap);
                held.push(heap.alloc(Fragile(Slot::empty())));
            }
        });
        drop(held);
        is_whole(&heap);
    }
}

#[test]
fn young_collections_of_an_incremental_heap_see_all_candidates_again() {
    let heap = Heap::new();
    heap.set_pace(Pace::Incremental { budget: Duration::from_secs(1) });
    let mut held = Vec::new();
    fails(|| {
        for _ in 0..1_000_000 {
            ring(&heap);
            held.push(heap.alloc(Fragile(Slot::empty())));
        }
    });
    drop(held);
    is_whole(&heap);
}

#[test]
fn an_out_of_memory_hook_that_panics_is_called_again_and_closes_the_reserve() {
    let heap = Heap::builder().max(1 << 20).build().unwrap();
    let calls = Rc::new(Cell::new(0));
    let counted = calls.clone();
    heap.on_out_of_memory(move |_, _| {
        counted.set(counted.get() + 1);
        panic!("a hook");
    });
    for call in 1..=3 {
        let result = catch_unwind(AssertUnwindSafe(|| heap.try_alloc_slice(vec![0u8; 2 << 20]).is_err()));
        assert!(result.is_err() && calls.get() == call);
    }
    // The reserve is for hooks only: the last 64 KiB are not given out.
    let mut held = Vec::new();
    let _ = catch_unwind(AssertUnwindSafe(|| {
        while let Ok(object) = heap.try_alloc([0u64; 64]) {
            held.push(object);
        }
    }));
    assert!(heap.memory().committed <= (1 << 20) - (64 << 10), "{:?}", heap.memory());
}

#[derive(Trace)]
#[trace(finalize)]
struct Armed(Slot<Armed>);

impl Finalize for Armed {
    fn armed(&self) -> bool {
        assert!(!PANICS.get(), "armed");
        true
    }
    fn finalize(_: &Gc<Armed>) {}
}

#[test]
fn an_object_whose_finalizer_is_asked_for_is_not_held_for_ever() {
    for policy in BOTH {
        let heap = Heap::builder().policy(policy).build().unwrap();
        let object = heap.alloc(Armed(Slot::empty()));
        object.0.set(Some(object.clone()));
        let weak = Gc::downgrade(&object);
        drop(object);
        fails(|| heap.collect());
        heap.collect();
        heap.garbage().to_vec().iter().for_each(|entry| {
            entry.downcast_ref::<Armed>().unwrap().0.take();
        });
        heap.garbage().clear();
        assert!(weak.upgrade().is_none(), "{policy:?}");
        is_whole(&heap);
    }
}

#[test]
fn a_hook_that_removes_itself_and_panics_in_its_drop_loses_no_slot() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            if !std::thread::panicking() {
                panic!("a bomb");
            }
        }
    }
    let heap = Heap::builder().thresholds([5, 5, 5]).build().unwrap();
    let id = Rc::new(Cell::new(None));
    let (own, bomb) = (id.clone(), Bomb);
    id.set(Some(heap.on_collection(move |heap, _, _| {
        let _ = &bomb;
        if let Some(id) = own.take() {
            heap.remove_hook(id);
        }
    })));
    let result = catch_unwind(AssertUnwindSafe(|| (0..50).for_each(|_| ring(&heap))));
    assert!(result.is_err());
    is_whole(&heap);
}
