//! Incremental collection that the heap does by itself; its figures; blocks and releases between slices.

use crate::support::node::{Node, looped, node};
use crate::support::{BOTH, heap, logged, slots_in_use};
use crate::{drop_ring, finish};
use gc_core::hooks::Phase;
use gc_core::{Budget, FinalizerPolicy, Gc, Generation, Heap, Pace, Progress, Slot, Trace};
use std::cell::Cell;
use std::time::Duration;

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
            for _ in 0..slices {
                heap.step(Budget::Objects(300));
            }
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
