//! Everything that user code can do, at every point where it is called: each action
//! at each point, under both policies, with each detector, for every way to die.
//!
//! After each combination the heap has to be consistent: counts cover all edges,
//! everything is reclaimed in the end, each finalizer ran as often as its policy
//! says, each callback once, each value was dropped once, all memory went back.

mod actions;
mod cases;
mod subjects;

use self::actions::{ACTIONS, act};
use self::cases::{Point, run_all};
use self::subjects::{Root, forget_state, looped_root, subject, with};
use crate::support::chunks::{Counted, counted};
use crate::support::{BOTH, slots_in_use};
use gc_core::{DebugFlags, FinalizerPolicy, Gc, Generation, Heap, Slot, Weak};
use std::cell::RefCell;
use std::rc::Rc;

#[test]
fn in_a_finalizer() {
    run_all(Point::Finalizer);
}

#[test]
fn in_armed() {
    run_all(Point::Armed);
}

#[test]
fn in_a_bare_weak_callback() {
    run_all(Point::BareCallback);
}

#[test]
fn in_a_managed_weak_callback() {
    run_all(Point::ManagedCallback);
}

#[test]
fn in_the_callback_at_the_start_of_a_collection() {
    run_all(Point::Start);
}

#[test]
fn in_the_callback_at_the_end_of_a_collection() {
    run_all(Point::Stop);
}

#[test]
fn in_the_unraisable_hook() {
    run_all(Point::Unraisable);
}

#[test]
fn in_the_log_sink() {
    run_all(Point::LogSink);
}

#[test]
fn in_the_drop_of_an_untraced_field() {
    run_all(Point::FieldDrop);
}

#[test]
fn in_the_record_hook() {
    run_all(Point::Record);
}

#[test]
fn in_the_out_of_memory_hook() {
    run_all(Point::OutOfMemory);
}

/// A heap without hooks.
fn quiet_heap(policy: FinalizerPolicy) -> (Heap, Counted) {
    forget_state();
    counted(policy)
}

/// The closure of `new_cyclic` and the iterator of `alloc_slice` run while a slot is
/// taken, or is about to be.
#[test]
fn while_a_value_is_made() {
    for policy in BOTH {
        for action in ACTIONS {
            let (heap, source) = quiet_heap(policy);
            let root = looped_root(&heap);
            with(|state| state.root = Some(root.clone()));
            let made = heap.new_cyclic(|me: &Weak<Root>| {
                drop(looped_root(&heap));
                act(action, None);
                assert!(me.upgrade().is_none());
                Root { ring: Slot::new(Some(root.clone())) }
            });
            let slice = heap.alloc_slice([(); 5].map(|()| root.clone()).into_iter().inspect(|_| act(action, None)));
            assert_eq!((slice.len(), Gc::strong_count(&made)), (5, 1 + survivors(&made)), "{action:?}");
            heap.unfreeze();
            drop(with(|state| {
                let objects = (std::mem::take(&mut state.survivors), std::mem::take(&mut state.others));
                (state.root.take(), objects)
            }));
            assert_eq!(Gc::strong_count(&root), 8, "ours, its own, one of what was made, five of the slice");
            root.ring.take();
            drop((slice, made, root));
            heap.collect();
            assert_eq!(slots_in_use(&heap), 0, "{action:?}");
            drop(heap);
            assert_eq!(source.chunks(), 0, "{action:?}");
        }
    }
}

/// How often the action stored this object.
fn survivors(object: &Gc<Root>) -> usize {
    let any = Gc::as_any(object);
    with(|state| state.survivors.iter().filter(|survivor| **survivor == any).count())
}

/// Cancelling a callback drops what it captured: an object with a finalizer that
/// cancels another one, and so on.
#[test]
fn while_a_callback_is_cancelled() {
    for policy in BOTH {
        let (heap, _) = quiet_heap(policy);
        let target = heap.alloc(7);
        let mut last = None;
        for id in 0..10 {
            let captured = (subject(&heap, id), last.take());
            last = Some(Gc::downgrade_with(&target, move || drop(captured)));
        }
        assert_eq!((Gc::weak_count(&target), heap.objects(None).len()), (10, 10));
        drop(last);
        assert_eq!((Gc::weak_count(&target), heap.objects(None).len()), (0, 0));
        let drops = with(|state| state.drops.clone());
        assert_eq!((drops.len(), drops.values().max()), (10, Some(&1)));
    }
}

/// A hook that replaces itself, and callbacks that add and remove callbacks.
#[test]
fn while_a_hook_runs() {
    let (heap, source) = quiet_heap(FinalizerPolicy::Pep442);
    let seen = Rc::new(RefCell::new(Vec::new()));
    let ids = Rc::new(RefCell::new(Vec::new()));
    let (inner, log, all) = (heap.clone(), seen.clone(), ids.clone());
    let first = heap.on_collection(move |_, phase, _| {
        log.borrow_mut().push(format!("first {phase:?}"));
        let log = log.clone();
        let second = inner.on_collection(move |_, phase, _| log.borrow_mut().push(format!("second {phase:?}")));
        for id in all.replace(vec![second]) {
            assert!(inner.remove_hook(id));
        }
    });
    ids.borrow_mut().push(first);
    heap.collect();
    // The list is taken when a phase begins: what was added at the start is called at
    // the stop, the first is removed by itself.
    assert_eq!(*seen.borrow(), ["first Start", "second Stop"]);
    assert!(!heap.remove_hook(first));
    let (inner, log) = (heap.clone(), seen.clone());
    heap.set_debug(DebugFlags::STATS);
    heap.on_log(move |_, line| {
        log.borrow_mut().push(line.chars().take(14).collect());
        let log = log.clone();
        inner.on_log(move |_, _| log.borrow_mut().push("other sink".into()));
    });
    seen.borrow_mut().clear();
    heap.collect_generation(Generation::Zero);
    assert_eq!(seen.borrow()[1..3], ["gc: collecting", "other sink"]);
    heap.on_log(|_, _| ());
    drop(heap);
    source.assert_closed();
}
