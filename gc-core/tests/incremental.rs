//! Incremental collection: what its slices find, and what may happen between them.

mod common;

use common::node::{Node, looped, node};
use common::obj::{Obj, obj, survive, survivor, with_finalizer};
use common::{BOTH, heap, logged, slots_in_use};
use gc_core::hooks::Phase;
use gc_core::{Budget, FinalizerPolicy, Gc, Generation, Heap, Pace, Progress, Slot, Trace};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

/// Steps of so many objects until the collection is done: what it found, and the steps.
fn finish(heap: &Heap, objects: usize) -> (usize, usize) {
    let mut steps = 1;
    loop {
        match heap.step(Budget::Objects(objects)) {
            Progress::Nothing => return (0, steps),
            Progress::Open => steps += 1,
            Progress::Done { collected, uncollectable } => return (collected + uncollectable, steps),
        }
    }
}

/// A ring of so many nodes, held by nobody.
fn drop_ring(heap: &Heap, nodes: usize) {
    let first = node(heap);
    let mut last = first.clone();
    for _ in 1..nodes {
        let next = node(heap);
        last.next.set(Some(next.clone()));
        last = next;
    }
    last.next.set(Some(first));
}

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
    drop(common::obj::looped(with_finalizer(&heap, "back", survive)));
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

/// What hangs off garbage by counts alone, and is long, is released in slices, too.
#[test]
fn long_structures_are_released_in_slices() {
    let heap = heap(FinalizerPolicy::Pep442);
    let mut list: Option<Gc<Node>> = None;
    for _ in 0..20_000 {
        list = Some(heap.alloc(Node { next: Slot::new(list) }));
    }
    let owner = obj_with_tail(&heap, list);
    drop(owner);
    let mut sizes = Vec::new();
    while let Progress::Open = heap.step(Budget::Objects(200)) {
        sizes.push(slots_in_use(&heap));
    }
    assert_eq!(slots_in_use(&heap), 0);
    let between = sizes.iter().filter(|&&size| size > 0 && size < 20_000).count();
    assert!(between > 10, "{between} slices in between");
}

/// A garbage loop that a list hangs off, which is no suspect: it is held until the loop goes.
#[derive(Trace)]
struct Tailed {
    this: Slot<Tailed>,
    tail: Slot<Node>,
}

fn obj_with_tail(heap: &Heap, tail: Option<Gc<Node>>) -> Gc<Tailed> {
    let owner = heap.alloc(Tailed { this: Slot::empty(), tail: Slot::new(tail) });
    owner.this.set(Some(owner.clone()));
    owner
}

#[test]
fn an_incremental_heap_collects_by_itself() {
    let heap = Heap::new();
    heap.set_pace(Pace::Incremental { budget: Duration::from_micros(50) });
    assert_eq!(heap.pace(), Pace::Incremental { budget: Duration::from_micros(50) });
    let mut most = 0;
    for round in 0..400_000 {
        // Pairs whose members are some objects apart: too old for the young collections.
        drop_ring(&heap, 2 + round % 3);
        if round % 1000 == 0 {
            most = most.max(slots_in_use(&heap));
        }
    }
    assert!(most < 200_000, "{most} objects at once");
    logged();
}

#[test]
fn figures_tell_what_collections_took_and_found() {
    let heap = heap(FinalizerPolicy::Pep442);
    assert_eq!(heap.last_collection(), None);
    (0..100).for_each(|_| drop(looped(&heap)));
    heap.collect();
    let last = heap.last_collection().unwrap();
    assert_eq!((last.generation, last.slices, last.objects, last.collected), (Generation::Two, 1, 100, 100));
    assert!(last.bytes >= 100 * 16 && last.longest_pause == last.time);

    (0..500).for_each(|_| drop(looped(&heap)));
    let (found, steps) = finish(&heap, 64);
    let last = heap.last_collection().unwrap();
    assert_eq!((found, last.objects, last.slices as usize), (500, 500, steps));
    assert!(last.longest_pause <= last.time && last.time <= heap.metrics().time_collecting);
    let figures = heap.metrics();
    assert_eq!((figures.collections, figures.slices as usize, figures.objects), (2, steps, 600));
    assert_eq!(figures.pauses.count(), 1 + figures.slices);
    assert_eq!((figures.most_floating_objects, figures.last), (500, Some(last)));
    assert!(figures.pauses.longest() >= figures.pauses.percentile(0.5));
    assert!(figures.time_outside > Duration::ZERO);
}

