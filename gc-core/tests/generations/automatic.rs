//! Automatic collection: what is counted, and at which allocation it happens. CPython
//! counts tracked objects, allocated less freed, and collects before the one that is one
//! too many is there.

use crate::support::dice::Dice;
use crate::support::node::{Node, looped, node};
use crate::support::{BOTH, heap, heaps, log, logged};
use gc_core::hooks::Phase;
use gc_core::{Gc, GcAny, Generation, Heap, Slot, Trace, Weak};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Rows of these are tracked.
#[derive(Trace, Default)]
struct Item {
    row: Slot<[Item]>,
}

/// Untracked, although it holds a pointer.
#[derive(Trace)]
struct Holder(Gc<Node>);

/// The count of generation 0.
fn young(heap: &Heap) -> u32 {
    heap.counts()[0]
}

/// Collections of generation 0 so far.
fn collections(heap: &Heap) -> usize {
    heap.stats()[0].collections
}

/// Every way to allocate, each of which makes one object.
const ALLOCATIONS: [fn(&Heap) -> GcAny; 8] = [
    |heap| node(heap).into(),
    |heap| heap.alloc_slice([Item::default(), Item::default()]).into(),
    |heap| heap.new_cyclic(|_| Node::default()).into(),
    |heap| heap.try_alloc(Node::default()).ok().unwrap().into(),
    |heap| heap.alloc(7).into(),
    |heap| heap.alloc_str("text").into(),
    |heap| heap.alloc_slice([1, 2, 3]).into(),
    |heap| heap.alloc([0u8; 20_000]).into(),
];

/// Those of them that make a tracked object.
const TRACKED: usize = 4;

/// Allocations and deaths in any order: the count is what a program would count itself.
#[test]
fn the_count_is_tracked_births_less_tracked_deaths_and_never_negative() {
    for (heap, seed) in heaps().zip(0..) {
        let (mut dice, mut expected, mut objects) = (Dice::new(seed), 0u32, Vec::new());
        for step in 0..5000 {
            // The more there are the more die, so that the count comes to 0 again and again.
            if dice.below(60) >= objects.len() {
                objects.push(ALLOCATIONS[dice.below(ALLOCATIONS.len())](&heap));
                expected += u32::from(objects.last().is_some_and(GcAny::is_tracked));
            } else {
                let object = objects.swap_remove(dice.below(objects.len()));
                expected = expected.saturating_sub(u32::from(object.is_tracked()));
            }
            if dice.below(50) == 0 {
                let generations = [Generation::Zero, Generation::One, Generation::Two];
                heap.collect_generation(generations[dice.below(3)]);
                expected = 0;
            }
            assert_eq!(young(&heap), expected, "step {step}");
        }
    }
}

#[test]
fn which_allocations_count() {
    for policy in BOTH {
        let heap = heap(policy);
        let target = node(&heap);
        for (nth, allocate) in ALLOCATIONS.iter().enumerate() {
            let before = young(&heap);
            let object = allocate(&heap);
            assert_eq!((object.is_tracked(), young(&heap) - before), (nth < TRACKED, u32::from(nth < TRACKED)));
        }
        let before = young(&heap);
        let holder = heap.alloc(Holder(target.clone()));
        assert_eq!((Gc::as_any(&holder).is_tracked(), young(&heap)), (false, before));
        let weak = heap.alloc_weak(&target);
        assert_eq!((Gc::as_any(&weak).is_tracked(), young(&heap)), (true, before + 1));
        assert!(Gc::ptr_eq(&holder.0, &weak.upgrade().unwrap()));
    }
}

/// What dies while the count is 0 is forgotten: the next births count in full.
#[test]
fn deaths_at_a_count_of_zero_do_not_count() {
    for heap in heaps() {
        let old: Vec<_> = (0..10).map(|_| node(&heap)).collect();
        heap.collect();
        let mut old = old.into_iter();
        let new = [node(&heap), node(&heap)];
        drop(old.by_ref().take(5).collect::<Vec<_>>());
        assert_eq!(young(&heap), 0);
        drop(old);
        assert_eq!(young(&heap), 0);
        let more = [node(&heap), node(&heap), node(&heap)];
        assert_eq!(young(&heap), 3);
        drop((new, more));
        assert_eq!(young(&heap), 0);
    }
}

/// A chain is as many deaths as objects, however deep it is.
#[test]
fn every_object_of_a_chain_counts() {
    for heap in heaps() {
        let held: Vec<_> = (0..7).map(|_| node(&heap)).collect();
        let link = |next, _| Some(heap.alloc(Node { next: Slot::new(next) }));
        drop((0..1000).fold(None, link));
        assert_eq!((young(&heap), held.len()), (7, 7));
    }
}

/// What is taken back without ever having been an object does not count.
#[test]
fn a_value_that_is_not_made_does_not_count() {
    for heap in heaps() {
        let held = [node(&heap), node(&heap)];
        let made = catch_unwind(AssertUnwindSafe(|| {
            heap.new_cyclic(|_: &Weak<Node>| -> Node {
                assert_eq!(young(&heap), 3);
                std::panic::resume_unwind(Box::new(()))
            })
        }));
        assert!(made.is_err());
        assert_eq!((young(&heap), held.len()), (2, 2));
        assert!(Gc::try_unwrap(node(&heap)).is_ok());
        assert_eq!(young(&heap), 2);
    }
}

