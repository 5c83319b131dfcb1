//! Incremental collection: what its slices find, and what may happen between them.

use crate::support::node::{Node, looped, node};
use crate::support::obj::{Obj, obj, survive, survivor, with_finalizer};
use crate::support::{BOTH, heap, slots_in_use};
use crate::{drop_ring, finish};
use gc_core::hooks::Phase;
use gc_core::{Budget, FinalizerPolicy, Gc, Generation, Progress};
use std::cell::Cell;
use std::rc::Rc;

#[test]
fn without_a_suspect_there_is_nothing_to_do() {
    for policy in BOTH {
        let heap = heap(policy);
        let _held = node(&heap);
        assert_eq!(heap.step(Budget::Objects(1)), Progress::Nothing);
        assert!(!heap.is_stepping());
    }
}

#[test]
fn slices_of_every_size_find_all_garbage_and_nothing_else() {
    for policy in BOTH {
        for linear in [None, Some(false), Some(true)] {
            for objects in [1, 7, 64, 1000, 1_000_000] {
                let heap = heap(policy);
                heap.force_detector(linear);
                let held: Vec<Gc<Node>> = (0..3000).map(|_| looped(&heap)).collect();
                (0..500).for_each(|_| drop(looped(&heap)));
                drop_ring(&heap, 700);
                let (found, steps) = finish(&heap, objects);
                assert_eq!(found, 1200, "{policy:?} {linear:?} {objects}");
                assert!(steps > 2200 / objects.max(64) || objects > 3000, "{steps} steps of {objects}");
                assert_eq!(slots_in_use(&heap), 3000);
                assert!(held.iter().all(|node| Gc::strong_count(node) == 2));
            }
        }
    }
}

/// Cuts live structures apart and puts them together again by moves alone, between slices.
#[test]
fn pointers_that_move_without_a_count_do_not_fool_it() {
    for objects in [1, 64, 300] {
        let heap = heap(FinalizerPolicy::Pep442);
        let hands: Vec<Gc<Node>> = (0..300).map(|_| node(&heap)).collect();
        for (at, hand) in hands.iter().enumerate() {
            let inner = looped(&heap);
            drop(inner.clone()); // a candidate
            hand.next.set(Some(inner));
            if at % 3 == 0 {
                drop(looped(&heap));
            }
        }
        let mut moving = None;
        let mut at = 0;
        let mut found = 0;
        for _ in 0..2 {
            loop {
                // What one hand has goes to the next one, by way of a variable.
                let taken = hands[at % 300].next.replace(moving.take());
                moving = taken;
                at += 7;
                match heap.step(Budget::Objects(objects)) {
                    Progress::Open => {}
                    Progress::Done { collected, .. } => break found += collected,
                    Progress::Nothing => break,
                }
            }
        }
        assert_eq!(found, 100, "{objects}");
        let inner = |hand: &Gc<Node>| hand.next.get();
        let alive: Vec<Gc<Node>> = hands.iter().filter_map(inner).chain(moving).collect();
        assert_eq!(alive.len(), 300);
        assert!(alive.iter().all(|node| node.next.get().is_some_and(|it| Gc::ptr_eq(&it, node))));
    }
}

#[test]
fn what_becomes_garbage_between_slices_is_found_by_the_next_collection_at_the_latest() {
    for policy in BOTH {
        let heap = heap(policy);
        let mut held: Vec<Gc<Node>> = (0..2000).map(|_| looped(&heap)).collect();
        held.iter().for_each(|node| drop(node.clone())); // all are candidates
        let mut found = 0;
        let mut done = 0;
        while done < 2 {
            match heap.step(Budget::Objects(64)) {
                Progress::Open => drop(held.pop()),
                Progress::Done { collected, .. } => {
                    found += collected;
                    done += 1;
                }
                Progress::Nothing => done += 1,
            }
            if done == 1 {
                // From here on nothing more goes.
                found += finish(&heap, 64).0;
                done = 2;
            }
        }
        assert_eq!(found + held.len(), 2000);
        assert_eq!(slots_in_use(&heap), held.len());
    }
}

#[test]
fn a_ring_larger_than_any_piece_is_found() {
    for policy in BOTH {
        let heap = heap(policy);
        drop_ring(&heap, 50_000);
        let (found, steps) = finish(&heap, 500);
        assert_eq!(found, 50_000);
        assert!(steps > 100, "{steps}");
        assert_eq!(slots_in_use(&heap), 0);
    }
}