#[derive(Trace)]
struct Spare {
    next: Slot<Spare>,
    spare: Slot<Spare>,
}

/// A live ring of three, held by one pointer. It is moved into the ring itself and out
/// again, twice, at all moments between slices: where it is inside when that is counted
/// and outside later, the ring seems to hold itself.
#[test]
fn no_moment_to_move_a_pointer_fools_it() {
    const STEPS: usize = 26;
    for (one, two) in (0..STEPS).flat_map(|one| (one + 1..STEPS).map(move |two| (one, two))) {
        for (three, four) in (two + 1..STEPS).flat_map(|three| (three + 1..STEPS).map(move |four| (three, four))) {
            let heap = Heap::new();
            let make = |next| heap.alloc(Spare { next: Slot::new(next), spare: Slot::empty() });
            let first = make(None);
            first.next.set(Some(make(Some(make(Some(first.clone()))))));
            drop(first.clone()); // a candidate
            let mut outside = Some(first);
            for step in 0..STEPS {
                if step == one || step == three {
                    let first = outside.take().unwrap();
                    let inside = first.clone();
                    first.spare.set(Some(inside));
                    // One pointer from outside is left to get at it, as long as it is inside.
                    outside = Some(first);
                }
                if step == two || step == four {
                    let first = outside.take().unwrap();
                    outside = first.spare.take();
                    drop(first);
                }
                heap.step(Budget::Objects(1));
            }
            assert_eq!(slots_in_use(&heap), 3, "in at {one} and {three}, out at {two} and {four}");
            drop(outside);
            finish(&heap, 1);
            finish(&heap, 1);
            assert_eq!(slots_in_use(&heap), 0, "in at {one} and {three}, out at {two} and {four}");
        }
    }
}

/// Whole blocks empty while an incremental collection has them on its list.
#[test]
fn blocks_that_empty_between_slices_stay() {
    /// Few of them fill a block.
    #[derive(Trace, Default)]
    struct Row {
        next: Slot<Row>,
        rest: [u64; 31],
    }
    for policy in BOTH {
        let mut while_open = 0;
        for slices in 1..30 {
            let heap = heap(policy);
            let kept = heap.alloc(Row::default());
            kept.next.set(Some(kept.clone()));
            let row = || heap.alloc(Row { next: Slot::new(Some(kept.clone())), rest: [0; 31] });
            let held: Vec<Gc<Row>> = (0..2000).map(|_| row()).collect();
            held.iter().for_each(|row| drop(row.clone())); // all are candidates
            drop(looped(&heap));
            (0..slices).for_each(|_| drop_progress(heap.step(Budget::Objects(300))));
            while_open += usize::from(heap.is_stepping());
            assert!(held.iter().all(|row| row.next.is_some() && row.rest == [0; 31]));
            drop(held);
            heap.trim();
            let more: Vec<Gc<[u64; 50]>> = (0..1000u64).map(|n| heap.alloc([n; 50])).collect();
            assert_eq!(heap.verify(), [], "{policy:?} {slices}");
            while heap.step(Budget::Objects(300)) == Progress::Open {}
            assert!(more.iter().zip(0..).all(|(row, n)| **row == [n; 50]));
            assert_eq!((Gc::strong_count(&kept), slots_in_use(&heap)), (2, 1001), "{policy:?} {slices}");
            assert_eq!(heap.verify(), [], "{policy:?} {slices}");
        }
        assert!(while_open > 5, "{while_open}");
    }
}

/// What the callback of the end of a collection released is released by the slices that follow.
#[test]
fn what_is_released_at_the_end_of_a_collection_does_not_wait_for_another() {
    let heap = Heap::new();
    let chain = (0..5000).fold(None, |next, _| {
        let link = node(&heap);
        link.next.set(next);
        Some(link)
    });
    let held = Cell::new(chain);
    heap.on_collection(move |_, phase, _| {
        if phase == Phase::Stop {
            drop(held.take());
        }
    });
    drop(looped(&heap));
    while heap.step(Budget::Objects(20)) == Progress::Open {}
    assert!(slots_in_use(&heap) > 1000, "a slice is over before all are released");
    while heap.step(Budget::Objects(20)) == Progress::Open {}
    assert_eq!((slots_in_use(&heap), heap.step(Budget::Objects(20)), heap.verify()), (0, Progress::Nothing, vec![]));
}