/// What is born during a collection counts, and what it reclaims counts against that.
#[test]
fn births_and_deaths_within_a_collection_count() {
    thread_local! {
        static BORN: RefCell<Vec<Gc<Node>>> = const { RefCell::new(Vec::new()) };
    }
    for (reclaimed, expected) in [(1, 4), (2, 3), (5, 0), (9, 0)] {
        for heap in heaps() {
            let garbage: Vec<_> = (0..reclaimed).map(|_| looped(&heap)).collect();
            let inner = heap.clone();
            let _weak = Gc::downgrade_with(&garbage[0], move || {
                BORN.set((0..5).map(|_| node(&inner)).collect());
            });
            drop(garbage);
            assert_eq!((heap.collect(), young(&heap)), (reclaimed, expected));
            BORN.take();
        }
    }
}

/// With a threshold of `n` the allocation that would be the `n + 1`st young object
/// collects first, and is not counted itself.
#[test]
fn an_allocation_beyond_the_threshold_collects_first() {
    for threshold in [1, 2, 7, 100, 700] {
        for heap in heaps() {
            heap.set_thresholds([threshold, 1000, 1000]);
            let mut objects = Vec::new();
            for round in 0..3 {
                for n in 1..=threshold {
                    objects.push(node(&heap));
                    assert_eq!((young(&heap), collections(&heap)), (n, round), "threshold {threshold}");
                }
                objects.push(node(&heap));
                assert_eq!((young(&heap), collections(&heap)), (0, round + 1), "threshold {threshold}");
                // It was not examined: it is of generation 0 still.
                let last = Gc::as_any(objects.last().unwrap());
                assert_eq!(last.generation(), Some(Generation::Zero));
            }
        }
    }
}

/// CPython's thresholds are those of a heap that was told nothing.
#[test]
fn the_first_collection_comes_at_the_701st_object() {
    for heap in [Heap::new(), Heap::default(), Heap::builder().build().unwrap()] {
        let mut objects: Vec<_> = (0..700).map(|_| node(&heap)).collect();
        assert_eq!((heap.thresholds(), heap.counts()), ([700, 10, 10], [700, 0, 0]));
        objects.push(node(&heap));
        assert_eq!(heap.counts(), [0, 1, 0]);
    }
}

/// The same where objects of all kinds are born and die between: only the tracked bring
/// a collection nearer, and each death puts it off.
#[test]
fn every_automatic_collection_comes_when_its_count_says() {
    const THRESHOLD: u32 = 20;
    for (heap, seed) in heaps().zip(0..) {
        heap.set_thresholds([THRESHOLD, u32::MAX, u32::MAX]);
        let (mut dice, mut count, mut collected, mut objects) = (Dice::new(seed), 0, 0, Vec::new());
        for step in 0..5000 {
            let (tracked, death) = match dice.below(100) {
                0..40 => (true, false),
                40..60 => (false, false),
                _ => (true, !objects.is_empty()),
            };
            if death {
                let object: GcAny = objects.swap_remove(dice.below(objects.len()));
                count -= u32::from(object.is_tracked()).min(count);
            } else {
                let kinds = if tracked { &ALLOCATIONS[..TRACKED] } else { &ALLOCATIONS[TRACKED..] };
                objects.push(kinds[dice.below(kinds.len())](&heap));
                count += u32::from(tracked);
                if count > THRESHOLD {
                    (count, collected) = (0, collected + 1);
                }
            }
            assert_eq!((young(&heap), collections(&heap)), (count, collected), "step {step}");
        }
        assert!(collected > 20, "{collected}");
    }
}

/// Garbage that is found automatically is found at that allocation, not before or after.
#[test]
fn a_collection_finds_what_was_garbage_before_its_allocation() {
    for heap in heaps() {
        heap.set_thresholds([3, 1000, 1000]);
        let weak = Gc::downgrade_with(&looped(&heap), || log("found"));
        let two = [node(&heap), node(&heap)];
        assert!(logged().is_empty() && weak.upgrade().is_some());
        let one = node(&heap);
        assert_eq!((logged().len(), two.len(), Gc::strong_count(&one)), (1, 2, 1));
    }
}

/// What lets automatic collections go on after they were stopped.
type GoOn = Box<dyn FnOnce(&Heap)>;

fn stop_by_guards(heap: &Heap) -> GoOn {
    let (one, two) = (heap.pause(), heap.pause());
    drop(one);
    Box::new(|_| drop(two))
}

fn stop_by_disabling(heap: &Heap) -> GoOn {
    heap.disable();
    Box::new(Heap::enable)
}

fn stop_by_threshold(heap: &Heap) -> GoOn {
    heap.set_thresholds([0, 1000, 1000]);
    Box::new(|heap| heap.set_thresholds([5, 1000, 1000]))
}

/// While a guard lives, or the heap is disabled, or the threshold is 0, allocations only
/// count; the first one after that collects.
#[test]
fn what_stops_collections_only_puts_them_off() {
    for stop in [stop_by_guards, stop_by_disabling, stop_by_threshold] {
        for heap in heaps() {
            heap.set_thresholds([5, 1000, 1000]);
            let mut objects: Vec<_> = (0..4).map(|_| node(&heap)).collect();
            let go_on = stop(&heap);
            objects.extend((0..100).map(|_| node(&heap)));
            assert_eq!((young(&heap), collections(&heap)), (104, 0));
            go_on(&heap);
            assert_eq!((young(&heap), collections(&heap)), (104, 0));
            objects.push(node(&heap));
            assert_eq!((young(&heap), collections(&heap)), (0, 1));
        }
    }
}

/// An older generation is collected instead once there were more collections of the next
/// younger one than its threshold says.
#[test]
fn older_generations_take_their_turn() {
    for heap in heaps() {
        heap.set_thresholds([2, 1, 1]);
        heap.on_collection(|_, phase, info| {
            if phase == Phase::Start {
                log(info.generation.to_string());
            }
        });
        let objects: Vec<_> = (0..3 * 14).map(|_| node(&heap)).collect();
        assert_eq!((logged().concat().as_str(), objects.len()), ("00100120010012", 42));
    }
}