#[test]
fn finalizers_follow_the_policy() {
    for (policy, finalized) in [(FinalizerPolicy::Legacy, 0), (FinalizerPolicy::Pep442, 40)] {
        let heap = heap(policy);
        thread_local!(static RAN: Cell<usize> = const { Cell::new(0) });
        RAN.set(0);
        for _ in 0..40 {
            let one = with_finalizer(&heap, "one", |_| RAN.set(RAN.get() + 1));
            let two = obj(&heap, "two");
            one.next.set(Some(two.clone()));
            two.next.set(Some(one));
        }
        let (found, _) = finish(&heap, 16);
        assert_eq!((found, RAN.get()), (80, finalized));
        assert_eq!(heap.garbage().len(), 40 - finalized);
        // The program breaks the cycles, and counting does the rest.
        for entry in heap.garbage().to_vec() {
            entry.downcast::<Obj>().unwrap().next.take();
        }
        heap.garbage().clear();
        finish(&heap, 16);
        assert_eq!((slots_in_use(&heap), RAN.get()), (0, 40));
    }
}

#[test]
fn who_is_resurrected_lives() {
    let heap = heap(FinalizerPolicy::Pep442);
    drop(crate::support::obj::looped(with_finalizer(&heap, "back", survive)));
    assert_eq!(finish(&heap, 1).0, 0);
    let back = survivor();
    assert!(back.next.get().is_some());
    drop(back);
    assert_eq!(finish(&heap, 1).0, 1);
    assert_eq!(slots_in_use(&heap), 0);
}

#[test]
fn a_weak_reference_gets_at_a_suspect_until_it_is_condemned() {
    for policy in BOTH {
        for stop in 1.. {
            let heap = heap(policy);
            let lost = looped(&heap);
            let weak = Gc::downgrade(&lost);
            drop(lost);
            (0..stop).for_each(|_| drop_progress(heap.step(Budget::Objects(1))));
            let Some(found) = weak.upgrade() else {
                assert!(stop > 4, "{stop}");
                assert_eq!(slots_in_use(&heap), 0, "{policy:?} stopped after {stop}");
                break;
            };
            while heap.step(Budget::Objects(1)) == Progress::Open {}
            assert_eq!((Gc::strong_count(&found), slots_in_use(&heap)), (2, 1));
            drop(found);
            finish(&heap, 1);
            assert_eq!(slots_in_use(&heap), 0, "{policy:?} held after {stop}");
        }
    }
}

#[test]
fn a_collection_takes_over() {
    for policy in BOTH {
        for generation in [Generation::Zero, Generation::Two] {
            for slices in 1..40 {
                let heap = heap(policy);
                (0..200).for_each(|_| drop(looped(&heap)));
                (0..slices).for_each(|_| drop_progress(heap.step(Budget::Objects(30))));
                let open = heap.is_stepping();
                heap.collect_generation(generation);
                assert!(!heap.is_stepping());
                heap.collect();
                assert_eq!(slots_in_use(&heap), 0, "{policy:?} {generation:?} after {slices} slices, open: {open}");
            }
        }
    }
}

fn drop_progress(_: Progress) {}

#[test]
fn freezing_ends_it_and_loses_nothing() {
    let heap = heap(FinalizerPolicy::Pep442);
    (0..100).for_each(|_| drop(looped(&heap)));
    heap.step(Budget::Objects(1));
    heap.freeze();
    assert!(!heap.is_stepping());
    assert_eq!(heap.collect(), 0);
    heap.unfreeze();
    assert_eq!(finish(&heap, 1).0, 100);
}

#[test]
fn the_heap_may_end_between_slices() {
    for policy in BOTH {
        for slices in 1..60 {
            let heap = heap(policy);
            let held = node(&heap);
            drop_ring(&heap, 300);
            (0..slices).for_each(|_| drop_progress(heap.step(Budget::Objects(50))));
            drop(heap);
            assert_eq!(Gc::strong_count(&held), 1);
        }
    }
}

#[test]
fn callbacks_see_one_collection_and_cannot_step_inside() {
    let heap = heap(FinalizerPolicy::Pep442);
    let seen = Rc::new(Cell::new((0, 0, 0)));
    let (counts, inside) = (seen.clone(), heap.clone());
    let id = heap.on_collection(move |_, phase, info| {
        assert_eq!(inside.step(Budget::Objects(1)), Progress::Nothing);
        assert_eq!((inside.collect(), info.generation), (0, Generation::Two));
        let (starts, stops, collected) = counts.get();
        counts.set(match phase {
            Phase::Start => (starts + 1, stops, collected),
            Phase::Stop => (starts, stops + 1, collected + info.collected),
        });
    });
    (0..300).for_each(|_| drop(looped(&heap)));
    finish(&heap, 10);
    assert_eq!(seen.get(), (1, 1, 300));
    assert_eq!(heap.stats()[2].collected, 300);
    heap.remove_hook(id);
}
